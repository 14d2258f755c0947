"""Writes keys to etcd: copia (reports of some size) or lote (jobs)."""
import datetime
import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from faro_etcd import Etcd  # noqa: E402

que, n, ms = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
E = Etcd(os.environ["ETCD"], "root", os.environ["CLAVE"], timeout=5)
for i in range(n):
    try:
        if que == "copia":
            E.put(f"/informes/copia-{i % 7}", os.urandom(90000).hex())
        else:
            E.put(f"/cola/0000-lote-{i:05d}", json.dumps({"clase": "cotizacion", "trayecto": 900 + i, "creado": (datetime.datetime.now() + datetime.timedelta(hours=2)).isoformat()}))
    except Exception as e:
        if que != "copia" or "space" not in str(e):
            time.sleep(0.2)
        else:
            break
    time.sleep(ms / 1000)
