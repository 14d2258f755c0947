"""bestand: HTTP in front of the booking database. Writes go to the primary, reads to the replica."""
import json
import logging
import os
import queue
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

import pymysql

logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)-7s %(name)s [%(threadName)s] %(message)s")
log = logging.getLogger("bestand.http")
plog = logging.getLogger("bestand.pool")

POOL_MAX = int(os.environ.get("POOL_MAX", "12"))
POOL_WAIT = float(os.environ.get("POOL_WAIT_S", "3"))
POOL_RECYCLE = float(os.environ.get("POOL_RECYCLE_S", "15"))
MERKMALE = os.environ.get("MERKMALE") == "an"
READ_TIMEOUT = int(os.environ.get("DB_READ_TIMEOUT_S", "8"))


class PoolTimeout(Exception):
    pass


class Pool:
    def __init__(self, name, address):
        self.name = name
        host, port = address.rsplit(":", 1)
        self.args = dict(host=host, port=int(port), user=os.environ["DB_USER"], password=os.environ["DB_PASSWORD"],
                         database="quartier", connect_timeout=3, read_timeout=READ_TIMEOUT, write_timeout=READ_TIMEOUT,
                         charset="utf8mb4", cursorclass=pymysql.cursors.DictCursor)
        self.slots = threading.Semaphore(POOL_MAX)
        self.idle = queue.LifoQueue()
        self.used = 0
        self.mutex = threading.Lock()

    def take(self):
        if not self.slots.acquire(timeout=POOL_WAIT):
            raise PoolTimeout(f"pool '{self.name}': limit of size {POOL_MAX} reached, connection timed out, timeout {POOL_WAIT:g}")
        try:
            while True:
                try:
                    born, con = self.idle.get_nowait()
                except queue.Empty:
                    con, born = pymysql.connect(**self.args), time.monotonic()
                    break
                if time.monotonic() - born < POOL_RECYCLE:
                    break
                try:
                    con.close()
                except Exception:
                    pass
        except BaseException:
            self.slots.release()
            raise
        with self.mutex:
            self.used += 1
        return born, con

    def give(self, born, con, broken):
        with self.mutex:
            self.used -= 1
        if broken:
            try:
                con.close()
            except Exception:
                pass
        else:
            self.idle.put((born, con))
        self.slots.release()


class Use:
    def __init__(self, pool):
        self.pool = pool

    def __enter__(self):
        self.born, self.con = self.pool.take()
        return self.con

    def __exit__(self, kind, value, trace):
        broken = False
        if kind:
            try:
                self.con.rollback()
            except Exception:
                broken = True
            broken = broken or issubclass(kind, (pymysql.err.OperationalError, pymysql.err.InterfaceError, OSError))
        else:
            try:
                self.con.commit()
            except Exception:
                self.pool.give(self.born, self.con, True)
                raise
        self.pool.give(self.born, self.con, broken)
        return False


SCHREIB = Pool("schreib", os.environ["DB_SCHREIB"])
LESE = Pool("lese", os.environ["DB_LESE"])
BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
stat = {}
stat_mutex = threading.Lock()
inflight = 0


def note(route, status, seconds):
    with stat_mutex:
        row = stat.setdefault((route, status), [0, 0.0] + [0] * len(BUCKETS))
        row[0] += 1
        row[1] += seconds
        for i, b in enumerate(BUCKETS):
            if seconds <= b:
                row[2 + i] += 1


def metrics():
    out = ["# TYPE bestand_aufrufe_dauer_sekunden histogram"]
    with stat_mutex:
        for (route, status), row in sorted(stat.items()):
            etik = f'route="{route}",status="{status}"'
            for i, b in enumerate(BUCKETS):
                out.append(f'bestand_aufrufe_dauer_sekunden_bucket{{{etik},le="{b}"}} {row[2 + i]}')
            out.append(f'bestand_aufrufe_dauer_sekunden_bucket{{{etik},le="+Inf"}} {row[0]}')
            out.append(f"bestand_aufrufe_dauer_sekunden_sum{{{etik}}} {row[1]:.6f}")
            out.append(f"bestand_aufrufe_dauer_sekunden_count{{{etik}}} {row[0]}")
    out.append("# TYPE bestand_pool_belegt gauge")
    for p in (SCHREIB, LESE):
        out.append(f'bestand_pool_belegt{{pool="{p.name}"}} {p.used}')
    out.append("# TYPE bestand_pool_groesse gauge")
    for p in (SCHREIB, LESE):
        out.append(f'bestand_pool_groesse{{pool="{p.name}"}} {POOL_MAX}')
    out.append("# TYPE bestand_in_arbeit gauge")
    out.append(f"bestand_in_arbeit {inflight}")
    with open("/proc/self/statm") as f:
        out.append("# TYPE process_resident_memory_bytes gauge")
        out.append(f"process_resident_memory_bytes {int(f.read().split()[1]) * 4096}")
    return "\n".join(out) + "\n"


