"""Addresses of live sources: host and port, and the words for a server that does not answer."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput, SourceError

PORTS: Final = {"mqtt": 1883, "mqtts": 8883, "modbus": 502, "opc.tcp": 4840}


def host_and_port(config: SourceConfig) -> tuple[str, int]:
    """Of the source's `url`, with the protocol's usual port. Raises BadInput for none, and for credentials in it."""
    parts = urlsplit(config.url)
    if parts.username is not None or parts.password is not None:
        raise BadInput(
            f"Move the credentials out of `url` of source {config.name!r}: set auth.username and auth.password_env."
        )
    try:
        port = parts.port or PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise BadInput(f"Fix the port in {config.place('url')}: {config.url!r}.") from None
    if not parts.hostname:
        raise BadInput(f"Add a host to {config.place('url')}: {config.url!r}.")
    return parts.hostname, port


def away(config: SourceConfig, reason: object) -> SourceError:
    """The error for a server that cannot be reached."""
    said = " ".join(str(reason).split())[:200] or type(reason).__name__
    return SourceError(
        f"{config.url} cannot be reached ({said}). Start the server or fix {config.place('url')}."
    )


def missing(extra: str, package: str) -> SourceError:
    """The error for a client library that is not installed."""
    return SourceError(f"Install {package} first: pip install 'aitia[{extra}]'.")
