"""The three rules that `limits.py` judges: which limit the product ships, and in which windows another one raises an alarm."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

import numpy as np

from aitia.tools.signals import choose as choosing
from aitia.tools.signals.detectors import Ensemble, Limited
from aitia.tools.signals.detectors.thresholds import smoothed
from aitia.tools.signals.multivariate import LEAD, PERSIST, detector_for
from aitia.tools.signals.profile import HEAD, departure, profile
from aitia.tools.signals.series import detect_series
from aitia.tools.signals.streaming import REFRACTORY, NeighbourStream
from aitia.tools.signals.watch import PATTERN_LIMIT
from benchmarks.signals.limit_cases import WINDOW, Cases, Floats, Judged, of_long, of_several, of_single
from benchmarks.signals.nab import onsets

BLOCKS, WATCHED_AFTER = (
    4,
    1_000,
)  # blocks of a reference that are held out; rows of a reference that is watched
Span = tuple[int, int, bool]


@dataclass(frozen=True, kw_only=True)
class Looked:
    """A case: the largest value that its own reference gave, whether each window is anomalous, the alarms at a limit."""

    name: str
    dataset: str
    usual: float
    bad: tuple[bool, ...]
    alarms: Callable[[float], Sequence[bool]] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """The shipped limit, the numbers and multiples of `usual` that are tried, and the cases as the rule sees them.

    `plain` are limits that decide nothing.
    """

    shipped: float
    fixed: Floats
    multiples: Floats
    cases: Callable[[Path, Path], Cases]
    look: Callable[[Iterable[Judged]], Iterator[Looked]]
    plain: Mapping[str, float] = field(default_factory=dict)


def lasting(x: Floats) -> float:
    """The largest value that so many scores in a row reach."""
    if x.size < PERSIST:
        return 0.0
    return float(np.max(np.min(np.lib.stride_tricks.sliding_window_view(x, PERSIST), axis=1)))


def ensemble(cases: Iterable[Judged]) -> Iterator[Looked]:
    """As `departure_from` judges: median of five, five rows in a row; where the reference is long enough for the ensemble."""
    reference, usual = np.zeros((0, 0)), 0.0
    whole: Limited | None = None
    for one in cases:
        if one.reference is not reference:  # several cases may have the same
            reference, (whole, _) = one.reference, detector_for(one.reference)
            usual = _held_out(reference) if isinstance(whole, Ensemble) else 0.0
        if not isinstance(whole, Ensemble):
            continue
        joined, rows = np.concatenate([reference, one.x]), reference.shape[0]
        windows = one.windows()
        peaks = [_peak(whole, joined, rows + a, rows + b) for a, b, _ in windows]
        yield Looked(
            name=one.name,
            dataset=one.dataset,
            usual=usual,
            bad=tuple(bad for _, _, bad in windows),
            alarms=lambda limit, p=tuple(peaks): [x > limit for x in p],
        )


def _peak(model: Ensemble, x: Floats, a: int, b: int) -> float:
    lead = min(LEAD, a)
    return lasting(smoothed(model.decision_function(x[a - lead : b]), PERSIST, ahead=True)[lead:])


def _held_out(reference: Floats) -> float:
    """The highest peak of a block under a fit on the other blocks."""
    edges = np.linspace(0, reference.shape[0], BLOCKS + 1).astype(int).tolist()
    others = lambda a, b: np.delete(reference, slice(a, b), axis=0)  # noqa: E731
    return max(_peak(Ensemble().fit(others(a, b)), reference, a, b) for a, b in pairwise(edges))


def pattern(cases: Iterable[Judged]) -> Iterator[Looked]:
    """As `PatternWatch` raises alarms; each score is from earlier samples alone, so the reference's own are held out."""
    for one in cases:
        reference = one.reference[-WATCHED_AFTER:, 0]
        stream = NeighbourStream()
        scores = np.array([stream.update(float(v)) for v in np.concatenate([reference, one.x[:, 0]])])
        before, after = scores[: reference.size], scores[reference.size :]
        windows = one.windows()
        yield Looked(
            name=one.name,
            dataset=one.dataset,
            usual=float(before[before.size // 2 :].max()),
            bad=tuple(bad for _, _, bad in windows),
            alarms=lambda limit, x=after, w=windows: _raised(x, limit, w),
        )


def _raised(scores: Floats, limit: float, windows: Sequence[Span]) -> list[bool]:
    raised = onsets(scores, limit, REFRACTORY)
    return [bool(raised[a:b].any()) for a, b, _ in windows]


def departed(cases: Iterable[Judged]) -> Iterator[Looked]:
    """As `choose` decides: from a departure over the limit on the series' own first part is what is usual.

    `usual` is the largest departure of a block of the reference, as long as that part or a quarter of it, from the rest. A
    case in which no departure would lead to that choice is left out.
    """
    for one in cases:
        v, reference = one.x[:, 0], one.reference[:, 0]
        t = np.arange(v.size, dtype=np.float64)
        p = profile(t, v, reference=reference)
        if choosing.choose(p.model_copy(update={"departure": 1.0})).learns != "head":
            continue
        windows = one.windows(ahead=WINDOW)  # a score is averaged over one window

        head, both = (_found(t, v, reference, limit, windows) for limit in (-1.0, 2.0))
        size = min(max(int(HEAD * v.size), 1), reference.size // BLOCKS)
        blocks = [slice(a, a + size) for a in range(0, reference.size - size + 1, max(size, 1))]
        yield Looked(
            name=one.name,
            dataset=one.dataset,
            usual=max(departure(np.delete(reference, b), reference[b]) for b in blocks),
            bad=tuple(bad for _, _, bad in windows),
            alarms=lambda limit, d=p.departure, h=head, o=both: h if d > limit else o,
        )


def _found(t: Floats, v: Floats, reference: Floats, limit: float, windows: Sequence[Span]) -> list[bool]:
    """Which windows a stretch that the product finds lies in, with another `DEPARTED`."""
    with patch.object(choosing, "DEPARTED", limit):
        found = detect_series(t, v, reference).found
    return [any(f.onset < b and f.end >= a for f in found) for a, b, _ in windows]


RULES = {
    "ensemble": Rule(
        shipped=Ensemble().threshold_,
        fixed=np.arange(1.0, 6.2, 0.1),
        multiples=np.arange(0.6, 4.1, 0.1),
        cases=of_several,
        look=ensemble,
    ),
    "departed": Rule(
        shipped=choosing.DEPARTED,
        fixed=np.arange(0.0, 1.01, 0.05),
        multiples=np.arange(0.5, 3.1, 0.1),
        cases=of_long,
        look=departed,
        plain={"no_model always its first part": -1.0, "no_model never": 2.0},
    ),
    "pattern": Rule(
        shipped=PATTERN_LIMIT,
        fixed=np.arange(0.25, 8.1, 0.25),
        multiples=np.arange(0.5, 6.1, 0.25),
        cases=of_single,
        look=pattern,
    ),
}
