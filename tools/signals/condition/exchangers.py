"""Which temperatures and flows of an asset are the two sides of a heat exchanger, by the words of their names or descriptions.

A stream is two temperatures that are called alike but for which end they are of (inlet and outlet, supply and return). Which
of both is the inlet their levels tell: heat goes from the warmer stream to the colder one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from aitia.tools.meaning.words import words_of
from aitia.tools.signals.quantities import machine_aspect
from aitia.tools.sources.rows import Floats

# Words, by hand (English, German, Spanish). None was taken from a data set.
_ENDS: Final = frozenset(
    {"inlet", "outlet", "in", "out", "entering", "leaving", "entry", "exit", "supply", "return", "before", "after", "upstream",
     "downstream", "eintritt", "austritt", "ein", "aus", "vorlauf", "rucklauf", "zulauf", "ablauf", "vor", "nach", "entrada",
     "salida", "ida", "retorno"}
)  # fmt: skip
_PHASE: Final = frozenset(
    {"condensing", "condensation", "evaporating", "evaporation", "saturation", "saturated", "boiling", "kondensation",
     "kondensations", "kondensationstemperatur", "verdampfung", "verdampfungs", "verdampfungstemperatur", "sattigung",
     "sattigungs", "condensacion", "evaporacion", "saturacion", "ebullicion"}
)  # fmt: skip
"""Of what condenses or boils: one temperature along the whole surface."""
_SAY_NOTHING: Final = frozenset(
    {"temperature", "temp", "flow", "rate", "temperatur", "durchfluss", "menge", "temperatura", "caudal", "of", "the", "der",
     "de", "volume", "mass"}
)  # fmt: skip
_MOST_TEMPERATURES: Final = 16
_MOST_FLOWS: Final = 8
_MOST: Final = 6  # exchangers of an asset
_APART: Final = 0.3  # K between the ends of a stream, at least: below it is no heat to be told


@dataclass(frozen=True, kw_only=True)
class Signal:
    """A signal that may be of an exchanger: epoch s, values (NaN where unknown), and what it is called."""

    name: str
    t: Floats
    v: Floats
    unit: str = ""
    said: str = ""


@dataclass(frozen=True, kw_only=True)
class Stream:
    """A stream through an exchanger by the names of its signals; `flow` is "" where nobody measures it."""

    inlet: str
    outlet: str
    flow: str = ""


@dataclass(frozen=True, kw_only=True)
class Exchanger:
    """Two streams, or one along what condenses or boils (`phase`, a temperature)."""

    hot: Stream | None
    cold: Stream | None
    phase: str = ""

    @property
    def streams(self) -> tuple[Stream, ...]:
        """Those that are there, the hot one first."""
        return tuple(s for s in (self.hot, self.cold) if s is not None)

    @property
    def signals(self) -> tuple[str, ...]:
        """All names, in order: temperatures, then flows."""
        ends = [n for s in self.streams for n in (s.inlet, s.outlet)]
        return (*ends, *([self.phase] if self.phase else []), *(s.flow for s in self.streams if s.flow))


def exchangers(
    signals: Mapping[str, Signal], asset: str, linked: Mapping[str, Signal] | None = None
) -> list[Exchanger]:
    """The exchangers whose ends an asset measures; two streams are one where they exchange heat with one another.

    `linked`: flows of the assets beside it, which one along what condenses or boils has where they are called alike; of two
    streams the balance tells.
    """
    own = frozenset(words_of(asset))
    known = {**(linked or {}), **signals}
    words = {n: _words(s, own) for n, s in known.items()}
    warm = sorted(n for n, s in signals.items() if aspect_of_signal(s) == "temperature")[:_MOST_TEMPERATURES]
    flows = sorted(n for n, s in signals.items() if aspect_of_signal(s) == "flow")[:_MOST_FLOWS]
    beside = [*flows, *sorted(set(known) - set(signals))[:_MOST_FLOWS]]
    level = {n: float(np.nanmedian(signals[n].v)) for n in warm if np.isfinite(signals[n].v).any()}
    pairs = [p for p in combinations(sorted(level), 2) if _ends(words[p[0]], words[p[1]])]
    pairs = [p for p in pairs if abs(level[p[0]] - level[p[1]]) >= _APART and not _of_phase(words, p)]
    found = []
    for pair in pairs:
        low, high = sorted(pair, key=lambda n: level[n])
        near = [n for n in level if n not in pair and words[n] & _PHASE]
        above = [n for n in near if level[n] > level[high]]
        below = [n for n in near if level[n] < level[low]]
        if above and (not below or _shares(words, above, pair) >= _shares(words, below, pair)):
            phase = min(above, key=lambda n: (-len(words[n] & words[low]), level[n]))
            found.append(Exchanger(hot=None, cold=_stream(low, high, words, beside, pairs), phase=phase))
        elif below:
            phase = max(below, key=lambda n: (len(words[n] & words[low]), level[n]))
            found.append(Exchanger(hot=_stream(high, low, words, beside, pairs), cold=None, phase=phase))
    if found:
        return found[:_MOST]
    for one, two in combinations(pairs, 2):
        if set(one) & set(two):
            continue
        hot, cold = sorted((one, two), key=lambda p: -max(level[n] for n in p))
        a, b = sorted(hot, key=lambda n: -level[n]), sorted(cold, key=lambda n: level[n])
        if level[a[0]] > level[b[1]] and level[a[1]] > level[b[0]]:
            streams = (_stream(*ends, words, flows, pairs) for ends in ((a[0], a[1]), (b[0], b[1])))
            found.append(Exchanger(hot=next(streams), cold=next(streams)))
    return [_apart(e) for e in found[:_MOST]]


def _apart(one: Exchanger) -> Exchanger:
    """A flow that both streams claim is nobody's."""
    hot, cold = one.hot, one.cold
    if hot is None or cold is None or hot.flow != cold.flow:
        return one
    return Exchanger(
        hot=Stream(inlet=hot.inlet, outlet=hot.outlet), cold=Stream(inlet=cold.inlet, outlet=cold.outlet)
    )


