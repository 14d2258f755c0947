"""adressbuch: Personensuche fuer Webpost und Telefonanlage."""
import json
import logging
import os
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

import ldap3
from ldap3.core.exceptions import LDAPException
from prometheus_client import Counter, Gauge, Histogram, generate_latest

logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)-8s adressbuch.%(name)s - %(message)s")
log = logging.getLogger("suche")
h, p = os.environ["LDAP_KOPIE"].split(":")
tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=os.environ["CA_DATEI"], valid_names=["ldap-kopie.brandtner.example"])
DAUER = Histogram("adressbuch_verzeichnis_sekunden", "Dauer der Suche im Verzeichnis", buckets=(.005, .02, .05, .1, .25, .5, 1, 2, 4))
TREFFER = Counter("adressbuch_zwischenspeicher", "Zugriffe auf den Zwischenspeicher", ["ergebnis"])
ANTWORT = Counter("adressbuch_antworten", "Antworten", ["status"])
FREI = Gauge("adressbuch_verbindungen_frei", "freie Verbindungen zum Verzeichnis")
vorrat, schloss, merk = [], threading.Lock(), {}


def suchen(q):
    if (m := merk.get(q)) and time.time() - m[0] < 20:
        TREFFER.labels("treffer").inc()
        return m[1]
    TREFFER.labels("fehlt").inc()
    with schloss:
        c = vorrat.pop() if vorrat else None
    t = time.time()
    if c is None:
        c = ldap3.Connection(ldap3.Server(h, int(p), use_ssl=True, connect_timeout=4, get_info=ldap3.NONE, tls=tls), user="cn=webpost,ou=dienste,dc=brandtner,dc=example", password=os.environ["LDAP_KENNWORT"],
                             auto_bind=True, receive_timeout=5, read_only=True, raise_exceptions=True)
    try:
        c.search("ou=leute,dc=brandtner,dc=example", f"(|(mail={q}@brandtner.example)(uid={q})(departmentNumber={q}))",
                 attributes=["cn", "mail", "telephoneNumber", "description"], size_limit=50)
        erg = [{"name": str(e.cn), "mail": str(e.mail), "telefon": str(e.telephoneNumber), "status": str(e.description)} for e in c.entries]
    except Exception:
        try:
            c.unbind()
        except Exception:
            pass
        raise
    DAUER.observe(time.time() - t)
    with schloss:
        vorrat.append(c)
        FREI.set(len(vorrat))
    if len(merk) > 5000:
        merk.clear()
    merk[q] = (time.time(), erg)
    return erg


class H(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *a):
        pass

    def antwort(self, s, b, ct="application/json"):
        self.send_response(s)
        self.send_header("Content-Type", ct)
        self.send_header("Content-Length", str(len(b)))
        self.end_headers()
        self.wfile.write(b)

    def do_GET(self):
        u = urlparse(self.path)
        if u.path == "/metrics":
            return self.antwort(200, generate_latest(), "text/plain; version=0.0.4")
        q = parse_qs(u.query).get("q", [""])[0]
        try:
            erg = suchen(q)
            ANTWORT.labels("200").inc()
            self.antwort(200, json.dumps(erg).encode())
        except LDAPException as e:
            log.error("Suche q=%s: %s: %s", q, type(e).__name__, e)
            ANTWORT.labels("502").inc()
            self.antwort(502, b'{"meldung":"Verzeichnis antwortet nicht"}')


class S(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


log.info("adressbuch 1.9.2 bereit")
h2, p2 = sys.argv[1].split(":")
S((h2, int(p2)), H).serve_forever()
