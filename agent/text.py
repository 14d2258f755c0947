"""How a sentence is taken apart: names, citations, times, numbers with unit and role, words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

CITE: Final = re.compile(r"[\[(]?\bE(\d+)\b[\])]?")
TIME: Final = re.compile(r"\b\d{1,2}:\d{2}(?::\d{2})?\b")
_NUMBER: Final = re.compile(
    r"(?<![\w.])([-+−]?\d{1,3}(?:[ ,]\d{3})+(?:\.\d+)?|[-+−]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\s?"
    r"(%|percent\b|×|x\b|times\b|ms\b|s\b|seconds?\b|min\b|minutes?\b|[KMGT]i?B\b|MB/s\b|Hz\b|rpm\b|dB\b|g\b|mm/s\b|°C\b|/s\b|/min\b|B\b)?"
)  # fmt: skip
_QUOTE: Final = re.compile(r'"([^"]*)"')
_WORD: Final = re.compile(r"[A-Za-zµ][A-Za-z'_-]*")
_UNIT: Final = {
    "percent": "%",
    "x": "×",
    "times": "×",
    "second": "s",
    "seconds": "s",
    "minute": "min",
    "minutes": "min",
}
_DELTA_BEFORE: Final = re.compile(
    r"\b(?:by|(?:increase|rise|growth|jump|surge|climb|drop|decrease|fall|decline|reduction)\s+of)\s*(?:about\s+|~)?$",
    re.I,
)
_DELTA_AFTER: Final = re.compile(
    r"^\s*(?:increase|rise|growth|jump|surge|drop|decrease|decline|reduction|higher|lower|more|less|faster|slower)\b",
    re.I,
)


@dataclass(frozen=True, kw_only=True)
class Number:
    """A number as written: its unit, its place, and its role (`by` a change, `from`, `to`, or none)."""

    value: float
    unit: str
    role: str
    step: float  # half a unit of its last written digit
    at: int  # where it stands


def numbers(text: str) -> list[Number]:
    """The numbers of a text, in order. Mask names and times first."""
    found: list[Number] = []
    for match in _NUMBER.finditer(text):
        raw = match[1].replace(",", "").replace(" ", "").replace("−", "-")
        unit = (match[2] or "").strip()
        decimals = len(raw.split("e")[0].partition(".")[2])
        role = _role(text[: match.start()], text[match.end() :])
        unit = _UNIT.get(unit, unit)
        number = Number(value=float(raw), unit=unit, role=role, step=0.5 * 10**-decimals, at=match.start())
        if role == "to" and found and found[-1].role == "from" and not found[-1].unit:
            found[-1] = replace(found[-1], unit=unit)  # "from 7 to 30 ms" says 7 ms
        found.append(number)
    return found


def _role(before: str, after: str) -> str:
    if _DELTA_BEFORE.search(before) or _DELTA_AFTER.match(after):
        return "by"
    word = re.search(r"\b(from|to)\s*(?:about\s+)?$", before, re.I)
    return word[1].lower() if word else ""


def names_in(text: str, names: Iterable[str]) -> list[tuple[int, str]]:
    """Where known component names stand in a text, as (position, name); longer names win over parts of them."""
    found: list[tuple[int, str]] = []
    taken: list[tuple[int, int]] = []
    for name in sorted({n for n in names if n}, key=lambda n: (-len(n), n)):
        for match in re.finditer(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text, re.I):
            if not any(a < match.end() and match.start() < b for a, b in taken):
                taken.append((match.start(), match.end()))
                found.append((match.start(), name))
    return sorted(found)


def mask(text: str, names: Iterable[str]) -> str:
    """The text with known names, citations and times blanked out, positions kept."""
    for start, name in names_in(text, names):
        text = text[:start] + " " * len(name) + text[start + len(name) :]
    for pattern in (CITE, TIME):
        text = pattern.sub(lambda m: " " * len(m[0]), text)
    return text


def quotes(text: str) -> list[tuple[int, int, str]]:
    """Where quoted spans stand, quotation marks included, and what is in them."""
    return [(m.start(), m.end(), m[1]) for m in _QUOTE.finditer(text)]


def blank(text: str, start: int, end: int) -> str:
    """The text with a span blanked out, positions kept."""
    return text[:start] + " " * (end - start) + text[end:]


def words(text: str) -> list[str]:
    """The words of a text, lower case, hyphens and underscores split."""
    parts = (part for m in _WORD.finditer(text) for part in re.split(r"[-_]", m[0]))
    return [p.lower().removesuffix("'s").strip("'") for p in parts if len(p) > 1]


def stem(word: str) -> str:
    """A crude English stem: enough to see that `exhausted` and `exhaust` are one word."""
    for suffix, least in (
        ("ments", 4),
        ("ment", 4),
        ("ations", 4),
        ("ation", 4),
        ("ings", 4),
        ("ing", 4),
        ("ies", 3),
        ("ed", 3),
        ("es", 4),
        ("s", 3),
        ("ly", 4),
        ("e", 3),
    ):
        if word.endswith(suffix) and len(word) - len(suffix) >= least:
            word = word[: -len(suffix)] + ("y" if suffix == "ies" else "")
            break
    if len(word) > 3 and word[-1] == word[-2]:
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word


_BREAK: Final = re.compile(
    r",|;|\b(?:and|but|as|when|once|while|with|until|during|which|then|so that|because|due to|leads? to|led to|leading to|"
    r"cause[sd]?(?: by)?|causing|result(?:ed|s|ing) in|trigger(?:ed|s)?|before|after(?: that| this| which)?|followed by|"
    r"following)\b", re.I
)  # fmt: skip


def clauses(text: str) -> list[tuple[int, int]]:
    """Where the clauses of a sentence begin and end: split at commas and at words that join facts."""
    cuts = [0, *(m.end() for m in _BREAK.finditer(text)), len(text)]
    return [(a, b) for a, b in pairwise(cuts) if text[a:b].strip()]
