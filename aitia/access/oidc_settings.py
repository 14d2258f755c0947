"""How people sign in with the accounts of an OpenID Connect provider (`service.oidc` in aitia.yaml)."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from aitia.access.identity import Role
from aitia.core.words import Word

_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


class Oidc(Word):
    """A provider, and what the groups of its people may do here. The secret is named, never written here."""

    issuer: str  # as the provider's `/.well-known/openid-configuration` says it
    client_id: str = Field(min_length=1, max_length=200)
    secret_env: str = (
        "AITIA_OIDC_SECRET"  # the environment variable with the client's secret; unset: PKCE alone
    )
    url: str  # under which browsers reach this service; the provider must allow URL/login/oidc/callback
    scopes: tuple[str, ...] = ("openid", "profile")
    name: str = "preferred_username"  # the claim that names a person: one that they cannot change themselves
    groups: str = "groups"  # the claim that lists groups; dots lead into objects: realm_access.roles
    roles: dict[str, tuple[Role, ...]] = Field(min_length=1)  # what each group may do; others are not let in
    hours: float = Field(default=8.0, gt=0, le=12)  # until somebody must sign in again

    @field_validator("issuer", "url")
    @classmethod
    def _safe(cls, url: str) -> str:
        if not is_safe(url) or "?" in url or "#" in url:
            raise ValueError("write an https:// URL without a query (http:// only on this machine)")
        return url

    @property
    def callback(self) -> str:
        """Where the provider sends the browser back to."""
        return f"{self.url.rstrip('/')}/login/oidc/callback"


def is_safe(url: str) -> bool:
    """Whether nobody in between can read or change what is sent there: https, or this machine."""
    told = urlsplit(url)
    plain = told.scheme == "http" and told.hostname in _LOOPBACK
    return bool(told.hostname) and (plain or told.scheme == "https")
