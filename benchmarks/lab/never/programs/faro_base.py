"""Log and metrics of the faro programs."""
import logging
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

logging.addLevelName(logging.WARNING, "AVISO")
values = {}
mutex = threading.Lock()


def setup(fmt="%(asctime)s %(levelname)-5s %(name)s %(threadName)s: %(message)s"):
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format=fmt)


def add(name, n=1.0):
    with mutex:
        values[name] = values.get(name, 0.0) + n


def put(name, n):
    with mutex:
        values[name] = n


def text():
    with mutex:
        rows = sorted(values.items())
    with open("/proc/self/statm") as f:
        rows.append(("process_resident_memory_bytes", int(f.read().split()[1]) * 4096))
    return "".join(f"{k} {v:g}\n" for k, v in rows).encode()


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *a):
        pass

    def do_GET(self):
        raw = text()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


def serve():
    host, port = os.environ["METRICAS"].rsplit(":", 1)
    threading.Thread(target=ThreadingHTTPServer((host, int(port)), Handler).serve_forever, daemon=True).start()
