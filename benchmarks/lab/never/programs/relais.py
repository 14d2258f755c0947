"""Parties communes du relais tarifaire : journal, mesures, sortie par le mandataire."""
import base64, http.client, json, ssl, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
service = sys.argv[0].rsplit("/", 1)[-1][:-3]
def dire(gravite, message, **k):
    t = time.time()
    print(json.dumps({"horodatage": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(t)) + ".%03dZ" % (t % 1 * 1000), "gravite": gravite, "service": service, "message": message, **k}, ensure_ascii=False), flush=True)
M, V = {}, threading.Lock()
def compter(nom, v=1, **e):
    k = nom + ("{" + ",".join(f'{a}="{b}"' for a, b in e.items()) + "}" if e else "")
    with V: M[k] = M.get(k, 0) + v
def fixer(nom, v, **e):
    k = nom + ("{" + ",".join(f'{a}="{b}"' for a, b in e.items()) + "}" if e else "")
    with V: M[k] = v
class Mesures(BaseHTTPRequestHandler):
    def log_message(self, *a): pass
    def do_GET(self):
        with V: b = "".join(f"{k} {v}\n" for k, v in sorted(M.items())).encode()
        self.send_response(200); self.send_header("Content-Length", str(len(b))); self.end_headers(); self.wfile.write(b)
def mesures(port): threading.Thread(target=ThreadingHTTPServer(("127.0.0.1", port), Mesures).serve_forever, daemon=True).start()
class Sortie:
    def __init__(self, mandataire, compte, ac, cle):
        self.m = mandataire.split(":"); self.auth = "Basic " + base64.b64encode(compte.encode()).decode(); self.cle = cle
        self.ctx = ssl.create_default_context(cafile=ac)
    def lire(self, hote, chemin, delai):
        h, p = hote.split(":"); t = time.monotonic(); r = "ok"
        try:
            c = http.client.HTTPSConnection(self.m[0], int(self.m[1]), timeout=delai, context=self.ctx)
            c.set_tunnel(h, int(p), {"Proxy-Authorization": self.auth})
            try:
                c.request("GET", chemin, headers={"X-Cle-Client": self.cle, "Host": h}); a = c.getresponse(); b = a.read()
            finally: c.close()
            if a.status != 200: r = str(a.status); raise http.client.HTTPException(f"HTTP {a.status} {a.reason}: {h}{chemin}")
            return b
        except Exception as e:
            if r == "ok": r = type(e).__name__
            raise
        finally:
            compter("sortie_requetes_total", hote=h.split(".")[1], resultat=r); compter("sortie_duree_secondes_total", time.monotonic() - t, hote=h.split(".")[1])
