"""postversand: sends the confirmations that lie in the table postausgang."""
import logging
import os
import smtplib
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pymysql

logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("postversand")
STAPEL = int(os.environ.get("STAPEL", "25"))
state = {"offen": 0, "alter": 0.0, "versandt": 0, "unzustellbar": 0, "lauf": 0, "abbruch": 0}


def connect():
    host, port = os.environ["DB"].rsplit(":", 1)
    return pymysql.connect(host=host, port=int(port), user=os.environ["DB_USER"], password=os.environ["DB_PASSWORD"], database="quartier",
                           connect_timeout=3, read_timeout=10, write_timeout=10, autocommit=True, charset="utf8mb4")


def lauf():
    con = connect()
    try:
        with con.cursor() as cur:
            cur.execute("SELECT count(*), coalesce(timestampdiff(SECOND, min(angelegt), utc_timestamp()), 0) FROM postausgang WHERE erledigt IS NULL")
            state["offen"], state["alter"] = cur.fetchone()
            cur.execute("SELECT id, buchung_id, an FROM postausgang WHERE erledigt IS NULL ORDER BY id LIMIT %s", (STAPEL,))
            rows = cur.fetchall()
            if not rows:
                return
            host, port = os.environ["RELAIS"].rsplit(":", 1)
            with smtplib.SMTP(host, int(port), timeout=5) as smtp:
                for nr, buchung, an in rows:
                    wie = "versandt"
                    try:
                        smtp.sendmail("buchung@kuestenquartier.example", [an], f"Subject: Ihre Buchung KQ-{buchung}\r\n\r\nVielen Dank.\r\n")
                    except smtplib.SMTPRecipientsRefused as e:
                        log.warning("KQ-%s unzustellbar: %s", buchung, e)
                        wie = "unzustellbar"
                        smtp.rset()
                    cur.execute("UPDATE postausgang SET erledigt = utc_timestamp(), wie = %s WHERE id = %s", (wie, nr))
                    state[wie] += 1
    finally:
        con.close()


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *a):
        pass

    def do_GET(self):
        text = (f"# TYPE post_offen gauge\npost_offen {state['offen']}\n"
                f"# TYPE post_aeltester_sekunden gauge\npost_aeltester_sekunden {state['alter']}\n"
                f"# TYPE post_erledigt_total counter\npost_erledigt_total{{wie=\"versandt\"}} {state['versandt']}\n"
                f"post_erledigt_total{{wie=\"unzustellbar\"}} {state['unzustellbar']}\n"
                f"# TYPE post_laeufe_total counter\npost_laeufe_total {state['lauf']}\n"
                f"# TYPE post_abbrueche_total counter\npost_abbrueche_total {state['abbruch']}\n").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


if __name__ == "__main__":
    host, port = os.environ["LISTEN"].rsplit(":", 1)
    server = ThreadingHTTPServer((host, int(port)), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    log.info("postversand 1.9 gestartet, Stapel %d", STAPEL)
    zuletzt = time.monotonic()
    while True:
        vorher = state["versandt"]
        try:
            lauf()
        except Exception:
            state["abbruch"] += 1
            log.exception("Versandlauf abgebrochen, %d Sendungen offen", state["offen"])
        state["lauf"] += 1
        if state["lauf"] % 20 == 0:
            log.info("Lauf %d: %d versandt, %d offen, aelteste %s s", state["lauf"], state["versandt"], state["offen"], state["alter"])
        time.sleep(1)
