"""Header detection: which part of a stream's lines is timestamp, level and logger, by sampling and voting.

The timestamp format that most sampled lines share is taken, with the number of words before it. What follows
it is taken apart into atoms (level, brackets, process id, logger name, separators), one at a time, as long as
nearly all sampled lines share the next one. The rest of a line is its message. JSON lines and logfmt are read by key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from aitia.tools.logs.levels import PATTERN, Level, fold
from aitia.tools.logs.structured import json_line, logfmt_line
from aitia.tools.logs.timestamps import FORMATS, Format, Timekeeper

Parsed = tuple[float, Level, str]  # epoch seconds, level, message
Header = Callable[[str], Parsed | None]  # None: the line has no header of its own

_SHARE = 0.9  # of the sampled lines must have an atom
_PREFIX_WORDS = 4
_LOGGERS = 6
_MAX_ATOMS = 10
_AFTER = r"\]?(?:[\s:,|]+|$)?"
_ACCESS_PREFIX = r"\S+ \S+ (?:\S+|\"[^\"]*\") \["


@dataclass(frozen=True, kw_only=True)
class Atom:
    """A piece of a header. `once` atoms appear at most once."""

    name: str
    pattern: str
    once: bool = False


_TAG = r"[A-Za-z_][\w./@-]*(?:\([\w -]+\))?(?:\[[\w.-]+\])?:(?:\s+|$)"
ATOMS: Final[tuple[Atom, ...]] = (
    Atom(name="date", pattern=r"\d{4}[.-]\d\d[.-]\d\d(?:[-T ]\d\d[.:]\d\d[.:]\d\d[.,\d]*)?\s+"),
    Atom(name="unit", pattern=r"[A-Z]+\d+(?:-[A-Z0-9]+)+(?::[A-Z]\d+-[A-Z]\d+)?\s+"),
    Atom(name="category", pattern=rf"(?:[A-Z]{{2,}}\s+){{1,2}}(?={PATTERN}\s)", once=True),
    Atom(name="stream", pattern=r"(?:stdout|stderr) [FP] ", once=True),  # container runtimes (CRI)
    Atom(name="host", pattern=rf"\S+ (?={_TAG})", once=True),
    Atom(
        name="level",
        pattern=rf"[\[<(]?\s*(?P<level>{PATTERN})\s*[\])>]?(?:\s*[:|]+\s*|\s+-\s+|\s+|$)",
        once=True,
    ),
    Atom(name="mark", pattern=r"(?P<mark>[*#.-])\s(?=\S)", once=True),  # redis
    Atom(name="session", pattern=r"[\w\[\]-]+@[\w\[\]-]+\s+(?=[A-Z]+:)", once=True),  # PostgreSQL %u@%d
    Atom(name="bracket", pattern=r"\[(?:[^\[\]]|\[[^\[\]]*\])*\]:?\s*"),
    Atom(name="place", pattern=r"[\w./-]+:\d+[\]:]?\s+", once=True),
    Atom(name="separator", pattern=r"(?:[-|:]+\s+|\|)"),
    Atom(name="pid", pattern=r"\d+(?:#\d+)?:?\s+"),
    Atom(name="field", pattern=r"[\w.-]+\|"),
    Atom(name="tag", pattern=_TAG),
    Atom(name="class", pattern=r"[A-Za-z_]\w*(?:[.$/][\w$]+)+(?::\s*|\s+)", once=True),
)
_MARKS: Final[dict[str, Level]] = {"#": "warning", "*": "info", "-": "info", ".": "debug"}


def detect(sample: Sequence[str], *, zone: tzinfo, near: datetime, component: str = "") -> Header | None:
    """The header of a stream from some of its lines; None where no timestamp is recognised.

    `component` helps to tell a bare logger name from a message's first word.
    """
    lines = [line for line in sample if line.strip()]
    keeper = Timekeeper(FORMATS[0], zone=zone, near=near)
    best: tuple[int, Header] | None = None
    for reader in (json_line, logfmt_line):
        structured: Header = _bind(reader, keeper)
        votes = sum(structured(line) is not None for line in lines)
        if votes and votes * 2 >= len(lines) and (best is None or votes > best[0]):
            best = votes, structured
    if best is not None:
        return best[1]
    return _textual(lines, zone=zone, near=near, component=component)


def _bind(reader: Callable[[str, Timekeeper], Parsed | None], keeper: Timekeeper) -> Header:
    return lambda line: reader(line, keeper)


def _textual(lines: Sequence[str], *, zone: tzinfo, near: datetime, component: str) -> Header | None:
    votes = [
        (sum(pattern.match(line) is not None for line in lines), -order, form, pattern)
        for order, (form, pattern) in enumerate(_candidates())
    ]
    count, _, form, pattern = max(votes, key=lambda vote: vote[:2])
    if not count:
        return None
    rests = [line[match.end() :] for line in lines if (match := pattern.match(line))]
    level_known = "(?P<level>" in pattern.pattern
    atoms = _atoms(rests, level_known=level_known, component=component)
    regex = re.compile(pattern.pattern + atoms + r"(?P<msg>.*)", re.DOTALL)
    return _reader(regex, Timekeeper(form, zone=zone, near=near))


def _candidates() -> list[tuple[Format, re.Pattern[str]]]:
    prefixes = [r"(?:<\d{1,3}>(?:\d+ )?)?[\[(]?"]
    prefixes += [rf"(?:\S+ +){{{words}}}[\[(]?" for words in range(1, _PREFIX_WORDS + 1)]
    found = [(form, re.compile(prefix + form.pattern + _AFTER)) for prefix in prefixes for form in FORMATS]
    return found


def _atoms(rests: Sequence[str], *, level_known: bool, component: str) -> str:
    """The regular expression of what follows the timestamp, each atom optional."""
    used: list[str] = ["level"] if level_known else []
    out = ""
    for _ in range(_MAX_ATOMS):
        atom = _next_atom(rests, used)
        if atom is None:
            break
        used.append(atom.name)
        pattern = re.compile(atom.pattern)
        rests = [rest[match.end() :] if (match := pattern.match(rest)) else rest for rest in rests]
        out += f"(?:{atom.pattern})?"
    return out + _bare_logger(rests, component)


def _bare_logger(rests: Sequence[str], component: str) -> str:
    """A logger name without punctuation: few distinct first words, the component's own name among them."""
    words = {rest.split(" ", 1)[0] for rest in rests if " " in rest}
    if component not in words or len(words) > _LOGGERS or len(rests) < 2 * len(words):
        return ""
    return "(?:(?:" + "|".join(re.escape(word) for word in sorted(words)) + ") )?"


def _next_atom(rests: Sequence[str], used: Sequence[str]) -> Atom | None:
    for atom in ATOMS:
        if (atom.once and atom.name in used) or used.count(atom.name) > 3:
            continue
        if atom.name == "host" and used:
            continue
        pattern = re.compile(atom.pattern)
        if sum(pattern.match(rest) is not None for rest in rests) >= _SHARE * len(rests):
            return atom
    return None


def _reader(regex: re.Pattern[str], keeper: Timekeeper) -> Header:
    index = regex.groupindex
    ts, frac, tz, level, mark, msg = (index.get(n, 0) for n in ("ts", "frac", "tz", "level", "mark", "msg"))
    match_line, epoch, levels = regex.match, keeper.epoch, dict[str, Level]()

    def read(line: str) -> Parsed | None:
        match = match_line(line)
        if match is None:
            return None
        at = epoch(match[ts], match[frac] if frac else None, match[tz] if tz else None)
        if at is None:
            return None
        word = (match[level] or "") if level else (match[mark] or "") if mark else ""
        folded = levels.get(word)
        if folded is None:
            folded = levels[word] = _MARKS.get(word) or fold(word)
        return at, folded, match[msg]

    return read
