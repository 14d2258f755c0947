"""Agência de notícias: despachos e cotações. agencia.py PORTA [--demora S] [--por-minuto N]"""
import argparse, json, random, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
ap = argparse.ArgumentParser(); ap.add_argument("porta", type=int); ap.add_argument("fotos"); ap.add_argument("--demora", type=float, default=.02); ap.add_argument("--por-minuto", type=int, default=600)
o = ap.parse_args()
t0, trava, visto = time.time(), threading.Lock(), []
EDIT = ["politica", "economia", "esporte", "cultura", "cidade", "mundo"]
class H(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *a): pass
    def diz(self, c, v, **h):
        b = json.dumps(v, ensure_ascii=False).encode()
        self.send_response(c); self.send_header("Content-Type", "application/json"); self.send_header("Content-Length", str(len(b))); self.send_header("Cache-Control", "no-store")
        for k, x in h.items(): self.send_header(k.replace("_", "-"), x)
        self.end_headers(); self.wfile.write(b)
    def do_GET(self):
        u = urlsplit(self.path); q = parse_qs(u.query)
        with trava:
            a = time.time(); visto[:] = [x for x in visto if x > a - 60]; cheio = len(visto) >= o.por_minuto
            if not cheio: visto.append(a)
        if cheio: return self.diz(429, {"erro": "limite do contrato atingido"}, Retry_After="60")
        time.sleep(o.demora * random.uniform(.8, 1.3))
        if u.path == "/cotacoes": return self.diz(200, {"dolar": round(5.2 + random.random() / 10, 3), "ibov": random.randrange(120000, 130000)})
        agora = int((time.time() - t0) / 1.1); desde = int(q.get("desde", ["0"])[0])
        r = []
        for i in range(max(desde + 1, agora - 30), agora + 1):
            r.append({"numero": i, "titulo": f"Despacho {i} da sucursal", "editoria": EDIT[i % 6], "texto": "Lorem da sucursal. " * random.randrange(200, 500), "foto": f"{o.fotos}/base{i % 3}.jpg" if i % 2 == 0 else None})
        self.diz(200, r)
class S(ThreadingHTTPServer): daemon_threads = True; request_queue_size = 64
S(("127.0.0.1", o.porta), H).serve_forever()
