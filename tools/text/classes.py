"""What a message tells a diagnosis: its aspect and severity, by its level and by what its program wrote of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from aitia.tools.meaning.dictionary import Message
from aitia.tools.meaning.message_reader import Learned, learned
from aitia.tools.meaning.messages import Class, Reading, Whose, classes, read, spoken
from aitia.tools.text.causes import cause
from aitia.tools.text.headers.levels import RANK, Level, in_text, worst
from aitia.tools.text.program_text import written

LONGEST: Final = 1000  # characters of a message that are read
# Log-odds above which words make an error where no level says so: of a class that a diagnosis knows, and of any other trouble.
_BAR_OF_CLASS: Final = 0.7
_BAR: Final = 3.0
_BAR_OF_QUIET: Final = 2.0  # of a class, where a quiet level says that it is none
_SURE: Final = 0.5  # probability from which a learned class is taken, where no words name one
_FAILED: Final = re.compile(r"(?:->|status[=: ]|\" )\s*(5\d\d)\b")  # the status of an answer
# What a gateway says of the server behind it (RFC 9110, 15.6.3 and 15.6.5): an invalid answer, and none in time.
_GATEWAY: Final = {"502": "log.unavailable", "504": "log.timeout"}
# A provider's word that it was asked too often: the answer to a call of one's own, whose address is whole, or the words for it.
_THROTTLED: Final = re.compile(
    r"(?i)\b(?:GET|POST|PUT|PATCH|DELETE|HEAD) https?://\S+[\s:,>-]{1,4}(?:(?:status|code|returned|answered)\W{0,3}){0,2}429\b"
)
_LIMITED: Final = re.compile(
    r"(?i)\brate.?limit(?:s|ed|ing)?\b.{0,40}\b(?:exceeded|reached|hit)\b"
    r"|\b(?:exceeded|over|hit)\b.{0,20}\brate.?limit|\b429 (?:too many requests|client error)"
    r"|\b(?:answered|returned|replied|responded|got)(?: with)?(?: an?)?(?: http| status)?(?: code)? 429\b"
    r"|\bhttp (?:(?:response|status|error) ?(?:code)?:? ?|)429\b|\b(?:status(?:[_ ]?code)?|code)[=: ]{1,2}429\b"
)


# What a pool says of itself: all that it may hold is in use, and none is idle or somebody waits.
_IN_USE: Final = re.compile(
    r"(?i)\b(?:active|in_?use|acquired|busy|used|checked_?out|borrowed)\w*[=: ]{1,2}(\d+)\b"
)
_MOST: Final = re.compile(r"(?i)\b(?:total|max|size|limit|capacity|open)\w*[=: ]{1,2}(\d+)\b")
_NONE_IDLE: Final = re.compile(
    r"(?i)\b(?:idle|free|available)\w*[=: ]{1,2}0\b|\b(?:waiting|pending|queued|waiters)\w*[=: ]{1,2}[1-9]"
)
_OF_POOL: Final = re.compile(r"(?i)pool|conn|\bdb\b|database|acquir|session|worker|thread|slot")


def is_full(text: str) -> bool:
    """Whether counts in a message say that a pool is full: `active=30, total=30, idle=0`, `20 of 20 in use`."""
    return full_of(text) > 0


def full_of(text: str) -> int:
    """How many a pool holds that is full by the counts in a message; 0 where it is not."""
    used, most = _IN_USE.search(text), _MOST.search(text)
    if used is None or most is None or not _OF_POOL.search(text) or _NONE_IDLE.search(text) is None:
        return 0
    return int(used[1]) if used[1] == most[1] else 0


# A collection of the whole heap by the JVM (unified logging: `4095M->3997M(4096M)`) that freed next to nothing.
_COLLECTED: Final = re.compile(r"(?i)\bfull\b.{0,60}?\b(\d+)([KMG])->(\d+)\2\((\d+)\2\)")
FULL_HEAP: Final = 0.9  # share of the heap that is left in use; by hand


def is_heap_full(text: str) -> bool:
    """Whether a message says that a collection of the whole heap left it full."""
    found = _COLLECTED.search(text)
    return found is not None and int(found[3]) >= FULL_HEAP * int(found[4]) > 0


# How full a volume is, as monitors tell it (`space usage 100.0%`).
_OF_VOLUME: Final = re.compile(
    r"(?i)\b(?:disk|space|volume|file ?system|partition|mount(?: ?point)?|inodes?|tablespace)\b"
    r"[^%\n]{0,40}?\b(?:usage|used|full)\b(?: is| at| of|:|=|\s){0,3}(?:9[5-9](?:\.\d+)?|100(?:\.0+)?) ?%"
)
_NO_VOLUME: Final = re.compile(
    r"(?i)\b(?:free|available|backup|complete[d]?|below|under|alert if|warn if|when)\b"
)


def is_volume_full(text: str) -> bool:
    """Whether a message says that a volume is full, by its share in per cent."""
    return _OF_VOLUME.search(text) is not None and _NO_VOLUME.search(text) is None


# Who waits for a lock may get it: only these say that they wait for each other.
_EACH_OTHER: Final = re.compile(
    r"deadlock|each other|\b(40P01|ORA-00060)\b|verklemmung|interblo|abrazo mortal|デッドロック|lockup",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """A message's aspect and the severity that it has in effect. `weight` is how informative it is about a cause; `whose` it is,
    as it was learned, with its probability. `sure` is how likely the class is, where no words name it.
    """

    aspect: str
    severity: Level
    weight: float
    whose: Whose = "own"
    whose_sure: float = 0.0
    sure: float = 1.0

    @property
    def bad(self) -> bool:
        """Whether it tells of something wrong."""
        return RANK[self.severity] >= RANK["warning"]


def reading(text: str, *, answers: bool = True) -> Reading:
    """What a message means by what its program wrote of it; `answers`: also by the status of an answer to a client."""
    return read(written(text[:LONGEST]).own, text[:LONGEST], answers=answers)


@lru_cache(maxsize=8192)
def meaning(text: str, level: Level, sample: str = "", heard: Message | None = None) -> Meaning:
    """Aspect and severity of a message: a named level is believed, words decide where it says nothing.

    A quiet level keeps a class of faults at warning where it is taken for a fault all the same. The status of an answer counts
    where it tells that the server failed. `sample` is a message of the template `text`; what the site's dictionary or a model
    said of it, `heard`, goes before the words.
    """
    own = written(text[:LONGEST]).own
    unmasked = (written(sample[:LONGEST]).own, sample[:LONGEST]) if sample else None
    words = read(own, text[:LONGEST], answers=False, unmasked=unmasked)
    told = learned(" ".join(own.split()), words)
    if heard is not None and heard.kind:
        told = told.said(heard)
    of = _likely(told, words)
    found = replace(
        _meaning(text, level, sample, heard, own, words, told, of),
        whose=told.whose,
        whose_sure=round(told.owners[told.whose], 2),
    )
    if of is not None and not _known(words.says) and found.aspect == of.aspect:
        found = replace(found, sure=told.kinds[told.kind])
    if found.aspect == "log.deadlock" and not _EACH_OTHER.search(f"{text[:LONGEST]} {sample[:LONGEST]}"):
        return replace(found, aspect="log.lock")
    return found


def _meaning(
    text: str,
    level: Level,
    sample: str,
    heard: Message | None,
    own: str,
    found: Reading,
    told_by: Learned,
    of: Class | None,
) -> Meaning:
    named = level or in_text(own)
    unmasked = written(sample[:LONGEST]).own if sample else ""
    if heard is not None and heard.taken and (heard.by == "person" or not named):
        if not heard.fault:
            return Meaning(aspect="log.other", severity="info", weight=0.25)
        of = of or _known(found.hints)
        return Meaning(
            aspect=of.aspect if of and of.aspect != "log.restart" else "log.error",
            severity="error",
            weight=0.85,
        )
    if not found.over and (told := cause(own, text[:LONGEST], before=True)):
        return Meaning(aspect=told.aspect, severity=worst(named, "warning"), weight=told.weight)
    throttled = _THROTTLED.search(text[:LONGEST]) or _THROTTLED.search(sample[:LONGEST])
    worse = RANK[named] >= RANK["warning"]
    if throttled or _LIMITED.search(own) or (worse and _LIMITED.search(unmasked)):
        return Meaning(aspect="log.quota", severity=worst(named, "warning"), weight=0.9)
    if is_heap_full(sample[:LONGEST] or text[:LONGEST]):
        return Meaning(aspect="log.oom", severity=worst(named, "warning"), weight=1.5)
    if is_volume_full(sample[:LONGEST] or text[:LONGEST]):
        return Meaning(aspect="log.disk_full", severity=worst(named, "warning"), weight=1.2)
    if is_full(text[:LONGEST]) or (worse and is_full(sample[:LONGEST])):
        return Meaning(aspect="log.connection_limit", severity=worst(named, "warning"), weight=1.0)
    if failed := _FAILED.search(own):
        plain = _GATEWAY.get(failed[1], "log.error")
        aspect = of.aspect if of and of.aspect != "log.restart" else plain
        return Meaning(aspect=aspect, severity="error", weight=0.85)
    if heard is not None and heard.outweighs and not named:
        return Meaning(aspect="log.other", severity="info", weight=0.25)
    loud = RANK[named] >= RANK["error"]
    if not (of or loud or found.over) and (told := cause(own, text[:LONGEST], before=False)):
        return Meaning(aspect=told.aspect, severity=named or "warning", weight=told.weight)
    if of and of.aspect != "log.restart":
        calm = told_by.fault <= _BAR_OF_QUIET if named else (told_by.fault + found.fault) / 2 <= _BAR_OF_CLASS
        if calm and RANK[named] < RANK["warning"]:
            return Meaning(aspect=of.aspect, severity=named or "info", weight=0.25)
        return Meaning(
            aspect=of.aspect, severity=worst(named, "warning") if named else "error", weight=of.weight
        )
    if loud and of:  # a process that died, told as an error: no start by itself
        return Meaning(aspect="log.restart", severity=named, weight=0.85)
    if loud or (not named and not of and told_by.fault > _BAR):
        return Meaning(aspect="log.error", severity=named or "error", weight=0.85)
    if of or found.starts:
        return Meaning(aspect="log.restart", severity=named or "info", weight=classes()["restart"].weight)
    return Meaning(aspect="log.other", severity=named or "info", weight=0.25)


def unclear(text: str, level: Level, sample: str = "") -> bool:
    """Whether neither a level nor words tell that a message is a sign of a fault: what a model is asked about."""
    return not (level or in_text(written(text[:LONGEST]).own)) and not meaning(text, level, sample).bad


def unclassed(text: str, level: Level, sample: str = "") -> bool:
    """Whether it tells of something wrong of which words do not say what it is, or words alone say that something is wrong: what
    a tuned model is asked about.
    """
    found = meaning(text, level, sample)
    if not found.bad:
        return False
    by_words = not (level or in_text(written(text[:LONGEST]).own))
    return by_words or found.aspect in ("log.error", "log.other") or found.sure < 1.0


def own_words(text: str) -> str:
    """What a message's program wrote of it, with `…` in the place of what it was given; in one line."""
    return " ".join(written(text[:LONGEST]).own.split())


def aspect_of(text: str) -> str:
    """The aspect of the class that a text names, whoever wrote it; "" for none that a diagnosis knows."""
    found = _known(spoken(text))
    return found.aspect if found else ""


def _likely(told: Learned, found: Reading) -> Class | None:
    """The class of a message: the first that its words name; where they name none and it tells of a fault that is not a client's
    doing, the learned one if it is likely enough.
    """
    named = _known(found.says)
    if named or told.kind == "restart" or told.kinds[told.kind] < _SURE:
        return named
    return _known((told.kind,)) if told.fault > 0.0 and told.whose != "client" else None


def _known(kinds: Iterable[str]) -> Class | None:
    """The first class that has an aspect of its own."""
    return next((c for k in kinds if (c := classes()[k]).aspect != "log.error"), None)
