"""Exporta el arbol $SYS del broker."""
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import paho.mqtt.client as mqtt

escucha, broker, usuario, clave = sys.argv[1:5]
valores, estado = {}, {"vivo": 0}


def llega(c, u, msg):
    try:
        x = float(msg.payload.split()[0])
    except (ValueError, IndexError):
        return
    valores["mosquitto_" + re.sub(r"[^a-z0-9]+", "_", msg.topic[len("$SYS/broker/"):].lower())] = (x, time.time())


def con(c, u, f, rc, pr):
    estado["vivo"] = int(not rc.is_failure)
    c.subscribe("$SYS/broker/#")


class M(BaseHTTPRequestHandler):
    def log_message(self, *a):
        pass

    def do_GET(self):
        b = f"mosquitto_up {estado['vivo']}\n" + "".join(f"{k} {v[0]:g}\n" for k, v in sorted(valores.items()) if "1min" not in k and "5min" not in k and "15min" not in k)
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(b.encode())


h, p = escucha.split(":")
threading.Thread(target=HTTPServer((h, int(p)), M).serve_forever, daemon=True).start()
c = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="metricas")
c.username_pw_set(usuario, clave)
c.on_connect, c.on_message = con, llega
c.on_disconnect = lambda *a: estado.update(vivo=0)
h, p = broker.split(":")
while True:
    try:
        c.connect(h, int(p), keepalive=6)
        c.loop_forever()
    except OSError:
        estado["vivo"] = 0
        time.sleep(2)
