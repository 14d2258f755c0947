"""beursprijs.py PORT CERT KEY TOKEN [--ms N] [--per-s N]: day-ahead quotes over TLS"""
import argparse, json, math, random, ssl, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
ap = argparse.ArgumentParser()
for n in ("port", "cert", "key", "token"): ap.add_argument(n)
ap.add_argument("--ms", type=float, default=35); ap.add_argument("--per-s", type=float, default=60)
o = ap.parse_args()
ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); ctx.load_cert_chain(o.cert, o.key)
left, at, lock = o.per_s, time.monotonic(), threading.Lock()
class H(BaseHTTPRequestHandler):
    def log_message(self, *a): pass
    def setup(self):
        self.request.settimeout(10); self.request = ctx.wrap_socket(self.request, server_side=True); super().setup()
    def finish(self):
        try: super().finish()
        finally: self.request.close()
    def say(self, code, body):
        b = json.dumps(body).encode()
        self.send_response(code); self.send_header("Content-Type", "application/json"); self.send_header("Content-Length", str(len(b))); self.end_headers(); self.wfile.write(b)
    def do_GET(self):
        global left, at
        if self.headers.get("Authorization") != "Bearer " + o.token: return self.say(401, {"title": "token not recognised"})
        with lock:
            n = time.monotonic(); left = min(o.per_s * 2, left + (n - at) * o.per_s); at = n; ok = left >= 1; left -= ok
        if not ok: return self.say(429, {"title": "subscription allowance used up"})
        time.sleep(o.ms / 1000 * random.uniform(.7, 1.4))
        r = int(self.path.rsplit("/", 1)[-1])
        self.say(200, {"zone": "NL", "uren": [round(8 + r % 5 + 4 * math.sin(h / 3.8), 3) for h in range(24)]})
class S(ThreadingHTTPServer):
    daemon_threads = True; request_queue_size = 64
    def handle_error(self, *a): pass
S(("127.0.0.1", int(o.port)), H).serve_forever()
