"""Relevés pour la supervision. releve.py PORT mandataire HOTE:PORT | annuaire CONF"""
import socket, subprocess, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
port, genre, a = int(sys.argv[1]), sys.argv[2], sys.argv[3]
W = {"client_http.requests": "mandataire_clients_requetes_total", "client_http.errors": "mandataire_clients_erreurs_total", "server.all.requests": "mandataire_amont_requetes_total", "server.all.errors": "mandataire_amont_erreurs_total", "server.all.kbytes_in": "mandataire_amont_ko_recus_total", "cpu_time": "mandataire_cpu_secondes_total", "client_http.kbytes_out": "mandataire_clients_ko_total"}
def page(p):
    h, q = a.split(":"); s = socket.create_connection((h, int(q)), 1.5); s.settimeout(1.5)
    s.sendall(f"GET http://armor-mandataire:{q}/squid-internal-mgr/{p} HTTP/1.0\r\nHost: armor-mandataire:{q}\r\n\r\n".encode()); t = b""
    while c := s.recv(65536): t += c
    return t.decode("latin1")
def mandataire():
    o = ""
    for l in page("counters").splitlines():
        k, _, v = l.partition(" = ")
        if k in W: o += f"{W[k]} {v}\n"
    for l in page("info").splitlines():
        for k, n in (("Number of file desc currently in use:", "mandataire_descripteurs"), ("Available number of file descriptors:", "mandataire_descripteurs_libres"), ("Maximum number of file descriptors:", "mandataire_descripteurs_max"), ("Number of clients accessing cache:", "mandataire_postes")):
            if k in l: o += f"{n} {l.split(':')[1].split()[0]}\n"
        if "DNS Lookups:" in l: o += f"mandataire_dns_mediane_secondes {l.split(':')[1].split()[0]}\n"
    return o
U = {"total.num.queries": "annuaire_questions_total", "total.num.cachehits": "annuaire_memoire_total", "total.num.cachemiss": "annuaire_amont_total", "total.requestlist.current.all": "annuaire_questions_en_cours", "total.recursion.time.avg": "annuaire_recursion_secondes", "num.answer.rcode.SERVFAIL": "annuaire_reponses_total{code=\"SERVFAIL\"}", "num.answer.rcode.NXDOMAIN": "annuaire_reponses_total{code=\"NXDOMAIN\"}", "num.answer.rcode.NOERROR": "annuaire_reponses_total{code=\"NOERROR\"}", "total.requestlist.exceeded": "annuaire_questions_refusees_total", "time.up": "annuaire_marche_secondes"}
def annuaire():
    r = subprocess.run(["/usr/sbin/unbound-control", "-c", a, "stats_noreset"], capture_output=True, text=True, timeout=2.5, check=True); o = ""
    for l in r.stdout.splitlines():
        k, _, v = l.partition("=")
        if k in U: o += f"{U[k]} {v}\n"
    return o
class H(BaseHTTPRequestHandler):
    def log_message(self, *x): pass
    def do_GET(self):
        try: b = globals()[genre]().encode(); c = 200
        except Exception as e: b = str(e).encode(); c = 503
        self.send_response(c); self.send_header("Content-Type", "text/plain"); self.send_header("Content-Length", str(len(b))); self.end_headers(); self.wfile.write(b)
ThreadingHTTPServer(("127.0.0.1", port), H).serve_forever()
