"""Redaction: secrets and personal data become stable pseudonyms, by anchored rules behind a keyword prefilter."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from aitia.core.errors import BadInput

_KEY_BYTES = 32

_TOKEN = re.compile(
    r"\b(?:A(?:KIA|SIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{8,}|xapp-[A-Za-z0-9-]{8,}|sk[-_](?:live_|test_)?[A-Za-z0-9_-]{16,}|hf_[A-Za-z0-9]{20,}|npm_[A-Za-z0-9]{20,}"
    r"|hooks\.slack\.com/services/[A-Za-z0-9/]{16,}|AIza[\w-]{30,}"
    r"|eyJ[\w-]{6,2000}\.[\w-]{4,4000}\.[\w-]*)"
)
_BEARER = re.compile(r"(?i)(\b(?:bearer|basic|token)\s+)([A-Za-z0-9._~+/-]{8,}=*)")
_PEM = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]{0,30}PRIVATE KEY-----|\Z)", re.DOTALL
)
_URL = re.compile(r"([a-zA-Z0-9+.-]://[^\s:/@\"']{0,128}:)([^\s/\"']{1,512})(?=@)")
_DSN = re.compile(
    r"((?<![\w.%+-])[\w.%+-]{1,64}:)([^\s\"']{1,256}?)(?=@(?:tcp|udp|unix|cloudsql)[\w-]{0,10}\()"
)
_NAME = r"(?:passw(?:or)?d|pass(?![a-z])|pwd|passphrase|secret|(?:api|access|private|account)[_-]?key|token)[A-Za-z0-9_-]{0,32}"
_ASSIGNED = re.compile(
    rf"(?i)({_NAME}[\"']?\s{{0,8}}(?:=>?|:(?!//))\s{{0,8}})"
    r"(\"(?:[^\"\\]|\\.)+\"?|'(?:[^'\\]|\\.)+'?|[^\s\"',;&)}\]]+)"
)
_OPTION = re.compile(r"(?i)(--(?:password|passwd|token|secret|api-key)[ =])([^\s-]\S*)")
_SECRET_HEADER = re.compile(
    r"(?i)(\b(?:set-cookie|cookie|authorization|x-api-key)[\"']?\s*[:=]\s*[\"']?)([^\r\n\"']{4,})"
)
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\.){1,8}[A-Za-z]{2,24}\b")
_CARD = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-])")
_PREFILTER: Final = re.compile(
    r"(?i)pass|pwd|secret|token|bearer|basic |(?:api|access|account).?key|private|auth|cookie|akia|asia|gh[pousr]_|glpat"
    r"|xox|xapp|sk[-_]|hf_|npm_|hooks\.slack|aiza|eyj|github_pat|@"
)
_PSEUDONYM = re.compile(r"<(?:secret|email|card):[0-9a-f]{8}>")
_DONE = re.compile(r"[\"']?<(?:secret|email|card):[0-9a-f]{8}>[\"']?$")


class Redactor:
    """Replaces secrets by `<secret:1a2b3c4d>`, addresses by `<email:…>`, cards by `<card:…>`.

    The pseudonym is an HMAC of the secret: the same secret has the same pseudonym under one key, and without
    the key it cannot be guessed.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._rules: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
            (_PEM, self._whole),
            (_URL, self._second),
            (_DSN, self._second),
            (_SECRET_HEADER, self._second),
            (_ASSIGNED, self._second),
            (_OPTION, self._second),
            (_TOKEN, self._whole),
            (_BEARER, self._second),
            (_EMAIL, self._email),
        )

    def text(self, text: str) -> str:
        """The text without secrets and personal data. Redacting twice changes nothing more."""
        if _PREFILTER.search(text):
            for pattern, replace in self._rules:
                text = _outside_pseudonyms(pattern, replace, text)
        return _outside_pseudonyms(_CARD, self._card, text)

    def secret(self, value: str) -> str:
        """The pseudonym of a value that is known to be a secret, whatever it looks like."""
        return value if _DONE.match(value) else self._name("secret", value)

    def _name(self, kind: str, secret: str) -> str:
        digest = hmac.new(self._key, f"{kind}\0{secret}".encode("utf-8", "surrogatepass"), hashlib.sha256)
        return f"<{kind}:{digest.hexdigest()[:8]}>"

    def _whole(self, match: re.Match[str]) -> str:
        return self._name("secret", match[0])

    def _second(self, match: re.Match[str]) -> str:
        if _DONE.match(match[2]):
            return match[0]
        secret = match[2]
        quote = secret[0] if secret[0] in "\"'" else ""
        inner = secret.strip(quote) if quote else secret
        return f"{match[1]}{quote}{self._name('secret', inner)}{quote}" if inner else match[0]

    def _email(self, match: re.Match[str]) -> str:
        return self._name("email", match[0].casefold())

    def _card(self, match: re.Match[str]) -> str:
        digits = re.sub(r"\D", "", match[0])
        return self._name("card", digits) if _luhn(digits) and len(set(digits)) > 1 else match[0]


def _outside_pseudonyms(pattern: re.Pattern[str], replace: Callable[[re.Match[str]], str], text: str) -> str:
    """Substitute in the pieces between pseudonyms: one is never taken for a secret again."""
    pieces = _PSEUDONYM.split(text)
    done = [*_PSEUDONYM.findall(text), ""]
    return "".join(
        pattern.sub(replace, piece) + pseudonym for piece, pseudonym in zip(pieces, done, strict=True)
    )


def _luhn(digits: str) -> bool:
    odd = sum(int(d) for d in digits[-1::-2])
    even = sum(sum(divmod(2 * int(d), 10)) for d in digits[-2::-2])
    return (odd + even) % 10 == 0


def load_key(home: Path) -> bytes:
    """The redaction key of this installation, made with mode 0600 on first use."""
    path = home / "redaction.key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    except OSError as error:
        raise BadInput(f"Make {str(home)!r} writable or set AITIA_HOME ({error.strerror}).") from None
    else:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
    try:
        key = path.read_bytes()
    except OSError as error:
        raise BadInput(f"Make {str(path)!r} readable ({error.strerror}).") from None
    if len(key) != _KEY_BYTES:
        raise BadInput(f"Remove {str(path)!r}: it is no key of {_KEY_BYTES} bytes.")
    return key
