"""A line's text, cut to what is mined: of a long JSON object its long strings, since half an object cannot be read."""

from __future__ import annotations

import re
from typing import Final

LINE_BYTES: Final = 8192  # longer lines are cut for mining, not for hashing
STRING_BYTES: Final = 512  # of a string in a JSON object that is longer
_CHARACTER: Final = rb'(?:[^"\\]|\\u[0-9a-fA-F]{4}|\\.)'
_LONG_STRING: Final = re.compile(rb'"(%b{%d})%b+"' % (_CHARACTER, STRING_BYTES, _CHARACTER), re.DOTALL)


def text_of(raw: bytes) -> str:
    """A line's text, cut: of a long JSON object its long strings, since half an object cannot be read."""
    if len(raw) > LINE_BYTES:
        raw = shortened(raw) if is_object(raw) else raw[:LINE_BYTES]
    return raw.decode("utf-8", "replace").rstrip("\r\n")


def is_object(raw: bytes) -> bool:
    """Whether a line begins as a JSON object does."""
    return raw[:64].lstrip()[:1] == b"{"


def shortened(raw: bytes) -> bytes:
    """A JSON line whose strings are cut to STRING_BYTES characters each."""
    return _LONG_STRING.sub(rb'"\1"', raw)