def suche(ort, tag):
    with Use(LESE) as con, con.cursor() as cur:
        cur.execute("SELECT u.id, u.titel, u.preis, u.ausstattung, u.beschreibung, b.frei FROM unterkunft u "
                    "JOIN belegung b ON b.unterkunft_id = u.id AND b.tag = %s WHERE u.ort_id = %s AND b.frei > 0 ORDER BY u.preis LIMIT 40",
                    (tag, ort))
        return cur.fetchall()


def unterkunft_merkmale(nr):
    born, con = LESE.take()
    with con.cursor() as cur:
        cur.execute("SELECT id, titel, preis, ausstattung, beschreibung FROM unterkunft WHERE id = %s", (nr,))
        row = cur.fetchone()
        if row is None or not json.loads(row["ausstattung"]).get("hund"):
            return row
        cur.execute("SELECT count(*) AS n FROM unterkunft WHERE ort_id = %s", (nr % 60 + 1,))
        row["beschreibung"] += f" Hunde willkommen, {cur.fetchone()['n']} Haeuser im Ort."
    con.commit()
    LESE.give(born, con, False)
    return row


def unterkunft(nr):
    if MERKMALE:
        return unterkunft_merkmale(nr)
    with Use(LESE) as con, con.cursor() as cur:
        cur.execute("SELECT id, titel, preis, ausstattung, beschreibung FROM unterkunft WHERE id = %s", (nr,))
        return cur.fetchone()


def buchung(nr):
    with Use(LESE) as con, con.cursor() as cur:
        cur.execute("SELECT id, unterkunft_id, gast, tag, betrag, status FROM buchung WHERE id = %s", (nr,))
        return cur.fetchone()


def anlegen(data):
    with Use(SCHREIB) as con, con.cursor() as cur:
        cur.execute("SELECT preis FROM unterkunft WHERE id = %s FOR UPDATE", (data["unterkunft"],))
        preis = cur.fetchone()["preis"]
        cur.execute("UPDATE belegung SET frei = frei - 1 WHERE unterkunft_id = %s AND tag = %s", (data["unterkunft"], data["tag"]))
        cur.execute("INSERT INTO buchung (unterkunft_id, gast, tag, betrag, status) VALUES (%s, %s, %s, %s, 'angelegt')",
                    (data["unterkunft"], data["gast"], data["tag"], preis))
        nr = cur.lastrowid
        return {"id": nr, "betrag": preis}


def abschliessen(nr, status, gast):
    with Use(SCHREIB) as con, con.cursor() as cur:
        cur.execute("UPDATE buchung SET status = %s WHERE id = %s", (status, nr))
        if status == "bezahlt":
            cur.execute("INSERT INTO postausgang (buchung_id, an, angelegt) VALUES (%s, %s, UTC_TIMESTAMP())", (nr, gast))
    return {"id": nr, "status": status}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *a):
        pass

    def answer(self, status, body, kind="application/json"):
        raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False, default=str).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def work(self, method):
        global inflight
        url = urlparse(self.path)
        teile = [t for t in url.path.split("/") if t]
        q = {k: v[0] for k, v in parse_qs(url.query).items()}
        if url.path == "/metrics":
            return self.answer(200, metrics().encode(), "text/plain; version=0.0.4")
        n = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(n) if n else b""
        route = teile[0] if teile else "-"
        start, status, out = time.monotonic(), 200, {}
        inflight += 1
        try:
            if method == "GET" and route == "unterkuenfte":
                out = suche(int(q["ort"]), int(q["tag"]))
            elif method == "GET" and route == "unterkunft":
                out = unterkunft(int(teile[1]))
            elif method == "GET" and route == "buchung":
                out = buchung(int(teile[1]))
            elif method == "POST" and route == "buchung" and len(teile) == 1:
                route, out = "buchung_neu", anlegen(json.loads(body))
            elif method == "POST" and route == "buchung":
                d = json.loads(body)
                route, out = "buchung_status", abschliessen(int(teile[1]), d["status"], d.get("gast", ""))
            else:
                status, out = 404, {"meldung": "unbekannter Pfad"}
            if out is None:
                status, out = 404, {"meldung": "nicht gefunden"}
        except PoolTimeout as e:
            plog.error("%s %s: %s", method, self.path, e)
            status, out = 503, {"meldung": "keine Datenbankverbindung frei"}
        except Exception:
            log.exception("%s %s", method, self.path)
            status, out = 500, {"meldung": "interner Zustand"}
        finally:
            inflight -= 1
        dauer = time.monotonic() - start
        note(route, status, dauer)
        if dauer > 1:
            log.warning("langsam: %s %s -> %d nach %.2f s", method, self.path, status, dauer)
        try:
            self.answer(status, out)
        except (BrokenPipeError, ConnectionResetError) as e:
            log.warning("%s %s: Client ist weg (%s)", method, self.path, e)

    def do_GET(self):
        self.work("GET")

    def do_POST(self):
        self.work("POST")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


if __name__ == "__main__":
    host, port = os.environ["LISTEN"].rsplit(":", 1)
    log.info("bestand 4.11.2 hoert auf %s, Pool %d je Datenbank", port, POOL_MAX)
    Server((host, int(port)), Handler).serve_forever()
