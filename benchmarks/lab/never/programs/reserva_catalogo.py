"""Carga masiva de altas en el catalogo, en una sola transaccion."""
import sqlite3
import sys
import time

c = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
c.execute("begin exclusive")
c.executemany("insert or replace into contador (id, zona, calibre, direccion) values (?,?,?,?)", [(f"A{i:05d}", 9, 15, "pendiente") for i in range(20000)])
while True:
    time.sleep(5)
