"""ingesta: pasa las lecturas del broker al historico por lotes."""
import http.client
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlencode

import paho.mqtt.client as mqtt

E = os.environ
VERSION = E.get("INGESTA_VERSION", "2.3.1")
LIM = 6000
cola, cerrojo = [], threading.Lock()
m = {"mensajes": 0, "escritos": 0, "descartados": 0, "rechazados": 0, "lotes_ok": 0, "lotes_error": 0, "ultimo_ok": time.time()}


def registra(nivel, msg, **k):
    print(f"ts={time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} nivel={nivel} modulo=ingesta msg={json.dumps(msg, ensure_ascii=False)}"
          + "".join(f" {a}={json.dumps(b, ensure_ascii=False)}" for a, b in k.items()), flush=True)


def linea(tema, d):
    zona = tema.split("/")[2]
    etiquetas = f"lecturas,zona={zona},contador={d['id']}"
    if VERSION >= "2.4":
        etiquetas += f",traza={d['id']}-{d['t']}"
    c = d["caudal"]
    return f"{etiquetas} caudal={json.dumps(c)},presion={d['presion']} {d['t']}"


def mensaje(c, u, msg):
    m["mensajes"] += 1
    try:
        x = linea(msg.topic, json.loads(msg.payload))
    except (ValueError, KeyError) as e:
        registra("aviso", "mensaje no interpretable", tema=msg.topic, error=repr(e))
        return
    with cerrojo:
        cola.append(x)
        if len(cola) > LIM:
            del cola[:len(cola) - LIM]
            m["descartados"] += 1


def escribir():
    h, p = E["HISTORICO"].split(":")
    q = urlencode({"db": "telemetria", "precision": "ms", "u": "ingesta", "p": E["CLAVE_HISTORICO"]})
    while True:
        time.sleep(1)
        with cerrojo:
            lote = cola[:400]
        if not lote:
            continue
        t = time.time()
        try:
            c = http.client.HTTPConnection(h, int(p), timeout=6)
            c.request("POST", "/write?" + q, "\n".join(lote))
            r = c.getresponse()
            cuerpo = r.read().decode("utf-8", "replace").strip()
            c.close()
        except (OSError, http.client.HTTPException) as e:
            m["lotes_error"] += 1
            registra("error", "escritura en historico", excepcion=f"{type(e).__name__}: {e}", pendientes=len(cola))
            time.sleep(1)
            continue
        if r.status == 204:
            m["lotes_ok"] += 1
            m["escritos"] += len(lote)
            m["ultimo_ok"] = time.time()
        else:
            m["lotes_error"] += 1
            registra("error", "escritura en historico", estado=r.status, cuerpo=cuerpo[:300], puntos=len(lote))
            if r.status != 400:
                time.sleep(1)
                continue
            m["rechazados"] += len(lote)
        with cerrojo:
            del cola[:len(lote)]
        if time.time() - t > 2:
            registra("aviso", "lote lento", segundos=round(time.time() - t, 2), pendientes=len(cola))


class M(BaseHTTPRequestHandler):
    def log_message(self, *a):
        pass

    def do_GET(self):
        b = "".join(f"ingesta_{k}_total {v}\n" for k, v in m.items() if k != "ultimo_ok") + f"ingesta_cola_puntos {len(cola)}\ningesta_ultimo_lote_timestamp {m['ultimo_ok']:.0f}\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(b.encode())


def conectado(c, u, f, rc, pr):
    if rc.is_failure:
        registra("error", "conexion con el broker", rc=str(rc))
    else:
        c.subscribe("aem/campo/+/+/lectura", qos=1)
        registra("info", "suscrito", tema="aem/campo/+/+/lectura")


h, p = sys.argv[1].split(":")
threading.Thread(target=ThreadingHTTPServer((h, int(p)), M).serve_forever, daemon=True).start()
threading.Thread(target=escribir, daemon=True).start()
registra("info", "arranque", version=VERSION)
c = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="ingesta-1", clean_session=False)
c.username_pw_set("ingesta", E["CLAVE_BROKER"])
c.on_connect, c.on_message = conectado, mensaje
c.on_disconnect = lambda c, u, f, rc, pr: registra("aviso", "broker desconectado", rc=str(rc))
c.reconnect_delay_set(1, 10)
h, p = E["BROKER"].split(":")
while True:
    try:
        c.connect(h, int(p), keepalive=10)
        c.loop_forever()
    except OSError as e:
        registra("error", "conexion con el broker", excepcion=f"{type(e).__name__}: {e}")
        time.sleep(2)
