"""Clientes de la aplicacion de los tecnicos: abren sesion y la dejan abierta."""
import sys
import time

import paho.mqtt.client as mqtt

broker, raiz, usuario, clave, n = sys.argv[1:6]
h, p = broker.split(":")
vivos = []
k = 0
while True:
    while len([c for c in vivos if c.is_connected()]) < int(n):
        k += 1
        c = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=f"app-{k:05d}")
        c.username_pw_set(usuario, clave)
        c.tls_set(ca_certs=raiz)
        try:
            c.connect(h, int(p), keepalive=60)
            c.loop_start()
            vivos.append(c)
        except OSError:
            time.sleep(.3)
        time.sleep(.05)
    time.sleep(1)
