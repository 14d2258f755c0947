"""The tries of `tenancy.py`: what one team, or an outsider, sends to reach another team's diagnoses."""

from __future__ import annotations

import base64
import hashlib
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

CALL: Final = "ab" * 32  # the hash of a step that waits (tests.web.states)


@dataclass(kw_only=True)
class Site:
    """One team's world, and what only it may show."""

    name: str
    home: Path
    secret: str
    ids: dict[str, str]
    runs: dict[str, str]
    token: str
    expired: str
    revoked: str
    socket: str = ""
    mcp_socket: str = ""


@dataclass(kw_only=True)
class Try:
    """One request that ought to come to nothing."""

    id: str
    kind: str
    victim: Site
    send: Callable[[], str]  # what came back
    own: Callable[[], str] | None = None  # the same with the victim's token, where it is meaningful


def tries(url: str, sites: Sequence[Site], chance: random.Random) -> list[Try]:
    """Every kind of try, of each team against each other one."""
    found: list[Try] = []
    for attacker in sites:
        for victim in sites:
            if attacker is not victim:
                found += _by_ids(url, attacker, victim)
                found += _by_tokens(url, attacker, victim, chance)
                found += _by_paths(url, attacker, victim, chance)
                found += _by_sockets(attacker, victim)
                found += _by_mcp(url, attacker, victim)
    chance.shuffle(found)
    return found


def asked(
    base: str, method: str, path: str, *, headers: Mapping[str, str] | None = None, uds: str = "", **more: Any
) -> str:
    """What comes back: the status, the headers and the first of the body."""
    if path.startswith(("//", "http://")):  # as it is: a client would go to that host
        more, path = {**more, "extensions": {"target": path.encode()}}, "/"
    transport = httpx.HTTPTransport(uds=uds) if uds else None
    with httpx.Client(
        base_url=base, transport=transport, timeout=20, trust_env=False, verify=False
    ) as client:
        try:
            with client.stream(method, path, headers=dict(headers or {}), **more) as answer:
                body, until = b"", time.monotonic() + 3
                for piece in answer.iter_bytes():
                    body += piece
                    if len(body) > 400_000 or (time.monotonic() > until) or b"event: state" in body:
                        break
                return f"{answer.status_code} {dict(answer.headers)} {body.decode('utf-8', 'replace')}"
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return f"0 {type(error).__name__}"


def bearer(token: str, **more: str) -> dict[str, str]:
    """The header of a token, and others."""
    return {"Authorization": f"Bearer {token}", **more}


def _by_ids(url: str, attacker: Site, victim: Site) -> list[Try]:
    """The other team's ids, on every path that takes one."""
    found = []
    answers: tuple[dict[str, Any], ...] = (
        {"kind": "approval", "calls": {CALL: True}},
        {"kind": "outcome", "right": True},
        {"kind": "question", "question": "what was the cause?"},
        {"kind": "correction", "text": "Not the database, we checked."},
    )
    for state, id in victim.ids.items():
        here = f"/v1/diagnoses/{id}"
        calls: list[tuple[str, str, dict[str, Any]]] = [
            ("GET", here, {}),
            ("GET", f"{here}/report?format=md", {}),
            ("GET", f"{here}/events", {}),
            ("GET", f"/diagnoses/{id}", {}),
            ("GET", f"/diagnoses/{id}/report.html", {}),
            ("POST", f"{here}/again", {}),
            *(("POST", f"{here}/answers", {"json": body}) for body in answers),
            ("POST", f"/diagnoses/{id}/approvals", {"data": {"hash": CALL, "approved": "yes", "by": "eve"}}),
            ("POST", f"/diagnoses/{id}/again", {}),
        ]
        for method, path, more in calls:
            found.append(
                Try(
                    id=f"{attacker.name}>{victim.name} {state} {method} {path.replace(id, 'ID')} {_kind(more)}",
                    kind="ids",
                    victim=victim,
                    send=lambda m=method, p=path, k=more: asked(
                        url, m, p, headers=bearer(attacker.token), **k
                    ),  # type: ignore[misc]
                    own=(lambda m=method, p=path, k=more: asked(url, m, p, headers=bearer(victim.token), **k))  # type: ignore[misc]
                    if method == "GET"
                    else None,
                )
            )
    return found


def _kind(more: Mapping[str, Any]) -> str:
    return str(more.get("json", {}).get("kind", ""))


