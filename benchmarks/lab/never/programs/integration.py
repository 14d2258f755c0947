"""Intégration des lots au catalogue. integration.py MESURES DEPOT BASE PID [--decimale virgule|point]"""
import sys, os; sys.path.insert(0, os.path.dirname(os.environ.get("COMMUN", ".")))
import sqlite3, time, zlib
from relais import *
pm, depot, base, pid = sys.argv[1:5]
virgule = not (len(sys.argv) > 6 and sys.argv[6] == "point")
open(pid, "w").write(str(os.getpid())); os.makedirs(depot + "/rejets", exist_ok=True)
d = sqlite3.connect(base, timeout=4, isolation_level=None)
d.execute("CREATE TABLE IF NOT EXISTS tarif(fournisseur TEXT, ref INTEGER, montant REAL, PRIMARY KEY(fournisseur, ref))")
d.execute("CREATE TABLE IF NOT EXISTS fraicheur(fournisseur TEXT PRIMARY KEY, quand REAL)")
d.execute("PRAGMA synchronous=FULL"); os.chmod(base, 0o666)
for f in ("aubrac", "sully"): d.execute("INSERT OR REPLACE INTO fraicheur VALUES(?,?)", (f, time.time()))
mesures(int(pm)); dire("INFO", "intégration démarrée"); n = 0
while True:
    l = sorted((f for f in os.listdir(depot) if f.endswith(".csv")), key=lambda f: f.split("-")[1] if "-" in f else f)
    fixer("integration_lots_en_attente", len(l))
    for f in l[:30]:
        t = time.monotonic(); qui = f.split("-")[0]
        try:
            rows = []
            for x in open(f"{depot}/{f}", encoding="utf-8").read().splitlines()[1:]:
                ref, lib, m = x.split(";")
                rows.append((qui, int(ref), float(m.replace(",", ".") if virgule else m)))
            time.sleep(.05)
            d.execute("BEGIN IMMEDIATE")
            try:
                d.executemany("INSERT OR REPLACE INTO tarif VALUES(?,?,?)", rows)
                d.execute("INSERT OR REPLACE INTO fraicheur VALUES(?,?)", (qui, time.time())); d.execute("COMMIT")
            except BaseException: d.execute("ROLLBACK"); raise
            os.unlink(f"{depot}/{f}"); n += 1
            compter("integration_lots_total", fournisseur=qui); compter("integration_lignes_total", len(rows)); compter("integration_duree_secondes_total", time.monotonic() - t)
            if n % 15 == 0: dire("INFO", "lots intégrés", total=n)
        except ValueError as e:
            compter("integration_rejets_total", fournisseur=qui); dire("ERREUR", f"lot {f} rejeté: ValueError: {e}")
            try: os.replace(f"{depot}/{f}", f"{depot}/rejets/{qui}.csv")
            except OSError as x: dire("ERREUR", str(x))
        except (sqlite3.Error, OSError) as e:
            compter("integration_echecs_total"); dire("ERREUR", f"lot {f} non intégré: {type(e).__module__}.{type(e).__name__}: {e}"); break
    time.sleep(1)
