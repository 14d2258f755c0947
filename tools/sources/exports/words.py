"""The words of exports: what means good, missing, a state, a month, a zone, a column."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final, Literal

from aitia.core.bounds import own_yaml

Quality = Literal["good", "uncertain", "bad", ""]
_DIGITAL: Final = re.compile(r"(?:digital ?state|digstate|system ?digital ?state)\W*\d+")
_CONTACT: Final = re.compile(
    r"relay|relais|\brele|breaker|contact|kontakt|schutz\b|interrupt|disjonct|seccionador|\bcb\d|_cb\b|\bcb\b"
)
_MACHINES: Final = frozenset({"machine", "equipment", "asset", "maschine", "anlagen", "equipo", "device"})
_BYTE: Final = 255
_ENCLOSED: Final = re.compile(r"(?:^|\.)([^.]{4,40})\.(?:name|id|tag)$")
_COMPACT: Final = 6  # letters of a word that may be written as one
_HEX: Final = re.compile(r"0x[0-9a-f]{1,8}")
_DENIED: Final = re.compile(
    r"(?:non|not|no|nicht|nie|niet|ne|inte|ej|ikke|ikkje|nao|pas|ei|не|in|un|im|ab)(?:[\s_-]+|(?=\w{4}))|[不非未無]"
)
"""Before a word for good, in the languages of these lists: `Non valido`, `ungültig`, `不合格`."""


@cache
def data() -> Mapping[str, Any]:
    """The words as they stand in words.yaml."""
    text = files("aitia.tools.sources.exports").joinpath("words.yaml").read_text(encoding="utf-8")
    return dict(own_yaml(text))


@lru_cache(maxsize=65536)
def folded(text: str) -> str:
    """A text without case, accents and outer blanks."""
    plain = unicodedata.normalize("NFKD", text.strip().casefold().replace("ß", "ss"))
    return "".join(c for c in plain if not unicodedata.combining(c))


@lru_cache(maxsize=16384)
def key_of(name: str) -> str:
    """A column's name as the lists spell it: `Time (UTC)` and `_time` are `time`, `Date/Time` is `date_time`."""
    bare = re.sub(r"\s*[(\[{].*$", "", folded(name).replace("\n", " ")) or folded(name)
    return re.sub(r"[\s/\\:-]+", "_", bare).strip("_@ \"'#:$").rstrip(".") or bare.strip()


@cache
def _lists(section: str) -> dict[str, frozenset[str]]:
    return {key: frozenset(folded(str(w)) for w in words) for key, words in data()[section].items()}


@cache
def _compact(section: str) -> dict[str, frozenset[str]]:
    """The same without underscores, of longer words: `deviceName` is a `device_name`."""
    return {
        role: frozenset(c for w in words if len(c := w.replace("_", "")) >= _COMPACT)
        for role, words in _lists(section).items()
    }


def called(name: str, role: str, section: str = "columns") -> bool:
    """Whether a column (or a line above a table) is called like one of a role."""
    key = key_of(name)
    if (
        role == "asset"
        and section == "columns"
        and key.count("_") in (1, 2)
        and key.partition("_")[0] in _MACHINES
    ):
        return True
    if role == "asset" and section == "columns" and is_machines_own(name):
        return True
    return key in _lists(section)[role] or key.replace("_", "") in _compact(section)[role]


def is_machines_own(name: str) -> bool:
    """Whether a column holds the name of the machine that encloses what is measured: `Streams.DeviceStream.name`."""
    found = _ENCLOSED.search(folded(name))
    return found is not None and found[1].startswith(tuple(_MACHINES))


def is_said(row: Sequence[str]) -> bool:
    """Whether a line begins with a word for a machine, a tag or a description, which the rest of it tells: `Equipment: P-101`."""
    return bool(row) and any(called(row[0], role, "preamble") for role in ("asset", "tag", "description"))


@lru_cache(maxsize=65536)
def quality_word(cell: str) -> Quality:
    """What a word says of a value's quality; "" for any other text."""
    text = folded(cell).strip("[](){}<>'\"")
    lists = _lists("quality")
    if re.search(r"[,;|]", text):  # several flags: the worst counts
        told = {quality_word(part) for part in re.split(r"[,;|]", text)}
        return next((k for k in ("bad", "uncertain", "good") if k in told), "")
    for kind in ("good", "uncertain", "bad"):
        if text in lists[kind]:
            return kind
    if (denied := _DENIED.match(text)) and text[denied.end() :] in lists["good"]:
        return "bad"
    first = re.split(r"[\s,;:(/\[|-]+", text)[0]
    if first and first != text and len(first) > 2:
        return next((k for k in ("good", "uncertain", "bad") if first in lists[k]), "")
    return ""


@cache
def _missing() -> frozenset[str]:
    return frozenset(folded(str(w)) for w in data()["missing"])


@lru_cache(maxsize=65536)
def is_missing(cell: str) -> bool:
    """Whether a cell is empty or a word for a value that is missing."""
    text = folded(cell).strip("[](){}<>'\"!. ")
    return text in _missing() or folded(cell) in _missing() or bool(_DIGITAL.fullmatch(text)) or (
        bool(text) and not any(c.isalnum() for c in text)
    )  # fmt: skip


@lru_cache(maxsize=65536)
def state_of(cell: str, name: str = "") -> float | None:
    """0 or 1 for a usual state; None for any other word. `name` tells a contact, which conducts where it is closed."""
    text = folded(cell)
    if _CONTACT.search(folded(name)) and text in data()["contact_states"]:
        return float(data()["contact_states"][text])
    lists = _lists("states")
    return 1.0 if text in lists["1"] else 0.0 if text in lists["0"] else None


def code_quality(code: int, *, opc: bool) -> Quality:
    """What a number says: of OPC the two highest bits of the low byte (11 good, 01 uncertain); else 0 is bad."""
    if not opc:
        return "good" if code else "bad"
    if code > _BYTE and code & 0xC0 == 0xC0 and code & 0xFC not in (0xC0, 0xD8):
        return "bad"  # a number of the system's own: OPC knows no such substatus of good
    meant: dict[int, Quality] = {3: "good", 1: "uncertain"}
    return meant.get((code & 0xC0) >> 6, "bad")


def code_of(cell: str) -> int | None:
    """A quality's number, also in hexadecimal."""
    text = folded(cell)
    if _HEX.fullmatch(text):
        return int(text, 16)
    return int(float(text)) if re.fullmatch(r"\d{1,10}([.,]0+)?", text.replace(",", ".")) else None


@cache
def months() -> dict[str, int]:
    """The month of each of its names."""
    return {folded(word): int(n) for n, words in data()["months"].items() for word in words}
