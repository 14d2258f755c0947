"""mensageiro.py NOME PORTA: tira avisos da esteira e os entrega à operadora"""
import json, logging, os, sys, time
import pika, pymysql, requests
from prometheus_client import Counter, Gauge, Histogram, start_http_server
A = os.environ
nome = sys.argv[1]
logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(asctime)s,%(name)s,%(levelname)s,%(message)s", datefmt="%d-%m-%Y %H:%M:%S")
logging.getLogger("pika").setLevel(logging.WARNING)
log = logging.getLogger(nome)
enviados = Counter("sms_enviados", "SMS aceitos pela operadora")
recusados = Counter("sms_recusados", "SMS não aceitos", ["motivo"])
tempo = Histogram("sms_operadora_duration_seconds", "Tempo da operadora", buckets=(.05, .1, .3, 1, 2.5, 5))
ultimo = Gauge("sms_ultimo_envio_timestamp", "Momento do último envio")
start_http_server(int(sys.argv[2]), "127.0.0.1")
sessao = requests.Session()

def entrega(corpo):
    aviso = json.loads(corpo)
    texto = f"Sua vacina {aviso['vacina']} está marcada. Protocolo {aviso['agendamento']:08d}"
    t = time.monotonic()
    try:
        r = sessao.post(f"http://{A['OPERADORA']}/v2/mensagens", json={"para": aviso["telefone"], "texto": texto}, headers={"x-chave": A["OPERADORA_CHAVE"]}, timeout=(2, 4))
    finally:
        tempo.observe(time.monotonic() - t)
    if r.status_code != 202:
        recusados.labels(r.status_code).inc()
        raise RuntimeError(f"operadora respondeu {r.status_code}: {r.text.strip()[:120]}")
    h, p = A["CADERNO"].split(":")
    c = pymysql.connect(host=h, port=int(p), user="mensageiro", password=A["BANCO_SENHA"], database="vacinas", connect_timeout=3, read_timeout=5, autocommit=True)
    try: c.cursor().execute("UPDATE agendamentos SET aviso='enviado' WHERE id=%s", (aviso["agendamento"],))
    finally: c.close()
    enviados.inc(); ultimo.set_to_current_time()

n = 0
def recebe(canal, m, props, corpo):
    global n
    try:
        entrega(corpo)
        canal.basic_ack(m.delivery_tag)
        n += 1
        if n % 25 == 0: log.info("%d avisos entregues", n)
    except Exception as e:
        log.error("aviso %s devolvido: %s: %s", m.delivery_tag, type(e).__name__, e)
        if not isinstance(e, RuntimeError): recusados.labels(type(e).__name__).inc()
        canal.connection.sleep(0.8)
        canal.basic_nack(m.delivery_tag, requeue=True)

while True:
    try:
        h, p = A["ESTEIRA"].split(":")
        k = pika.BlockingConnection(pika.ConnectionParameters(h, int(p), "/", pika.PlainCredentials("saude", A["ESTEIRA_SENHA"]), heartbeat=30, socket_timeout=4, stack_timeout=6, client_properties={"connection_name": nome}))
        canal = k.channel(); canal.queue_declare("avisos", durable=True); canal.basic_qos(prefetch_count=4)
        canal.basic_consume("avisos", recebe, consumer_tag=nome)
        log.info("à espera de avisos"); canal.start_consuming()
    except Exception as e:
        log.error("esteira perdida: %s: %s", type(e).__name__, e or "sem resposta")
        time.sleep(2)
