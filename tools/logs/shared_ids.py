"""Who waits for whom, by the ids that two logs share: a request's number stands in the log of everybody who had a part in it.

The one whose lines enclose the other's waits for it; else who serves a part of another one's requests alone is asked by it.
Replicas are one service. That is what an engineer finds who searches all logs for one request. Ids are compared, never shown;
what a client sent can join two logs only where both log it, and it joins components that are known.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from aitia.core.errors import SourceError
from aitia.core.words import Window
from aitia.tools.logs.mine import Mined
from aitia.tools.text.names import Names, service_of
from aitia.tools.text.reader import Extract, LogFile
from aitia.tools.text.reading.blocks import lines_of
from aitia.tools.text.reading.cut import text_of

BYTES: Final = 16 << 20  # of all logs that are read, at most; by hand
LONGEST: Final = 600  # characters of a line
LINES: Final = 20  # of one component that hold an id: what stands in more is a thing's name; by hand
PARTS: Final = 6  # components whose logs hold an id, at most; by hand
LEAST: Final = 5  # ids that two logs share; by hand
BEYOND: Final = 1.15  # times as many ids as another one: who asks it; by hand
MOSTLY: Final = 0.8  # of the ids of two the same one's lines enclose the other's; by hand
_RUN: Final = re.compile(r"[0-9A-Za-z]+")
_TOKEN: Final = re.compile(
    r"(?<![\w.-])(?<!\d:)(?=[\w-]*\d)[A-Za-z]{0,8}[-_]?[0-9A-Za-z]{5,32}(?:-[0-9A-Fa-f]{4,12}){0,4}(?![\w-])"
)
_AMOUNT: Final = re.compile(
    r"\d{1,6}|\d{10,19}|20\d\d\d{2,4}\w*|\d+(?:ms|us|ns|s|m|h|d|kB|KB|MB|GB|KiB|MiB|GiB|k|K|M|G|b|B|rpm|Hz|bps|x\d+)|[A-Za-z]+\d{1,2}"
)
_DIGITS: Final = 3
_QUERY: Final = re.compile(r"\?[^\s\"']*")  # of an address: what a client asked


@dataclass(slots=True)
class _Spoken:
    """When a component first and last logged an id, and in how many lines."""

    first: float
    last: float
    lines: int = 1


@dataclass(slots=True)
class _Pair:
    """What two logs share of ids of one shape: how many, and of how many the lines of the one or the other enclose."""

    ids: int = 0
    one: int = 0
    two: int = 0


def waits(mined: Sequence[Mined], window: Window, names: Names) -> Counter[tuple[str, str]]:
    """(Who waits, for whom) with the number of ids that tell so. Logs that cannot be read tell nothing here: `mine` says so."""
    spoken: dict[str, dict[str, _Spoken]] = defaultdict(dict)
    span = _span(mined, window, names)
    for m in mined:
        for file in m.files if _is_read(m, names) else ():
            try:
                for at, token in _ids(file, span):
                    _speak(spoken[token], service_of(m.component), at)
            except SourceError:
                continue
    members: dict[str, list[str]] = defaultdict(list)
    for m in mined:
        members[service_of(m.component)].append(m.component)
    told = _who(spoken, {t for t in spoken if t.casefold() in names.alias})
    return Counter({(a, b): n for (one, two), n in told.items() for a in members[one] for b in members[two]})


def _who(spoken: Mapping[str, Mapping[str, _Spoken]], named: Collection[str]) -> Counter[tuple[str, str]]:
    every: Counter[tuple[str, str]] = Counter()  # ids of a component and shape
    pairs: dict[tuple[str, str, str], _Pair] = defaultdict(_Pair)
    for token, of in spoken.items():
        if token in named or len(of) > PARTS or any(s.lines > LINES for s in of.values()):
            continue
        shape = _RUN.sub(lambda m: str(len(m[0])), token)
        for component in of:
            every[component, shape] += 1
        for one, two in combinations(sorted(of), 2):
            pair = pairs[one, two, shape]
            pair.ids += 1
            pair.one += of[one].first <= of[two].first and of[one].last >= of[two].last
            pair.two += of[two].first <= of[one].first and of[two].last >= of[one].last
    found: Counter[tuple[str, str]] = Counter()
    for (one, two, shape), pair in pairs.items():
        if pair.ids < LEAST:
            continue
        more, less = every[one, shape], every[two, shape]
        encloses, enclosed = pair.one >= MOSTLY * pair.ids, pair.two >= MOSTLY * pair.ids
        if encloses != enclosed:
            found[(one, two) if encloses else (two, one)] += pair.ids
        elif max(more, less) >= BEYOND * min(more, less):
            found[(one, two) if more > less else (two, one)] += pair.ids
    return Counter({pair: n for pair, n in found.items() if n > found[pair[::-1]]})


def _speak(of: dict[str, _Spoken], component: str, at: float) -> None:
    if (known := of.get(component)) is None:
        of[component] = _Spoken(first=at, last=at)
    else:
        known.first, known.last, known.lines = min(known.first, at), max(known.last, at), known.lines + 1


def _span(mined: Sequence[Mined], window: Window, names: Names) -> tuple[float, float]:
    """All that is at hand up to the window's end, or so much before it as may be read."""
    begin, end = min((m.first for m in mined), default=0.0), window.epoch[1]
    size = sum(_held(file, begin, end) for m in mined for file in m.files if _is_read(m, names))
    return (begin, end) if size <= BYTES else (end - max(1.0, (end - begin) * BYTES / size), end)


def _held(file: LogFile, begin: float, end: float) -> float:
    """About how many of its bytes are of a span."""
    whole = file.extent()
    if whole is None or whole[1] <= whole[0]:
        return 0.0 if file.packed else float(file.size)
    return file.size * max(0.0, min(end, whole[1]) - max(begin, whole[0])) / (whole[1] - whole[0])


def _is_read(mined: Mined, names: Names) -> bool:
    return not mined.events and mined.component.casefold() not in names.hosts


def _ids(file: LogFile, span: tuple[float, float]) -> Iterator[tuple[float, str]]:
    """Time (epoch s) and id, once a line. Packed files are left out: they would have to be unpacked whole."""
    if file.header is None or file.packed:
        return
    for part in file.parts(*span, budget=BYTES, extract=Extract()):
        for block in part:
            for _, raw in lines_of(block):
                text = _QUERY.sub("?", text_of(raw)[:LONGEST])
                found = file.header(text)
                if found is None or not span[0] <= found[0] < span[1]:
                    continue
                for token in set(_TOKEN.findall(text)):
                    if sum(map(str.isdigit, token)) >= _DIGITS and not _AMOUNT.fullmatch(token):
                        yield found[0], token
