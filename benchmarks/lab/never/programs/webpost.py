"""webpost: Dienst hinter der Weboberflaeche fuer Post, Adressbuch und Abwesenheit."""
import email.utils
import imaplib
import json
import os
import smtplib
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlparse

import ldap3
import redis
from prometheus_client import Counter, Gauge, Histogram, generate_latest

VERSION = os.environ.get("WEBPOST_VERSION", "3.7.4")
E = os.environ
imap_h, imap_p = E["IMAP"].split(":")
smtp_h, smtp_p = E["SMTP"].split(":")
ses = redis.Redis(host=E["SITZUNGEN"].split(":")[0], port=int(E["SITZUNGEN"].split(":")[1]), socket_timeout=2, socket_connect_timeout=2)
tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=E["CA_DATEI"],
               valid_names=["ldap-haupt.brandtner.example", "ldap-kopie.brandtner.example"])


def verz(adr):
    h, p = adr.split(":")
    return ldap3.Server(h, int(p), use_ssl=True, connect_timeout=4, get_info=ldap3.NONE, tls=tls)


ANFRAGEN = Counter("webpost_anfragen", "Anfragen", ["funktion", "status"])
DAUER = Histogram("webpost_dauer_sekunden", "Dauer", ["funktion"], buckets=(.02, .05, .1, .25, .5, 1, 2.5, 5, 10))
HINTEN = Counter("webpost_rueckfragen", "Rufe an andere Dienste", ["ziel", "ergebnis"])
OFFEN = Gauge("webpost_postfach_verbindungen", "offene Verbindungen zum Postfach")
offen = {}
schloss = threading.Lock()


def log(stufe, ereignis, **k):
    print(json.dumps({"zeit": time.strftime("%Y-%m-%dT%H:%M:%S") + f".{int(time.time() * 1000) % 1000:03d}Z", "stufe": stufe,
                      "ereignis": ereignis, **k}, ensure_ascii=False), flush=True)


class Hinten(Exception):
    pass


def ruf(ziel, f):
    try:
        r = f()
        HINTEN.labels(ziel, "ok").inc()
        return r
    except (imaplib.IMAP4.error, OSError, smtplib.SMTPException, redis.RedisError, ldap3.core.exceptions.LDAPException, urllib.error.URLError) as e:
        HINTEN.labels(ziel, type(e).__name__).inc()
        raise Hinten(ziel, type(e).__name__, str(e)) from e


def imap(nutzer):
    c = imaplib.IMAP4(imap_h, int(imap_p), timeout=8)
    try:
        c.login(nutzer, E["KENNWORT"])
    except BaseException:
        c.shutdown()
        raise
    return c


def eingang(n):
    if not ruf("sitzungen", lambda: ses.get(f"sitzung:{n}")):
        ruf("sitzungen", lambda: ses.set(f"sitzung:{n}", json.dumps({"seit": time.time(), "ansicht": "liste" * 40}), ex=25))
        log("INFO", "anmeldung", nutzer=n)

    def lesen():
        c = imap(n)
        s, d = c.select("INBOX", readonly=True)
        if s != "OK":
            c.logout()
            raise imaplib.IMAP4.error(f"SELECT: {d[0].decode()}")
        anz = int(d[0] or 0)
        kopf = []
        if anz:
            s, k = c.fetch(f"{max(1, anz - 9)}:{anz}", "(FLAGS BODY.PEEK[HEADER.FIELDS (FROM SUBJECT DATE)])")
            kopf = [x[1].decode("latin1") for x in k if isinstance(x, tuple)]
        if VERSION >= "3.8":
            with schloss:
                offen.setdefault(n, []).append(c)
                OFFEN.set(sum(map(len, offen.values())))
        else:
            c.logout()
        return kopf
    return {"anzahl": len(k := ruf("postfach", lesen)), "kopf": k}


