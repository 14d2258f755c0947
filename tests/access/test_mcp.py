"""Issued tokens at the MCP door: a role for a diagnosis, and a session that only its own token goes on with."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from aitia.access import Doorkeeper, IssuedTokens
from aitia.core.serving import listening
from tests.shop import small_settings
from tests.web.served import wait_for

pytest.importorskip("mcp", reason="pip install '.[mcp]'")

HELLO = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, dict[str, str]]]:
    import uvicorn

    from aitia.mcp.serve import http_app
    from aitia.mcp.server import make_server
    from aitia.mcp.server_tools import House

    home = tmp_path_factory.mktemp("home")
    issued = IssuedTokens(home)
    tokens = {role: issued.issue(role, [role], by="me")[0] for role in ("see", "diagnose")}
    server = make_server(House(settings=small_settings(), home=home, model=None))
    app = http_app(server, host="127.0.0.1", keeper=Doorkeeper(issued=issued), names=(), most=100_000)
    listener = listening("127.0.0.1", 0)
    running = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
    thread.start()
    wait_for(lambda: running.started)
    host, port = listener.getsockname()
    with httpx.Client(base_url=f"http://{host}:{port}", timeout=60, trust_env=False) as client:
        yield client, tokens
    running.should_exit = True
    thread.join(20)


def said(
    client: httpx.Client, token: str, method: str, params: dict[str, Any], session: str = ""
) -> httpx.Response:
    head = {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"}
    head |= {"Mcp-Session-Id": session} if session else {}
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return client.post("/mcp", json=body, headers=head)


def begun(client: httpx.Client, token: str) -> str:
    """A session of a token."""
    return str(said(client, token, "initialize", HELLO).headers["mcp-session-id"])


def called(client: httpx.Client, token: str, name: str, **arguments: Any) -> str:
    session = begun(client, token)
    return said(client, token, "tools/call", {"name": name, "arguments": arguments}, session).text


def test_a_diagnosis_needs_its_role(door: tuple[httpx.Client, dict[str, str]]) -> None:
    client, tokens = door
    refused = called(client, tokens["see"], "diagnose", incident="checkout is slow")
    assert "the role 'diagnose'" in refused
    assert "There are no runs yet" in called(client, tokens["see"], "list_runs")
    assert "the role" not in called(
        client, tokens["diagnose"], "diagnose", incident="gateway 5xx", since="not a time"
    )


def test_a_session_is_its_own_tokens_alone(door: tuple[httpx.Client, dict[str, str]]) -> None:
    client, tokens = door
    session = begun(client, tokens["diagnose"])
    listed = {"name": "list_runs", "arguments": {}}
    assert said(client, tokens["diagnose"], "tools/call", listed, session).status_code == 200
    assert said(client, tokens["see"], "tools/call", listed, session).status_code == 404
    assert said(client, "aitia.." + "0" * 48, "tools/call", listed, session).status_code == 401
    assert said(client, "x", "tools/call", listed, session).status_code == 401
