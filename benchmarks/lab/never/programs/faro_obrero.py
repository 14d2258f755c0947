"""obrero: does the jobs that plan assigns; dock slots under a lock in ZooKeeper."""
import concurrent.futures
import datetime
import json
import logging
import os
import random
import threading
import time

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException, LockTimeout
from kazoo.handlers.threading import KazooTimeoutError

import faro_base as base
from faro_etcd import Etcd

base.setup()
log = logging.getLogger("obrero")
YO = os.environ["NOMBRE"]
E = Etcd(os.environ["ETCD"], "taller", os.environ["CLAVE"])
HILOS = int(os.environ.get("HILOS", "2"))
TTL = int(os.environ.get("REGISTRO_TTL", "5"))
LATIDO = float(os.environ.get("REGISTRO_LATIDO_S", "1.5"))
TRAZAS = os.environ.get("TRAZAS", "resumen")
zk = KazooClient(hosts=os.environ["ZOO"], timeout=6.0, randomize_hosts=False, logger=logging.getLogger("kazoo"))
historial = []
en_curso = set()
mutex = threading.Lock()


def cotizar(d):
    base_ = 180 + d["trayecto"] * 13 % 700
    fin = time.thread_time() + 0.012
    while time.thread_time() < fin:
        base_ = (base_ * 1103515245 + 12345) % 100000
    time.sleep(0.45 * random.uniform(0.8, 1.3))  # tarifas de los transportistas
    return {"estado": "bien", "trayecto": d["trayecto"], "importe": 180 + d["trayecto"] * 13 % 700}


def turno(d):
    t = time.monotonic()
    cerrojo = zk.Lock(f"/cerrojos/muelle-{d['muelle']}", YO)
    try:
        cerrojo.acquire(timeout=3)
    finally:
        base.add("obrero_cerrojo_espera_segundos_sum", time.monotonic() - t)
        base.add("obrero_cerrojo_espera_segundos_count")
    try:
        n = int(E.get(f"/turnos/{d['muelle']}") or 0) + 1
        time.sleep(0.05)
        E.put(f"/turnos/{d['muelle']}", str(n))
        return {"estado": "bien", "muelle": d["muelle"], "turno": n}
    finally:
        cerrojo.release()


def hacer(nr, d):
    t, estado = time.monotonic(), "hecho"
    try:
        edad = (datetime.datetime.now() - datetime.datetime.fromisoformat(d["creado"])).total_seconds()
        if edad > 5:
            estado = "caducado"
            log.warning("encargo %s descartado, edad %.1f s", nr, edad)
            return
        r = cotizar(d) if d["clase"] == "cotizacion" else turno(d)
        if TRAZAS == "completas":
            historial.append((nr, d, r, os.urandom(64) * 65536))
        E.put(f"/resultado/{nr}", json.dumps(r), lease_resultados())
    except LockTimeout as e:
        estado = "ocupado"
        log.error("encargo %s, muelle %s: LockTimeout: %s", nr, d.get("muelle"), e)
        E.put(f"/resultado/{nr}", json.dumps({"estado": "ocupado"}), lease_resultados())
    except (KazooException, KazooTimeoutError) as e:
        estado = "fallido"
        log.error("encargo %s: %s: %s", nr, type(e).__name__, e)
        E.put(f"/resultado/{nr}", json.dumps({"estado": "ocupado"}), lease_resultados())
    except Exception:
        estado = "fallido"
        log.exception("encargo %s", nr)
    finally:
        try:
            E.delete(f"/asignado/{YO}/{nr}")
        except Exception as e:
            log.error("no pude cerrar %s: %s", nr, e)
        with mutex:
            en_curso.discard(nr)
        base.add(f'obrero_encargos_total{{estado="{estado}",clase="{d["clase"]}"}}')
        base.add("obrero_encargo_segundos_sum", time.monotonic() - t)
        base.add("obrero_encargo_segundos_count")


_lr = [None, 0.0]


def lease_resultados():
    if time.monotonic() - _lr[1] > 20:
        _lr[0], _lr[1] = E.lease(60), time.monotonic()
    return _lr[0]


def registro():
    lease = None
    while True:
        try:
            if lease is None or not E.keep(lease):
                if lease is not None:
                    log.warning("registro caducado, me inscribo de nuevo")
                lease = E.lease(TTL)
                E.put(f"/obreros/{YO}", str(os.getpid()), lease)
        except Exception as e:
            log.error("registro: %s: %s", type(e).__name__, e)
        time.sleep(LATIDO)


base.serve()
log.info("obrero %s en marcha con %d hilos, hora local %s", YO, HILOS, datetime.datetime.now().isoformat(timespec="seconds"))
while True:
    try:
        zk.start(timeout=8)
        break
    except KazooTimeoutError as e:
        log.error("ZooKeeper: %s", e)
threading.Thread(target=registro, name="registro", daemon=True).start()
pool = concurrent.futures.ThreadPoolExecutor(HILOS, "hilo")
while True:
    try:
        pendientes = E.list(f"/asignado/{YO}/")
    except Exception as e:
        log.error("lectura de encargos: %s: %s", type(e).__name__, e)
        time.sleep(0.5)
        continue
    base.put("obrero_pendientes", len(pendientes))
    for clave, valor in pendientes:
        nr = clave.rsplit("/", 1)[1]
        with mutex:
            if nr in en_curso:
                continue
            en_curso.add(nr)
        pool.submit(hacer, nr, json.loads(valor))
    base.put("obrero_en_curso", len(en_curso))
    time.sleep(0.09)
