"""OpenID Connect: authorization code with PKCE, state and nonce; ID tokens by the keys that the provider publishes.

OpenID Connect Core 1.0, section 3.1; RFC 7636 (PKCE); RFC 9700 (what is known to go wrong).
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import httpx

from aitia.access.identity import ROLES, Identity
from aitia.access.oidc_settings import Oidc, is_safe
from aitia.access.tickets import OwnTickets, Tickets
from aitia.core.errors import AitiaError, BadInput

if TYPE_CHECKING:
    from authlib.integrations.httpx_client import AsyncOAuth2Client

NEEDED: Final = "Install the extra for OpenID Connect: pip install '.[oidc]'."
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
PENDING_S: Final = 600.0  # how long a sign-in may take at the provider
MOST: Final = 10_000  # sign-ins that are under way
FRESH_S: Final = 3600.0  # how long what the provider publishes counts as known
AGAIN_S: Final = 5.0  # no sooner are keys read again for a token of a key that is not known
LEEWAY_S: Final = 60  # by so much clocks may differ
TIMEOUT_S: Final = 10.0
_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_NAME: Final = re.compile(r"[^\x00-\x1f\x7f:]{1,80}")


class SignInRefused(AitiaError):
    """Somebody is not let in; the message says why and what to change, and nothing that was sent."""


class ProviderAway(AitiaError):
    """The provider cannot be asked, or publishes what cannot be used."""


@dataclass(frozen=True, kw_only=True)
class Begun:
    """A sign-in that is under way: what its browser must not tell."""

    state: str
    nonce: str
    verifier: str
    next: str


class Provider:
    """One provider, for one service. Its methods are for one event loop."""

    def __init__(self, config: Oidc, *, team: str = "", tickets: Tickets | None = None) -> None:
        try:
            import authlib.integrations.httpx_client  # noqa: F401
        except ModuleNotFoundError:
            raise BadInput(NEEDED) from None
        self.config, self._team = config, team
        self._tickets = tickets or OwnTickets()
        self._told: tuple[float, dict[str, Any]] = (0.0, {})
        self._keys: tuple[float, Any] = (0.0, None)

    async def begin(self, next: str) -> tuple[str, str]:
        """Where to send a browser, and the state that it must bring back. Raises ProviderAway, StoreError."""
        told = await self._published()
        state, nonce = f"{self._team}.{secrets.token_urlsafe(32)}", secrets.token_urlsafe(32)
        begun = Begun(
            state=state,
            nonce=nonce,
            verifier=secrets.token_urlsafe(48),
            next=next,
        )
        async with self._client() as client:
            url, _ = client.create_authorization_url(
                told["authorization_endpoint"], state=state, nonce=nonce, code_verifier=begun.verifier
            )
        told_later = json.dumps(asdict(begun))
        put = partial(self._tickets.put, "sign-in", state, told_later, seconds=PENDING_S, most=MOST)
        await asyncio.to_thread(put)
        return str(url), state

    def take(self, state: str) -> Begun:
        """The sign-in of a state, once. Raises SignInRefused, StoreError."""
        if (told := self._tickets.take("sign-in", state)) is None:
            raise SignInRefused("This sign-in was not begun here, or took too long. Sign in again.")
        return Begun(**json.loads(told))

    async def finish(self, begun: Begun, code: str) -> Identity:
        """Who came back with a code, and what they may do. Raises SignInRefused, ProviderAway."""
        from authlib.common.errors import AuthlibBaseError

        told = await self._published()
        async with self._client() as client:
            try:
                token = await client.fetch_token(
                    told["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=begun.verifier,
                )
            except AuthlibBaseError:
                raise SignInRefused("The provider did not accept the sign-in. Sign in again.") from None
            except (httpx.HTTPError, ValueError):
                raise ProviderAway("The provider does not answer. Try again later.") from None
            claims = await self._claims(token, begun.nonce)
            if _at(claims, self.config.groups) is None and "userinfo_endpoint" in told:
                claims = {**claims, **await _more(client, told["userinfo_endpoint"], claims["sub"])}
        return self._identity(claims)

    async def _claims(self, token: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        """What an ID token says, once all of it was checked. Raises SignInRefused, ProviderAway."""
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import JoseError

        raw = token.get("id_token")
        if not isinstance(raw, str):
            raise SignInRefused("The provider sent no ID token. Let the client have the scope `openid`.")
        try:
            kid = _kid(raw)
            signed = jwt.decode(raw, await self._key_set(kid), algorithms=list(ALGORITHMS))
            options = {
                "iss": {"essential": True, "value": self.config.issuer},
                "aud": {"essential": True, "value": self.config.client_id},
            }
            params = {
                "nonce": nonce,
                "client_id": self.config.client_id,
                "access_token": token.get("access_token"),
            }
            checked = CodeIDToken(signed.claims, signed.header, options, params)
            checked.validate(now=int(time.time()), leeway=LEEWAY_S)
        except (
            JoseError,
            ValueError,
            TypeError,
        ):  # joserfc's own errors, and those of a token that is no token
            raise SignInRefused(
                "The ID token of the provider is not valid here. Check issuer, client_id and the clocks of both."
            ) from None
        return dict(checked)

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        name = _at(claims, self.config.name)
        if not isinstance(name, str) or not _NAME.fullmatch(name := " ".join(name.split())):
            raise SignInRefused(
                f"The provider does not say who you are by {self.config.name!r}. Set service.oidc.name to a claim that it sends."
            )
        groups = _at(claims, self.config.groups)
        listed = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
        given = {r for g in listed if isinstance(g, str) for r in self.config.roles.get(g, ())}
        if not given:
            raise SignInRefused(
                "Your account is in no group that may come in here. Ask whoever runs this service."
            )
        return Identity(name=name, roles=frozenset(r for r in ROLES if r in given))

    async def _published(self) -> dict[str, Any]:
        """What the provider says of itself. Raises ProviderAway."""
        read, told = self._told
        if told and time.monotonic() - read < FRESH_S:
            return told
        told = await _read(f"{self.config.issuer.rstrip('/')}/.well-known/openid-configuration")
        if told.get("issuer") != self.config.issuer:
            raise ProviderAway(
                "The provider calls itself otherwise than service.oidc.issuer. Make them the same."
            )
        if not all(is_safe(str(told.get(name, ""))) for name in _ENDPOINTS):
            raise ProviderAway("The provider publishes addresses that are not https. Let it use https.")
        self._told = (time.monotonic(), told)
        return told

    async def _key_set(self, kid: str | None) -> Any:
        """The provider's keys; read again where one is asked for that is not among them: it may be new."""
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        read, keys = self._keys
        age = time.monotonic() - read
        known = keys is not None and (kid is None or any(k.kid == kid for k in keys.keys))
        if keys is None or age > FRESH_S or (not known and age > AGAIN_S):
            try:
                keys = KeySet.import_key_set(await _read((await self._published())["jwks_uri"]))  # type: ignore[arg-type]
            except (JoseError, ValueError, KeyError, TypeError):
                raise ProviderAway("The provider publishes keys that cannot be read.") from None
            self._keys = (time.monotonic(), keys)
        return keys

    def _client(self) -> AsyncOAuth2Client:
        from authlib.integrations.httpx_client import AsyncOAuth2Client

        secret = os.environ.get(self.config.secret_env, "")
        return AsyncOAuth2Client(
            self.config.client_id,
            secret or None,
            token_endpoint_auth_method="client_secret_basic" if secret else "none",
            scope=" ".join(self.config.scopes),
            redirect_uri=self.config.callback,
            code_challenge_method="S256",
            timeout=TIMEOUT_S,
        )


