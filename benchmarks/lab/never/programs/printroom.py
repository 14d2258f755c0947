"""Print room: fetches paid bookings, renders tickets into the spool, reports them as printed. printroom.py PORT BOXOFFICE SPOOL"""
import os, random, sys, threading, time, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
port, box, spool = int(sys.argv[1]), sys.argv[2], sys.argv[3]
m = dict(printroom_tickets_total=0, printroom_rounds_total=0, printroom_mishaps_total=0, printroom_waiting=0, printroom_oldest_seconds=0, printroom_write_seconds_total=0.0)
def say(level, text): print(time.strftime("%d/%m/%Y %H:%M:%S"), level, text, flush=True)
class H(BaseHTTPRequestHandler):
    def log_message(self, *a): pass
    def do_GET(self):
        b = "".join(f"{k} {v}\n" for k, v in m.items()).encode()
        self.send_response(200); self.send_header("Content-Length", str(len(b))); self.end_headers(); self.wfile.write(b)
threading.Thread(target=ThreadingHTTPServer(("127.0.0.1", port), H).serve_forever, daemon=True).start()
def get(path): 
    with urllib.request.urlopen(f"http://{box}{path}", timeout=6) as r: return r.read().decode()
say("NOTICE", "print room open"); n = 0
while True:
    m["printroom_rounds_total"] += 1
    try:
        rows = [l.split() for l in get("/pending").splitlines()]
        m["printroom_waiting"] = len(rows); m["printroom_oldest_seconds"] = max([int(r[2]) for r in rows] or [0])
        done = []
        for i, ref, age in rows:
            t = time.monotonic()
            try:
                with open(f"{spool}/{ref}.pcl", "wb") as f:
                    f.write(os.urandom(24000)); f.flush(); os.fsync(f.fileno())
                done.append(i); m["printroom_tickets_total"] += 1
            except OSError as e:
                m["printroom_mishaps_total"] += 1; say("ERROR", f"ticket {ref} not spooled: {e}"); break
            finally: m["printroom_write_seconds_total"] += time.monotonic() - t
        if done:
            get("/printed?ids=" + ",".join(done)); n += len(done)
            if n >= 20: say("NOTICE", f"{n} tickets spooled"); n = 0
        old = time.time() - 15
        for f in os.listdir(spool):
            p = os.path.join(spool, f)
            if f.endswith(".pcl") and os.stat(p).st_mtime < old: os.unlink(p)
    except Exception as e:
        m["printroom_mishaps_total"] += 1; say("ERROR", f"round abandoned: {type(e).__name__}: {e}")
    time.sleep(1)
