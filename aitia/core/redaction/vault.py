"""The sealed mapping: which value a pseudonym stands for, readable with the installation's key only.

Each value is encrypted by AES-256-GCM (NIST SP 800-38D) under a key that HKDF (RFC 5869) derives from the redaction key,
with a nonce of its own and the pseudonym as associated data, so that values cannot be swapped.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import secrets
import sqlite3
import threading
import weakref
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aitia.core.database import sound, trouble_of
from aitia.core.disk import tell_once
from aitia.core.errors import BadInput
from aitia.core.redaction.keys import MAP as FILE

AUDIT: Final = "redaction.audit"
_REMEMBERED: Final = 100_000  # values known to be there already
_MAKE: Final = (
    "CREATE TABLE IF NOT EXISTS sealed"
    " (tag BLOB PRIMARY KEY, pseudonym TEXT NOT NULL, nonce BLOB NOT NULL, body BLOB NOT NULL)"
)

_LOCK: Final = threading.Lock()
_OPEN: dict[Path, Vault] = {}


class Vault:
    """Pseudonyms and their encrypted values in `AITIA_HOME/redaction.map` (mode 0600). Safe for several threads."""

    def __init__(self, path: Path, key: bytes) -> None:
        try:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM
            from cryptography.hazmat.primitives.hashes import SHA256
            from cryptography.hazmat.primitives.kdf.hkdf import HKDF
        except ImportError:
            raise BadInput("Install the extra that encrypts pseudonyms: pip install '.[reveal]'.") from None
        self._path, self._lock = path, threading.Lock()
        self._seen: set[bytes] = set()
        self._cipher = AESGCM(HKDF(SHA256(), 32, None, b"aitia redaction map v1").derive(key))
        self._db = sound(path, lambda: _begun(path), whole=False)
        weakref.finalize(self, self._db.close)  # redactors of any age share it: it goes with the last

    @classmethod
    def open(cls, home: Path, key: bytes) -> Vault:
        """The mapping of an installation, made where it is missing; one for the whole process."""
        path = (home / FILE).resolve()
        with _LOCK:
            if path not in _OPEN or not path.is_file():
                _OPEN[path] = cls(path, key)
            return _OPEN[path]

    def put(self, pseudonym: str, value: str, tag: bytes) -> None:
        """Keep what a pseudonym stands for. `tag` is the whole digest, by which values are told apart."""
        with self._lock:
            if tag in self._seen:
                return
            if len(self._seen) >= _REMEMBERED:
                self._seen.clear()
            nonce = secrets.token_bytes(12)
            body = self._cipher.encrypt(nonce, value.encode("utf-8", "surrogatepass"), pseudonym.encode())
            try:
                self._db.execute(
                    "INSERT OR IGNORE INTO sealed VALUES (?, ?, ?, ?)", (tag, pseudonym, nonce, body)
                )
            except sqlite3.DatabaseError as error:
                # The text is redacted all the same; a diagnosis does not end because it cannot be revealed later.
                tell_once(
                    f"{trouble_of(error, self._path) or error} Until then pseudonyms cannot be revealed."
                )
                return
            self._seen.add(tag)

    def values(self, pseudonym: str) -> list[str]:
        """The values behind a pseudonym: one, or more where 32 bits coincide. Raises BadInput where the key does not fit."""
        from cryptography.exceptions import InvalidTag

        with self._lock:
            rows = self._db.execute(
                "SELECT nonce, body FROM sealed WHERE pseudonym = ?", (pseudonym,)
            ).fetchall()
        try:
            found = [self._cipher.decrypt(nonce, body, pseudonym.encode()) for nonce, body in rows]
        except InvalidTag:
            raise BadInput(
                "This redaction.key cannot open the mapping. Restore the one that wrote it."
            ) from None
        return [value.decode("utf-8", "surrogatepass") for value in found]

    def close(self) -> None:
        """Give the file back."""
        self._db.close()


def _begun(path: Path) -> sqlite3.Connection:
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
    db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30.0)
    try:
        db.execute(_MAKE)
        db.execute("CREATE INDEX IF NOT EXISTS by_pseudonym ON sealed (pseudonym)")
    except BaseException:
        db.close()
        raise
    return db


def reveal(home: Path, pseudonym: str) -> list[str]:
    """The values behind a pseudonym, with a line in the audit. Raises BadInput without key, mapping or entry."""
    from aitia.core.redaction.keys import existing_key

    found: list[str] = []
    try:
        key = existing_key(home)
        if not (home / FILE).is_file():
            raise BadInput(
                "This installation keeps no mapping. Set redaction.reversible: true in aitia.yaml first."
            )
        vault = Vault(home / FILE, key)
        try:
            found = vault.values(pseudonym)
        finally:
            vault.close()
    finally:
        _audit(home, pseudonym, len(found))
    if not found:
        raise BadInput(
            f"{pseudonym!r} is not in the mapping. Give a pseudonym that was made while the mapping was kept."
        )
    return found


def _audit(home: Path, pseudonym: str, values: int) -> None:
    """Who asked for what and when; never the value."""
    try:
        who = getpass.getuser()
    except (OSError, KeyError):  # an account without a name
        who = str(os.getuid())
    shown = "".join(c for c in pseudonym[:40] if c.isprintable())
    line = f"{datetime.now(tz=UTC).isoformat(timespec='seconds')}\t{who}\treveal\t{shown}\t{values} values\n"
    try:
        handle = os.open(home / AUDIT, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "a", encoding="utf-8") as file:
            file.write(line)
    except OSError as error:
        raise BadInput(
            f"Cannot write {str(home / AUDIT)!r} ({error.strerror}): nothing is revealed without a "
            "record. Check the path and its permissions."
        ) from None
