"""Medidor da memória e das imagens: medidor.py PORTA memcached HOST:PORTA | lighttpd URL"""
import socket, sys, urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
porta, que, onde = int(sys.argv[1]), sys.argv[2], sys.argv[3]
def memcached():
    h, p = onde.split(":"); s = socket.create_connection((h, int(p)), 2); s.settimeout(2); s.sendall(b"stats\r\n"); f = s.makefile("rb"); o = []
    for l in f:
        if l.startswith(b"END"): break
        _, k, v = l.decode().split(None, 2)
        if k in ("curr_connections", "curr_items", "bytes", "limit_maxbytes", "max_connections", "threads", "uptime"): o.append(f"memcached_{k} {v.strip()}")
        elif k in ("total_connections", "get_hits", "get_misses", "cmd_get", "cmd_set", "evictions", "listen_disabled_num", "rejected_connections", "bytes_read", "bytes_written", "reclaimed", "get_expired"): o.append(f"memcached_{k}_total {v.strip()}")
    s.close(); return o
def lighttpd():
    t = urllib.request.urlopen(onde, timeout=2).read().decode(); o = []
    for l in t.splitlines():
        k, _, v = l.partition(": ")
        n = {"Total Accesses": "accesses_total", "Total kBytes": "kbytes_total", "BusyServers": "busy_servers", "IdleServers": "idle_servers", "Uptime": "uptime"}.get(k)
        if n: o.append(f"lighttpd_{n} {v}")
    return o
class H(BaseHTTPRequestHandler):
    def log_message(self, *a): pass
    def do_GET(self):
        try: o = [f"{que}_up 1"] + globals()[que]()
        except Exception: o = [f"{que}_up 0"]
        b = ("\n".join(o) + "\n").encode(); self.send_response(200); self.send_header("Content-Length", str(len(b))); self.end_headers(); self.wfile.write(b)
HTTPServer(("127.0.0.1", porta), H).serve_forever()
