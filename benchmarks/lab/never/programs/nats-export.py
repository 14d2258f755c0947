"""varz and connz of a nats-server as Prometheus text.   nats-export.py LISTEN MONITOR"""
import json, re, sys, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
listen, mon = sys.argv[1:3]
V = ["connections", "total_connections", "subscriptions", "slow_consumers", "in_msgs", "out_msgs", "in_bytes", "out_bytes", "mem", "cpu", "max_connections", "max_payload"]
def get(p):
    with urllib.request.urlopen(f"http://{mon}/{p}", timeout=1.5) as r:
        return json.load(r)
class H(BaseHTTPRequestHandler):
    def log_message(self, *a): pass
    def do_GET(self):
        out = []
        try:
            v = get("varz")
            out += [f"gnatsd_varz_{k} {v[k]}" for k in V if k in v]
            for c in get("connz?limit=64").get("connections", []):
                n = c.get("name") or "anon"
                if re.match(r"^[\w.-]+$", n):
                    out += [f'gnatsd_connz_{k}{{name="{n}"}} {c.get(k, 0)}' for k in ("pending_bytes", "in_msgs", "out_msgs", "subscriptions")]
            out.append("gnatsd_up 1")
        except Exception:
            out = ["gnatsd_up 0"]
        b = ("\n".join(dict.fromkeys(out)) + "\n").encode()
        self.send_response(200); self.send_header("Content-Type", "text/plain; version=0.0.4"); self.send_header("Content-Length", str(len(b))); self.end_headers(); self.wfile.write(b)
h, p = listen.rsplit(":", 1)
ThreadingHTTPServer((h, int(p)), H).serve_forever()
