"""A service that answers from Redis: `python -m tests.live.service NAME PORT REDIS_PORT`. Logs go to standard output."""

from __future__ import annotations

import logging
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aitia.lab.exposition import Exposition, watch_process


def get(port: int, key: str) -> bytes:
    """One command over the Redis protocol. Raises ConnectionError with the words of common client libraries."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as link:
            link.sendall(f"*2\r\n$3\r\nGET\r\n${len(key)}\r\n{key}\r\n".encode())
            return link.recv(512)
    except OSError as error:
        where = f"127.0.0.1:{port}"
        raise ConnectionError(f"Error {error.errno} connecting to {where}. {error.strerror}.") from None


def main(name: str, port: int, redis: int) -> None:
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(asctime)s %(levelname)s %(message)s")
    logging.Formatter.converter = time.gmtime
    metrics = Exposition()
    watch_process(metrics)
    # Counters begin at zero, so that their first error is an increase.
    for code in ("200", "503"):
        metrics.count("http_requests_total", 0.0, code=code)
    metrics.count("redis_client_errors_total", 0.0, peer="redis")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/metrics":
                return self._answer(200, metrics.text().encode())
            start, code = time.perf_counter(), 200
            try:
                get(redis, self.path)
            except ConnectionError as error:
                code = 503
                metrics.count("redis_client_errors_total", peer="redis")
                logging.error("GET %s failed: %s", self.path, error)
            metrics.count("http_requests_total", code=str(code))
            metrics.observe("http_request_duration_seconds", time.perf_counter() - start)
            return self._answer(code, b"{}")

        def _answer(self, code: int, body: bytes) -> None:
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """No access log."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    logging.info("%s listens on 127.0.0.1:%d", name, port)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
