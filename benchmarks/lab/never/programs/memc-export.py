"""stats of memcached as Prometheus text.   memc-export.py LISTEN MEMCACHED"""
import socket, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
listen, ziel = sys.argv[1:3]
G = {"curr_connections": "memcached_current_connections", "bytes": "memcached_current_bytes", "curr_items": "memcached_current_items", "limit_maxbytes": "memcached_limit_bytes",
     "get_hits": 'memcached_commands_total{command="get",status="hit"}', "get_misses": 'memcached_commands_total{command="get",status="miss"}', "cmd_set": 'memcached_commands_total{command="set",status="hit"}',
     "evictions": "memcached_items_evicted_total", "uptime": "memcached_uptime_seconds", "rejected_connections": "memcached_connections_rejected_total", "cmd_flush": 'memcached_commands_total{command="flush",status="hit"}'}
class H(BaseHTTPRequestHandler):
    def log_message(self, *a): pass
    def do_GET(self):
        out = []
        try:
            h, p = ziel.split(":")
            with socket.create_connection((h, int(p)), 1) as s:
                s.settimeout(1); s.sendall(b"stats\r\n"); b = b""
                while not b.endswith(b"END\r\n"):
                    t = s.recv(65536)
                    if not t: break
                    b += t
            for l in b.decode().splitlines():
                w = l.split(" ", 2)
                if len(w) == 3 and w[1] in G: out.append(f"{G[w[1]]} {w[2]}")
            out.append("memcached_up 1")
        except OSError: out = ["memcached_up 0"]
        b = ("\n".join(out) + "\n").encode()
        self.send_response(200); self.send_header("Content-Type", "text/plain; version=0.0.4"); self.send_header("Content-Length", str(len(b))); self.end_headers(); self.wfile.write(b)
h, p = listen.rsplit(":", 1)
ThreadingHTTPServer((h, int(p)), H).serve_forever()
