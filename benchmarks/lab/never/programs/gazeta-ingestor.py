"""Ingestor: busca despachos da agência pelo proxy de saída e os entrega à redação."""
import json, logging, os, sys, time, urllib.request
from prometheus_client import Counter, Gauge, start_http_server
E = os.environ
logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(asctime)s ingestor[%(process)d] %(levelname)s %(message)s")
log = logging.getLogger()
BUSCAS = Counter("ingestor_buscas", "Buscas na agência", ["resultado"])
PUBLICADOS = Counter("ingestor_despachos_publicados", "Despachos entregues à redação")
FOTOS = Counter("ingestor_fotos_encomendadas", "Fotos encomendadas")
RECUSADOS = Counter("ingestor_despachos_recusados", "Despachos que a redação não aceitou")
ESPERA = Gauge("ingestor_despachos_em_espera", "Despachos buscados e ainda não entregues")
start_http_server(int(E["METRICAS"]), addr="127.0.0.1")
por_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({"http": "http://" + E["SAIDA"]}))
direto = urllib.request.build_opener(urllib.request.ProxyHandler({}))
fila, ultimo, n = [], 0, 0
log.info("ingestor iniciado")
while True:
    try:
        with por_proxy.open(f"http://agencia.example/despachos?desde={ultimo}&chave={E['AGENCIA_CHAVE']}", timeout=8) as r: novos = json.load(r)
        BUSCAS.labels("ok").inc()
        for d in novos: ultimo = max(ultimo, d["numero"]); fila.append(d)
    except Exception as e:
        BUSCAS.labels("falha").inc(); log.error("agência não respondeu à busca: %s", e)
    while fila:
        d = fila[0]
        try:
            q = urllib.request.Request(f"http://{E['CAPA']}/api/despachos", data=json.dumps(d, ensure_ascii=False).encode(), headers={"Content-Type": "application/json", "X-Chave": E["API_CHAVE"]})
            with direto.open(q, timeout=8) as r: r.read()
            fila.pop(0); PUBLICADOS.inc(); n += 1
            if d.get("foto"): FOTOS.inc()
            if n % 25 == 0: log.info("%d despachos publicados, último nº %d", n, d["numero"])
        except Exception as e:
            RECUSADOS.inc(); log.error("despacho nº %d não publicado: %s", d["numero"], e); break
    del fila[:-400]
    ESPERA.set(len(fila)); time.sleep(1)