async def _read(url: str) -> dict[str, Any]:
    """A JSON object that a provider publishes. Raises ProviderAway."""
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
            answer = await client.get(url)
            answer.raise_for_status()
            told = answer.json()
    except (httpx.HTTPError, ValueError):
        raise ProviderAway(
            "The provider does not answer. Try again later, or check service.oidc.issuer."
        ) from None
    if not isinstance(told, dict):
        raise ProviderAway("The provider answers with what cannot be read. Check service.oidc.issuer.")
    return told


async def _more(client: AsyncOAuth2Client, url: str, subject: str) -> dict[str, Any]:
    """What the provider says of the same person at its userinfo endpoint. Raises SignInRefused, ProviderAway."""
    try:
        answer = await client.get(url)
        answer.raise_for_status()
        told = answer.json()
    except (httpx.HTTPError, ValueError):
        raise ProviderAway(
            "The provider does not say which groups somebody is in. Try again later."
        ) from None
    if not isinstance(told, dict) or told.get("sub") != subject:  # Core 1.0, 5.3.2
        raise SignInRefused("The provider tells of another person than the one who signed in. Sign in again.")
    return {k: v for k, v in told.items() if k not in ("iss", "aud", "exp", "nonce")}


def _at(claims: Mapping[str, Any], path: str) -> Any:
    """A claim by its name, else by a path of names with dots."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _kid(raw: str) -> str | None:
    """Which key signed a token, as it says itself. Raises ValueError."""
    from joserfc.jws import extract_compact

    kid = extract_compact(raw.encode()).headers().get("kid")
    return kid if isinstance(kid, str) else None
