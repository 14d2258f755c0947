"""What dated logs say of their own processes: starts over and over, with the last words, and settings that were changed."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from aitia.core.provenance import Provenance
from aitia.core.redact import Redactor
from aitia.core.words import Evidence, Scalar, SourceRef, Window, from_epoch
from aitia.tools.text.classes import meaning, own_words
from aitia.tools.text.names import Names
from aitia.tools.text.reading.record import Record

Whole = Callable[[Record], str]  # a record as it stands in its file
OFTEN: Final = 3  # starts within a window that are no deploy any more
NEAR_S: Final = 600.0  # between two starts of a loop at most: the kubelet's back-off ends at five minutes
LONGEST: Final = 160
MOST_WORDS: Final = 2
_START: Final = re.compile(
    r"(?i)\b(?:starting|started|booting|boot(?:ed)? up)\b(?! to\b)"
)  # not "started to purge files"
# What a running process starts, and what others that run it tell of.
_TASK: Final = re.compile(
    r"(?i)\b(?:checkpoint|sync|replica|worker|batch|job|backup|snapshot|scan|thread|container|pod|request|session|task"
    r"|transaction|connection|timer|sav(?:e|ing)|flush|compaction|vacuum|poll|sweep)s?\b"
    r"|\.(?:service|timer|socket|mount|scope|slice|target)\b"
    r"|\bsupervisor\b.*\bstarted: \[\{"  # a process inside the virtual machine, as Erlang's supervisors report it
    r"|\bstarted \"?(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)\b"  # a request, as Rails logs it
)
_NUMBERS: Final = re.compile(r"\d+(?:\.\d+)?")
# A setting with its old and its new value, as configuration systems write it.
_CHANGED: Final = re.compile(
    r"(?i)(?:\bold(?:[_ ]?value)?\s*[=:]\s*\"?(?P<old1>[^\s\",]+)\"?[\s,]+"
    r"(?:\S+\s)??new(?:[_ ]?value)?\s*[=:]\s*\"?(?P<new1>[^\s\",]+)"
    r"|\b(?:changed|set|updated|reloaded|switched)\b.{0,60}?\bfrom\s+\"?(?P<old2>[^\s\",]+)\"?\s+to\s+\"?(?P<new2>[^\s\",]+)"
    r"|\b(?:value|new(?:[_ ]?value)?)\s*[=:]\s*\"?(?P<new4>[^\s\",]+)\"?[\s,]+(?:\S+\s)??"
    r"(?:previous|prev|was|old|before)(?:[_ ]?value)?\s*[=:]\s*\"?(?P<old4>[^\s\",]+)"
    r"|(?P<old3>[\w.%-]+)\s*(?:->|=>|→)\s*(?P<new3>[\w.%-]+))"
)
_SETTING: Final = re.compile(
    r"(?i)\b(?:config\w*|setting|revision|rev|apply|applied|parameter|flag|key|limit|timeout|reload\w*)\b"
)
# What is kept under a name: `key=x`, or a name of several parts before the two values (`pool.max_size 8 -> 80`).
_KEPT: Final = re.compile(
    r"(?i)\b(?:key|setting|name|parameter|flag)\s*[=:]\s*\"?([\w.\-]+)"
    r"|(?<![\w/.-])[a-z]\w*(?:[._-][a-z]\w*)+[=: ]+\"?[\w.%-]+\"?\s*(?:->|=>|→)"
)

# What a process says when other settings count from now on, without what they were.
_SETTINGS: Final = (
    r"config(?:uration)?s?|settings?|revision|rev|polic(?:y|ies)|properties|feature[ _-]?flags?|toggles?|rule ?sets?"
    r"|overrides?"
)
_BEGAN_TO_COUNT: Final = (
    r"applied|applying|refreshed|re-?loaded|activated|rolled (?:out|back)|updated|changed|replaced|switched|swapped"
    r"|picked up"
)
_EFFECT: Final = re.compile(
    rf"(?i)\b(?:{_BEGAN_TO_COUNT})\b\W{{0,3}}(?:\w+\W+)?(?:{_SETTINGS}|keys? ?[:=])"
    rf"|\b(?:{_SETTINGS})\b\W{{0,3}}(?:\S+\s+){{0,2}}?(?:(?:is |are )?(?:now )?in effect|took effect|{_BEGAN_TO_COUNT})\b"
)
_NO_EFFECT: Final = re.compile(
    r"(?i)\b(?:no changes?|unchanged|not changed|failed|could not|cannot|unable|rejected|invalid|error|skipp\w+"
    r"|nothing|migration|schema|users?|customers?|accounts?|profiles?|sessions?|documents?|carts?|packets?|by|their|his|her)\b"
)
EFFECT: Final = 0.6  # below a change whose values are known; by hand
RARE: Final = 2  # how often it is said at most; what is said all the time is a habit; by hand
STARTS_S: Final = 60.0  # near a start, with which settings are read, it is no change; by hand

# What sudo logs of a command that a person ran (sudoers, log format).
_RAN: Final = re.compile(r"\bTTY=\S+ ; PWD=.* ; USER=(\S+) ;(?: ENV=.* ;)? COMMAND=(\S.*)")
# What an administrator gave a running server, as it logs that itself: Varnish's CLI, Redis, MySQL and MariaDB, PostgreSQL.
_CONSOLE: Final = re.compile(
    r"\b(vcl\.(?:use|inline) \S+|param\.set \S+.*|(?i:config set|alter system set|set global|set persist) \S+.*)"
)
# Commands that only look, by their program or by what they ask it for.
_LOOKS: Final = re.compile(
    r"(?i)^(?:\S*/)?(?:ls|cat|zcat|less|more|tail|head|z?grep|find|df|du|top|htop|ps|pgrep|ss|netstat|dmesg|journalctl|id|whoami|stat"
    r"|lsof|strace|tcpdump|ping|dig|host|traceroute|curl|wc|uptime|free|iostat|vmstat|sar|lsblk|who|w|last)\b"
    r"|^\S+ (?:-\S+ )*(?:status|show|list\w*|get|describe|info|version|is-\w+|check|validate|test|diagnostics|cluster_status)\b"
)


def _starts(component: str, record: Record, names: Names) -> bool:
    """Whether a line says that its own process starts: not a step of its work, nor what runs others and tells of them."""
    if (
        not _START.search(record.message)
        or _TASK.search(record.message)
        or component.casefold() in names.hosts
        or len(record.message) > LONGEST
    ):
        return False
    others = [n for n in names.of(record.message) if n != component]
    return not others and meaning(record.message, record.level).aspect == "log.restart"


def restarts(
    component: str,
    found: Sequence[Record],
    window: Window,
    names: Names,
    redactor: Redactor,
    ref: SourceRef,
    whole: Whole,
) -> list[Evidence]:
    """One fact of a process that started at least three times, with what it said last before it started again.

    Where these words tell of no trouble it must have begun within the window.
    """
    shapes: dict[str, list[int]] = {}
    for i, record in enumerate(found):
        if _starts(component, record, names):
            shapes.setdefault(_NUMBERS.sub("#", record.message)[:LONGEST], []).append(i)
    places = max(shapes.values(), key=lambda p: (len(p), -p[0]), default=[])
    loop = [i for i, j in itertools.pairwise(places) if found[j].at - found[i].at <= NEAR_S]
    if len(loop) + 1 < OFTEN:
        return []
    words = [found[j - 1] for j in reversed(places[1:]) if not _START.search(found[j - 1].message)]
    last = list({_NUMBERS.sub("#", r.message): r for r in reversed(words)}.values())[:MOST_WORDS]
    said = " / ".join(redactor.text(whole(r).strip()).replace('"', "'")[:LONGEST] for r in last)
    first = found[places[0]]
    bad = any(meaning(r.message, r.level).bad for r in last)
    if not bad and first.at < window.epoch[0]:
        return []  # what starts all the time and says nothing of trouble is its habit
    return [
        Evidence(
            component=component,
            kind="log.restarts",
            aspect="log.restarts",
            statement=f"{component} started {len(places)} times since {from_epoch(first.at):%H:%M:%S} UTC"
            + (f'; its last words before a start: "{said}".' if said else "."),
            values={"starts": len(places), "last_words": said},
            unit="lines",
            window=window,
            onset=from_epoch(first.at),
            direction="new",
            strength=0.9 if bad else 0.5,
            source=ref,
            taint=True,
        )
    ]


def changes(
    component: str,
    found: Sequence[Record],
    window: Window,
    names: Names,
    redactor: Redactor,
    ref: SourceRef,
    whole: Whole,
) -> Iterator[Evidence]:
    """Settings that changed their value; of the component that the line names, else of the writer."""
    for record in (r for r in found if len(r.message) <= LONGEST and _SETTING.search(r.message)):
        line = whole(record)  # of a structured line the message alone does not say what became of what
        match = _CHANGED.search(line)
        if match is None:
            continue
        parts = match.groupdict()
        old, new = next(((parts[f"old{n}"], parts[f"new{n}"]) for n in "1234" if parts[f"old{n}"]), ("", ""))
        if not old or old == new or (parts["old3"] and not _KEPT.search(line)):
            continue
        others = [n for n in names.of(line) if n != component]
        target = others[0] if others else component
        text = redactor.text(line.strip()).replace('"', "'")[: 2 * LONGEST]
        values = {"old": redactor.text(old), "new": redactor.text(new)}
        told = (
            f"a setting went from {values['old']} to {values['new']} at",
            f', as {component} logged: "{text}".',
        )
        yield _change(target, component, told, record.at, window, ref, values=values)


def effects(
    component: str,
    found: Sequence[Record],
    window: Window,
    names: Names,
    redactor: Redactor,
    ref: SourceRef,
    whole: Whole,
) -> Iterator[Evidence]:
    """Settings that count from some moment on, by the word of the process that has them; what they were it does not say."""
    told: dict[str, list[Record]] = {}
    for r in found:
        if len(r.message) > LONGEST or r.level in ("error", "fatal"):
            continue
        says = _EFFECT.search(r.message)
        if says is not None and not (_NO_EFFECT.search(r.message) or _CHANGED.search(whole(r))):
            told.setdefault(says[0].casefold(), []).append(r)
    starts = [r.at for r in found if _starts(component, r, names)] if told else []
    for records in told.values():
        if len(records) > RARE:
            continue
        for record in records:
            if any(abs(record.at - at) <= STARTS_S for at in starts):
                continue
            text = redactor.text(whole(record).strip()).replace('"', "'")[: 2 * LONGEST]
            said = "other settings count from", f' on, as it logged itself: "{text}".'
            yield _change(component, component, said, record.at, window, ref, strength=EFFECT)


def commands(
    component: str, found: Sequence[Record], window: Window, names: Names, redactor: Redactor, ref: SourceRef
) -> Iterator[Evidence]:
    """Commands that a person ran by sudo and that do more than look: of the one that they name, else of the host; those that
    a server was given by its console, as it logs them.
    """
    for record in found:
        if given := _CONSOLE.search(own_words(record.message)):
            yield _console(component, given[1].strip(), record.at, window, redactor, ref)
        match = _RAN.search(record.message) if "COMMAND=" in record.message else None
        if match is None or _LOOKS.search(match[2]):
            continue
        others = [n for n in names.of(match[2]) if n != component]
        target = others[0] if len(others) == 1 else component
        text = redactor.text(match[2].strip()).replace('"', "'")[: 2 * LONGEST]
        told = (
            f"a person ran a command as {redactor.text(match[1])} at",
            f', as {component} logged: "{text}".',
        )
        yield _change(target, component, told, record.at, window, ref, provenance="infrastructure")


def _console(
    component: str, given: str, at: float, window: Window, redactor: Redactor, ref: SourceRef
) -> Evidence:
    text = redactor.text(given).replace('"', "'")[:LONGEST]
    told = f'its console was given "{text}" at', ", as it logged itself."
    return _change(component, component, told, at, window, ref)


def _change(
    component: str,
    writer: str,
    told: tuple[str, str],
    at: float,
    window: Window,
    ref: SourceRef,
    *,
    values: Mapping[str, Scalar] = MappingProxyType({}),
    strength: float = 0.8,
    provenance: Provenance = "service",
) -> Evidence:
    """A change of a component that a log tells of, with what is told before and behind its moment."""
    return Evidence(
        component=component,
        kind="log.change",
        aspect="change.config",
        statement=f"{component}: {told[0]} {from_epoch(at):%H:%M:%S} UTC{told[1]}",
        values={**values, "reported_by": writer},
        window=window,
        onset=from_epoch(at),
        direction="new",
        strength=strength,
        source=ref,
        taint=True,
        provenance=provenance,
    )
