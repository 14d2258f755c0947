"""Token masks: variable parts of a log message become named placeholders, memoised by token."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_MEMO = 200_000
_EDGES: Final = "\"'`()[]{}<>,;:.!?=|*"
_STATUS_WORDS: Final = frozenset({"->", "answered", "returned", "status", "status:", "code", "code:", "HTTP"})
_STATUS = re.compile(r"[1-5]\d\d")
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_ADDRESS = re.compile(r"/?(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?(?:/\d{1,2})?")
_ADDRESS6 = re.compile(r"(?:[0-9a-fA-F]{0,4}:){3,}[0-9a-fA-F]{0,4}")
_TIME = re.compile(r"(?:\d{4}-\d\d-\d\dT?)?\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?Z?|\d{4}[-/]\d\d[-/]\d\d")
_HEX = re.compile(r"0[xX][0-9a-fA-F]+|(?=[a-fA-F]*\d)[0-9a-fA-F]{7,}")
_NUMBER = re.compile(
    r"[-+]?\d[\d_,]*(?:\.\d+)*(?:[eE][-+]?\d+)?(?:%|[munµp]?s|min|h|[kKMGT]i?[bB]?|[bB]|/\d+)?"
)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_URL = re.compile(r"([a-z][a-z0-9+]*)://([^/\s\"']*)(/[^\s\"']*)?")
_PATH = re.compile(r"[A-Za-z]:\\.+|\.{0,2}(?:/[^/\s]+){4,}/?|\.{0,2}(?:/[^/\s]+)+\.\w{1,5}")
_PORT = re.compile(r"[\"'(]?([\w.-]+)[\"')]?,? port (\d+)")
_DIGITS = re.compile(r"\d+")
_KEYED = re.compile(r"([A-Za-z_][\w.-]*[=:])(.+)", re.DOTALL)


class Masker:
    """Masks one token at a time. `names` maps addresses and aliases to component ids, which are kept in the text."""

    def __init__(self, names: Mapping[str, str] | None = None) -> None:
        self._names = {key.casefold(): value for key, value in (names or {}).items()}
        self._memo: dict[str, str] = {}

    def tokens(self, message: str) -> tuple[str, ...]:
        """The masked tokens of a message, at most 100."""
        memo, before = self._memo, ""
        if " port " in message:
            message = _PORT.sub(r"\1:\2", message)  # host and port in one token, as aliases have them
        out = []
        for token in message.split(None, 100)[:100]:
            masked = memo.get(token)
            if masked is None:
                if len(memo) > _MEMO:
                    memo.clear()
                masked = memo[token] = self.mask(token)
            if masked == "<num>" and before in _STATUS_WORDS and _STATUS.fullmatch(token):
                masked = token  # an answer's status is what a template is about
            out.append(masked)
            before = token
        return tuple(out)

    def known(self, text: str) -> str:
        """The component id behind a host, `host:port` or name; "" if none is known."""
        return self._names.get(text.casefold(), "") or self._names.get(text.rsplit(":", 1)[0].casefold(), "")

    def mask(self, token: str) -> str:
        """One token, its edge punctuation kept."""
        core = token.strip(_EDGES)
        if not core:
            return token
        at = token.index(core)
        return token[:at] + self._core(core) + token[at + len(core) :]

    def _core(self, core: str) -> str:
        plain = core.isalpha()
        if plain or core.startswith("HTTP/"):
            return core
        if name := self.known(core):
            return name
        if match := _URL.fullmatch(core):
            host = self.known(match[2]) or "<host>"
            return f"{match[1]}://{host}" + ("/<path>" if match[3] and match[3] != "/" else match[3] or "")
        for pattern, mask in _WHOLE:
            if pattern.fullmatch(core):
                return mask
        if match := _KEYED.fullmatch(core):
            return match[1] + self.mask(match[2])
        return _DIGITS.sub("<num>", core)


_WHOLE: Final = (
    (_ADDRESS, "<addr>"),
    (_NUMBER, "<num>"),
    (_UUID, "<uuid>"),
    (_TIME, "<time>"),
    (_HEX, "<hex>"),
    (_ADDRESS6, "<addr>"),
    (_EMAIL, "<email>"),
    (_PATH, "<path>"),
)
