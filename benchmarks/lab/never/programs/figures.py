"""Figures of a neighbour for the scraper. figures.py PORT httpd URL | seatdb HOST PORT PASSWORD | seatmap HOST PORT"""
import re, socket, subprocess, sys, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
port, kind, a = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
def httpd():
    t = urllib.request.urlopen(a[0], timeout=1.5).read().decode()
    g = dict(l.split(": ", 1) for l in t.splitlines() if ": " in l); o = ""
    for k, n in (("Total Accesses", "door_accesses_total"), ("Total kBytes", "door_kbytes_total"), ("BusyWorkers", "door_workers_busy"), ("IdleWorkers", "door_workers_idle"), ("ConnsTotal", "door_connections"), ("Total Duration", "door_duration_ms_total")):
        if k in g: o += f"{n} {g[k]}\n"
    sb = g.get("Scoreboard", "")
    for c, n in (("R", "reading"), ("W", "sending"), ("K", "keepalive"), ("G", "finishing")): o += f'door_slots{{doing="{n}"}} {sb.count(c)}\n'
    return o
W = {"Threads_connected": "seatdb_sessions", "Threads_running": "seatdb_sessions_active", "Questions": "seatdb_statements_total", "Slow_queries": "seatdb_slow_statements_total", "Innodb_row_lock_current_waits": "seatdb_row_waits_now", "Innodb_row_lock_time": "seatdb_row_wait_ms_total", "Innodb_data_fsyncs": "seatdb_fsyncs_total", "Innodb_os_log_fsyncs": "seatdb_log_fsyncs_total", "Handler_read_rnd_next": "seatdb_scan_rows_total", "Handler_read_key": "seatdb_key_reads_total", "Aborted_connects": "seatdb_refused_logins_total", "Aborted_clients": "seatdb_dropped_sessions_total", "Com_commit": "seatdb_commits_total", "Com_rollback": "seatdb_rollbacks_total", "Table_locks_waited": "seatdb_table_waits_total", "Uptime": "seatdb_up_seconds", "Innodb_buffer_pool_reads": "seatdb_pool_misses_total", "Max_used_connections": "seatdb_sessions_peak"}
def seatdb():
    r = subprocess.run(["mariadb", "--no-defaults", "-h", a[0], "-P", a[1], "-u", "watch", "-p" + a[2], "-N", "-B", "--connect-timeout=2", "-e", "SHOW GLOBAL STATUS; SHOW GLOBAL VARIABLES LIKE 'max_connections'"], capture_output=True, text=True, timeout=3)
    if r.returncode: return "seatdb_answers 0\n"
    o = "seatdb_answers 1\n"
    for l in r.stdout.splitlines():
        k, _, v = l.partition("\t")
        if k in W: o += f"{W[k]} {v}\n"
        if k == "max_connections": o += f"seatdb_sessions_most {v}\n"
    return o
def seatmap():
    s = socket.create_connection((a[0], int(a[1])), 1.5); s.settimeout(1.5); s.sendall(b"stats\r\nquit\r\n"); t = b""
    while c := s.recv(8192): t += c
    o = ""
    for k, n in (("get_hits", "seatmap_hits_total"), ("get_misses", "seatmap_misses_total"), ("curr_items", "seatmap_plans"), ("bytes", "seatmap_bytes"), ("evictions", "seatmap_evictions_total"), ("curr_connections", "seatmap_connections"), ("cmd_set", "seatmap_sets_total"), ("uptime", "seatmap_up_seconds"), ("limit_maxbytes", "seatmap_most_bytes"), ("cmd_flush", "seatmap_flushes_total")):
        if x := re.search(rb"STAT %s ([\d.]+)" % k.encode(), t): o += f"{n} {x[1].decode()}\n"
    return o
class H(BaseHTTPRequestHandler):
    def log_message(self, *a): pass
    def do_GET(self):
        try: b = globals()[kind]().encode(); c = 200
        except Exception as e: b = str(e).encode(); c = 503
        self.send_response(c); self.send_header("Content-Type", "text/plain"); self.send_header("Content-Length", str(len(b))); self.end_headers(); self.wfile.write(b)
ThreadingHTTPServer(("127.0.0.1", port), H).serve_forever()