def _by_tokens(url: str, attacker: Site, victim: Site, chance: random.Random) -> list[Try]:
    """Tokens and cookies made from what an outsider or another team may know."""
    secret = attacker.token.rpartition(".")[2]
    right = victim.token
    hashed = hashlib.sha256(right.encode()).hexdigest()
    wrong = {
        "own secret, other team": f"aitia.{victim.name}.{secret}",
        "no team": f"aitia..{secret}",
        "both teams": f"aitia.{attacker.name}.{victim.name}.{secret}",
        "hash": hashed,
        "hash as a secret": f"aitia.{victim.name}.{hashed[:48]}",
        "cut": right[:-1],
        "longer": f"{right}0",
        "other letter": right[:-1] + ("0" if right[-1] != "0" else "1"),
        "upper case": right.upper(),
        "expired": victim.expired,
        "revoked": victim.revoked,
        "front's token": "front-token",
        "one letter": "x",
        "percent": right.replace(".", "%2e"),
        "basic": base64.b64encode(f"ann:{right}".encode()).decode()[:-2],
        **{f"random {n}": f"aitia.{victim.name}.{chance.randbytes(24).hex()}" for n in range(3)},
    }
    found = [
        Try(
            id=f"{attacker.name}>{victim.name} token {name} {path}",
            kind="tokens",
            victim=victim,
            send=lambda t=token, p=path: asked(url, "GET", p, headers=bearer(t)),  # type: ignore[misc]
            own=lambda p=path: asked(url, "GET", p, headers=bearer(right)),  # type: ignore[misc]
        )
        for name, token in wrong.items()
        for path in ("/v1/diagnoses", "/")
    ]
    cookies = {
        "other team's name": f"{victim.name}.{secret}",
        "token as a session": right[:-1],
        "empty session": f"{victim.name}.",
    }
    for name, cookie in cookies.items():
        head = {"Cookie": f"aitia_session={cookie}"}
        found += [
            Try(
                id=f"{attacker.name}>{victim.name} cookie {name}{' and own token' if more else ''}",
                kind="tokens",
                victim=victim,
                send=lambda h=head | more: asked(url, "GET", "/v1/diagnoses", headers=h),  # type: ignore[misc]
            )
            for more in ({}, bearer(attacker.token))
        ]
    found.append(
        Try(
            id=f"{attacker.name}>{victim.name} session moved to another team",
            kind="tokens",
            victim=victim,
            send=lambda: _moved_session(url, attacker, victim),
        )
    )
    return found


def _moved_session(url: str, attacker: Site, victim: Site) -> str:
    """Log in with the own token, then call the session the other team's."""
    with httpx.Client(base_url=url, timeout=20, trust_env=False) as client:
        client.post("/login", data={"token": attacker.token})
        held = client.cookies.get("aitia_session", "")
        assert held.startswith(f"{attacker.name}."), "the own login works"
    moved = {"Cookie": f"aitia_session={victim.name}.{held.partition('.')[2]}"}
    return asked(url, "GET", "/v1/diagnoses", headers=moved)


def _by_paths(url: str, attacker: Site, victim: Site, chance: random.Random) -> list[Try]:
    """Paths, parameters and headers that might name a team to somebody who believes them."""
    id, run, host = victim.ids["done"], victim.runs["done"], f"{victim.name}.example"
    paths = [
        f"/{victim.name}/v1/diagnoses",
        f"/teams/{victim.name}/v1/diagnoses",
        f"/v1/diagnoses?team={victim.name}",
        f"/v1/diagnoses?token={victim.name}",
        f"/v1/diagnoses/..%2f..%2f{victim.name}%2fhome%2fruns%2f{run}",
        f"/v1/diagnoses/{run}/report",
        f"/static/..%2f..%2f{victim.name}%2faitia.yaml",
        f"/static/....//....//{victim.name}/aitia.yaml",
        f"//{host}/v1/diagnoses",
        f"http://{host}/v1/diagnoses",
        f"/search?q={victim.secret[:4]}",
        "/search?q=checkout",
        f"/v1/search?q={victim.name}",
        f"/v1/diagnoses?cursor={id}",
        f"/v1/diagnoses?origin=api&limit=200&cursor={chance.choice('9zZ')}",
        "/metrics",
        "/openapi.json",
        f"/diagnoses/{id}%00",
        f"/diagnoses/{id}/../{id}",
        f"/v1/diagnoses/{id}/report;team={victim.name}",
    ]
    named = [
        {"X-Aitia-Team": victim.name},
        {"Host": host},
        {"X-Forwarded-Host": host},
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": f"for=127.0.0.1;host={host}"},
        {"X-Original-URL": f"/{victim.name}/"},
        {"Connection": "authorization"},
        {"Cookie": f"aitia_session={victim.name}.x; team={victim.name}"},
    ]
    found = [
        Try(
            id=f"{attacker.name}>{victim.name} path {path.replace(id, 'ID').replace(run, 'RUN')}",
            kind="paths",
            victim=victim,
            send=lambda p=path: asked(url, "GET", p, headers=bearer(attacker.token)),  # type: ignore[misc]
        )
        for path in paths
    ]
    found += [
        Try(
            id=f"{attacker.name}>{victim.name} header {next(iter(more))}{'' if head else ' alone'}",
            kind="paths",
            victim=victim,
            send=lambda h=head | more: asked(url, "GET", f"/v1/diagnoses/{id}", headers=h),  # type: ignore[misc]
        )
        for more in named
        for head in ({}, bearer(attacker.token))
    ]
    return found


