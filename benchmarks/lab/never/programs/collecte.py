"""Collecte des tarifs. collecte.py MESURES DEPOT REGLAGES MANDATAIRE COMPTE AC CLE AUBRAC SULLY"""
import sys, os; sys.path.insert(0, os.path.dirname(os.environ.get("COMMUN", ".")))
import json, time, threading
from relais import *
pm, depot, reglages, mand, compte, ac, cle, aubrac, sully = sys.argv[1:10]
sortie = Sortie(mand, compte, ac, cle); mesures(int(pm)); lu = [0, {}]
def R():
    try:
        t = os.stat(reglages).st_mtime_ns
        if t != lu[0]: lu[1] = json.load(open(reglages)); lu[0] = t; dire("INFO", "réglages relus", **lu[1])
    except (OSError, ValueError) as e: dire("AVERTISSEMENT", f"réglages illisibles: {e}")
    return lu[1]
def tour(qui, hote):
    k = 0
    while True:
        k += 1; r = R(); f = k % 6 + 1
        try:
            b = sortie.lire(hote, f"/tarifs/lot{f}.csv", r["delai_s"])
            p = f"{depot}/{qui}-{int(time.time() * 1000)}-{threading.get_ident() % 997}-lot{f}"
            try:
                with open(p + ".part", "wb") as o: o.write(b); o.flush(); os.fsync(o.fileno())
                os.rename(p + ".part", p + ".csv")
            except OSError:
                try: os.unlink(p + ".part")
                except OSError: pass
                raise
            compter("collecte_lots_total", fournisseur=qui); fixer("collecte_dernier_lot_epoch", round(time.time(), 1), fournisseur=qui)
            if k % 10 == 0: dire("INFO", "lots collectés", fournisseur=qui, tours=k)
        except Exception as e:
            compter("collecte_echecs_total", fournisseur=qui); dire("ERREUR", f"lot {f} non collecté: {type(e).__name__}: {e}", fournisseur=qui)
        if k % 12 == 1 and qui == "sully":
            try: sortie.lire(hote, "/tarifs/promotions.csv", r["delai_s"])
            except Exception as e: dire("AVERTISSEMENT", f"promotions: {e}", fournisseur=qui)
        time.sleep(r["periode_s"])
R(); dire("INFO", "collecte démarrée")
for q, h in (("aubrac", aubrac), ("sully", sully)):
    for _ in range(R().get("fils", 1)): threading.Thread(target=tour, args=(q, h), daemon=True).start()
def renfort():
    n = R().get("fils", 1)
    while True:
        time.sleep(1); v = R().get("fils", 1)
        while n < v:
            n += 1
            for q, h in (("aubrac", aubrac), ("sully", sully)): threading.Thread(target=tour, args=(q, h), daemon=True).start()
renfort()
