"""kanal: takes the prices of the channel partners over into the table unterkunft."""
import argparse
import logging
import os
import random
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pymysql

p = argparse.ArgumentParser()
p.add_argument("--satz", type=int, default=20)
p.add_argument("--takt", type=float, default=3)
a = p.parse_args()
logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="[%(asctime)s] %(levelname)s kanal.import %(message)s")
log = logging.getLogger()
state = {"saetze": 0, "laeufe": 0, "dauer": 0.0, "abbruch": 0}


def lauf():
    host, port = os.environ["DB"].rsplit(":", 1)
    con = pymysql.connect(host=host, port=int(port), user=os.environ["DB_USER"], password=os.environ["DB_PASSWORD"], database="quartier",
                          connect_timeout=3, read_timeout=20, write_timeout=20)
    try:
        with con.cursor() as cur:
            first = random.randint(1, 2900) if a.satz < 500 else 1
            for nr in range(first, min(first + a.satz, 3001)):
                cur.execute("UPDATE unterkunft SET preis = greatest(40, preis + %s), preis_stand = utc_timestamp() WHERE id = %s",
                            (random.randint(-3, 3), nr))
                time.sleep(0.008)  # Abgleich mit der Preisdatei des Partners
        con.commit()
    finally:
        con.close()
    return a.satz


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *x):
        pass

    def do_GET(self):
        text = "".join(f"# TYPE kanal_{k} gauge\nkanal_{k} {v}\n" for k, v in state.items()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


host, port = os.environ["LISTEN"].rsplit(":", 1)
threading.Thread(target=ThreadingHTTPServer((host, int(port)), Handler).serve_forever, daemon=True).start()
log.info("kanal-import gestartet, Satzgroesse %d, Takt %.0f s", a.satz, a.takt)
while True:
    t = time.monotonic()
    try:
        n = lauf()
        state["saetze"] += n
        state["dauer"] = round(time.monotonic() - t, 3)
        if state["laeufe"] % 5 == 0:
            log.info("Preislauf fertig: %d Saetze in %.1f s", n, state["dauer"])
    except Exception as e:
        state["abbruch"] += 1
        log.error("Preislauf abgebrochen: %r", e)
    state["laeufe"] += 1
    time.sleep(a.takt)
