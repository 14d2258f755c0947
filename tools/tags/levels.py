"""A tag that is a path: which of its levels are the machine, which a place above it, and which the point."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from aitia.tools.meaning.plant_words import quantity_in
from aitia.tools.tags.equipment_words import (
    Parts,
    instrument_of,
    is_part,
    is_place,
    numbered,
    plain,
    unit_like,
)
from aitia.tools.tags.side_by_side import by_words

_LEVEL: Final = re.compile(r"\s*[/\\|>:']+\s*|(?<=[\w)\]])\.(?=[^\s\d.]|\d+[A-Za-z_])|(?<=[A-Za-z_])\.(?=\d)")
_FIELD: Final = frozenset({"pv", "sp", "op", "mv", "cv", "out", "val", "value", "wert", "prval", "presentvalue", "present_value",
                           "actual", "ist",
                           "mag", "f", "stval", "main", "cmd", "fb", "pv_in", "q", "instmag", "cval", "phsa", "phsb", "phsc",
                           "meas", "raw", "f_cv", "fcv", "a_cv", "acv", "e_cv", "ecv"})  # fmt: skip
_BLOCK: Final = re.compile(r"(?i)(?:AI|AO|DI|DO|PID|ALM|CALC|SCLR|ACT|CND|INT|LOOP)\d{0,2}")
"""Function blocks of Foundation Fieldbus and DeltaV below a tag: `LIT-501/AI1/PV`."""
_BACNET: Final = re.compile(r"(?:AI|AO|AV|BI|BO|BV|MSI|MSO|MSV)[-_ ]?\d+")
"""Objects of BACnet (ASHRAE 135: analog, binary, multi-state; input, output, value): points, and of no machine's own."""


_EITHER: Final = re.compile(
    r"(?i)(?<![a-z])(?:on/off|aan/uit|ein/aus|auf/zu|open/closed?|run/stop|start/stop|auto/man(?:ual)?|marche/arr[eê]t|ouvert/ferm[eé]"
    r"|s[ií]/no|abierto/cerrado|aperto/chiuso|acceso/spento|ja/nein|yes/no|local/remote)(?![a-z])"
)
"""Two states in one word, which are no levels of a path."""


def levels_of(tag: str) -> list[tuple[int, int]]:
    """The spans of the levels of a path."""
    spans, begun = [], 0
    states = [m.span() for m in _EITHER.finditer(tag)]
    for cut in _LEVEL.finditer(tag):
        if any(a <= cut.start() < b for a, b in states):
            continue
        if cut.start() > begun:
            spans.append((begun, cut.start()))
        begun = cut.end()
    return [*spans, (begun, len(tag))] if begun < len(tag) else spans


def by_levels(tag: str, levels: Sequence[tuple[int, int]], of_whole: Callable[[str], Parts]) -> Parts:
    """Of a path: the numbered levels before the point, without places above and parts of a machine below."""
    texts = [tag[a:b] for a, b in levels]
    last = len(texts) - 1
    while last > 0 and (
        plain(texts[last]) in _FIELD
        or (unit_like(texts[last]) and (last > 1 or not numbered(texts[0]) or quantity_in(texts[0])))
        or _BLOCK.fullmatch(texts[last])
    ):  # `P101.AMPS`: what is measured, where nothing before it says so
        last -= 1
    own = instrument_of(texts[last])
    inner = None if own else by_words(texts[last])
    heads = list(range(last))
    named = [
        n for n in heads if numbered(texts[n]) and not is_place(texts[n]) and not instrument_of(texts[n])
    ]
    if last == 0:
        found = of_whole(texts[0])
        tail = tag[levels[0][1] :].strip("./\\:|' ")
        whole = plain(found.asset) == plain(texts[0]) and not found.loop
        return Parts(
            asset=found.asset,
            point=tail if whole and tail else f"{found.point}.{tail}" if found.asset else tag,
            whole=found.whole,
            by=found.by,
            loop=found.loop,
        )
    if inner and re.search(r"\d", inner.asset) and not named and not _BACNET.fullmatch(inner.asset):
        start = levels[last][0]
        return Parts(
            asset=inner.asset,
            point=tag[start:][len(inner.asset) :].strip(" _-./:"),
            whole=tag[: start + len(inner.asset)],
            by="path",
        )
    if named:
        kept = _machine_at(named, texts)
        a, b = levels[kept[0]][0], levels[kept[-1]][1]
        point = tag[b:].strip("./\\:|'> ")
        return Parts(asset=tag[a:b], point=point, whole=tag[:b], by="path")
    if own:
        return Parts(
            asset=own[1], point=tag[levels[last][0] :], whole=own[0], by="loop of ISA-5.1", loop=own[1]
        )
    free = [n for n in heads if not is_place(texts[n])] or heads[-1:]
    while len(free) > 1 and is_part(texts[free[-1]]):
        free.pop()
    a, b = levels[free[-1]]
    if texts[free[-1]].isdecimal() and len(free) > 1:  # `press/03`
        a = levels[free[-2]][0]
    deeper = by_words(texts[free[-1]])
    if deeper and not deeper.loop and re.search(r"\d", deeper.asset):
        b = a + len(deeper.asset)
    return Parts(asset=tag[a:b], point=tag[b:].strip("./\\:|'>_- "), whole=tag[:b], by="path")


def _machine_at(named: Sequence[int], texts: Sequence[str]) -> list[int]:
    """The last numbered level without numbered parts of a machine behind others, with the aspect before it (IEC 81346: `+S1`)."""
    kept = [n for n in named if not (is_part(texts[n]) and n != named[0])] or list(named[:1])
    at = kept[-1]
    return [at - 1, at] if at and texts[at - 1].startswith(("+", "=")) else [at]
