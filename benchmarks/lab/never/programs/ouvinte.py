"""ouvinte.py ENDERECO SENHA: consumidor de um painel de homologação"""
import sys, time, pika
h, p = sys.argv[1].split(":")
while True:
    try:
        k = pika.BlockingConnection(pika.ConnectionParameters(h, int(p), "/", pika.PlainCredentials("saude", sys.argv[2]), heartbeat=30, client_properties={"connection_name": "painel-homologacao"}))
        c = k.channel(); c.basic_consume("avisos", lambda *a: None, arguments={"x-priority": int(sys.argv[3])}); c.start_consuming()
    except Exception: time.sleep(2)
