"""Recepção: postos, vagas e agendamentos de vacina."""
import json, os, sys, threading, time, traceback
import pika, pymysql
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

VERSAO = "2.17.3"
A = os.environ
PEDIDOS = Counter("recepcao_http_requests", "Pedidos atendidos", ["rota", "codigo"])
LATENCIA = Histogram("recepcao_http_latencia_segundos", "Latência", ["rota"], buckets=(.02, .1, .3, .8, 1.5, 3, 6))
CONSULTA = Histogram("recepcao_consulta_segundos", "Tempo de banco", ["banco"], buckets=(.005, .02, .1, .3, 1, 3, 6))
MARCADOS = Counter("recepcao_agendamentos", "Agendamentos gravados")
PUBLICADOS = Counter("recepcao_avisos_publicados", "Avisos entregues à esteira")
ESPERA = Gauge("recepcao_aviso_mais_antigo_segundos", "Idade do aviso mais antigo ainda não enviado")
PENDENTES = Gauge("recepcao_avisos_pendentes", "Avisos ainda não enviados")


def diz(nivel, msg, **k):
    print(json.dumps({"ts": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + ".%03dZ" % (time.time() % 1 * 1000), "nivel": nivel, "app": "recepcao", "msg": msg, **k}, ensure_ascii=False), flush=True)


PISCINA = {"escrita": threading.Semaphore(8), "leitura": threading.Semaphore(int(A.get("LEITURAS", "2")))}


class Indisponivel(Exception):
    pass


class Banco:
    def __init__(self, nome, endereco):
        self.nome = nome
        self.h, p = endereco.split(":")
        self.p = int(p)

    def __enter__(self):
        self.t = time.monotonic()
        if not PISCINA[self.nome].acquire(timeout=3):
            CONSULTA.labels(self.nome).observe(time.monotonic() - self.t)
            raise Indisponivel(f"banco de {self.nome}: nenhuma conexão livre em 3 s")
        try:
            self.c = pymysql.connect(host=self.h, port=self.p, user="recepcao", password=A["BANCO_SENHA"], database="vacinas", connect_timeout=3, read_timeout=4, write_timeout=4, autocommit=True)
        except Exception:
            PISCINA[self.nome].release()
            CONSULTA.labels(self.nome).observe(time.monotonic() - self.t)
            raise
        return self.c.cursor()

    def __exit__(self, *_):
        PISCINA[self.nome].release()
        CONSULTA.labels(self.nome).observe(time.monotonic() - self.t)
        try: self.c.close()
        except Exception: pass


def caderno(): return Banco("escrita", A["CADERNO"])
def copia(): return Banco("leitura", A["COPIA"])


class Esteira:
    trava, ligacao, canal = threading.Lock(), None, None

    def liga(self):
        h, p = A["ESTEIRA"].split(":")
        self.ligacao = pika.BlockingConnection(pika.ConnectionParameters(h, int(p), "/", pika.PlainCredentials("saude", A["ESTEIRA_SENHA"]), heartbeat=6, blocked_connection_timeout=3, socket_timeout=3, stack_timeout=4, client_properties={"connection_name": "recepcao"}))
        self.canal = self.ligacao.channel()
        self.canal.queue_declare("avisos", durable=True)
        self.canal.confirm_delivery()

    def envia(self, corpo):
        if not self.trava.acquire(timeout=3):
            raise Indisponivel("esteira: sem vez em 3 s")
        try:
            for vez in 1, 2:
                try:
                    if self.canal is None:
                        self.liga()
                    self.canal.basic_publish("", "avisos", json.dumps(corpo).encode(), pika.BasicProperties(delivery_mode=2, content_type="application/json"))
                    return PUBLICADOS.inc()
                except pika.exceptions.AMQPError as e:
                    self.canal = None
                    try: self.ligacao and self.ligacao.close()
                    except Exception: pass
                    self.ligacao = None
                    if vez == 2:
                        raise Indisponivel(f"esteira: {type(e).__name__} {e}")
        finally:
            self.trava.release()


