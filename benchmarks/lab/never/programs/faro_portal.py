"""portal: quotes and dock slots for hauliers. Answers from memoria, otherwise hands a job to the workshop and waits."""
import datetime
import json
import logging
import os
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pymemcache.client.base import Client

import faro_base as base
from faro_etcd import Etcd, EtcdError


class Json(logging.Formatter):
    def format(self, r):
        d = {"hora": datetime.datetime.fromtimestamp(r.created, datetime.timezone.utc).isoformat(timespec="milliseconds"),
             "nivel": r.levelname, "origen": r.name, "mensaje": r.getMessage()}
        if r.exc_info:
            d["traza"] = self.formatException(r.exc_info)
        return json.dumps(d, ensure_ascii=False)


base.setup()
logging.getLogger().handlers[0].setFormatter(Json())
log = logging.getLogger("portal")
E = Etcd(os.environ["ETCD"], "portal", os.environ["CLAVE"], timeout=1.5, rotate=True)
MEMORIA = (os.environ["MEMORIA"].rsplit(":", 1)[0], int(os.environ["MEMORIA"].rsplit(":", 1)[1]))
TTL = int(os.environ.get("TTL_COTIZACION", "25"))
ESPERA = int(os.environ.get("ESPERA_MS", "5000")) / 1000
REINTENTOS = int(os.environ.get("REINTENTOS", "0"))


class SinRespuesta(Exception):
    pass


def memoria(accion, *args):
    c = Client(MEMORIA, connect_timeout=0.6, timeout=0.8)
    try:
        return getattr(c, accion)(*args)
    except Exception as e:
        base.add(f'portal_memoria_incidencias_total{{accion="{accion}"}}')
        log.warning("memoria %s %s: %s: %s", accion, args[0], type(e).__name__, e)
        return None
    finally:
        c.close()


def taller(clase, datos):
    for vez in range(REINTENTOS + 1):
        nr = f"{int(time.time() * 1000):013d}-{uuid.uuid4().hex[:8]}"
        trabajo = dict(datos, clase=clase, creado=datetime.datetime.now().isoformat(timespec="milliseconds"))
        E.put(f"/cola/{nr}", json.dumps(trabajo))
        base.add(f'portal_encargos_total{{clase="{clase}"}}')
        limite = time.monotonic() + ESPERA
        while time.monotonic() < limite:
            time.sleep(0.07)
            r = E.get(f"/resultado/{nr}")
            if r is not None:
                return json.loads(r)
        log.warning("encargo %s (%s) sin respuesta tras %.1f s, intento %d/%d", nr, clase, ESPERA, vez + 1, REINTENTOS + 1)
    raise SinRespuesta(f"{clase} {datos}")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *a):
        pass

    def answer(self, status, body):
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def work(self):
        partes = [p for p in self.path.split("/") if p]
        n = int(self.headers.get("Content-Length") or 0)
        cuerpo = self.rfile.read(n) if n else b""
        ruta = partes[0] if partes else "inicio"
        t, status, out = time.monotonic(), 200, {"estado": "bien"}
        try:
            if ruta == "cotizacion":
                clave = f"cot:{partes[1]}"
                hecho = memoria("get", clave)
                base.add('portal_memoria_lecturas_total{acierto="%s"}' % ("si" if hecho else "no"))
                if hecho:
                    out = json.loads(hecho)
                else:
                    out = taller("cotizacion", {"trayecto": int(partes[1])})
                    memoria("set", clave, json.dumps(out), TTL)
            elif ruta == "turno":
                d = json.loads(cuerpo)
                out = taller("turno", {"muelle": int(d["muelle"]) % 8, "matricula": d["matricula"], "prioridad": 1})
                if out.get("estado") == "ocupado":
                    status = 503
            elif ruta != "inicio":
                status, out = 404, {"estado": "desconocido"}
        except SinRespuesta as e:
            status, out = 504, {"estado": "sin respuesta"}
            log.error("504 %s: %s", self.path, e)
        except EtcdError as e:
            status, out = 500, {"estado": "interno"}
            log.error("500 %s: EtcdError: %s", self.path, e)
        except Exception:
            status, out = 500, {"estado": "interno"}
            log.exception("500 %s", self.path)
        d = time.monotonic() - t
        base.add(f'portal_peticiones_segundos_count{{ruta="{ruta}",codigo="{status}"}}')
        base.add(f'portal_peticiones_segundos_sum{{ruta="{ruta}",codigo="{status}"}}', d)
        try:
            self.answer(status, out)
        except OSError as e:
            log.warning("cliente se fue de %s: %s", self.path, e)

    do_GET = do_POST = work


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


base.serve()
host, port = os.environ["ESCUCHA"].rsplit(":", 1)
log.info("portal 7.3 en marcha, espera %.1f s, reintentos %d, ttl %d s", ESPERA, REINTENTOS, TTL)
Server((host, int(port)), Handler).serve_forever()