def senden(n, an):
    m = (f"From: {n}@brandtner.example\r\nTo: {an}\r\nSubject: Rueckfrage Angebot {int(time.time())}\r\n"
         f"Message-ID: {email.utils.make_msgid(domain='brandtner.example')}\r\nDate: {email.utils.formatdate()}\r\n\r\n" + "Guten Tag,\r\nanbei die Unterlagen.\r\n" * 60)

    def f():
        with smtplib.SMTP(smtp_h, int(smtp_p), timeout=9, local_hostname="webpost.brandtner.example") as s:
            s.sendmail(f"{n}@brandtner.example", [an], m)
    ruf("mta", f)
    return {"angenommen": an}


def adressen(q):
    return json.loads(ruf("adressbuch", lambda: urllib.request.urlopen(f"http://{E['ADRESSBUCH']}/suche?q={q}", timeout=7).read()))


def abwesenheit(n):
    wert = f"abwesend bis {time.strftime('%d.%m.')} {time.time_ns() % 10**9}"
    ou = "werk2" if int(n[1:]) % 3 == 0 else "werk1"
    dn = f"uid={n},ou={ou},ou=leute,dc=brandtner,dc=example"
    wer, kw = "cn=webpost,ou=dienste,dc=brandtner,dc=example", E["LDAP_KENNWORT"]

    def schreiben():
        with ldap3.Connection(verz(E["LDAP_HAUPT"]), wer, kw, auto_bind=True, receive_timeout=5, raise_exceptions=True) as c:
            c.modify(dn, {"description": [(ldap3.MODIFY_REPLACE, [wert])]})
    ruf("ldap-haupt", schreiben)

    def pruefen():
        with ldap3.Connection(verz(E["LDAP_KOPIE"]), wer, kw, auto_bind=True, receive_timeout=5, raise_exceptions=True) as c:
            for _ in range(10):
                c.search(dn, "(objectClass=*)", ldap3.BASE, attributes=["description"])
                if c.entries and str(c.entries[0].description) == wert:
                    return True
                time.sleep(.3)
        return False
    if not ruf("ldap-kopie", pruefen):
        raise Hinten("ldap-kopie", "Unbestaetigt", "geschriebener Wert nach 3 s nicht lesbar")
    return {"abwesenheit": wert}


class H(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *a):
        pass

    def antwort(self, s, b, ct="application/json"):
        self.send_response(s)
        self.send_header("Content-Type", ct)
        self.send_header("Content-Length", str(len(b)))
        self.end_headers()
        self.wfile.write(b)

    def bearbeiten(self):
        t = urlparse(self.path).path.strip("/").split("/")
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if t[0] == "metrics":
            return self.antwort(200, generate_latest(), "text/plain; version=0.0.4")
        if t[0] != "api" or len(t) < 3:
            return self.antwort(200 if t[0] == "bereit" else 404, b"{}")
        f, n, t0, s = t[1], t[2], time.time(), 200
        try:
            if f == "eingang":
                r = eingang(n)
            elif f == "senden":
                r = senden(n, t[3])
            elif f == "adressbuch":
                r = adressen(n)
            else:
                r = abwesenheit(n)
        except Hinten as e:
            ziel, art, text = e.args
            s, r = 503, {"meldung": "Dienst derzeit gestoert", "vorgang": f"{time.time_ns() % 10**8:08d}"}
            log("FEHLER", "rueckfrage", funktion=f, nutzer=n, ziel=ziel, ausnahme=art, text=text, vorgang=r["vorgang"], ms=int((time.time() - t0) * 1000))
        except Exception as e:
            s, r = 500, {"meldung": "Interner Fehler"}
            log("FEHLER", "ausnahme", funktion=f, nutzer=n, ausnahme=type(e).__name__, text=str(e))
        ANFRAGEN.labels(f, s).inc()
        DAUER.labels(f).observe(time.time() - t0)
        if (d := time.time() - t0) > 2 and s == 200:
            log("WARNUNG", "langsam", funktion=f, nutzer=n, ms=int(d * 1000))
        self.antwort(s, json.dumps(r).encode())

    do_GET = do_POST = bearbeiten


class S(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


log("INFO", "start", version=VERSION)
h, p = sys.argv[1].split(":")
S((h, int(p)), H).serve_forever()
