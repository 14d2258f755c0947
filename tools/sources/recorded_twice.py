"""Sources of one asset whose clocks differ, told by what both of them recorded (PLC and historian, two gateways)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from statistics import median
from typing import Final

import numpy as np

from aitia.core.protocols import Source
from aitia.core.resolve import Resolver
from aitia.core.words import Holding, Window, from_epoch
from aitia.tools.meaning.names import UNKNOWN, lexicon
from aitia.tools.sources.base import MetricSource, Series
from aitia.tools.sources.clock_drift import Drift, drift_of, lags
from aitia.tools.sources.clocks import Dated, Doubt, duration
from aitia.tools.sources.rows import Floats
from aitia.tools.tags.equipment_words import plain

LOOKED: Final = timedelta(days=2)  # before the window's end, by which clocks are compared
MOST_PAIRS: Final = 24  # of two sources
_MOST_ROWS: Final = 200_000  # of a series


@dataclass(frozen=True, kw_only=True)
class _Pair:
    first: Series
    second: Series
    same: bool


def drifted(
    holdings: Sequence[Holding], sources: Sequence[Source], window: Window, resolver: Resolver
) -> dict[str, Doubt]:
    """Of each two sources that recorded the same of one component the one that holds less, where their clocks differ.

    Which of both clocks is right nobody can tell from two: what matters is the order of what one and the other saw.
    """
    held = {h.source: h for h in holdings if h.kind == "metrics" and h.count and not h.doubt_s}
    usable = [s for s in sources if isinstance(s, MetricSource) and isinstance(s, Dated) and s.name in held]
    span = Window(start=window.end - LOOKED, end=window.end)
    found: dict[str, Doubt] = {}
    read: dict[str, list[Series]] = {}
    for one, two in combinations(sorted(usable, key=lambda s: (-held[s.name].count, s.name)), 2):
        shared = {*_names(held[one.name], resolver)} & {*_names(held[two.name], resolver)}
        if not shared or two.name in found:
            continue
        for source in (one, two):
            if source.name not in read:
                read[source.name] = source.read(span)
        pairs = list(_pairs(read[one.name], read[two.name], resolver))[:MOST_PAIRS]
        if (doubt := _told(pairs, one.name)) is not None:
            found[two.name] = doubt
    return found


def _names(held: Holding, resolver: Resolver) -> Iterator[str]:
    return (plain(resolver.resolve(c) or c) for c in held.components)


def _pairs(ones: Iterable[Series], twos: Iterable[Series], resolver: Resolver) -> Iterator[_Pair]:
    """Series of one component that are called alike, or measure the same quantity in the same unit."""
    by_component: dict[str, list[Series]] = defaultdict(list)
    for series in ones:
        by_component[plain(resolver.resolve(series.component) or series.component)].append(series)
    for two in twos:
        for one in by_component.get(plain(resolver.resolve(two.component) or two.component), ()):
            if plain(one.metric) == plain(two.metric) or _quantity(one) == _quantity(two) != "":
                same = plain(one.metric) == plain(two.metric) and one.metadata.unit == two.metadata.unit
                yield _Pair(first=one, second=two, same=same)


def _quantity(series: Series) -> str:
    said = series.metadata.quantity or lexicon().read(series.metric, series.metadata.unit).quantity
    return "" if said == UNKNOWN else said


def _told(pairs: Sequence[_Pair], other: str) -> Doubt | None:
    """What the pairs say together: those that were recorded twice, else causes and effects of which two agree at least."""
    for same in (True, False):
        some = [(p, d) for p in pairs if p.same == same and (d := _drift(p)) is not None]
        agreed = [d for _, d in some if np.sign(d.seconds) == np.sign(some[0][1].seconds)]
        if len(agreed) >= (1 if same else 2) and len(agreed) == len(some):
            return _doubt(agreed, [p for p, _ in some], other, same=same)
    return None


def _drift(pair: _Pair) -> Drift | None:
    first, second = _rows(pair.first), _rows(pair.second)
    found, step = lags(first, second)
    return drift_of(found, step, same=pair.same)


def _rows(series: Series) -> tuple[Floats, Floats]:
    known = np.isfinite(series.v)
    return series.t[known][-_MOST_ROWS:], series.v[known][-_MOST_ROWS:]


def _doubt(drifts: Sequence[Drift], pairs: Sequence[_Pair], other: str, *, same: bool) -> Doubt:
    seconds = median(d.seconds for d in drifts)
    begun = [d.since for d in drifts if d.since is not None]
    since = f" since {from_epoch(median(begun)):%Y-%m-%d %H:%M} UTC" if 2 * len(begun) > len(drifts) else ""
    pair = pairs[0]
    what = f"both recorded {pair.first.metric} of {pair.first.component}" if same else "what follows what"
    way = "ahead of" if seconds > 0 else "behind"
    note = (
        f"doubtful times: its clock is {duration(abs(seconds))} {way} that of {other}{since} ({what}); which of both is wrong"
        " nobody can tell from two: an order of events between them within that time is not used. Set both clocks by one server"
    )
    return Doubt(seconds=abs(seconds), zone=False, note=note)