def aspect_of_signal(signal: Signal) -> str:
    """What a signal measures, by its name and unit, else by its description."""
    return machine_aspect(signal.name, signal.unit) or machine_aspect(signal.said, signal.unit)


def _words(signal: Signal, own: frozenset[str]) -> frozenset[str]:
    return frozenset(words_of(signal.said or signal.name)) - own


def _ends(one: frozenset[str], two: frozenset[str]) -> bool:
    """Whether two are called alike but for which end they are of."""
    a, b = one & _ENDS, two & _ENDS
    return bool(a and b and a != b and one - _ENDS == two - _ENDS)


def _of_phase(words: Mapping[str, frozenset[str]], pair: tuple[str, str]) -> bool:
    return any(words[n] & _PHASE for n in pair)


def _shares(words: Mapping[str, frozenset[str]], these: Iterable[str], pair: tuple[str, str]) -> int:
    """The most first letters that a phase's word has in common with a stream's: condensing and condenser."""
    stream = words[pair[0]] - _ENDS - _SAY_NOTHING
    return max((_alike(a, b) for n in these for a in words[n] & _PHASE for b in stream), default=0)


def _alike(one: str, two: str) -> int:
    same = 0
    for a, b in zip(one, two, strict=False):
        if a != b:
            break
        same += 1
    return same if same >= 5 else 0


def _stream(
    inlet: str,
    outlet: str,
    words: Mapping[str, frozenset[str]],
    flows: Sequence[str],
    pairs: Sequence[tuple[str, str]],
) -> Stream:
    """A stream with the flow that is called as it is and no other stream more; the asset's own one before those beside it."""
    others = [words[p[0]] - _ENDS for p in pairs if inlet not in p and outlet not in p]
    mine = words[inlet] - _ENDS
    best, most = "", 0
    for n in flows:
        called = len(words[n] & mine - _SAY_NOTHING)
        if called > most and all(len(words[n] & of - _SAY_NOTHING) < called for of in others):
            best, most = n, called
    return Stream(inlet=inlet, outlet=outlet, flow=best)
