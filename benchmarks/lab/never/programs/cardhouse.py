"""Card house: takes charges over TLS. cardhouse.py PORT CERT KEY APIKEY [--per-s N] [--work-ms N]"""
import argparse, json, random, socket, ssl, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
ap = argparse.ArgumentParser()
ap.add_argument("port", type=int); ap.add_argument("cert"); ap.add_argument("key"); ap.add_argument("apikey")
ap.add_argument("--per-s", type=float, default=200); ap.add_argument("--work-ms", type=float, default=25)
ap.add_argument("--seats", type=int, default=6)
o = ap.parse_args()
ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); ctx.load_cert_chain(o.cert, o.key)
tokens, last, lock = o.per_s, time.monotonic(), threading.Lock()
desk = threading.Semaphore(o.seats)
class H(BaseHTTPRequestHandler):
    def log_message(self, *a): pass
    def setup(self):
        self.request.settimeout(10)
        self.request = ctx.wrap_socket(self.request, server_side=True)
        super().setup()
    def finish(self):
        try: super().finish()
        finally: self.request.close()
    def say(self, code, body):
        b = json.dumps(body).encode()
        self.send_response(code); self.send_header("Content-Type", "application/json"); self.send_header("Content-Length", str(len(b)))
        self.end_headers(); self.wfile.write(b)
    def do_POST(self):
        global tokens, last
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("X-Api-Key") != o.apikey: return self.say(403, {"error": "key_not_recognised"})
        if abs(time.time() - float(self.headers.get("X-Sent-At", 0))) > 120: return self.say(401, {"error": "sent_at_outside_window", "received_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())})
        with lock:
            n = time.monotonic(); tokens = min(o.per_s * 2, tokens + (n - last) * o.per_s); last = n
            short = tokens < 1
            if not short: tokens -= 1
        if short: return self.say(429, {"error": "merchant_allowance_used"})
        with desk: time.sleep(o.work_ms / 1000 * random.uniform(.7, 1.5))
        self.say(200, {"status": "captured", "auth": "%06d" % random.randrange(10**6)})
class S(ThreadingHTTPServer):
    daemon_threads = True; request_queue_size = 64
    def handle_error(self, *a): pass
print("cardhouse gateway ready", flush=True)
S(("127.0.0.1", o.port), H).serve_forever()
