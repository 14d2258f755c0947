"""Koncentratory skrytek: po jednym kliencie MQTT na rejon, otwierają drzwi i potwierdzają. sterownik.py --broker H:P --metryki PORT [--stanowisko]"""
import argparse, logging, os, random, sys, threading, time
import paho.mqtt.client as mqtt
from prometheus_client import Counter, Gauge, start_http_server
ap = argparse.ArgumentParser(); ap.add_argument("--broker"); ap.add_argument("--metryki", type=int); ap.add_argument("--stanowisko", action="store_true"); ap.add_argument("--rejony", default="0,1,2,3,4,5")
o = ap.parse_args()
logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(asctime)s [%(levelname)s] %(message)s")
log = logging.getLogger("sterownik")
OTWARTE = Counter("sterownik_drzwi_otwarte", "Otwarte drzwi", ["rejon"])
ROZL = Counter("sterownik_rozlaczenia", "Rozłączenia z brokerem", ["rejon"])
ONLINE = Gauge("sterownik_polaczony", "1 gdy rejon jest połączony", ["rejon"])
if o.metryki: start_http_server(o.metryki, addr="127.0.0.1")
h, p = o.broker.split(":")
def rejon(k):
    c = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=f"rejon-{k}")
    c.username_pw_set("sterownik", os.environ["HASLO"]); c.reconnect_delay_set(1, 3)
    OTWARTE.labels(k); ROZL.labels(k); ONLINE.labels(k).set(0)
    def jest(c, u, f, rc, pr=None):
        if rc == 0: ONLINE.labels(k).set(1); log.info("rejon %s połączony", k); c.subscribe(f"skrytka/{k}/+/otworz")
        else: log.error("rejon %s: broker odmówił: %s", k, rc)
    def nie(c, u, f, rc, pr=None): ONLINE.labels(k).set(0); ROZL.labels(k).inc(); log.warning("rejon %s rozłączony (%s), ponawiam", k, rc)
    def drzwi(c, u, m):
        if o.stanowisko: return
        n = m.topic.split("/")[2]
        threading.Timer(random.uniform(.08, .3), lambda: (c.publish(f"skrytka/{k}/{n}/potwierdzenie", m.payload), OTWARTE.labels(k).inc())).start()
    c.on_connect, c.on_disconnect, c.on_message = jest, nie, drzwi
    while True:
        try: c.connect(h, int(p), keepalive=15); break
        except OSError as e: log.error("rejon %s: %s", k, e); time.sleep(2)
    c.loop_start()
    while True:
        time.sleep(2); c.publish(f"skrytka/{k}/czujniki", '{"temp": %.1f, "bateria": %d}' % (random.gauss(6, 1), random.randint(70, 100)))
for k in o.rejony.split(","): threading.Thread(target=rejon, args=(k,), daemon=True).start()
while True: time.sleep(60)
