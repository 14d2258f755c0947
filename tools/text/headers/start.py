"""Where the time stands in a stream's lines: the format that most of them share, and the shape of what precedes it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from aitia.tools.text.headers.timestamps import FORMATS, Format

_REACH: Final = 200  # characters in which a line's first time is looked for
_PROBE: Final = 24  # lines that decide which formats are tried on all
_WEAK_SHARE: Final = 0.2
_PREFIX_SHARE: Final = 0.1
_DATED: Final = 0.3
_NEAR_BEST: Final = 0.95
_TOKENS: Final = 10
PRI: Final = r"(?:<(?P<pri>\d{1,3})>(?:\d )?)?"
AFTER: Final = r"(?::\d+\))?[\])>\"'}]?(?:\s*[|;\t,](?=\S)|[\s:,|]*)"
_PRI: Final = re.compile(r"<\d{1,3}>(?:\d )?")
_OPENER: Final = re.compile(r"(?:[\[({\"'*.]|####<|<)*$")
_TOKEN: Final = re.compile(r"\[[^\[\]]*\]|<[^<>]*>|\"[^\"]*\"|\s+|[^\s\[]+|\S")


@dataclass(frozen=True, kw_only=True)
class Start:
    """A time format and the pattern of what stands before it."""

    form: Format
    prefix: str


@cache
def searches() -> tuple[tuple[Format, re.Pattern[str]], ...]:
    """Each format as it is found within a line, in the order of preference."""
    made = []
    for form in FORMATS:
        loose = form.weak or not form.year
        behind = (
            "" if form.uptime or "level" in form.pattern else r"(?<![\w.:/+-])" if loose else r"(?<![\w.-])"
        )
        word = r"(?<!\w)" if "level" in form.pattern else ""
        made.append((form, re.compile(behind + word + form.pattern)))
    return tuple(made)


def find(lines: Sequence[str]) -> Start | None:
    """The time of most lines; of formats that nearly as many have, the one that stands first."""
    heads = [line[:_REACH] for line in lines]
    probe = heads[:: max(1, len(heads) // _PROBE)]
    tried = [s for s in enumerate(searches()) if any(map(s[1][1].search, probe))]
    tried = tried or list(enumerate(searches()))
    votes: dict[tuple[int, str], list[int]] = defaultdict(list)
    for order, (_, pattern) in tried:
        for head in heads:
            if (match := pattern.search(head)) and (prefix := shape(head[: match.start()])) is not None:
                votes[order, prefix].append(match.start())
    kept = {key: at for key, at in votes.items() if len(at) >= _needed(key, len(heads))}
    dated = {key: at for key, at in kept.items() if FORMATS[key[0]].name != "clock"}
    if dated and max(map(len, dated.values())) >= _DATED * max(map(len, kept.values())):
        kept = dated  # a clock is a part of most other formats
    if not kept:
        return None
    most = max(map(len, kept.values()))
    order, prefix = min(
        (key for key, at in kept.items() if len(at) >= _NEAR_BEST * most),
        key=lambda key: (sum(kept[key]) / len(kept[key]), key[0]),
    )
    return Start(form=FORMATS[order], prefix=prefix)


def _needed(key: tuple[int, str], lines: int) -> float:
    order, prefix = key
    share = _WEAK_SHARE if FORMATS[order].weak else _PREFIX_SHARE if prefix != shape("") else 0.0
    return max(1.0, share * lines)


def shape(text: str) -> str | None:
    """The pattern of a text before the time, its words made general; None where it is too long to be a header."""
    opener = _OPENER.search(text)
    body = text[: opener.start()] if opener else text
    end = f"[{re.escape(''.join(sorted(set(opener[0]))))}]*" if opener and opener[0] else r"[\[(]?"
    if match := _PRI.match(body):
        body = body[match.end() :]
    tokens = _TOKEN.findall(body)
    if len(tokens) > 2 * _TOKENS:
        return None
    last = "" if not tokens or tokens[-1].isspace() else tokens.pop()
    return PRI + "".join(_general(token) for token in tokens) + _glued(last) + end


def _general(token: str) -> str:
    if token.isspace():
        return r"\s+"
    for left, right, inside in (("[", "]", r"[^\[\]]*"), ("<", ">", "[^<>]*"), ('"', '"', '[^"]*')):
        if token.startswith(left) and token.endswith(right):
            return rf"{re.escape(left)}(?P<ctx>{inside}){re.escape(right)}"
    return r"(?P<word>\S+)"


def _glued(text: str) -> str:
    """What touches the time: columns up to the last delimiter, or a fixed word such as `msg=audit(`."""
    if not text:
        return ""
    for mark in "|;,:":
        if text.endswith(mark):
            return rf"(?:[^{re.escape(mark)}\s]*{re.escape(mark)})" + f"{{{text.count(mark)}}}"
    return re.sub(r"\d+", r"\\d+", re.escape(text)) if len(text) <= 16 else r"\S*?"
