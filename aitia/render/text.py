"""Pure text helpers that every rendering shares: safe text, numbers, times, citations."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import Final

from aitia.core.words import Report, Sentence, Window

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_SELECT = re.compile(r"^(SELECT)\b.*? FROM .*? (WHERE)\b", re.IGNORECASE)
_CLAUSE = re.compile(r"[;:.](?= )|,(?= [^\W\d])| (?=\()")  # where a clause ends; no comma between two figures
_LEAST_SHARE: Final = 0.4  # of a limit that is told at least
_LONGEST: Final = 3  # times the limit: a text without any clause is cut all the same
_CITED = re.compile(r"\bE\d+\b")


NOT_VISIBLE: Final = "a cause not visible in this telemetry"


def clean(text: str) -> str:
    """One line without control, format (bidi, zero-width) or surrogate characters, and without ANSI sequences."""
    if text.isprintable():  # nothing to take out: most texts, and quickly seen
        return " ".join(text.split())
    flat = _ANSI.sub("", text)
    flat = "".join(" " if c.isspace() else c for c in flat)
    return " ".join("".join(c for c in flat if _visible(c)).split())


def _visible(c: str) -> bool:
    return unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def clean_lines(text: str) -> str:
    """The same, but line breaks stay: for commands, which a person copies."""
    lines = _ANSI.sub("", text).replace("\r\n", "\n").split("\n")
    flat = (line.expandtabs(4) for line in lines)
    return "\n".join(
        line if line.isprintable() else "".join(c for c in line if _visible(c)) for line in flat
    ).strip("\n")


def at(moment: datetime, *, date: bool = False) -> str:
    """A UTC time of day, with its date where asked."""
    return f"{moment:%Y-%m-%d %H:%M:%S}" if date else f"{moment:%H:%M:%S}"


def clip(text: str, limit: int) -> str:
    """At most `limit` characters, the cut shown."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def cut(text: str, limit: int) -> str:
    """The text up to the last clause that ends within the limit, else to the end of its first: no number and no name is cut."""
    if len(text) <= limit:
        return text
    ends = [m.start() for m in _CLAUSE.finditer(text) if _whole(text[: m.start()])]
    within = [end for end in ends if _LEAST_SHARE * limit <= end < limit]
    end = within[-1] if within else next((e for e in ends if e >= limit), len(text))
    return clip(text if end == len(text) else f"{text[:end]} …", _LONGEST * limit)


def _whole(text: str) -> bool:
    """Whether neither a quotation nor a bracket is left open."""
    return text.count('"') % 2 == 0 and text.count("(") == text.count(")")


def glance(query: str, limit: int) -> str:
    """A query in one line: of a SELECT what it selects by, which tells it from others, and no more than `limit` characters."""
    return clip(_SELECT.sub(r"\1 … \2", clean(query)), limit)


def span(window: Window) -> str:
    """A window as two UTC times, the date once where both ends share it."""
    same_day = window.start.date() == window.end.date()
    return f"{at(window.start, date=True)} – {at(window.end, date=not same_day)} UTC"


def duration(seconds: float) -> str:
    """Seconds as a person says them: 0.8 s, 42 s, 3 min 20 s, 2 h 5 min."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def count(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: 1 fact, 2 facts, 1 204 tokens."""
    shown = f"{number:,}".replace(",", " ")
    return f"{shown} {noun if number == 1 else plural or noun + 's'}"


def missing_cites(sentence: Sentence) -> tuple[str, ...]:
    """The citations that the sentence's text does not already show."""
    shown = set(_CITED.findall(sentence.text))
    return tuple(c for c in sentence.cites if c not in shown)


def cited_ids(report: Report) -> tuple[str, ...]:
    """Evidence that the report's sentences cite, in order of first use."""
    sentences = [*report.summary, *report.chain, *(x.sentence for x in report.ruled_out)]
    ids = [c for s in sentences for c in s.cites] + [entry.evidence for entry in report.timeline]
    return tuple(dict.fromkeys(i for i in ids if i))


def fault_name(report: Report) -> str:
    """The fault as a person reads it."""
    return report.fault_title or report.fault


def id_order(evidence_id: str) -> tuple[int, str]:
    """Sorts E2 before E10."""
    digits = "".join(c for c in evidence_id if c.isdecimal())
    return int(digits or 0), evidence_id