ESTEIRA = Esteira()


def posto(n):
    with copia() as c:
        c.execute("SELECT id, nome, bairro, telefone FROM postos WHERE id=%s", (n,))
        r = c.fetchone()
    return dict(zip(("id", "nome", "bairro", "telefone"), r)) if r else None


def vagas(n):
    with copia() as c:
        c.execute("SELECT dia, vacina, count(*), sum(crc32(concat(cidadao, dia, vacina)) %% 7) FROM agendamentos FORCE INDEX (por_posto) WHERE posto BETWEEN %s AND %s GROUP BY dia, vacina", (n % 20 + 1, n % 20 + 12))
        return [{"dia": str(d), "vacina": v, "livres": max(0, 400 - q)} for d, v, q, _ in c.fetchall()]


def agendamento(n):
    with copia() as c:
        c.execute("SELECT id, posto, vacina, dia, aviso FROM agendamentos WHERE id=%s", (n,))
        r = c.fetchone()
    return {"id": r[0], "posto": r[1], "vacina": r[2], "dia": str(r[3]), "aviso": r[4]} if r else None


def agendar(n):
    vacina = ("influenza", "febre amarela", "hepatite B", "tetravalente")[n % 4]
    with caderno() as c:
        c.execute("INSERT INTO agendamentos(posto, cidadao, vacina, dia, aviso) VALUES (%s,%s,%s,curdate() + INTERVAL %s DAY,'pendente')", (n % 40 + 1, n, vacina, n % 20))
        ident = c.lastrowid
    MARCADOS.inc()
    ESTEIRA.envia({"agendamento": ident, "telefone": "+5551%08d" % (n * 7919 % 10**8), "vacina": vacina})
    return {"id": ident}


guardado = []


def rota(nome, trabalho, ok=200):
    async def atende(r):
        t, codigo = time.monotonic(), ok
        try:
            corpo = await run_in_threadpool(trabalho, r.path_params["n"])
            if corpo is None:
                codigo, corpo = 404, {"erro": "não encontrado"}
        except Indisponivel as e:
            codigo, corpo = 503, {"erro": "serviço indisponível"}
            diz("ERRO", str(e), rota=r.url.path)
        except pymysql.err.MySQLError as e:
            codigo, corpo = 503, {"erro": "serviço indisponível"}
            diz("ERRO", "banco: %s" % (e,), rota=r.url.path, tipo=type(e).__name__)
        except Exception as e:
            codigo, corpo = 500, {"erro": "interno"}
            diz("ERRO", "exceção não tratada", rota=r.url.path, tipo=type(e).__name__, pilha=traceback.format_exc())
        PEDIDOS.labels(nome, codigo).inc()
        LATENCIA.labels(nome).observe(time.monotonic() - t)
        return JSONResponse(corpo, codigo)
    return atende


def vigia():
    while True:
        try:
            with caderno() as c:
                c.execute("SELECT count(*), coalesce(timestampdiff(SECOND, min(criado), now()), 0) FROM agendamentos WHERE aviso='pendente'")
                q, s = c.fetchone()
                PENDENTES.set(q); ESPERA.set(s)
        except Exception:
            pass
        time.sleep(2)


threading.Thread(target=vigia, daemon=True).start()
app = Starlette(routes=[
    Route("/postos/{n:int}", rota("posto", posto)),
    Route("/vagas/{n:int}", rota("vagas", vagas)),
    Route("/agendamento/{n:int}", rota("agendamento", agendamento)),
    Route("/agendar/{n:int}", rota("agendar", agendar, 201), methods=["POST"]),
    Route("/vivo", lambda r: Response("sim\n")),
    Route("/metrics", lambda r: Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)),
])
diz("INFO", "recepção no ar", versao=VERSAO)
