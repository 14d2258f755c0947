"""Hosts and ports in the values of environment variables and settings."""

from __future__ import annotations

import re
from collections.abc import Mapping

_HOST = re.compile(
    r"^(?:[a-z][a-z0-9+.:-]*://)?([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::(\d{1,5}))?(?:[/?].*)?$", re.IGNORECASE
)
# `${DB_HOST:orders-db}` (Spring), `${DB_HOST:-orders-db}` (shell), `$(DB_HOST)` (Kubernetes)
_PLACEHOLDER = re.compile(r"\$\{([\w.-]+)(?::-?([^${}]*))?\}|\$\(([\w.-]+)\)")


def resolved(value: str, env: Mapping[str, str]) -> str:
    """A value with what stands for another variable: that variable's value, else its default; unknown ones stay."""
    return _PLACEHOLDER.sub(lambda m: env.get(m[1] or m[3]) or (m[2] if m[2] is not None else m[0]), value)


def env_calls(env: Mapping[str, str], services: frozenset[str]) -> set[str]:
    """The services that the values of environment variables name as a host."""
    return {host for value in env.values() if (host := host_of(resolved(value, env))[0]) in services}


def host_of(value: str) -> tuple[str, int]:
    """The host's first label and the port of `host:port`, `scheme://host:port/...` or a bare host; ("", 0) for others."""
    match = _HOST.match(value.strip())
    if match is None or len(value) > 253:
        return "", 0
    host, port = match.group(1).lower(), int(match.group(2) or 0)
    if re.fullmatch(r"[\d.]+", host):
        return "", 0
    labels = host.split(".")
    internal = len(labels) == 1 or (len(labels) > 2 and labels[2] == "svc") or labels[-1] == "local"
    return (labels[0] if internal or len(labels) == 2 else host), port
