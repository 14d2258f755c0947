"""The installation's key, on which pseudonyms and the sealed mapping rest."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Final

from aitia.core.disk import set_aside, tell_once, trouble
from aitia.core.errors import BadInput, StoreError

FILE: Final = "redaction.key"
MAP: Final = "redaction.map"
_KEY_BYTES: Final = 32
_WITHOUT: Final[set[Path]] = set()  # homes whose key can be neither made nor read


def load_key(home: Path) -> bytes:
    """The redaction key of this installation, made with mode 0600 on first use.

    Where it cannot be made or read, one of this process alone: then pseudonyms differ from those of other runs. A damaged
    key is set aside with the mapping that only it opens.
    """
    path = home / FILE
    try:
        if not path.exists():
            _make(path)
        key = path.read_bytes()
        if len(key) != _KEY_BYTES:
            _set_aside(home, f"it has {len(key)} bytes, not {_KEY_BYTES}")
            return load_key(home)
        return key
    except IsADirectoryError:
        _set_aside(home, "it was a folder")
        return load_key(home)
    except (OSError, StoreError) as error:
        key = _of_process(home)
        if home not in _WITHOUT:  # what is told is redacted, by this very key
            _WITHOUT.add(home)
            why = trouble(error, path) if isinstance(error, OSError) else error
            tell_once(f"{why} Until then pseudonyms are valid for one run only.")
        return key


@functools.cache
def _of_process(home: Path) -> bytes:
    return secrets.token_bytes(_KEY_BYTES)


def _set_aside(home: Path, why: str) -> None:
    set_aside(home / FILE, why)
    if (home / MAP).exists():
        set_aside(home / MAP, "only the damaged key can open it")


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
        raise BadInput(
            f"Cannot read {str(path)!r} ({error.strerror}). Put it back or check its permissions."
        ) from None
    if len(key) != _KEY_BYTES:
        raise BadInput(f"{str(path)!r} is not a key of {_KEY_BYTES} bytes. Remove it.")
    return key


def mark_of(home: Path) -> str:
    """What tells one key from another, and nothing of the key: to see whether another machine has the same."""
    return hmac.new(load_key(home), b"aitia: which key", hashlib.sha256).hexdigest()[:16]


def check_mark(home: Path, mark: str) -> None:
    """Raises BadInput where this home has another key: its pseudonyms would be unknown elsewhere."""
    if mark_of(home) != mark:
        raise BadInput(
            f"Copy redaction.key to {str(home)!r} on {os.uname().nodename}, or set AITIA_HOME where Ray is started there: all "
            "machines need the same key."
        )
