"""Abo-Schnittstelle des Partners.   abo-dienst.py PORT KONTINGENT.json"""
import json, random, signal, socketserver, sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer
cfg = {}
def lies(*_): cfg.update(json.load(open(sys.argv[2])))
lies(); signal.signal(signal.SIGHUP, lies)
fenster = [0, 0]
class H(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *a): pass
    def do_GET(self):
        f = int(time.time() // 10)
        if fenster[0] != f: fenster[:] = [f, 0]
        fenster[1] += 1; time.sleep(random.uniform(0.01, 0.04))
        voll = fenster[1] > cfg["je_10s"]
        b = b'{"fehler":"kontingent"}' if voll else json.dumps({"kunde": self.path.split("/")[-1], "abo": "digital-plus", "bis": "2027-03-31"}).encode()
        self.send_response(429 if voll else 200); self.send_header("Content-Length", str(len(b)))
        if voll: self.send_header("Retry-After", "10")
        self.end_headers(); self.wfile.write(b)
class S(socketserver.ThreadingMixIn, HTTPServer): daemon_threads = True; request_queue_size = 64
S(("127.0.0.1", int(sys.argv[1])), H).serve_forever()
