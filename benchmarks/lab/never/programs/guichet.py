"""Guichet des agences : /prix/N du catalogue local, /dispo/N chez le fournisseur. guichet.py PORT MESURES BASE REGLAGES MANDATAIRE COMPTE AC CLE AUBRAC SULLY"""
import sys, os; sys.path.insert(0, os.path.dirname(os.environ.get("COMMUN", ".")))
import json, sqlite3, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from relais import *
port, pm, base, reglages, mand, compte, ac, cle, aubrac, sully = sys.argv[1:11]
sortie = Sortie(mand, compte, ac, cle); mesures(int(pm))
R = json.load(open(reglages))
class H(BaseHTTPRequestHandler):
    def log_message(self, *a): pass
    def rendre(self, code, o):
        b = json.dumps(o).encode(); self.send_response(code); self.send_header("Content-Length", str(len(b))); self.end_headers(); self.wfile.write(b)
    def do_GET(self):
        t = time.monotonic(); s = self.path.strip("/").split("/"); code = 200; compter("guichet_en_cours", 1)
        try:
            n = int(s[1]) if len(s) > 1 else 1; qui = ("aubrac", "sully")[n % 2]
            if s[0] == "prix":
                d = sqlite3.connect(f"file:{base}?mode=ro", uri=True, timeout=2.5)
                try:
                    l = d.execute("SELECT montant FROM tarif WHERE fournisseur=? AND ref=?", (qui, n)).fetchone()
                    f = d.execute("SELECT quand FROM fraicheur WHERE fournisseur=?", (qui,)).fetchone()
                finally: d.close()
                age = time.time() - f[0] if f else 1e9
                if age > R["age_max_s"]:
                    code = 503; dire("AVERTISSEMENT", "tarif trop ancien, prix non communiqué", reference=n, fournisseur=qui, age_s=round(age)); self.rendre(code, {"motif": "tarif en cours d'actualisation"})
                else: self.rendre(200, {"ref": n, "prix": l and l[0]})
            elif s[0] == "dispo":
                for i in range(R["essais"]):
                    try: b = sortie.lire((aubrac, sully)[n % 2], f"/stock/{n}", R["delai_s"]); break
                    except Exception as e:
                        dire("ERREUR" if i + 1 == R["essais"] else "AVERTISSEMENT", f"disponibilité {n} non obtenue: {type(e).__name__}: {e}", fournisseur=qui, essai=i + 1)
                        if i + 1 == R["essais"]: raise
                self.rendre(200, {"ref": n, "stock": json.loads(b)["stock"]})
            else: code = 404; self.rendre(404, {})
        except BrokenPipeError: code = 499
        except sqlite3.Error as e: code = 500; dire("ERREUR", f"catalogue: sqlite3.{type(e).__name__}: {e}", chemin=self.path); self.rendre(500, {"motif": "catalogue"})
        except Exception as e: code = 502; self.rendre(502, {"motif": "fournisseur injoignable"})
        finally:
            compter("guichet_en_cours", -1); compter("guichet_reponses_total", code=code, guichet=s[0]); compter("guichet_duree_secondes_total", time.monotonic() - t, guichet=s[0])
class S(ThreadingHTTPServer): request_queue_size = 64; daemon_threads = True
dire("INFO", "guichet ouvert", age_max_s=R["age_max_s"])
S(("127.0.0.1", int(port)), H).serve_forever()
