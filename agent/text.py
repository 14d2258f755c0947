"""How a sentence is taken apart: names, citations, times, numbers with unit and role, words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

CITE: Final = re.compile(r"[\[(]?\bE(\d+)\b[\])]?")
TIME: Final = re.compile(r"\b\d{1,2}:\d{2}(?::\d{2})?\b")
_RATE: Final = r"(?:per|an?|each|every)\s(second|minute|hour|day)\b|/\s?(s|min|h|d)\b"
RATE: Final = re.compile(rf"\b(?:{_RATE})|(?<=\w)/(s|min|h|d)\b|(?<=\s)/(s|min|h|d)\b")
_NUMBER: Final = re.compile(
    r"(?<![\w.])([-+−]?\d{1,3}(?:[ ,]\d{3})+(?:\.\d+)?|[-+−]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\s?"
    r"(%|‰|percent\b|×|x\b|times\b|[mµun]s\b|s\b|seconds?\b|min\b|minutes?\b|h\b|hours?\b|d\b|days?\b|[KMGT]i?B\b|"
    r"[kMG]?Hz\b|rpm\b|dB\b|g\b|mm\b|°C\b|B\b)?"
    rf"(?:\s?(?:{_RATE}))?(?!\w|\.\d)"
)  # fmt: skip
QUOTED: Final = re.compile(r'"([^"]*)"')
_WORD: Final = re.compile(r"[A-Za-zµ][A-Za-z'_-]*")
_UNIT: Final = {
    "percent": "%",
    "x": "×",
    "times": "×",
    "second": "s",
    "seconds": "s",
    "minute": "min",
    "minutes": "min",
    "hour": "h",
    "hours": "h",
    "day": "d",
    "days": "d",
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
    """A number as written: its unit, its place, and its role.

    `by` a change, `from`, `to`; a `limit`; a `bound` (up to, at least, another ...); the `whole` in "5 % of 40"; of the
    `baseline`; or none.
    """

    value: float
    unit: str
    role: str
    step: float  # half a unit of its last written digit
    at: int  # where it stands
    end: int = 0  # where it ends, unit included


def numbers(text: str) -> list[Number]:
    """The numbers of a text, in order. Mask names and times first."""
    found: list[Number] = []
    for match in _NUMBER.finditer(text):
        raw = match[1].replace(",", "").replace(" ", "").replace("−", "-")
        decimals = len(raw.lower().split("e")[0].partition(".")[2])
        role = "by" if raw.startswith("+") else _role(text[: match.start()], text[match.end() :])
        unit = _UNIT.get((match[2] or "").strip(), (match[2] or "").strip())
        if rate := match[3] or match[4]:
            unit = f"{unit}/{_UNIT.get(rate, rate)}"
        number = Number(
            value=float(raw),
            unit=unit,
            role=role,
            step=0.5 * 10**-decimals,
            at=match.start(),
            end=match.end(),
        )
        if role == "to" and found and found[-1].role == "from" and not found[-1].unit:
            found[-1] = replace(found[-1], unit=unit)  # "from 7 to 30 ms" says 7 ms
        found.append(number)
    return found


_ROLES: Final = (
    ("baseline", re.compile(r"\b(?:before that|blocks have|before, it was at)\s*$", re.I)),
    ("limit", re.compile(r"\b(?:limit|maximum|capacity|threshold)\s+(?:of\s*|is\s*)?$", re.I)),
    ("whole", re.compile(r"(?:[\d%]|percent)\s*(?:out\s+)?of\s+(?:the\s+|its\s+|all\s+|a\s+)?$", re.I)),
    (
        "bound",
        re.compile(
            r"\b(?:up to|at most|at least|(?:more|less|fewer) than|over|under|above|below|another|a further|every|nearly|almost)"
            r"\s*$",
            re.I,
        ),
    ),
    ("by", _DELTA_BEFORE),
    ("from", re.compile(r"\bfrom\s*(?:about\s+)?$", re.I)),
    ("to", re.compile(r"\bto\s*(?:about\s+)?$", re.I)),
)


def _role(before: str, after: str) -> str:
    if _DELTA_AFTER.match(after):
        return "by"
    return next((role for role, pattern in _ROLES if pattern.search(before)), "")


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
    return [(m.start(), m.end(), m[1]) for m in QUOTED.finditer(text)]


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
    r",(?!\d{3}\b)|;|\b(?:and|but|as|when|once|while|with|until|during|which|then|so that|because|due to|leads? to|led to|"
    r"leading to|"
    r"cause[sd]?(?: by)?|causing|result(?:ed|s|ing) in|trigger(?:ed|s)?|before|after(?: that| this| which)?|followed by|"
    r"following)\b", re.I
)  # fmt: skip


def clauses(text: str) -> list[tuple[int, int]]:
    """Where the clauses of a sentence begin and end: split at commas and at words that join facts."""
    cuts = [0, *(m.end() for m in _BREAK.finditer(text)), len(text)]
    return [(a, b) for a, b in pairwise(cuts) if text[a:b].strip()]
