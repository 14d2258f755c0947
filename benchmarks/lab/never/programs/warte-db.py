"""waits until PostgreSQL takes sessions.   warte-db.py DSN"""
import sys, time, psycopg
for _ in range(120):
    try:
        psycopg.connect(sys.argv[1], connect_timeout=2).close(); break
    except psycopg.OperationalError: time.sleep(0.25)
