"""Auslieferung der Artikel fuer rheinkurier.example.   kurier.py NAME PORT METRIKPORT"""
import http.client
import json
import logging
import os
import random
import socket
import socketserver
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import psycopg

NAME, PORT, MPORT = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
E = os.environ
for n, t in ((10, "DETAIL"), (20, "INFO"), (30, "WARNUNG"), (40, "FEHLER"), (50, "KRITISCH")):
    logging.addLevelName(n, t)
logging.basicConfig(stream=sys.stdout, level=20, format="%(asctime)s %(levelname)-8s [%(threadName)s] %(name)s: %(message)s")
log, logdb, logdns, logweb, logsitz, logabo = (logging.getLogger("kurier" + x) for x in ("", ".db", ".namen", ".web", ".sitzung", ".abo"))

_zuletzt = {}
def selten(schluessel):
    jetzt = time.monotonic()
    if jetzt - _zuletzt.get(schluessel, -9) < 2.0:
        return False
    _zuletzt[schluessel] = jetzt
    return True

# ---------------------------------------------------------------- Messwerte
_m, _ml = {}, threading.Lock()
STUFEN = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 4)
def zaehle(name, wert=1, **l):
    k = name + ("{" + ",".join(f'{a}="{b}"' for a, b in l.items()) + "}" if l else "")
    with _ml: _m[k] = _m.get(k, 0) + wert
def dauer(name, s, stufen=False, **l):
    zaehle(name + "_sum", s, **l); zaehle(name + "_count", 1, **l)
    if stufen:
        for b in STUFEN:
            zaehle(name + "_bucket", 1 if s <= b else 0, **l, le=b)
        zaehle(name + "_bucket", 1, **l, le="+Inf")
belegt, wartend = 0, 0

class Metrik(BaseHTTPRequestHandler):
    def log_message(self, *a): pass
    def do_GET(self):
        with _ml: z = [f"{k} {v}" for k, v in sorted(_m.items())]
        rss = int(open("/proc/self/statm").read().split()[1]) * 4096
        z += [f"kurier_arbeiter_belegt {belegt}", f"kurier_arbeiter_wartend {wartend}", f"kurier_arbeiter_max {ARBEITER}", f"process_resident_memory_bytes {rss}",
              f"process_cpu_seconds_total {sum(os.times()[:2])}", f"kurier_threads {threading.active_count()}", f'kurier_build_info{{version="{E.get("KURIER_VERSION", "0")}"}} 1']
        b = ("\n".join(z) + "\n").encode()
        self.send_response(200); self.send_header("Content-Type", "text/plain; version=0.0.4"); self.send_header("Content-Length", str(len(b))); self.end_headers(); self.wfile.write(b)

# ---------------------------------------------------------------- Namensaufloesung (resolv.conf, options use-vc)
SERVER = [a for a in E["NAMENSERVER"].split(",")]
def _frage(server, name, frist):
    nr = random.randrange(65536)
    q = struct.pack(">HHHHHH", nr, 0x0100, 1, 0, 0, 0) + b"".join(bytes([len(x)]) + x.encode() for x in name.split(".")) + b"\0" + struct.pack(">HH", 1, 1)
    h, p = server.rsplit(":", 1)
    with socket.create_connection((h, int(p)), frist) as s:
        s.settimeout(frist); s.sendall(struct.pack(">H", len(q)) + q)
        def lies(n):
            b = b""
            while len(b) < n:
                t = s.recv(n - len(b))
                if not t: raise ConnectionResetError(104, "Connection reset by peer")
                b += t
            return b
        a = lies(struct.unpack(">H", lies(2))[0])
    rcode = a[3] & 15
    if rcode == 3: raise socket.gaierror(-2, "Name or service not known")
    if rcode: raise OSError(f"rcode {rcode}")
    pos, n = 12, struct.unpack(">H", a[6:8])[0]
    def ueber(i):
        while True:
            if a[i] & 0xC0: return i + 2
            if a[i] == 0: return i + 1
            i += a[i] + 1
    pos = ueber(pos) + 4
    for _ in range(n):
        pos = ueber(pos); typ, _k, _ttl, l = struct.unpack(">HHIH", a[pos:pos + 10]); pos += 10
        if typ == 1: return socket.inet_ntoa(a[pos:pos + l])
        pos += l
    raise socket.gaierror(-5, "No address associated with hostname")
def adresse(name):
    t0 = time.monotonic()
    try:
        for s in SERVER:
            try:
                return _frage(s, name, 1.0)
            except socket.gaierror:
                raise
            except OSError:
                zaehle("kurier_dns_fehlversuche_total", server=s)
        raise socket.gaierror(-3, "Temporary failure in name resolution")
    finally:
        dauer("kurier_namensaufloesung_seconds", time.monotonic() - t0)

