"""operadora.py PORTA CHAVE [--ms N] [--per-s N]"""
import argparse, json, random, threading, time, uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
ap = argparse.ArgumentParser(); ap.add_argument("porta", type=int); ap.add_argument("chave")
ap.add_argument("--ms", type=float, default=45); ap.add_argument("--per-s", type=float, default=80)
o = ap.parse_args(); tem, quando, trava = o.per_s, time.monotonic(), threading.Lock()
class H(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *a): pass
    def diz(self, codigo, corpo):
        b = json.dumps(corpo).encode(); self.send_response(codigo); self.send_header("Content-Length", str(len(b))); self.end_headers(); self.wfile.write(b)
    def do_POST(self):
        global tem, quando
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("x-chave") != o.chave: return self.diz(401, {"codigo": "CHAVE_INVALIDA"})
        with trava:
            a = time.monotonic(); tem = min(o.per_s * 2, tem + (a - quando) * o.per_s); quando = a; ok = tem >= 1; tem -= ok
        if not ok: return self.diz(429, {"codigo": "FRANQUIA_ESGOTADA"})
        time.sleep(o.ms / 1000 * random.uniform(.7, 1.5)); self.diz(202, {"id": uuid.uuid4().hex})
class S(ThreadingHTTPServer):
    daemon_threads = True; request_queue_size = 64
    def handle_error(self, *a): pass
S(("127.0.0.1", o.porta), H).serve_forever()
