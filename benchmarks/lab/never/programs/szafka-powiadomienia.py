"""Powiadomienia: bierze zlecenia z beanstalkd i wysyła SMS-y u operatora; nazwę operatora pyta w dnsmasq."""
import http.client, json, logging, os, random, socket, struct, sys, time
from prometheus_client import Counter, Gauge, start_http_server
E = os.environ
logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)s powiadomienia %(message)s")
log = logging.getLogger()
SMS = Counter("powiadomienia_sms", "SMS-y", ["wynik"]); ODL = Counter("powiadomienia_odlozone", "Zlecenia odłożone na później")
OST = Gauge("powiadomienia_ostatni_sms_timestamp_seconds", "Kiedy wysłano ostatni SMS"); DNS = Counter("powiadomienia_zapytania_dns", "Zapytania DNS", ["wynik"])
SMS.labels("ok"); SMS.labels("blad")
start_http_server(int(E["METRYKI"]), addr="127.0.0.1")
def adres(nazwa):
    h, p = E["DNS"].split(":"); i = random.randrange(65536)
    q = struct.pack(">HHHHHH", i, 256, 1, 0, 0, 0) + b"".join(bytes([len(x)]) + x.encode() for x in nazwa.split(".")) + b"\0" + struct.pack(">HH", 1, 1)
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(2)
    try:
        s.sendto(q, (h, int(p))); d = s.recv(512)
    except OSError: DNS.labels("brak").inc(); raise OSError(f"serwer nazw nie odpowiada na pytanie o {nazwa}")
    finally: s.close()
    n = struct.unpack(">H", d[6:8])[0]
    if d[3] & 15 or not n: DNS.labels("odmowa").inc(); raise OSError(f"nie można rozwiązać nazwy {nazwa} (rcode {d[3] & 15})")
    DNS.labels("ok").inc()
    return socket.inet_ntoa(d[-4:])
def wyslij(z):
    a = adres("sms.operator.example")
    c = http.client.HTTPConnection(a, int(E["SMS_PORT"]), timeout=4)
    try:
        c.request("POST", "/v2/sms", json.dumps({"tekst": z["tekst"], "nadawca": "SZAFKA"}), {"Authorization": "Bearer " + E["SMS_KLUCZ"], "Content-Type": "application/json"}); r = c.getresponse(); b = r.read()
    except OSError as e: raise OSError(f"połączenie z {a} ({e})")
    finally: c.close()
    if r.status != 202: raise OSError(f"operator odpowiedział {r.status} {b[:80].decode(errors='replace')}")
def kolejka():
    h, p = E["KOLEJKA"].split(":"); s = socket.create_connection((h, int(p)), 3); s.settimeout(20); f = s.makefile("rb")
    s.sendall(b"watch sms\r\n"); f.readline(); s.sendall(b"ignore default\r\n"); f.readline()
    return s, f
n = 0
while True:
    try:
        s, f = kolejka(); log.info("podłączono do kolejki")
        while True:
            s.sendall(b"reserve-with-timeout 5\r\n"); l = f.readline().split()
            if not l: raise OSError("kolejka zamknęła połączenie")
            if l[0] != b"RESERVED": continue
            i, t = int(l[1]), f.read(int(l[2]) + 2)
            try:
                wyslij(json.loads(t)); SMS.labels("ok").inc(); OST.set_to_current_time(); n += 1
                s.sendall(b"delete %d\r\n" % i); f.readline()
                if n % 40 == 0: log.info("wysłano %d SMS-ów", n)
            except OSError as e:
                SMS.labels("blad").inc(); ODL.inc(); log.error("zlecenie %d: SMS niewysłany: %s", i, e)
                s.sendall(b"release %d 200 10\r\n" % i); f.readline(); time.sleep(.3)
    except OSError as e: log.error("kolejka: %s", e); time.sleep(2)