# ---------------------------------------------------------------- Datenbank
def db():
    t0 = time.monotonic()
    ip = adresse(E["DB_NAME_HOST"])
    c = psycopg.connect(host=ip, port=E["DB_PORT"], dbname="kurier", user="kurier_web", password=E["DB_KENNWORT"], connect_timeout=2, application_name=NAME,
                        options="-c statement_timeout=3500", autocommit=True, sslmode="disable")
    dauer("kurier_db_verbindung_seconds", time.monotonic() - t0)
    return c
def abfrage(c, sql, *a):
    t0 = time.monotonic()
    try:
        return c.execute(sql, a).fetchall()
    finally:
        dauer("kurier_db_abfrage_seconds", time.monotonic() - t0)

# ---------------------------------------------------------------- memcached
_lokal = threading.local()
def memc(befehl, daten=None, frist=0.6):
    try:
        s = getattr(_lokal, "s", None)
        if s is None:
            h, p = E["SITZUNGEN"].split(":"); s = _lokal.s = socket.create_connection((h, int(p)), frist); _lokal.f = s.makefile("rb")
        s.settimeout(frist)
        s.sendall(befehl.encode() + b"\r\n" + (daten + b"\r\n" if daten is not None else b""))
        z = _lokal.f.readline()
        if not z: raise ConnectionResetError(104, "Connection reset by peer")
        if z.startswith(b"VALUE"):
            n = int(z.split()[3]); w = _lokal.f.read(n + 2)[:n]; _lokal.f.readline(); return w
        return None if z.startswith(b"END") else z.strip()
    except OSError:
        if getattr(_lokal, "s", None) is not None: _lokal.s.close()
        _lokal.s = None
        zaehle("kurier_sitzung_fehler_total")
        raise

# ---------------------------------------------------------------- Abo-Dienst des Partners
class HTTPError(Exception): pass
def abo(kunde):
    for versuch in (1, 2):
        c = None
        try:
            ip = adresse(E["ABO_NAME"])
            c = http.client.HTTPConnection(ip, int(E["ABO_PORT"]), timeout=2.5)
            c.request("GET", f"/v2/abos/{kunde}", headers={"X-Mandant": "rheinkurier"})
            r = c.getresponse(); b = r.read(); zaehle("kurier_abo_antworten_total", status=r.status)
            if r.status >= 400: raise HTTPError(f"{r.status} Client Error: {r.reason} for url: http://{E['ABO_NAME']}/v2/abos/{kunde}" if r.status < 500 else f"{r.status} Server Error: {r.reason}")
            return json.loads(b)
        except (OSError, HTTPError) as e:
            if versuch == 2 or isinstance(e, HTTPError): raise
            if selten("abo"): logabo.warning("Abo-Dienst: %s: %s, neuer Versuch", type(e).__name__, e)
        finally:
            if c: c.close()

# ---------------------------------------------------------------- Seiten
ARBEITER = int(E.get("ARBEITER", "16"))
platz = threading.BoundedSemaphore(ARBEITER)
verlauf = []
def artikel(n):
    with db() as c:
        z = abfrage(c, "SELECT id, titel, ressort, rumpf, stand FROM artikel WHERE slug = %s", f"artikel-{n}")
        if not z: return 404, b"<h1>Nicht gefunden</h1>"
        w = [abfrage(c, "SELECT titel FROM artikel WHERE slug = %s", f"artikel-{(n * 7 + k) % 40000 + 1}") for k in range(4)]
    try: memc(f"incr gelesen:{n % 50} 1", frist=0.3)
    except OSError as e:
        if selten("gelesen"): logsitz.warning("Zähler 'gelesen' nicht erhöht: %s", e)
    if E.get("LESEVERLAUF") == "an": verlauf.append((n, z, bytearray(os.urandom(1024)) * int(E.get("VERLAUF_KB", "100"))))
    return 200, f"<h1>{z[0][1]}</h1><p>{z[0][3]}</p><ul>{''.join('<li>' + x[0][0] for x in w if x)}</ul>".encode()
def start():
    with db() as c:
        z = abfrage(c, "SELECT id, titel, meta FROM artikel ORDER BY leser DESC, stand DESC LIMIT 12")
    k = [(t, json.loads(m)) for _i, t, m in z]
    return 200, ("<h1>Rheinkurier</h1>" + "".join(f"<a><img src={m['bild']}>{t}</a>" for t, m in k)).encode()
