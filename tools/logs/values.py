"""Values inside messages: those in the gaps of templates, numbers that moved, and one value that most errors name."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from aitia.core.percent import percent
from aitia.core.redact import Redactor
from aitia.core.words import Evidence, Window
from aitia.tools.logs.change import Column, Concentration, NumberShift, Slot, concentration, shifts
from aitia.tools.logs.count import Count, Sample
from aitia.tools.logs.facts import quoted, reference
from aitia.tools.logs.mine import Mined
from aitia.tools.logs.tally import Tally
from aitia.tools.text.headers import RANK
from aitia.tools.text.names import Names, attribute
from aitia.tools.text.templates.gaps import kinds, name, values


def columns(tally: Tally, counts: Sequence[Count], *, old: bool) -> dict[Slot, Column]:
    """A column for each gap, by the row of its count and its position, in order of time; `old` of the baselines."""
    out: dict[Slot, Column] = {}
    for row, count in enumerate(counts):
        if kinds(count.template.text):
            found = list(_values(tally, count, count.old if old else count.new))
            for position, column in enumerate(zip(*found, strict=True)):
                out[row, position] = Column(index=np.arange(len(column), dtype=np.int64), values=column)
    return out


def _values(tally: Tally, count: Count, sample: Sample) -> Iterator[list[str]]:
    for _, message in sorted(tally.messages(sample)):
        if (found := values(count.template.text, message)) is not None:
            yield found


_LEAST: Final = 8  # samples on either side
_SURE: Final = 1e-4
_DELTA: Final = 0.6
_RATIO: Final = 1.5
_EACH: Final = 2  # facts of a kind for one component
_TIME: Final = frozenset({"ns", "us", "µs", "ms", "s", "sec", "min", "m", "h"})
_LATENCY: Final = re.compile(
    r"(?i)took|elapsed|duration|latency|time|rt|wait(?:ed)?|after|in|ms|millis|seconds|delay|lag"
)


def inside(mined: Mined, window: Window, names: Names, redactor: Redactor) -> list[Evidence]:
    """Facts of one component's messages. Access lines have facts of their own."""
    if mined.tally is None or not mined.lines or not mined.old_lines:
        return []
    counts = [c for c in mined.counts if len(c.template.group) == 1 and c.window >= _LEAST]
    new = columns(mined.tally, counts, old=False)
    old = columns(mined.tally, counts, old=True)
    said = [
        fact
        for shift in shifts(old, new, alpha=_SURE)
        if (fact := _moved(mined, counts[shift.template], shift, window, names, redactor)) is not None
    ][:_EACH]
    return said + _named(mined, counts, old, new, window, names, redactor)[:_EACH]


def _moved(
    mined: Mined, count: Count, shift: NumberShift, window: Window, names: Names, redactor: Redactor
) -> Evidence | None:
    """A number that rose or fell; of times only a rise of half and more."""
    before, after = shift.median
    ratio = after / before if before > 0 and after > 0 else math.inf
    gap = name(count.template.text, shift.slot[1])
    after_gap = count.template.text.split(kinds(count.template.text)[shift.slot[1]])[-1].split()
    unit = shift.unit or next((w for w in after_gap[:1] if w in _TIME), "")
    if abs(shift.delta) < _DELTA or not math.isfinite(ratio) or max(ratio, 1 / ratio) < _RATIO:
        return None
    slow = unit in _TIME and _LATENCY.fullmatch(gap) is not None
    component, peer = attribute(mined.component, count.template.text, names)
    told = f" {unit}" if unit else ""
    return Evidence(
        component=component,
        peer=peer,
        kind="log.shift",
        aspect="latency" if slow else "log.other",
        statement=(
            f"{mined.component}: {redactor.text(gap)} went from a median of {before:.3g}{told} to {after:.3g}{told} in "
            f'the messages "{quoted(count, redactor)}".'
        ),
        values={
            "median_baseline": float(f"{before:.3g}"),
            "median_window": float(f"{after:.3g}"),
            "ratio": float(f"{ratio:.3g}"),
            "cliffs_delta": round(shift.delta, 2),
            "p_value": float(f"{shift.q:.2g}"),
            "count_window": count.window,
        },
        unit=unit,
        window=window,
        direction="up" if ratio > 1 else "down",
        strength=round(0.3 + 0.25 * min(1.0, math.log2(ratio) / 3), 2) if slow and ratio > 1 else 0.15,
        source=reference(mined, count),
        taint=True,
    )


def _named(
    mined: Mined, counts: list[Count], old: Mapping[Slot, Column], new: Mapping[Slot, Column], window: Window,
    names: Names, redactor: Redactor,
) -> list[Evidence]:  # fmt: skip
    """One value that most records of an error name, where there were many before, or none of that error."""
    found: list[tuple[Count, Concentration]] = []
    for (row, position), column in sorted(new.items()):
        count = counts[row]
        if RANK[count.meaning.severity] < RANK["error"]:
            continue
        if kinds(count.template.text)[position] in ("<num>", "<time>"):
            continue
        before = old[row, position].values if (row, position) in old else ()
        if one := concentration(before, column.values, slot=(row, position), alpha=_SURE):
            found.append((count, one))
    found.sort(key=lambda pair: -pair[1].bits)
    return [_about(mined, count, one, window, names, redactor) for count, one in found]


def _about(
    mined: Mined, count: Count, one: Concentration, window: Window, names: Names, redactor: Redactor
) -> Evidence:
    component, peer = attribute(mined.component, count.template.text, names)
    value = redactor.text(one.value)
    before = f", before {percent(one.share[0])}" if one.n[0] else ""
    what = count.meaning
    return Evidence(
        component=component,
        peer=names.of_token(one.value) or peer,
        kind="log.concentration",
        aspect=what.aspect,
        statement=(
            f'{mined.component}: {percent(one.share[1])} of the messages "{quoted(count, redactor)}" mention '
            f"{value!r}{before}."
        ),
        values={
            "value": value,
            "share_window": round(one.share[1], 3),
            "share_baseline": round(one.share[0], 3),
            "count_window": count.window,
        },
        unit="share",
        window=window,
        direction="up",
        strength=0.2,
        source=reference(mined, count),
        taint=True,
    )
