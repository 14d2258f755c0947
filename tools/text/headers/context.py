"""Pieces that are not known by themselves: words before a level, a bare logger's name, a number, syslog's host."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from aitia.tools.text.headers.atoms import (
    ATOMS,
    GLUED,
    HOST,
    LEVEL_UPPER,
    NUMBER,
    PROCESS,
    SOURCE,
    WORD,
    Atom,
    level,
)
from aitia.tools.text.headers.levels import ANY_CASE, UPPER
from aitia.tools.text.headers.piece import FEW, SHARE, Piece, compiled, share, take
from aitia.tools.text.headers.timestamps import FORMATS

_WORDS_BEFORE: Final = 7
_ALL: Final = 0.98
_STRONG: Final = (
    ("level", rf"(?:{UPPER}[\s:|]|[\[<]{ANY_CASE}[\]>]|(?:Error|Warn|Warning|Info|Debug)\s)"),
    ("letter", r"[VDIWEFCA]\s+\S"),
    ("process", r"[\w.@/-]+(?:\([\w. -]+\))?\[\d+\]:\s"),
    ("time", r"\d{4}-\d\d-\d\d[T ]\d\d:|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d"),
    ("place", rf"[\w./-]+\.(?:{SOURCE})[:(]\d+[\])]?\s"),
    ("class", r"\w+(?:[.$]\w+)+:\s"),
)


def is_known(atom: Atom, used: Sequence[str]) -> bool:
    """A second level is no header, nor a tag after the logger."""
    if "(?P<level>" in atom.pattern and any(u in used for u in ("level", "letter", "cisco", "facility")):
        return True
    loggers = ("tag", "glued", "class", "process", "cisco", "label", "source")
    if atom.name == "plain class" and "level" not in used:
        return True
    return atom.name in loggers and any(u in used for u in loggers)


def second_time(rests: Sequence[str]) -> Piece | None:
    """Another time that follows the first: a shipper wrote one, the program the other."""
    for form in FORMATS:
        pattern = rf"[\[(\"]?{form.pattern}[\])\"]?(?:[\s:,|]+|$)"
        if not form.weak and share(pattern, rests) >= SHARE:
            return Piece("time", pattern, form=form)
    return None


def is_glued(rests: Sequence[str]) -> bool:
    """A logger's name that touches the message (`name:text`); most often no port follows it."""
    words = {rest.split(":", 1)[0] for rest in rests}
    few = len(words) <= max(2, len(rests) // 5)
    return few and share(GLUED.pattern, rests) >= SHARE and share(GLUED.pattern + r"(?!\d)", rests) >= 0.5


def number_is_header(rests: Sequence[str], used: Sequence[str]) -> bool:
    """A number before the message: the same in nearly all lines, ended by a colon, or followed by another piece."""
    if "number" in used and used.count("number") > 1:
        return False
    after = take(Piece("", NUMBER.pattern), rests, [])
    first = Counter(rest.split(None, 1)[0] for rest in rests if rest.strip())
    constant = len(rests) > FEW and (
        first.most_common(1)[0][1] >= SHARE * len(rests) or (len(first) <= 3 and len(rests) >= 20)
    )
    strong = any(share(a.pattern, after) >= SHARE for a in ATOMS if not is_known(a, used))
    number = share(NUMBER.pattern, after) >= SHARE and used.count("number") < 1
    return (
        constant
        or share(r"#?\d[\d#/:]*:\s", rests) >= SHARE
        or strong
        or number
        or ("level" not in used and words_before(after, used) is not None)
    )


def words_before(rests: Sequence[str], used: Sequence[str]) -> Piece | None:
    """Words that are not known by themselves but stand, in nearly all lines, before a piece that is."""
    for name, strong in _STRONG:
        if name in used or (name == "letter" and "level" in used):
            continue
        words = [f"(?:{WORD}\\s+){{{n}}}(?={strong})" for n in range(1, _WORDS_BEFORE + 1)]
        for pattern in words:
            if share(pattern, rests) >= SHARE and (name != "level" or _levels_vary(pattern, rests)):
                return Piece("word", rf"(?P<word>{WORD})\s+")
        varied = rf"(?:{WORD}\s+){{0,3}}?(?={strong})"
        if name == "level" and not _levels_vary(varied, rests):
            continue
        if name in ("level", "process") and share(varied, rests) >= SHARE:
            return Piece("words", rf"(?P<word>(?:{WORD}\s+){{1,3}}?)(?={strong})")
    return None


def _levels_vary(before: str, rests: Sequence[str]) -> bool:
    """Whether the words at a place are levels and not one statement's own word such as `ERROR`."""
    match = compiled(before).match
    words = {
        re.split(r"\W", rest[m.end() :].lstrip("[<"), maxsplit=1)[0] for rest in rests if (m := match(rest))
    }
    return len(words) > 1 or bool(words & {"INFO", "DEBUG", "NOTICE", "WARN", "WARNING", "TRACE"})


def level_column(rests: Sequence[str]) -> Piece | None:
    """A column of levels some of whose words are unknown: few, in capitals, where the others stand."""
    known, unknown = share(LEVEL_UPPER.pattern, rests), r"[A-Z]{3,9}(?=\s)"
    if not 0.5 <= known < 1.0 or share(rf"{LEVEL_UPPER.pattern}|{unknown}", rests) < _ALL:
        return None
    match = compiled(LEVEL_UPPER.pattern).match
    others = {rest.split(None, 1)[0] for rest in rests if rest and not match(rest)}
    words = "|".join(sorted(others, key=len, reverse=True))
    if not 0 < len(others) <= FEW // 2 or not re.fullmatch(r"[A-Z|]+", words):
        return None
    return Piece("level", level(rf"(?:{UPPER}|(?:{words})\b)"))


def host_of(rests: Sequence[str]) -> Piece | None:
    """The host of syslog: few different words, before a program's name in most lines."""
    words = {rest.split(None, 1)[0] for rest in rests if rest.strip()}
    if any(share(a.pattern, rests) >= SHARE for a in ATOMS if a.name in ("facility", "host", "level")):
        return None
    tagged = rf"\S+\s+(?:{PROCESS}|[A-Za-z_/][\w./()-]*:\s|%\w|CEF|LEEF)"
    if any(w.endswith(":") for w in words) or len(words) > max(FEW, len(rests) // 4):
        tagged = rf"\S+\s+{PROCESS}"
    return Piece("host", HOST.pattern) if share(tagged, rests) >= HOST.share else None


def bare_logger(rests: Sequence[str], used: Sequence[str], component: str) -> Piece | None:
    """A logger's name without punctuation: few different first words, one of them the component's own name."""
    words = {rest.split(" ", 1)[0] for rest in rests if " " in rest}
    if len(words) > FEW or len(rests) < 2 * len(words):
        return None
    if component not in words and not (
        "level" in used and all(re.fullmatch(r"[a-z]\w*(?:[.-]\w+)+|root", w) for w in words)
    ):
        return None
    return Piece("logger", "(?P<logger>" + "|".join(re.escape(w) for w in sorted(words)) + ") ")
