"""What a provider, or who stands in its place, may not send: each wrong ID token is refused, whatever else of it is right."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import ValidationError

pytest.importorskip("authlib", reason="the extra oidc is not installed")
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from aitia.access import Identity
from aitia.access.oidc import Begun, Provider, ProviderAway, SignInRefused
from aitia.access.oidc_settings import Oidc

from .forger import Forger, forged

KEY = RSAKey.generate_key(2048, {"use": "sig", "kid": "one"}, auto_kid=False)
OTHER = RSAKey.generate_key(
    2048, {"use": "sig", "kid": "one"}, auto_kid=False
)  # as another provider's of the same name
BEGUN = Begun(state=".s", nonce="the-nonce", verifier="v" * 43, next="/")
pytestmark = pytest.mark.server


@pytest.fixture
def forger() -> Iterator[Forger]:
    with forged() as made:
        made.keys = KeySet([KEY]).as_dict(private=False)
        yield made


def provider(forger: Forger, **changed: Any) -> Provider:
    told = {
        "issuer": forger.issuer,
        "client_id": "aitia",
        "url": "http://127.0.0.1",
        "roles": {"sre": ("see",)},
    }
    return Provider(Oidc.model_validate({**told, **changed}))


def signed(claims: dict[str, Any], key: Any = KEY, alg: str = "RS256", **header: Any) -> str:
    return jwt.encode({"alg": alg, "kid": "one", **header}, claims, key, algorithms=[alg])


def finished(forger: Forger, **changed: Any) -> Identity:
    return asyncio.run(provider(forger, **changed).finish(BEGUN, "code"))


def test_what_is_right_is_taken(forger: Forger) -> None:
    """The control: the same without anything wrong, so that what follows is refused for what is wrong in it."""
    forger.token = {"id_token": signed(forger.claims())}
    assert finished(forger) == Identity(name="ann", roles=frozenset({"see"}))


WRONG: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "issuer": lambda c: c | {"iss": "https://evil.example"},
    "no issuer": lambda c: {k: v for k, v in c.items() if k != "iss"},
    "audience": lambda c: c | {"aud": "another-client"},
    "audiences, for another": lambda c: c | {"aud": ["aitia", "x"], "azp": "x"},
    "audiences, for nobody": lambda c: c | {"aud": ["aitia", "x"]},
    "nonce": lambda c: c | {"nonce": "of another sign-in"},
    "no nonce": lambda c: {k: v for k, v in c.items() if k != "nonce"},
    "expired": lambda c: c | {"iat": c["iat"] - 900, "exp": c["iat"] - 300},
    "never expires": lambda c: {k: v for k, v in c.items() if k != "exp"},
    "an end that is no time": lambda c: c | {"exp": "never"},
    "of the future": lambda c: c | {"iat": c["iat"] + 900, "exp": c["exp"] + 900},
    "not yet": lambda c: c | {"nbf": c["iat"] + 900},
    "nobody's": lambda c: {k: v for k, v in c.items() if k != "sub"},
    "of another access token": lambda c: c | {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_claim_is_refused(forger: Forger, wrong: str) -> None:
    forger.token = {"id_token": signed(WRONG[wrong](forger.claims()))}
    with pytest.raises(SignInRefused, match="not valid here"):
        finished(forger)


def unsigned(claims: dict[str, Any]) -> str:
    parts = [{"alg": "none", "kid": "one"}, claims]
    return (
        ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts) + "."
    )


def changed_after(claims: dict[str, Any]) -> str:
    head, _, signature = signed(claims).split(".")
    body = base64.urlsafe_b64encode(json.dumps(claims | {"groups": ["leads"]}).encode()).decode().rstrip("=")
    return f"{head}.{body}.{signature}"


def by_public_key(claims: dict[str, Any]) -> str:
    """Where only the algorithm in the head decides, a published key is a secret that everybody knows."""
    head, body, _ = signed(claims).split(".")
    told = json.dumps({"alg": "HS256", "kid": "one"}).encode()
    head = base64.urlsafe_b64encode(told).decode().rstrip("=")
    made = hmac.new(KEY.as_pem(private=False), f"{head}.{body}".encode(), hashlib.sha256).digest()
    return f"{head}.{body}.{base64.urlsafe_b64encode(made).decode().rstrip('=')}"


SIGNED: dict[str, Callable[[dict[str, Any]], Any]] = {
    "by nobody": unsigned,
    "by another provider": lambda c: signed(c, OTHER),
    "by a key of another name": lambda c: signed(c, OTHER, kid="two"),
    "by a key that it brings itself": lambda c: signed(c, OTHER, jwk=OTHER.as_dict(private=False)),
    "by the public key as a secret": by_public_key,
    "by a curve that is not published": lambda c: signed(c, ECKey.generate_key("P-256"), "ES256"),
    "and then changed": changed_after,
    "and cut off": lambda c: signed(c)[:-20],
    "no token": lambda c: "x",
    "not even text": lambda c: 41,
}


@pytest.mark.parametrize("how", SIGNED)
def test_a_wrong_signature_is_refused(forger: Forger, how: str) -> None:
    forger.token = {"id_token": SIGNED[how](forger.claims())}
    with pytest.raises(SignInRefused):
        finished(forger)


def test_userinfo_of_another_person_gives_no_groups(forger: Forger) -> None:
    forger.told["userinfo_endpoint"] = f"{forger.issuer}/userinfo"
    forger.token = {"id_token": signed(forger.claims(groups=None))}
    forger.userinfo = {"sub": "2", "groups": ["sre"]}
    with pytest.raises(SignInRefused, match="another person"):
        finished(forger)
    forger.userinfo = {"sub": "1", "groups": ["sre"], "preferred_username": "ann"}
    assert finished(forger).name == "ann"


@pytest.mark.parametrize("name", [None, "", "slack:U1", "a\x00b", "x" * 81, ["ann"]])
def test_a_name_that_is_none_is_refused(forger: Forger, name: Any) -> None:
    forger.token = {"id_token": signed(forger.claims(preferred_username=name))}
    with pytest.raises(SignInRefused, match="who you are"):
        finished(forger)


@pytest.mark.parametrize("groups", [[], ["SRE"], "nobody", {"sre": 1}, [["sre"]], 7])
def test_what_is_no_group_of_the_table_gives_nothing(forger: Forger, groups: Any) -> None:
    forger.token = {"id_token": signed(forger.claims(groups=groups))}
    with pytest.raises(SignInRefused, match="in no group"):
        finished(forger)


def test_groups_within_an_object(forger: Forger) -> None:
    forger.token = {"id_token": signed(forger.claims(groups=None, realm={"roles": ["sre"]}))}
    assert finished(forger, groups="realm.roles").may("see")


def test_a_provider_of_another_name_or_without_https_is_not_used(forger: Forger) -> None:
    forger.told["issuer"] = "https://evil.example"
    with pytest.raises(ProviderAway, match="otherwise"):
        asyncio.run(provider(forger).begin("/"))
    forger.told |= {"issuer": forger.issuer, "token_endpoint": "http://evil.example/token"}
    with pytest.raises(ProviderAway, match="https"):
        asyncio.run(provider(forger).begin("/"))


def test_a_sign_in_is_over_once_and_after_a_while(forger: Forger, monkeypatch: pytest.MonkeyPatch) -> None:
    here = provider(forger)
    url, state = asyncio.run(here.begin("/x"))
    assert "code_challenge_method=S256" in url
    assert "nonce=" in url
    assert here.take(state).next == "/x"
    with pytest.raises(SignInRefused, match="not begun here"):
        here.take(state)
    _, state = asyncio.run(here.begin("/"))
    later = time.time() + 700
    monkeypatch.setattr("aitia.access.tickets.time.time", lambda: later)
    with pytest.raises(SignInRefused, match="too long"):
        here.take(state)


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "http://login.example"},
        {"issuer": "https://login.example/?x=1"},
        {"url": "aitia.example"},
        {"roles": {}},
        {"roles": {"sre": ["root"]}},
        {"hours": 100},
        {"client_secret": "never here"},
    ],
)
def test_settings_that_cannot_be_safe_are_refused(wrong: dict[str, Any]) -> None:
    told = {"issuer": "https://login.example", "client_id": "aitia", "url": "https://aitia.example"}
    with pytest.raises(ValidationError):
        Oidc.model_validate({**told, "roles": {"sre": ["see"]}, **wrong})
