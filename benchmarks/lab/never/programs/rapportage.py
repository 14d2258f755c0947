"""rapportage.py DSN N: sessies van een rapportagegereedschap"""
import sys, time
import psycopg2
s = []
while True:
    while len(s) < int(sys.argv[2]):
        try:
            v = psycopg2.connect(sys.argv[1], connect_timeout=2, application_name="tableau-bridge"); v.autocommit = True
            v.cursor().execute("SELECT count(*) FROM facturen WHERE voldaan"); s.append(v)
        except psycopg2.Error: break
    time.sleep(.3)
