"""Mijn-omgeving van de netbeheerder: meterstanden, facturen, offertes."""
import logging, os, sys, time
import psycopg2, requests
from flask import Flask, Response, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

BALIE = os.environ["BALIE"]
logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(asctime)s [%(threadName)s] %(levelname)s %(name)s - %(message)s")
logging.getLogger("urllib3").setLevel(logging.ERROR)
log = logging.getLogger("loket")
app = Flask("loket")
VERZOEKEN = Counter("loket_verzoeken", "Afgehandelde verzoeken", ["scherm", "status"])
DUUR = Histogram("loket_verzoek_duur_seconden", "Duur van een verzoek", ["scherm"], buckets=(.025, .1, .25, .5, 1, 2.5, 5, 10))
BEZIG = Gauge("loket_verzoeken_bezig", "Verzoeken in behandeling")
DBTIJD = Histogram("loket_sql_seconden", "Duur van een databaseopdracht met verbinding", buckets=(.01, .05, .25, 1, 3, 6))
DBMIS = Counter("loket_sql_mislukt", "Mislukte databaseopdrachten", ["soort"])
MOTOR = Counter("loket_tariefvraag", "Vragen aan de tariefmotor", ["antwoord"])
MOTORTIJD = Histogram("loket_tariefvraag_seconden", "Duur van een tariefvraag", buckets=(.02, .1, .5, 1, 2, 4, 8))


class Sql:
    def __enter__(self):
        self.t = time.monotonic()
        self.v = psycopg2.connect(os.environ["LOKET_DSN"], connect_timeout=3)
        return self.v.cursor()

    def __exit__(self, soort, fout, _):
        try:
            self.v.rollback() if soort else self.v.commit()
        finally:
            self.v.close()
            DBTIJD.observe(time.monotonic() - self.t)


def klant(nummer):
    with Sql() as c:
        c.execute("SELECT naam, postcode, tariefcode, tweede_meter FROM klanten WHERE nummer=%s", (nummer,))
        rij = c.fetchone()
        c.execute("SELECT opgenomen, stand FROM meterstanden WHERE klant=%s ORDER BY opgenomen DESC LIMIT 6", (nummer,))
        standen = c.fetchall()
    net, regio, klasse = rij[2].split("-")
    verbruik = standen[0][1] - standen[-1][1] if len(standen) > 1 else 0
    return {"naam": rij[0], "postcode": rij[1], "net": net, "regio": int(regio), "klasse": klasse, "dubbel": rij[3] is not None, "verbruik": verbruik, "tweede": rij[3]}


@app.before_request
def begin():
    request.begin = time.monotonic()
    BEZIG.inc()


@app.teardown_request
def eind(_):
    BEZIG.dec()


@app.after_request
def meet(antwoord):
    scherm = request.endpoint or "onbekend"
    if scherm not in ("gezond", "cijfers"):
        VERZOEKEN.labels(scherm, antwoord.status_code).inc()
        DUUR.labels(scherm).observe(time.monotonic() - request.begin)
    return antwoord


@app.errorhandler(psycopg2.Error)
def db_mis(e):
    DBMIS.labels(type(e).__name__).inc()
    log.error("%s %s: archief: %s", request.method, request.path, str(e).strip().replace("\n", " | "))
    return jsonify(melding="gegevens tijdelijk niet beschikbaar"), 503


@app.get("/klant/<int:nummer>")
def overzicht(nummer):
    k = klant(nummer)
    tweede = k["tweede"] or 0
    k["totaal"] = k["verbruik"] + tweede
    return jsonify(k)


@app.post("/meterstand/<int:nummer>")
def opnemen(nummer):
    with Sql() as c:
        c.execute("SELECT coalesce(max(stand),0) FROM meterstanden WHERE klant=%s", (nummer,))
        stand = c.fetchone()[0] + 3
        c.execute("INSERT INTO meterstanden(klant, stand) VALUES (%s,%s)", (nummer, stand))
        c.execute("UPDATE klanten SET laatste=now() WHERE nummer=%s", (nummer,))
    return jsonify(stand=stand), 201


@app.get("/facturen/<int:nummer>")
def facturen(nummer):
    with Sql() as c:
        c.execute("SELECT id, bedrag, voldaan FROM facturen WHERE klant=%s ORDER BY id DESC LIMIT 12", (nummer,))
        return jsonify([{"factuur": i, "bedrag": float(b), "voldaan": v} for i, b, v in c.fetchall()])


@app.get("/offerte/<int:nummer>")
def offerte(nummer):
    k = klant(nummer)
    t = time.monotonic()
    try:
        r = requests.get(f"http://{os.environ['TARIEFMOTOR']}/v1/tarief", params={"regio": k["regio"], "klasse": k["klasse"]}, timeout=(2, 5))
    except requests.RequestException as e:
        MOTOR.labels("geen").inc()
        log.error("offerte %s: geen antwoord van tariefmotor: %s", nummer, type(e).__name__)
        return jsonify(melding="offerte nu niet mogelijk"), 504
    finally:
        MOTORTIJD.observe(time.monotonic() - t)
    MOTOR.labels(r.status_code).inc()
    if r.status_code >= 500:
        log.error("offerte %s: tariefmotor gaf %s %s", nummer, r.status_code, r.text[:160])
        return jsonify(melding="offerte nu niet mogelijk"), 502
    p = r.json()
    return jsonify(klant=nummer, bedrag=round(p["centPerKwh"] * (k["verbruik"] + 2400) / 100, 2), geldigTot=p["geldigTot"])


@app.get("/gezond")
def gezond():
    return "ok\n"


@app.get("/intern/cijfers")
def cijfers():
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)


log.info("loket %s start, uitgave 5.1.4", BALIE)
