"""A provider of OpenID Connect that publishes and sends whatever it is told to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Forger:
    """A provider that sends whatever it is told to."""

    def __init__(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                told = {
                    "/.well-known/openid-configuration": outer.told,
                    "/jwks": outer.keys,
                    "/userinfo": outer.userinfo,
                }
                self._say(told[self.path])

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                self._say({"access_token": "a", "token_type": "Bearer", **outer.token})

            def _say(self, body: Any) -> None:
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.told: dict[str, Any] = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
        }
        self.keys: dict[str, Any] = {"keys": []}
        self.token: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {}
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def claims(self, **changed: Any) -> dict[str, Any]:
        now = int(time.time())
        made = {
            "iss": self.issuer,
            "aud": "aitia",
            "sub": "1",
            "iat": now,
            "exp": now + 300,
            "nonce": "the-nonce",
            "preferred_username": "ann",
            "groups": ["sre"],
        }
        return {k: v for k, v in {**made, **changed}.items() if v is not None}


@contextmanager
def forged() -> Iterator[Forger]:
    made = Forger()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()
