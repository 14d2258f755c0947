"""exportador: mntr of the ZooKeeper servers and stats of memcached, for Prometheus."""
import os
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

targets = dict(a.split("=", 1) for a in sys.argv[1:])


def ask(address, text, end):
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), 1.5) as s:
        s.settimeout(1.5)
        s.sendall(text)
        raw = b""
        while not raw.endswith(end) or not end:
            part = s.recv(65536)
            if not part:
                break
            raw += part
    return raw.decode()


def zoo(address):
    out = []
    for line in ask(address, b"mntr", b"").splitlines():
        k, _, v = line.partition("\t")
        if k == "zk_server_state":
            out.append(f'zk_server_state{{state="{v}"}} 1')
        elif k.startswith(("zk_avg_latency", "zk_max_latency", "zk_packets", "zk_num_alive", "zk_outstanding", "zk_znode_count", "zk_watch_count",
                           "zk_ephemerals", "zk_approximate", "zk_synced", "zk_followers", "zk_learners", "zk_quorum_size", "zk_uptime",
                           "zk_open_file", "zk_global_sessions", "zk_connection_rejected", "zk_stale_sessions_expired", "zk_looking_count",
                           "zk_unrecoverable", "zk_fsynctime", "zk_snapshot_error", "zk_connection_drop_count", "zk_jvm_pause")):
            try:
                out.append(f"{k} {float(v):g}")
            except ValueError:
                pass
    return out


def memc(address):
    out = []
    keep = {"curr_connections", "total_connections", "rejected_connections", "connection_structures", "cmd_get", "cmd_set", "cmd_flush", "get_hits", "get_misses", "evictions",
            "bytes", "limit_maxbytes", "curr_items", "total_items", "uptime", "listen_disabled_num", "max_connections", "threads", "accepting_conns",
            "bytes_read", "bytes_written", "expired_unfetched"}
    for line in ask(address, b"stats\r\n", b"END\r\n").splitlines():
        p = line.split()
        if len(p) == 3 and p[1] in keep:
            out.append(f"memcached_{p[1]} {p[2]}")
    return out


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *a):
        pass

    def do_GET(self):
        name = self.path.strip("/")
        up, out = 1, []
        try:
            out = memc(targets[name]) if name == "memoria" else zoo(targets[name])
            up = 1 if out else 0
        except OSError:
            up = 0
        p = "memcached" if name == "memoria" else "zk"
        raw = ("\n".join(out + [f"{p}_up {up}"]) + "\n").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


host, port = os.environ["ESCUCHA"].rsplit(":", 1)
ThreadingHTTPServer((host, int(port)), Handler).serve_forever()
