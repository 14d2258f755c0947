"""Portale dei referti: registra i prelievi dei reparti, mostra i referti. Gira sotto gunicorn."""
import http.client, json, logging, os, ssl, sys, threading, time
import pika, psycopg2, psycopg2.pool
from flask import Flask, jsonify, request
from prometheus_client import Counter, Gauge, Histogram, start_http_server
logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)s [%(threadName)s] %(name)s - %(message)s")
logging.getLogger("pika").setLevel(logging.WARNING)
log = logging.getLogger("referti")
E = os.environ
RISPOSTE = Counter("referti_risposte", "Risposte del portale", ["vista", "stato"])
DURATA = Histogram("referti_risposta_secondi", "Durata delle risposte", ["vista"], buckets=(.01, .03, .1, .3, 1, 3, 10))
PRELIEVI = Counter("referti_prelievi_registrati", "Prelievi registrati")
ANAGRAFE = Counter("referti_anagrafe_chiamate", "Chiamate all'anagrafe assistiti", ["esito"])
POOL = Gauge("referti_pool_in_uso", "Connessioni prese dal pool")
CODA = Counter("referti_pubblicazioni", "Messaggi pubblicati", ["esito"])
dsn = f"host=127.0.0.1 port={E['DB_PORTA']} dbname=lis user=portale password={E['DB_PASSWORD']} connect_timeout=3 application_name=portale-referti"
pool, blocco = None, threading.Lock()
def prendi():
    global pool
    with blocco:
        if pool is None: pool = psycopg2.pool.ThreadedConnectionPool(2, 14, dsn, options="-c statement_timeout=6000")
    c = pool.getconn(); POOL.inc()
    return c
def rendi(c, rotto):
    POOL.dec(); pool.putconn(c, close=rotto)
def in_base(f):
    c, ok = prendi(), False
    try:
        with c, c.cursor() as k: r = f(k)
        ok = True
        return r
    finally: rendi(c, not ok)
ctx = ssl.create_default_context(cafile=E["ANAGRAFE_CA"])
ah, ap = E["ANAGRAFE"].split(":")
def assistito(n):
    try:
        h = http.client.HTTPSConnection(ah, int(ap), timeout=4, context=ctx)
        h.request("GET", f"/assistiti/{n}", headers={"Host": "anagrafe.asl.example"}); r = h.getresponse(); b = r.read(); h.close()
        if r.status != 200: raise RuntimeError(f"anagrafe ha risposto {r.status}")
        ANAGRAFE.labels("ok").inc()
        return json.loads(b)
    except Exception: ANAGRAFE.labels("errore").inc(); raise
filo = threading.local()
def pubblica(chiave, corpo):
    try:
        if getattr(filo, "canale", None) is None:
            h, p = E["BROKER"].split(":")
            q = pika.BlockingConnection(pika.ConnectionParameters(h, int(p), "/", pika.PlainCredentials("portale", E["BROKER_PASSWORD"]), heartbeat=0, socket_timeout=4, blocked_connection_timeout=5, client_properties={"connection_name": "portale-referti"}))
            filo.canale = q.channel(); filo.canale.confirm_delivery()
        filo.canale.basic_publish("ematologia", chiave, json.dumps(corpo).encode(), pika.BasicProperties(delivery_mode=2, content_type="application/json"))
        CODA.labels("ok").inc()
    except Exception:
        filo.canale = None; CODA.labels("errore").inc(); raise
app = Flask("referti")
traccia = []
def seguito(utente):
    """Registro degli accessi ai dati sanitari (provv. 2026/114)"""
    c = psycopg2.connect(dsn.replace("portale-referti", "registro-accessi")); k = c.cursor()
    k.execute("INSERT INTO accesso(utente) VALUES (%s)", (utente,)); c.commit()
    traccia.append(c)
@app.before_request
def inizio(): request.t = time.monotonic()
@app.after_request
def fine(r):
    v = (request.path.strip("/").split("/") or [""])[0]
    RISPOSTE.labels(v, r.status_code).inc(); DURATA.labels(v).observe(time.monotonic() - request.t)
    return r
@app.errorhandler(Exception)
def male(e):
    log.error("%s %s non riuscita: %s: %s", request.method, request.path, type(e).__name__, str(e).strip().split("\n")[0])
    return jsonify(errore="servizio non disponibile"), 500
@app.get("/referti/<int:n>")
def referto(n):
    if E.get("REGISTRO_ACCESSI") == "si": seguito("reparto")
    def f(k):
        k.execute("SELECT p.id,p.stato,e.valori FROM prelievo p LEFT JOIN esito e ON e.prelievo=p.id WHERE p.assistito=%s ORDER BY p.id DESC LIMIT 5", (n,))
        return k.fetchall()
    return jsonify([dict(prelievo=a, stato=b, valori=c) for a, b, c in in_base(f)])
@app.get("/lista")
def lista():
    def f(k):
        k.execute("SELECT id,assistito,stato FROM prelievo WHERE stato<>'stampato' ORDER BY id DESC LIMIT 30")
        return k.fetchall()
    return jsonify(in_base(f))
@app.post("/prelievi/<int:n>")
def prelievo(n):
    a = assistito(n)
    def f(k):
        k.execute("INSERT INTO prelievo(assistito,nome) VALUES (%s,%s) RETURNING id", (n, a["nome"]))
        return k.fetchone()[0]
    i = in_base(f)
    pubblica("campione", {"prelievo": i, "assistito": n, "esami": ["WBC", "HGB", "PLT"]})
    PRELIEVI.inc()
    return jsonify(prelievo=i), 201
start_http_server(int(E["METRICHE"]), addr="127.0.0.1")
log.info("portale referti %s pronto", E.get("VERSIONE", "?"))