def _by_sockets(attacker: Site, victim: Site) -> list[Try]:
    """Past the front, at the other service's own socket: who can open it still needs its token."""
    base = "http://team"
    heads: dict[str, dict[str, str]] = {
        "own token": bearer(attacker.token),
        "no token": {},
        "local": {"Host": "localhost", "X-Forwarded-For": "127.0.0.1"},
        "front's token": bearer("front-token"),
    }
    return [
        Try(
            id=f"{attacker.name}>{victim.name} socket {name} {method} {path.replace(victim.ids['waiting'], 'ID')}",
            kind="sockets",
            victim=victim,
            send=lambda h=head, m=method, p=path, k=more: asked(
                base, m, p, headers=h, uds=victim.socket, **k
            ),  # type: ignore[misc]
        )
        for name, head in heads.items()
        for method, path, more in (
            ("GET", "/v1/diagnoses", {}),
            ("GET", "/metrics", {}),
            ("POST", "/v1/diagnoses", {"json": {"text": "across"}}),
            (
                "POST",
                f"/v1/diagnoses/{victim.ids['waiting']}/answers",
                {"json": {"kind": "approval", "calls": {CALL: True}}},
            ),
        )
    ]


def _rpc(method: str, params: Mapping[str, Any], id: int = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params}


def mcp_said(
    base: str, token: str, calls: Sequence[dict[str, Any]], *, uds: str = "", session: str = ""
) -> str:
    """What an MCP server answers: a session of its own is begun unless one is given."""
    head = {**bearer(token), "Accept": "application/json, text/event-stream"}
    if not session:
        hello = {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "t", "version": "1"},
        }
        transport = httpx.HTTPTransport(uds=uds) if uds else None
        with httpx.Client(
            base_url=base, transport=transport, timeout=20, trust_env=False, verify=False
        ) as client:
            told = client.post("/mcp", json=_rpc("initialize", hello), headers=head)
            if told.status_code != 200:
                return f"{told.status_code} {told.text}"
            session = told.headers["mcp-session-id"]
            head["Mcp-Session-Id"] = session
            client.post("/mcp", json={"jsonrpc": "2.0", "method": "notifications/initialized"}, headers=head)
    head["Mcp-Session-Id"] = session
    return " ".join(asked(base, "POST", "/mcp", headers=head, uds=uds, json=call) for call in calls)


def _by_mcp(url: str, attacker: Site, victim: Site) -> list[Try]:
    """MCP with the own token and the other team's runs, and at the other team's socket."""
    run = victim.runs["done"]
    calls = {
        "list_runs": _rpc("tools/call", {"name": "list_runs", "arguments": {"limit": 50}}),
        "ask": _rpc(
            "tools/call", {"name": "ask", "arguments": {"question": "what was the cause?", "run": run}}
        ),
        "report": _rpc("resources/read", {"uri": f"aitia://runs/{run}/report.md"}),
        "json": _rpc("resources/read", {"uri": f"aitia://runs/{run}/report.json"}),
        "up": _rpc("resources/read", {"uri": f"aitia://runs/..%2f..%2f{victim.name}/report.md"}),
        "resources": _rpc("resources/list", {}),
    }
    found = [
        Try(
            id=f"{attacker.name}>{victim.name} mcp {name}",
            kind="MCP",
            victim=victim,
            send=lambda c=call: mcp_said(url, attacker.token, [c]),  # type: ignore[misc]
            own=lambda c=call: mcp_said(url, victim.token, [c]),  # type: ignore[misc]
        )
        for name, call in calls.items()
    ]
    for name, token in {
        "own token": attacker.token,
        "expired": victim.expired,
        "revoked": victim.revoked,
    }.items():
        found.append(
            Try(
                id=f"{attacker.name}>{victim.name} mcp socket {name}",
                kind="MCP",
                victim=victim,
                send=lambda t=token: mcp_said("http://team", t, [calls["list_runs"]], uds=victim.mcp_socket),  # type: ignore[misc]
            )
        )
    found.append(
        Try(
            id=f"{attacker.name}>{victim.name} mcp session of the other",
            kind="MCP",
            victim=victim,
            send=lambda: _others_session(url, attacker, victim, calls["list_runs"]),
        )
    )
    return found


def _others_session(url: str, attacker: Site, victim: Site, call: dict[str, Any]) -> str:
    """The other team's live session, overheard, with the own token."""
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    head = bearer(victim.token, Accept="application/json, text/event-stream")
    begun = httpx.post(f"{url}mcp", json=_rpc("initialize", hello), headers=head, timeout=20, trust_env=False)
    return mcp_said(url, attacker.token, [call], session=begun.headers["mcp-session-id"])
