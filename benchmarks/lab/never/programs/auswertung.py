"""Zugriffsauswertung: N Verbindungen zur Datenbank.   auswertung.py DSN N"""
import sys, time, psycopg
v = []
while True:
    while len(v) < int(sys.argv[2]):
        try:
            c = psycopg.connect(sys.argv[1], application_name="auswertung-nacht"); c.execute("SELECT count(*) FROM merkliste"); v.append(c)
        except psycopg.OperationalError: break
    time.sleep(1)
