"""Miniaturas: reduz as fotos encomendadas e as põe na galeria."""
import io, logging, os, sys, time
import pymysql
from PIL import Image
from prometheus_client import Counter, Gauge, start_http_server
E = os.environ
Image.MAX_IMAGE_PIXELS = None
logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(asctime)s miniaturas %(levelname)-7s %(message)s")
log = logging.getLogger()
FEITAS = Counter("miniaturas_feitas", "Miniaturas prontas")
PULADAS = Counter("miniaturas_com_problema", "Fotos que não puderam ser reduzidas")
FILA = Gauge("miniaturas_na_fila", "Fotos à espera")
GASTO = Counter("miniaturas_trabalho_segundos", "Tempo gasto reduzindo")
start_http_server(int(E["METRICAS"]), addr="127.0.0.1")
def banco():
    h, p = E["BANCO"].split(":")
    return pymysql.connect(host=h, port=int(p), user="miniaturas", password=E["BANCO_SENHA"], database="gazeta", connect_timeout=4, read_timeout=8, autocommit=True)
log.info("pronto, pid %d", os.getpid()); b, n = None, 0
while True:
    try:
        b = b or banco()
        with b.cursor() as c:
            c.execute("SELECT COUNT(*) FROM foto WHERE pronta=0"); FILA.set(c.fetchone()[0])
            c.execute("SELECT id, materia, origem FROM foto WHERE pronta=0 ORDER BY id LIMIT 5"); linhas = c.fetchall()
            for i, m, origem in linhas:
                t = time.monotonic()
                try:
                    with Image.open(origem) as f:
                        f = f.convert("RGB"); f.thumbnail((480, 320)); s = io.BytesIO(); f.save(s, "JPEG", quality=80)
                    alvo = os.path.join(E["GALERIA"], f"n{m % 40}.jpg")
                    with open(alvo + ".tmp", "wb") as g: g.write(s.getvalue())
                    os.replace(alvo + ".tmp", alvo); FEITAS.inc(); n += 1
                    if n % 20 == 0: log.info("%d fotos reduzidas", n)
                except OSError as e: PULADAS.inc(); log.warning("foto %d (%s): %s", i, os.path.basename(origem), e)
                GASTO.inc(time.monotonic() - t)
                c.execute("UPDATE foto SET pronta=1 WHERE id=%s", (i,))
    except pymysql.Error as e:
        log.error("banco: %s", e)
        try: b and b.close()
        except Exception: pass
        b = None; time.sleep(2)
    time.sleep(.6)
