"""catalogo: fichas de contadores y abonados (sqlite)."""
import json
import os
import random
import sqlite3
import sys
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

direccion, base = sys.argv[1:3]
cuenta = {}


def registra(nivel, texto):
    print(f"{time.strftime('%d/%m/%Y %H:%M:%S')} [{nivel}] {texto}", flush=True)


def abre():
    return sqlite3.connect(base, timeout=2.5)


if not os.path.exists(base):
    with abre() as c:
        c.execute("create table contador (id text primary key, zona integer, calibre integer, direccion text, consultas integer default 0)")
        c.executemany("insert into contador (id, zona, calibre, direccion) values (?,?,?,?)",
                      [(f"C{i:03d}", 1 + (i - 1) // 9, random.choice([15, 20, 30, 50]), f"Calle del Molino {i}") for i in range(1, 55)])
    os.chmod(base, 0o666)


class M(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *a):
        pass

    def responde(self, s, b, t="application/json"):
        cuenta[s] = cuenta.get(s, 0) + 1
        self.send_response(s)
        self.send_header("Content-Type", t)
        self.send_header("Content-Length", str(len(b)))
        self.end_headers()
        self.wfile.write(b)

    def do_GET(self):
        if self.path == "/metrics":
            return self.responde(200, "".join(f'catalogo_respuestas_total{{codigo="{k}"}} {v}\n' for k, v in cuenta.items()).encode(), "text/plain; version=0.0.4")
        i = self.path.rsplit("/", 1)[-1]
        try:
            c = abre()
            try:
                with c:
                    c.execute("update contador set consultas = consultas + 1 where id = ?", (i,))
                f = c.execute("select id, zona, calibre, direccion, consultas from contador where id = ?", (i,)).fetchone()
            finally:
                c.close()
            self.responde(200 if f else 404, json.dumps(f).encode())
        except sqlite3.Error:
            registra("ERROR", "GET " + self.path + "\n" + traceback.format_exc().rstrip())
            self.responde(500, b'{"error":"interno"}')


class S(ThreadingHTTPServer):
    daemon_threads = True


registra("INFO", "catalogo 1.3 en marcha")
S((direccion.split(":")[0], int(direccion.split(":")[1])), M).serve_forever()
