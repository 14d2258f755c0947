"""Flota de contadores. modo fijo: concentradores con conexion permanente; modo bateria: cada contador conecta, publica y se va."""
import argparse
import json
import math
import random
import threading
import time

import paho.mqtt.client as mqtt

p = argparse.ArgumentParser()
for a in ("--broker", "--raiz", "--usuario", "--clave", "--modo"):
    p.add_argument(a, required=True)
p.add_argument("--desde", type=int)
p.add_argument("--hasta", type=int)
p.add_argument("--periodo", type=float, default=2)
p.add_argument("--firmware", default="4.1.7")
o = p.parse_args()
h, puerto = o.broker.split(":")


def registra(nivel, texto):
    print(f"<{nivel}> {time.strftime('%Y-%m-%d %H:%M:%S')} flota {texto}", flush=True)


def lectura(i):
    c = round(3 + 2 * math.sin(time.time() / 40 + i) + random.random() * .2, 3)
    d = {"id": f"C{i:03d}", "t": int(time.time() * 1000), "caudal": c, "presion": round(3.2 + random.random() * .1, 3), "fw": o.firmware}
    if o.firmware >= "4.2":
        d["caudal"] = f"{c} l/s"
    return json.dumps(d)


def tema(i):
    return f"aem/campo/z{1 + (i - 1) // 9}/C{i:03d}/lectura"


def cliente(nombre):
    c = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=nombre)
    c.username_pw_set(o.usuario, o.clave)
    c.tls_set(ca_certs=o.raiz)
    return c


def fijo(nombre, ids):
    c = cliente(nombre)

    def conectado(c, u, f, rc, pr):
        registra("info" if not rc.is_failure else "err", f"{nombre} conexion: {rc}")
    c.on_connect = conectado
    c.on_disconnect = lambda c, u, f, rc, pr: registra("warning", f"{nombre} desconectado: {rc}")
    c.reconnect_delay_set(1, 8)
    while True:
        try:
            c.connect(h, int(puerto), keepalive=15)
            break
        except OSError as e:
            registra("err", f"{nombre} {type(e).__name__}: {e}")
            time.sleep(3)

    def bucle():
        while True:
            try:
                c.loop_forever(retry_first_connection=True)
            except OSError as e:
                registra("err", f"{nombre} {type(e).__name__}: {e}")
                time.sleep(2)
    threading.Thread(target=bucle, daemon=True).start()
    while True:
        t = time.monotonic()
        for i in ids:
            if c.is_connected():
                c.publish(tema(i), lectura(i), qos=0)
        time.sleep(max(.1, o.periodo - (time.monotonic() - t)))


def bateria(i):
    time.sleep(random.random() * o.periodo)
    n = 0
    while True:
        try:
            c = cliente(f"bat-C{i:03d}")
            ok = threading.Event()
            mal = []
            c.on_connect = lambda c, u, f, rc, pr: (mal.append(str(rc)) if rc.is_failure else None, ok.set())
            c.connect(h, int(puerto), keepalive=20)
            c.loop_start()
            if ok.wait(4) and not mal:
                c.publish(tema(i), lectura(i), qos=1).wait_for_publish(3)
                n = 0
            else:
                n += 1
                registra("warning", f"C{i:03d} sin enlace ({mal[0] if mal else 'CONNACK timeout'}), intento {n}")
            c.disconnect()
            c.loop_stop()
        except (OSError, RuntimeError, ValueError) as e:
            n += 1
            registra("warning", f"C{i:03d} {type(e).__name__}: {e}, intento {n}")
        time.sleep(o.periodo)


ids = list(range(o.desde, o.hasta + 1))
registra("info", f"firmware {o.firmware}, {len(ids)} contadores")
if o.modo == "fijo":
    for k in range(3):
        threading.Thread(target=fijo, args=(f"conc-{o.usuario}-{k + 1}", ids[k::3]), daemon=True).start()
else:
    for i in ids:
        threading.Thread(target=bateria, args=(i,), daemon=True).start()
while True:
    time.sleep(60)
