"""Liczniki: licznik.py PORT beanstalkd HOST:PORT | mosquitto HOST:PORT HASLO"""
import re, socket, sys, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
port, co, gdzie = int(sys.argv[1]), sys.argv[2], sys.argv[3]
h, p = gdzie.split(":")
sys_ = {}
def mosquitto_sluchaj():
    import paho.mqtt.client as m
    c = m.Client(m.CallbackAPIVersion.VERSION2, client_id="licznik"); c.username_pw_set("licznik", sys.argv[4])
    c.on_connect = lambda c, *a: c.subscribe("$SYS/broker/#")
    c.on_message = lambda c, u, x: sys_.__setitem__(x.topic, x.payload.decode())
    c.reconnect_delay_set(1, 3); c.connect_async(h, int(p), keepalive=10); c.loop_start()
def mosquitto():
    o = []
    for t, v in list(sys_.items()):
        if re.fullmatch(r"-?[\d.]+", v) and "/load/" not in t: o.append("mosquitto_" + t[12:].replace("/", "_").replace(" ", "_") + " " + v)
    return o
def beanstalkd():
    s = socket.create_connection((h, int(p)), 2); s.settimeout(2); f = s.makefile("rb"); o = []
    def pytaj(c):
        s.sendall(c + b"\r\n"); l = f.readline().split()
        return f.read(int(l[1]) + 2).decode() if l[0] == b"OK" else ""
    for l in pytaj(b"stats").splitlines():
        k, _, v = l.partition(": ")
        if k in ("current-jobs-ready", "current-jobs-reserved", "current-jobs-delayed", "current-jobs-buried", "current-connections", "current-workers", "current-waiting", "uptime"): o.append(f"beanstalkd_{k.replace('-', '_')} {v}")
        elif k in ("cmd-put", "cmd-delete", "cmd-release", "total-jobs", "job-timeouts", "cmd-reserve-with-timeout", "cmd-pause-tube"): o.append(f"beanstalkd_{k.replace('-', '_')}_total {v}")
    for l in pytaj(b"stats-tube sms").splitlines():
        k, _, v = l.partition(": ")
        if re.fullmatch(r"\d+", v): o.append(f'beanstalkd_tube_{k.replace("-", "_")}{{tube="sms"}} {v}')
    s.close(); return o
if co == "mosquitto": threading.Thread(target=mosquitto_sluchaj, daemon=True).start()
class H(BaseHTTPRequestHandler):
    def log_message(self, *a): pass
    def do_GET(self):
        try: b, k = "\n".join(globals()[co]()) + "\n", 200
        except OSError as e: b, k = str(e), 503
        b = b.encode(); self.send_response(k); self.send_header("Content-Length", str(len(b))); self.end_headers(); self.wfile.write(b)
HTTPServer(("127.0.0.1", port), H).serve_forever()
