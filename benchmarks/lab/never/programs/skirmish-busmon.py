"""Turns the bus's monitoring pages into metrics. busmon.py PORT MONITOR"""
import json, sys, urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
port, mon = int(sys.argv[1]), sys.argv[2]
get = lambda p: json.load(urllib.request.urlopen(f"http://{mon}{p}", timeout=2))
def text():
    v, o = get("/varz"), []
    for k, n in (("connections", "connections"), ("total_connections", "total_connections_total"), ("subscriptions", "subscriptions"), ("slow_consumers", "slow_consumers_total"), ("in_msgs", "in_msgs_total"), ("out_msgs", "out_msgs_total"), ("in_bytes", "in_bytes_total"), ("out_bytes", "out_bytes_total"), ("mem", "mem_bytes"), ("cpu", "cpu_percent"), ("max_payload", "max_payload_bytes")): o.append(f"gnatsd_varz_{n} {v.get(k, 0)}")
    for c in get("/connz")["connections"]:
        l = f'{{name="{c.get("name", "")}"}}'; o += [f"gnatsd_connz_pending_bytes{l} {c['pending_bytes']}", f"gnatsd_connz_in_msgs_total{l} {c['in_msgs']}", f"gnatsd_connz_out_msgs_total{l} {c['out_msgs']}"]
    return "\n".join(o) + "\n"
class H(BaseHTTPRequestHandler):
    def log_message(self, *a): pass
    def do_GET(self):
        try: b, k = text().encode(), 200
        except Exception as e: b, k = str(e).encode(), 503
        self.send_response(k); self.send_header("Content-Length", str(len(b))); self.end_headers(); self.wfile.write(b)
HTTPServer(("127.0.0.1", port), H).serve_forever()
