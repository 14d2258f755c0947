"""One service of the shop: `python -m scenarios.record.app CONFIG.json` (orders, catalog, payment or users).

`release` in the configuration says how a version behaves; an ordinary version has an empty one.
"""

from __future__ import annotations

import json
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aitia.lab.exposition import Exposition, watch_process
from scenarios.record.handlers import HANDLERS, Reply, Shop

HERE = str(Path(__file__).parent)


class PlainFormatter(logging.Formatter):
    """Python's usual log line, in UTC, with the paths of a deployed service in tracebacks."""

    converter = staticmethod(time.gmtime)

    def __init__(self, name: str) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")
        self._home = f"/srv/{name}"

    def formatException(self, ei: Any) -> str:
        """A traceback whose files lie where a deployed service would have them."""
        lines = super().formatException(ei).replace(HERE, self._home).splitlines()
        library = f"{Path(json.__file__).parent.parent}/"
        lines = [line.replace(library, "/usr/lib/python3/").replace(sys.prefix, self._home) for line in lines]
        return "\n".join(line for line in lines if "^^^" not in line)


def set_up_logging(name: str) -> None:
    """Everything to standard output; the supervisor keeps it as the service's log."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(PlainFormatter(name))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


class Server(ThreadingHTTPServer):
    """A thread per request; the port is shared so that a new version can start before the old one stops."""

    allow_reuse_port = True
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is worth one line, not a traceback."""
        logging.getLogger("http").info("client went away: %s", sys.exc_info()[1])


def handler_class(shop: Shop, metrics: Exposition) -> type[BaseHTTPRequestHandler]:
    """The request handler of one service."""
    route_of: Callable[[str, str], tuple[str, Callable[..., Reply]] | None] = HANDLERS[shop.name]
    access = logging.getLogger("http")
    active = threading.Semaphore(0)
    metrics.gauge("http_requests_in_flight", lambda: float(active._value))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def do_GET(self) -> None:
            self._serve("GET")

        def do_POST(self) -> None:
            self._serve("POST")

        def log_message(self, format: str, *args: Any) -> None:
            """Access lines are written by `_serve`."""

        def _serve(self, method: str) -> None:
            if self.path == "/metrics":
                return self._answer(200, metrics.text().encode(), "text/plain; version=0.0.4")
            start = time.perf_counter()
            active.release()
            code, body, route = 404, b"{}", "other"
            try:
                found = route_of(method, self.path)
                if found is not None:
                    route = found[0]
                    code, body = found[1](shop, self.path)
            except Exception:
                code, body = 500, b'{"error": "internal"}'
                logging.getLogger(shop.name).exception("%s %s failed", method, self.path)
            finally:
                active.acquire()
            took = time.perf_counter() - start
            metrics.count("http_requests_total", method=method, route=route, code=str(code))
            metrics.observe("http_request_duration_seconds", took, route=route)
            access.info("%s %s %d %dms", method, self.path, code, round(took * 1e3))
            return self._answer(code, body, "application/json")

        def _answer(self, code: int, body: bytes, kind: str) -> None:
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def main() -> int:
    config: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text())
    name, version = config["name"], config["version"]
    set_up_logging(name)
    log = logging.getLogger(name)
    log.info("starting %s version %s", name, version)
    for key, value in sorted(config.get("settings", {}).items()):
        log.info("config %s=%s", key, value)
    metrics = Exposition()
    watch_process(metrics)
    metrics.set("app_build_info", 1, version=version)
    shop = Shop(config, metrics)
    server = Server(("127.0.0.1", config["port"]), handler_class(shop, metrics))

    def stop(signum: int, frame: Any) -> None:
        log.info("received SIGTERM, shutting down")
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    log.info("listening on 127.0.0.1:%d, workers=threads", config["port"])
    Path(config["ready"]).touch()
    server.serve_forever(poll_interval=0.1)
    log.info("stopped")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
