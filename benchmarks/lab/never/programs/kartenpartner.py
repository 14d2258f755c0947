"""The card processor's gateway as customers see it: POST /v1/charges over TLS."""
import collections
import json
import os
import random
import signal
import socket
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

conf_path, cert, key = sys.argv[1:4]
conf = {}
recent = collections.deque()
mutex = threading.Lock()
tls = {}


def reload(*_):
    conf.update(json.load(open(conf_path)))
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ctx.load_cert_chain(cert, key)
    tls["ctx"] = ctx


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *a):
        pass

    def setup(self):
        self.request.settimeout(20)
        self.request = tls["ctx"].wrap_socket(self.request, server_side=True)
        super().setup()

    def do_POST(self):
        n = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(n)
        time.sleep(conf["latency_ms"] / 1000 * random.uniform(0.7, 1.5))
        now = time.monotonic()
        with mutex:
            while recent and now - recent[0] > 60:
                recent.popleft()
            full = len(recent) >= conf["per_minute"]
            if not full:
                recent.append(now)
        if full:
            return self.answer(429, {"error": {"type": "rate_limit_error", "message": "Request rate for merchant kq-2207 exceeds contract"}})
        if random.random() < 0.03:
            return self.answer(402, {"error": {"type": "card_error", "code": "card_declined"}})
        self.answer(200, {"id": f"ch_{random.getrandbits(40):x}", "status": "succeeded"})

    def answer(self, status, body):
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        if status == 429:
            self.send_header("Retry-After", "30")
        self.end_headers()
        self.wfile.write(raw)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, address):
        pass


reload()
signal.signal(signal.SIGHUP, reload)
host, port = os.environ["LISTEN"].rsplit(":", 1)
Server((host, int(port)), Handler).serve_forever()