def ressort(n):
    with db() as c:
        z = abfrage(c, "SELECT titel, stand FROM artikel WHERE ressort = %s ORDER BY stand DESC LIMIT 20", n % 12)
    return 200, "".join(f"<li>{t}" for t, _ in z).encode()
def suche(q):
    with db() as c:
        z = abfrage(c, "SELECT titel FROM artikel WHERE rumpf ILIKE %s ORDER BY stand DESC LIMIT 10", f"%{q}%")
    return 200, "".join(f"<li>{t}" for t, in z).encode()
def merkliste(keks):
    s = memc(f"get sitz:{keks}")
    if s is None:
        memc(f"set sitz:{keks} 0 600 {len(keks) + 20}", json.dumps({"k": keks}).ljust(len(keks) + 20).encode()[:len(keks) + 20])
    with db() as c:
        z = abfrage(c, "SELECT a.titel FROM merkliste m JOIN artikel a ON a.id = m.artikel WHERE m.kunde = %s LIMIT 20", int("".join(x for x in keks if x.isdigit()) or 1))
    return 200, json.dumps([x[0] for x in z]).encode()

class Seite(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "kurier"
    def log_message(self, *a): pass
    def do_GET(self):
        global belegt, wartend
        t0 = time.monotonic(); u = urlsplit(self.path); art, status, b = "andere", 404, b""
        wartend += 1
        frei = platz.acquire(timeout=5)
        wartend -= 1
        if not frei: return self.antwort("voll", 503, b"Service Unavailable", t0)
        belegt += 1
        try:
            t = u.path.strip("/").split("/")
            if u.path == "/gesund": art, status, b = "gesund", 200, b"ok"
            elif u.path == "/": art = "start"; status, b = start()
            elif t[0] == "artikel": art = "artikel"; status, b = artikel(int(t[1]))
            elif t[0] == "ressort": art = "ressort"; status, b = ressort(int(t[1]))
            elif t[0] == "suche": art = "suche"; status, b = suche(parse_qs(u.query).get("q", [""])[0])
            elif t[0] == "konto": art = "konto"; status, b = merkliste(t[1])
            elif t[0] == "abo": art = "abo"; status, b = 200, json.dumps(abo(t[1])).encode()
            if t[0] == "artikel" and int(t[1]) % 97 == 0 and selten("bild"): logweb.warning("Bildvariante 16x9 fehlt für artikel-%s, Original ausgeliefert", t[1])
        except Exception as e:
            status, b = (503 if isinstance(e, (HTTPError, OSError)) else 500), b"<h1>Es ist ein Fehler aufgetreten</h1>"
            if selten(art + type(e).__name__): logweb.exception("Anfrage %s %s abgebrochen", self.command, self.path)
        finally:
            belegt -= 1; platz.release()
        self.antwort(art, status, b, t0)
    def antwort(self, art, status, b, t0):
        s = time.monotonic() - t0
        if art != "gesund":
            zaehle("kurier_anfragen_total", seite=art, status=status); dauer("kurier_antwortzeit_seconds", s, True, seite=art)
            if s > 1 and selten("langsam" + art): logweb.warning("langsame Antwort: %s %.2f s, Status %s", self.path, s, status)
        try:
            self.send_response(status); self.send_header("Content-Type", "text/html; charset=utf-8"); self.send_header("Content-Length", str(len(b)))
            if status < 400: self.send_header("Cache-Control", E.get("CACHE_KOPF", "public, max-age=5") if art not in ("konto", "abo") else "private")
            self.end_headers(); self.wfile.write(b)
        except OSError as e:
            if selten("weg"): logweb.warning("Gegenstelle hat die Verbindung beendet: %s", e)

def zaehlpixel():
    # Reichweitenmessung; der Sammler des Vermarkters ist seit der Umstellung abgeschaltet
    while True:
        time.sleep(14)
        try: socket.create_connection(tuple(E["IVW_ZIEL"].split(":")), 1).close()
        except OSError as e: logging.getLogger("kurier.messung").error("IVW-Paket mit %d Impulsen nicht zugestellt: %s", random.randrange(80, 400), e)

class Dienst(socketserver.ThreadingMixIn, HTTPServer):
    daemon_threads = True; request_queue_size = 128
threading.Thread(target=zaehlpixel, name="messung", daemon=True).start()
class Mess(Dienst): pass
threading.Thread(target=Mess(("127.0.0.1", MPORT), Metrik).serve_forever, daemon=True).start()
log.info("%s startet, Version %s, %d Arbeiter", NAME, E.get("KURIER_VERSION"), ARBEITER)
Dienst(("127.0.0.1", PORT), Seite).serve_forever()
