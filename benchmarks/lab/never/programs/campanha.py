"""campanha.py ENDERECO SENHA QUANTOS: lista de reforço para a fila de avisos"""
import json, sys, pika
h, p = sys.argv[1].split(":")
k = pika.BlockingConnection(pika.ConnectionParameters(h, int(p), "/", pika.PlainCredentials("saude", sys.argv[2])))
c = k.channel()
for i in range(int(sys.argv[3])):
    c.basic_publish("", "avisos", json.dumps({"agendamento": f"REF-{i:05d}", "telefone": None, "vacina": "reforço"}).encode(), pika.BasicProperties(delivery_mode=2))
k.close()
