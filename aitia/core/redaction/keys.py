"""The installation's key, on which pseudonyms and the sealed mapping rest."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import Final

from aitia.core.errors import BadInput

FILE: Final = "redaction.key"
_KEY_BYTES: Final = 32


def load_key(home: Path) -> bytes:
    """The redaction key of this installation, made with mode 0600 on first use."""
    path = home / FILE
    if not path.exists():
        try:
            _make(path)
        except OSError as error:
            raise BadInput(f"Make {str(home)!r} writable or set AITIA_HOME ({error.strerror}).") from None
    return existing_key(home)


def _make(path: Path) -> None:
    """The whole key at once, by one of all that make it at the same moment."""
    part = path.with_name(f"{FILE}.{secrets.token_hex(4)}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
        with contextlib.suppress(FileExistsError):
            os.link(part, path)
    finally:
        part.unlink()


def existing_key(home: Path) -> bytes:
    """The key where there is one; none is made. Raises BadInput."""
    path = home / FILE
    try:
        key = path.read_bytes()
    except OSError as error:
        raise BadInput(f"Put {str(path)!r} back or make it readable ({error.strerror}).") from None
    if len(key) != _KEY_BYTES:
        raise BadInput(f"Remove {str(path)!r}: it is no key of {_KEY_BYTES} bytes.")
    return key
