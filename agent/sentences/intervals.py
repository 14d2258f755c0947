"""Spans of time that nobody wrote down but two onsets tell: "12 s later", "within a minute", "three minutes before"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations
from typing import Final

from aitia.agent.text import TIME
from aitia.core.words import Evidence

_SECONDS: Final = {
    "s": 1.0,
    "sec": 1.0,
    "second": 1.0,
    "m": 60.0,
    "min": 60.0,
    "minute": 60.0,
    "h": 3600.0,
    "hour": 3600.0,
}
_SPAN: Final = re.compile(
    r"(?P<lead>\b(?:about|around|roughly|some|nearly|almost|only|just|within|in|less than|under|over|more than|a good|barely|"
    r"by)\s+)*(?P<n>\d+(?:\.\d+)?|an?|the same|one|half an?)\s?(?P<unit>seconds?|sec|s|minutes?|min|m|hours?|h)\b"
    r"(?P<tail>\s+(?:later|earlier|after(?:wards)?|before(?:hand)?|ahead|apart|behind|into|of\b(?: it| that| this| each)?))?",
    re.I,
)
_BARE: Final = frozenset(
    {"within", "in", "less than", "under"}
)  # leads that make a span of a number without a word behind it
_SLACK_S: Final = 1.0  # as onsets are told: whole seconds, of both
_ROUGH: Final = 0.25  # of a span that is told with "about", or in whole minutes or hours
_LOOSE: Final = re.compile(r"about|around|roughly|some|nearly|almost|barely|a good", re.I)
_MOST: Final = re.compile(r"within|less than|under|\bin\b", re.I)


def without_spans(sentence: str, facts: Sequence[Evidence]) -> str:
    """The sentence with spans that lie between two facts' moments blanked out; any other stays, to be held against the facts."""
    gaps = _gaps(facts)

    def blanked(match: re.Match[str]) -> str:
        lead, tail = (match["lead"] or "").strip().lower(), (match["tail"] or "").strip().lower()
        whole = match[0]
        if not tail and lead.split(" ")[-1:] and lead not in _BARE:
            return whole
        if not tail and not lead:
            return whole
        return " " * len(whole) if _between(match, gaps) else whole

    return _SPAN.sub(blanked, sentence)


def _between(match: re.Match[str], gaps: Sequence[float]) -> bool:
    lead, given = match["lead"] or "", match["n"].lower()
    size = _SECONDS[re.sub(r"s$", "", match["unit"].lower()) or "s"]
    said = (0.5 if given.startswith("half") else float(given) if given[0].isdigit() else 1.0) * size
    if given == "the same":
        return any(g < size for g in gaps)
    if _MOST.search(lead):
        return any(g <= said + _SLACK_S for g in gaps)
    rough = _ROUGH * said if _LOOSE.search(lead) or size > 1.0 else 0.0
    return any(abs(g - said) <= max(_SLACK_S, rough) for g in gaps)


def _gaps(facts: Sequence[Evidence]) -> list[float]:
    """Seconds between each two moments: onsets, and the times that statements tell."""
    moments: list[float] = []
    for fact in facts:
        if fact.onset is not None:
            moments.append(fact.onset.hour * 3600 + fact.onset.minute * 60 + fact.onset.second)
        for told in TIME.findall(fact.statement):
            parts = [int(p) for p in told.split(":")]
            moments.append(parts[0] * 3600 + parts[1] * 60 + (parts[2] if len(parts) > 2 else 0))
    return sorted({abs(a - b) for a, b in combinations(sorted(set(moments)), 2)} | {0.0})
