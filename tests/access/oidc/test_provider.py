"""Signing in with a real provider's accounts: to it, through its forms, and back with a session; and when its keys change."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

pytest.importorskip("authlib", reason="the extra oidc is not installed")
from joserfc.jwk import KeySet, RSAKey

from aitia.access import Doorkeeper, IssuedTokens
from aitia.access.oidc_settings import Oidc
from aitia.settings import Service, Settings
from aitia.web.auth import FRESH_S
from tests.web.served import opened

HERE = Path(__file__).parent
MODULES = Path(os.environ.get("AITIA_OIDC_PROVIDER") or Path.home() / ".cache/aitia/oidc/node_modules")
ROLES = {"sre": ("see", "diagnose", "approve"), "guests": ("see",)}
pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(
        not (MODULES / "oidc-provider").is_dir() or shutil.which("node") is None,
        reason=f"no oidc-provider in {MODULES} (npm install --prefix ~/.cache/aitia/oidc oidc-provider@8)",
    ),
]


def keys() -> str:
    return json.dumps(
        KeySet([RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True)]).as_dict(private=True)
    )


@contextmanager
def provider(port: int, jwks: str, **env: str) -> Iterator[str]:
    argv = ["node", HERE / "provider.mjs", MODULES, str(port), jwks, "http://127.0.0.1/login/oidc/callback"]
    process = subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **env}
    )
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "ready\n", process.stderr.read()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@pytest.fixture
def service(tmp_path: Path, port: int) -> Iterator[Callable[..., httpx.Client]]:
    """A client of a service whose people sign in at the provider."""
    from contextlib import ExitStack

    with ExitStack() as open_:

        def make(**oidc: object) -> httpx.Client:
            told = {"issuer": f"http://127.0.0.1:{port}", "client_id": "public", "url": "http://127.0.0.1"}
            config = Oidc.model_validate({**told, "roles": ROLES, **oidc})
            settings = Settings(service=Service(join_minutes=0, oidc=config))
            keeper = Doorkeeper(issued=IssuedTokens(tmp_path))
            return open_.enter_context(opened(tmp_path, settings, token=keeper))

        yield make


def sign_in(
    client: httpx.Client, person: str, next: str = "/", *, back: httpx.Client | None = None
) -> httpx.Response:
    """What a browser does: begin, fill in the provider's forms, come back (perhaps to another replica)."""
    begun = client.get("/login/oidc", params={"next": next})
    assert begun.status_code == 303, begun.text
    with httpx.Client(trust_env=False, timeout=30) as browser:
        answer = browser.get(begun.headers["location"])
        for _ in range(10):
            if answer.is_redirect:
                to = answer.headers["location"]
                if to.startswith("http://127.0.0.1/login/oidc/callback"):
                    return (back or client).get(
                        f"/login/oidc/callback?{urlsplit(to).query}", headers={"accept": "text/html"}
                    )
                answer = browser.get(httpx.URL(str(answer.url)).join(to))
                continue
            form = re.search(r'action="([^"]+)"', answer.text)
            prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
            assert form is not None, answer.text
            assert prompt is not None, answer.text
            answer = browser.post(form[1], data={"prompt": prompt[1], "login": person, "password": "x"})
    raise AssertionError("the provider did not send the browser back")


def test_who_is_in_a_group_gets_its_roles_under_his_name(
    service: Callable[..., httpx.Client], port: int, tmp_path: Path
) -> None:
    client = service()
    assert client.get("/v1/diagnoses").status_code == 401, "nobody is let in without"
    with provider(port, keys()):
        assert "Sign in with your account" in client.get("/login").text
        answer = sign_in(client, "ann+sre", next="/search?q=x")
    assert answer.status_code == 200, answer.text
    assert 'url=/search?q=x"' in answer.text
    made = client.post(
        "/v1/diagnoses",
        json={"text": "checkout is slow"},
        headers={"origin": str(client.base_url).rstrip("/")},
    )
    assert made.status_code == 202, made.text
    assert client.get("/v1/tokens").status_code == 403, "no group of hers administers"
    (line,) = [each for each in IssuedTokens(tmp_path).trail() if each.what == "sign in"]
    assert json.loads(line.detail) == {"roles": "see diagnose approve"}
    client.post("/logout", headers={"origin": str(client.base_url).rstrip("/")})
    assert client.get("/v1/diagnoses").status_code == 401


def test_a_balancer_may_send_each_request_to_another_replica(
    service: Callable[..., httpx.Client], port: int
) -> None:
    first, second = service(), service()
    second.cookies = first.cookies.jar  # one browser
    with provider(port, keys()):
        assert sign_in(first, "ann+sre", back=second).status_code == 200
    assert first.get("/v1/diagnoses").status_code == 200
    assert second.get("/v1/diagnoses").status_code == 200
    session = dict(first.cookies)
    assert first.post("/logout", headers={"origin": str(first.base_url).rstrip("/")}).status_code == 303
    time.sleep(FRESH_S + 0.1)
    for each in (first, second):
        each.cookies = session
        assert each.get("/v1/diagnoses").status_code == 401


def test_groups_at_the_userinfo_endpoint_a_secret_and_keys_that_change(
    service: Callable[..., httpx.Client], port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AITIA_OIDC_SECRET", "a-secret-of-the-client")
    monkeypatch.setattr("aitia.access.oidc.AGAIN_S", 0.0)
    client = service(client_id="aitia")
    with provider(port, keys(), IN_USERINFO="1"):
        assert sign_in(client, "bob+guests").status_code == 200
        assert client.get("/v1/diagnoses").status_code == 200
    with provider(port, keys()):  # other keys: those that are known do not verify its tokens
        assert sign_in(client, "ann+sre").status_code == 200


def test_who_is_in_no_group_is_not_let_in(service: Callable[..., httpx.Client], port: int) -> None:
    client = service()
    with provider(port, keys()):
        answer = sign_in(client, "eve+sales")
    assert (answer.status_code, "in no group" in answer.text) == (403, True)
    assert client.get("/v1/diagnoses").status_code == 401


def test_a_code_is_good_for_one_browser_once(service: Callable[..., httpx.Client], port: int) -> None:
    client = service()
    with provider(port, keys()):
        begun = client.get("/login/oidc")
        state = parse_qs(urlsplit(begun.headers["location"]).query)["state"][0]
        with httpx.Client(base_url=client.base_url, trust_env=False) as other:
            answer = other.get("/login/oidc/callback", params={"state": state, "code": "c"})
            assert (answer.status_code, "This browser" in answer.text) == (403, True)
            cookie = [(b"cookie", b"aitia_sign_in=\xe9")]
            assert (
                other.get("/login/oidc/callback", params={"state": state}, headers=cookie).status_code == 403
            )
        for says in ("did not accept", "not begun here"):  # a wrong code ends the sign-in
            answer = client.get("/login/oidc/callback", params={"state": state, "code": "wrong"})
            assert (answer.status_code, says in answer.text) == (403, True), answer.text


def test_a_provider_that_is_away_is_said(service: Callable[..., httpx.Client]) -> None:
    answer = service().get("/login/oidc")
    assert (answer.status_code, "provider does not answer" in answer.text) == (503, True)
    assert "retry-after" in answer.headers
