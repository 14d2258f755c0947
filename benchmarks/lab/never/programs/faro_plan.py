"""plan: one of two planners leads and hands the jobs of /cola to the registered workers."""
import json
import logging
import os
import time

import faro_base as base
from faro_etcd import Etcd

base.setup("%(asctime)s [%(levelname)s] %(name)s - %(message)s")
log = logging.getLogger("planificador")
YO = os.environ["NOMBRE"]
E = Etcd(os.environ["ETCD"], "plan", os.environ["CLAVE"])
PAUSA = int(os.environ.get("INTERVALO_MS", "90")) / 1000
LOTE = int(os.environ.get("LOTE", "40"))
ORDEN = os.environ.get("ORDEN", "llegada")
TTL = 4


def vuelta(turno, vistos):
    obreros = [k.rsplit("/", 1)[1] for k, _ in E.list("/obreros/")]
    for o in sorted(set(vistos) - set(obreros)):
        log.warning("obrero %s ya no figura, recojo sus encargos", o)
        for k, v in E.list(f"/asignado/{o}/"):
            E.move(k, "/cola/" + k.rsplit("/", 1)[1], v)
            base.add("plan_devueltos_total")
    for o in sorted(set(obreros) - set(vistos)):
        log.info("obrero %s disponible", o)
    cola = E.list("/cola/", LOTE)
    base.put("plan_cola_encargos", E.count("/cola/") if len(cola) == LOTE else len(cola))
    base.put("plan_obreros_disponibles", len(obreros))
    if cola and not obreros:
        log.warning("%d encargos y ningun obrero disponible", len(cola))
    if ORDEN == "prioridad":
        cola.sort(key=lambda kv: (-json.loads(kv[1])["prioridad"], kv[0]))
    if obreros:
        en_curso = {o: E.count(f"/asignado/{o}/") for o in obreros}
        for k, v in cola:
            o = min(obreros, key=lambda x: (en_curso[x], (obreros.index(x) + turno) % len(obreros)))
            if en_curso[o] >= 6:
                break
            if E.move(k, f"/asignado/{o}/" + k.rsplit("/", 1)[1], v):
                turno += 1
                en_curso[o] += 1
                base.add(f'plan_asignados_total{{obrero="{o}"}}')
    return turno, obreros


base.serve()
log.info("planificador %s en marcha (intervalo %d ms, lote %d, orden %s)", YO, PAUSA * 1000, LOTE, ORDEN)
base.put("plan_lider", 0)
lease, lider, latido, turno, vistos = None, False, 0.0, 0, []
while True:
    try:
        if lease is None:
            lease, lider = E.lease(TTL), False
        if time.monotonic() - latido > 1:
            latido = time.monotonic()
            if not E.keep(lease):
                if lider:
                    log.warning("%s pierde el liderazgo: lease %s caducado", YO, lease)
                lease, lider = None, False
                base.put("plan_lider", 0)
                continue
            if not lider and E.create("/lider", YO, lease):
                lider = True
                base.put("plan_lider", 1)
                log.info("%s es lider con lease %s", YO, lease)
        if lider:
            t = time.monotonic()
            turno, vistos = vuelta(turno, vistos)
            base.add("plan_vueltas_total")
            base.put("plan_vuelta_segundos", round(time.monotonic() - t, 4))
    except Exception as e:
        base.add("plan_vueltas_fallidas_total")
        log.exception("vuelta interrumpida: %s", e)
        time.sleep(0.4)
    time.sleep(PAUSA if lider else 0.5)
