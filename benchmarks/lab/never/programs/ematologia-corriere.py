"""Consumatori della coda: corriere.py analizzatore|validazione|stampa"""
import argparse, json, logging, os, sys, time, traceback
import pika, psycopg2
from prometheus_client import Counter, Gauge, start_http_server
ap = argparse.ArgumentParser()
ap.add_argument("ruolo"); ap.add_argument("--metriche", type=int); ap.add_argument("--broker"); ap.add_argument("--db"); ap.add_argument("--cartella"); ap.add_argument("--tracciato", default="HL7-2.3")
o = ap.parse_args()
logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", datefmt="%d/%m/%Y %H:%M:%S")
logging.getLogger("pika").setLevel(logging.ERROR)
log = logging.getLogger(o.ruolo)
R = o.ruolo
FATTI = Counter(f"{R}_messaggi_lavorati", "Messaggi lavorati")
RIMESSI = Counter(f"{R}_messaggi_rimessi_in_coda", "Messaggi rimessi in coda")
CADUTE = Counter(f"{R}_connessioni_cadute", "Connessioni al broker cadute")
ULTIMO = Gauge(f"{R}_ultimo_messaggio_secondi", "Ora dell'ultimo messaggio lavorato")
SPESI = Counter(f"{R}_lavoro_secondi", "Secondi spesi nel lavoro")
db = None
def base():
    global db
    if db is None or db.closed:
        h, p = o.db.split(":")
        db = psycopg2.connect(host=h, port=p, dbname="lis", user="validatore", password=os.environ["DB_PASSWORD"], connect_timeout=4, application_name="validazione")
    return db
def analizzatore(m, ch):
    import random
    time.sleep(.06)
    v = {"WBC": random.gauss(7, 1.5), "HGB": random.gauss(14, 1), "PLT": random.gauss(240, 40)}
    t = {k: f"{x:.1f}" for k, x in v.items()}
    if o.tracciato == "HL7-2.5.1": t = {k: x.replace(".", ",") for k, x in t.items()}
    ch.basic_publish("ematologia", "esito", json.dumps({"prelievo": m["prelievo"], "assistito": m["assistito"], "tracciato": o.tracciato, "valori": t}).encode(), pika.BasicProperties(delivery_mode=2))
def validazione(m, ch):
    v = {k: float(x) for k, x in m["valori"].items()}
    c = base()
    try:
        with c, c.cursor() as k:
            k.execute("INSERT INTO esito(prelievo,valori) VALUES (%s,%s)", (m["prelievo"], json.dumps(v)))
            k.execute("UPDATE prelievo SET stato='validato' WHERE id=%s", (m["prelievo"],))
    except psycopg2.Error:
        try: c.close()
        except Exception: pass
        raise
    ch.basic_publish("ematologia", "stampa", json.dumps({"prelievo": m["prelievo"], "valori": v}).encode(), pika.BasicProperties(delivery_mode=2))
def stampa(m, ch):
    p = os.path.join(o.cartella, f"referto-{m['prelievo']}.pdf")
    with open(p, "wb") as f:
        f.write(b"%PDF-1.4\n" + os.urandom(26000)); f.flush(); os.fsync(f.fileno())
    vecchio = time.time() - 25
    if m["prelievo"] % 5 == 0:
        for n in os.listdir(o.cartella):
            q = os.path.join(o.cartella, n)
            if n.endswith(".pdf") and os.stat(q).st_mtime < vecchio: os.unlink(q)
CODE = {"analizzatore": ("campioni", 4), "validazione": ("esiti", 6), "stampa": ("stampe", 6)}
coda, prefetch = CODE[R]
n = 0
def arriva(ch, metodo, prop, corpo):
    global n
    t = time.monotonic()
    try:
        globals()[R](json.loads(corpo), ch)
        ch.basic_ack(metodo.delivery_tag); FATTI.inc(); ULTIMO.set_to_current_time(); n += 1
        if n % 50 == 0: log.info("%d messaggi lavorati dalla coda %s", n, coda)
    except (pika.exceptions.AMQPError, OSError) as e:
        if isinstance(e, pika.exceptions.AMQPError): raise
        log.error("messaggio %s rimesso in coda: %s", metodo.delivery_tag, e); ch.basic_nack(metodo.delivery_tag, requeue=True); RIMESSI.inc(); time.sleep(.7)
    except Exception as e:
        log.error("messaggio rimesso in coda (redelivered=%s): %s: %s", metodo.redelivered, type(e).__name__, str(e).strip())
        if RIMESSI._value.get() % 15 == 0: log.error("%s", traceback.format_exc().strip())
        ch.basic_nack(metodo.delivery_tag, requeue=True); RIMESSI.inc(); time.sleep(.7)
    finally: SPESI.inc(time.monotonic() - t)
start_http_server(o.metriche, addr="127.0.0.1")
h, p = o.broker.split(":")
while True:
    try:
        q = pika.BlockingConnection(pika.ConnectionParameters(h, int(p), "/", pika.PlainCredentials(R, os.environ["BROKER_PASSWORD"]), heartbeat=20, blocked_connection_timeout=60, client_properties={"connection_name": R}))
        ch = q.channel(); ch.basic_qos(prefetch_count=prefetch); ch.basic_consume(coda, arriva)
        log.info("in ascolto sulla coda %s", coda)
        ch.start_consuming()
    except Exception as e:
        CADUTE.inc(); log.warning("connessione al broker persa, riprovo fra 2 s: %s: %s", type(e).__name__, e); time.sleep(2)
