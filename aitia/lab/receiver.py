"""What a recording is sent: Alertmanager's messages, and the spans of its services."""

from __future__ import annotations

import json
import threading
from abc import ABC, abstractmethod
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class Receiver(ABC):
    """Takes what is posted to a port of loopback. A context manager."""

    def __init__(self, port: int) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.take(self.headers.get("Content-Type", ""), body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing to log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = port
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @abstractmethod
    def take(self, kind: str, body: bytes) -> None:
        """One message, with its content type."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class AlertReceiver(Receiver):
    """A webhook that keeps the messages that fire, as they come."""

    def __init__(self, port: int) -> None:
        self.firing: list[dict[str, Any]] = []
        super().__init__(port)

    def take(self, kind: str, body: bytes) -> None:
        """A message of Alertmanager."""
        message = json.loads(body)
        if message.get("status") == "firing":
            self.firing.append(message)


class SpanReceiver(Receiver):
    """An OTLP endpoint that keeps the requests as they come: content type and body."""

    def __init__(self, port: int) -> None:
        self.requests: list[tuple[str, bytes]] = []
        super().__init__(port)

    def take(self, kind: str, body: bytes) -> None:
        """An ExportTraceServiceRequest."""
        self.requests.append((kind, body))
