"""The TLS of a source: its certificates as `auth` names them."""

from __future__ import annotations

import ssl
from pathlib import Path

from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput


def tls_of(config: SourceConfig, root: Path) -> ssl.SSLContext:
    """Server certificates are checked, with `auth.ca` where it is given; `auth.cert` is shown. Raises BadInput."""
    auth = config.auth
    try:
        context = ssl.create_default_context(cafile=str(_file(auth.ca, root)) if auth.ca else None)
        if auth.cert:
            context.load_cert_chain(_file(auth.cert, root), _file(auth.key, root) if auth.key else None)
    except (OSError, ssl.SSLError) as error:
        raise BadInput(
            f"Give readable PEM files as auth.ca, auth.cert, auth.key of source {config.name!r}: {error}"
        ) from None
    return context


def _file(name: str, root: Path) -> Path:
    return root / Path(name).expanduser()  # an absolute one stays what it is
