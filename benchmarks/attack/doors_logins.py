"""Logins and bearer tokens: the service and its pages, the webhook, the OTLP receiver; the MCP server's are in doors_mcp.py.

Success: in without the token, the right token refused for what others sent, a session that outlives its end, or guesses that
nobody slows.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Final

import httpx

from aitia.jobs import Jobs
from aitia.listen import Listener
from aitia.settings import Settings
from aitia.tools.sources.traces.otlp_receiver import OtlpReceiver
from aitia.web.limits import Bounds
from benchmarks.attack.doors_try import Tried
from tests.web.served import opened

FAMILY: Final = "logins"
TOKEN: Final = "a right token"
BEARER: Final = {"Authorization": f"Bearer {TOKEN}"}
PAGE: Final = "/v1/diagnoses"
Attack = Callable[[httpx.Client], str]


def _in(client: httpx.Client, **how: object) -> bool:
    return client.get(PAGE, **how).status_code == 200  # type: ignore[arg-type]


def _login(client: httpx.Client, token: str = TOKEN, **headers: str) -> httpx.Response:
    return client.post("/login", data={"token": token}, headers=headers)


def _wrong_logins_lock_out_login(c: httpx.Client) -> str:
    [_login(c, f"guess {n}") for n in range(40)]
    return "" if "set-cookie" in _login(c).headers else "the right token is refused"


def _wrong_logins_lock_out_bearer(c: httpx.Client) -> str:
    [_login(c, f"guess {n}") for n in range(40)]
    return "" if _in(c, headers=BEARER) else "the right token is refused"


def _wrong_bearers_lock_out_login(c: httpx.Client) -> str:
    [c.get(PAGE, headers={"Authorization": f"Bearer {n}"}) for n in range(40)]
    return "" if "set-cookie" in _login(c).headers else "the right token is refused"


def _requests_lock_out(c: httpx.Client) -> str:
    [c.get(PAGE, headers={"Authorization": f"Bearer {n}"}) for n in range(400)]
    return "" if _in(c, headers=BEARER) else "the right token is refused"


def _requests_lock_out_session(c: httpx.Client) -> str:
    cookie = {"Cookie": f"aitia_session={_login(c).cookies['aitia_session']}"}
    c.cookies.clear()
    [c.get("/login") for _ in range(400)]
    return "" if _in(c, headers=cookie) else "a session is refused"


def _bearers_unslowed(c: httpx.Client) -> str:
    codes = [c.get(PAGE, headers={"Authorization": f"Bearer {n}"}) for n in range(120)]
    told = [a for a in codes if a.status_code == 429 and "retry-after" in a.headers]
    return "" if len(told) > 60 else f"{len(told)} of 120 wrong tokens draw 429"


def _logins_unslowed(c: httpx.Client) -> str:
    codes = [_login(c, str(n)).status_code for n in range(120)]
    return "" if codes.count(429) > 60 else f"{codes.count(429)} of 120 wrong logins draw 429"


def _session(c: httpx.Client) -> str:
    return _login(c).cookies["aitia_session"]


def _after_logout(c: httpx.Client) -> str:
    copied = {"Cookie": f"aitia_session={_session(c)}"}
    c.post("/logout")
    c.cookies.clear()
    return "a copied cookie outlives its logout" if _in(c, headers=copied) else ""


def _after_login(c: httpx.Client) -> str:
    first = _session(c)
    _login(c, Cookie=f"aitia_session={first}")
    c.cookies.clear()
    return (
        "the session before the login goes on" if _in(c, headers={"Cookie": f"aitia_session={first}"}) else ""
    )


def _fixed(c: httpx.Client) -> str:
    fixed = "aitia_session=" + "a" * 43
    _login(c, Cookie=fixed)
    c.cookies.clear()
    return "a session id of the attacker's choice" if _in(c, headers={"Cookie": fixed}) else ""


def _cookie(make: Callable[[str], str]) -> Attack:
    def attack(c: httpx.Client) -> str:
        made = make(_session(c))
        c.cookies.clear()
        return (
            "in with a forged cookie" if _in(c, headers={b"Cookie": f"aitia_session={made}".encode()}) else ""
        )

    return attack


def _header(value: str) -> Attack:
    return lambda c: "in" if _in(c, headers={b"Authorization": value.encode("utf-8", "replace")}) else ""


def _logout_by_others(c: httpx.Client) -> str:
    _session(c)
    c.post("/logout", headers={"Origin": "http://evil.example"})
    c.get("/logout")
    return "" if _in(c) else "logged out by another site"


def _login_by_others(c: httpx.Client) -> str:
    return (
        "logged in by another site" if "set-cookie" in _login(c, Origin="http://evil.example").headers else ""
    )


def _rebound(c: httpx.Client) -> str:
    _session(c)
    evil = {"Origin": "http://evil.example", "Host": str(c.base_url).split("/")[2]}
    return (
        "a page of another site posts"
        if c.post(PAGE, json={"text": "x"}, headers=evil).status_code < 400
        else ""
    )


def _flags(c: httpx.Client) -> str:
    made = _login(c).headers["set-cookie"]
    return "" if "HttpOnly" in made and "SameSite=strict" in made and TOKEN not in made else made


def _token_in_query(c: httpx.Client) -> str:
    return "a token in the address counts" if _in(c, params={"token": TOKEN, "access_token": TOKEN}) else ""


def _login_by_get(c: httpx.Client) -> str:
    return "a login by GET" if "set-cookie" in c.get("/login", params={"token": TOKEN}).headers else ""


ATTACKS: Final[dict[str, Attack]] = {
    "wrong logins, then the right login": _wrong_logins_lock_out_login,
    "wrong logins, then the right bearer": _wrong_logins_lock_out_bearer,
    "wrong bearers, then the right login": _wrong_bearers_lock_out_login,
    "400 requests, then the right bearer": _requests_lock_out,
    "400 requests, then a session": _requests_lock_out_session,
    "120 wrong bearers": _bearers_unslowed,
    "120 wrong logins": _logins_unslowed,
    "a copied cookie after the logout": _after_logout,
    "the session before a login": _after_login,
    "a fixed session": _fixed,
    "an empty cookie": _cookie(lambda _: ""),
    "a cookie with more": _cookie(lambda c: c + "x"),
    "a cookie with less": _cookie(lambda c: c[:-1]),
    "a cookie in another case": _cookie(str.swapcase),
    "a cookie of another token": _cookie(lambda c: "9" + c),
    "the token as cookie": _cookie(lambda _: TOKEN.replace(" ", "")),
    "a cookie of a megabyte's head": _cookie(lambda _: "x" * 20_000),
    "no kind": _header(TOKEN), "another kind": _header(f"Basic {TOKEN}"), "a part": _header(f"Bearer {TOKEN[:-1]}"),
    "more": _header(f"Bearer {TOKEN}x"), "another case": _header(f"Bearer {TOKEN.upper()}"), "empty": _header("Bearer"),
    "null behind": _header(f"Bearer {TOKEN}, x"), "lookalike": _header(f"Bearer {TOKEN.replace('a', chr(0x430))}"),
    "two tokens": _header(f"Bearer x Bearer {TOKEN}"),
    "logout by another site": _logout_by_others,
    "login by another site": _login_by_others,
    "post by another site": _rebound,
    "flags of the cookie": _flags,
    "a token in the address": _token_in_query,
    "login by GET": _login_by_get,
}  # fmt: skip


def tries(folder: Path, *, only: Collection[str] = ()) -> Iterator[Tried]:
    """All tries; `only` names some of those at the service."""
    for n, name in enumerate(only or ATTACKS):
        home = folder / str(n)
        home.mkdir(parents=True)
        with opened(home, Settings(), bounds=Bounds(), token=TOKEN) as client:
            yield Tried(family=FAMILY, name=name, got=ATTACKS[name](client))
    home = folder / "listen"
    home.mkdir()
    yield from _doors(home)


def _doors(home: Path) -> Iterator[Tried]:
    """The webhook and the OTLP receiver."""
    listener = Listener(("127.0.0.1", 0), Jobs(home, Settings()), token=TOKEN)
    threading.Thread(target=listener.serve_forever, args=(0.05,), daemon=True).start()
    with OtlpReceiver(port=0, token=TOKEN) as receiver:
        for name, port, path in (
            ("webhook", listener.server_address[1], "/"),
            ("OTLP", receiver.address[1], "/v1/traces"),
        ):
            codes = [_post(port, path, f"Bearer guess {n}") for n in range(60)]
            slowed = sum(code == 429 and after > 0 for code, after in codes)
            yield Tried(
                family=FAMILY,
                name=f"{name}: 60 wrong tokens",
                got="" if slowed > 30 else f"{slowed} of 60 draw 429",
            )
            code, _ = _post(port, path, f"Bearer {TOKEN}")
            yield Tried(
                family=FAMILY,
                name=f"{name}: then the right one",
                got="" if code in (200, 202, 400) else f"{code}",
            )
    listener.shutdown()
    listener.server_close()


def _post(port: int, path: str, authorization: str) -> tuple[int, int]:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    line.request("POST", path, b"{}", {"Content-Type": "application/json", "Authorization": authorization})
    answer = line.getresponse()
    answer.read()
    line.close()
    return answer.status, int(answer.headers.get("Retry-After", 0))
