"""Tool sources over streamable HTTP: a real server, and one that misbehaves below the protocol."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from aitia.core.config import McpServer
from aitia.core.errors import BadInput
from tests.mcp.world import HERE, call

READ = ["owner_of"]


@contextlib.contextmanager
def _good() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, str(HERE / "toolserver.py"), "good", "--http", str(port)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(200):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            process.terminate()


def _server(url: str, **more: Any) -> McpServer:
    given = {"name": "web", "url": url, "read": READ, "components_arg": "service", "timeout_s": 5}
    return McpServer.model_validate(given | more)


@pytest.mark.server
def test_a_server_over_http_answers(tmp_path: Path) -> None:
    with _good() as url:
        result = call(_server(url), tmp_path, tool="owner_of")
        assert [e.statement for e in result.evidence] == [
            'orders: the tool owner_of of MCP server web answered "orders belongs to team blue".'
        ]
        assert call(_server(url), tmp_path, tool="restart", component="orders").status == "needs_approval"


class _Bad(BaseHTTPRequestHandler):
    """Answers by the path: how HTTP itself can go wrong."""

    seen: list[str] = []

    def do_POST(self) -> None:
        self.seen.append(self.headers.get("Authorization", ""))
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        kind = self.path.strip("/")
        if kind == "hang":
            time.sleep(4)
        status = {"denied": 401, "broken": 500, "away": 307}.get(kind, 200)
        body = {
            "html": b"<html>hello</html>",
            "bomb": gzip.compress(b"0" * 50_000_000),
            "big": b"0" * 6_000_000,
        }.get(kind, b"")
        self.send_response(status)
        if status == 307:
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Content-Type", "text/html" if kind == "html" else "application/json")
        if kind == "bomb":
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    do_GET = do_DELETE = do_POST

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture(scope="module")
def bad() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Bad)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("denied", "MCP server 'web' answered 401. Set or fix its `token_env`."),
        ("broken", "MCP server 'web' answered 500. Fix its `url`."),
        ("away", "MCP server 'web' answered 307. Fix its `url`."),
        ("bomb", "compressed"),
        ("big", "more than 4 MiB"),
        ("html", "MCP server 'web'"),
        ("empty", "The `url` of MCP server 'web' does not answer with MCP"),
        ("hang", "did not answer within 2 s"),
    ],
)
def test_http_that_goes_wrong_is_an_error_that_says_so(
    tmp_path: Path, bad: str, kind: str, says: str
) -> None:
    began = time.monotonic()
    result = call(_server(f"{bad}/{kind}", timeout_s=2), tmp_path, tool="owner_of")
    assert result.status == "error"
    assert says in result.message
    assert time.monotonic() - began < 10


def test_nobody_at_the_address(tmp_path: Path) -> None:
    assert "cannot be reached" in call(_server("http://127.0.0.1:9/mcp"), tmp_path, tool="owner_of").message


def test_the_token_comes_from_the_environment_and_is_never_shown(
    tmp_path: Path, bad: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = _server(f"{bad}/denied", token_env="CMDB_TOKEN")
    for unfit in ("", "two\nlines-of-a-secret"):
        monkeypatch.setenv("CMDB_TOKEN", unfit)
        with pytest.raises(BadInput, match="The environment variable CMDB_TOKEN") as refused:
            call(server, tmp_path, tool="owner_of")
        assert "lines-of-a-secret" not in str(refused.value)
    monkeypatch.setenv("CMDB_TOKEN", "a-good-token")
    result = call(server, tmp_path, tool="owner_of")
    assert _Bad.seen[-1] == "Bearer a-good-token"
    assert "a-good-token" not in json.dumps(result.model_dump(mode="json"))
