"""berichte: the controlling department's report tool."""
import os
import time

import pymysql

host, port = os.environ["DB"].rsplit(":", 1)
held = []
while True:
    if len(held) < int(os.environ.get("SITZUNGEN", "60")):
        try:
            c = pymysql.connect(host=host, port=int(port), user="controlling", password=os.environ["DB_PASSWORD"], database="quartier", connect_timeout=2)
            c.cursor().execute("SELECT count(*) FROM buchung")
            held.append(c)
        except pymysql.err.OperationalError:
            time.sleep(0.05)
    else:
        time.sleep(0.5)
