"""What a machine's next corrective order will be about: the site's own history of orders and signs as a prior.

A mixture of simple experts, each a distribution over the codes of past orders, whose weights are fitted by expectation
maximisation on the site's own newest orders, each predicted from what lay before it (Jelinek-Mercer interpolation of n-gram
models, on events).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

DAY: Final = 86_400.0
LEAST_ORDERS: Final = 30  # below that nothing is said
FITTED_ON: Final = 300  # the newest orders, by which the experts are weighed
ROUNDS: Final = 30  # of expectation-maximisation
FLOOR: Final = 0.02  # of every prediction, over all codes alike: what was never seen next may come. By hand
# Spans and half-lives in days, by hand: a visit, a campaign, a year.
SIGN_DAYS: Final = 30.0
SIGN_HALF: Final = 7.0
BURST_DAYS: Final = 14.0
RECENT_HALF: Final = 180.0
ASSET_HALF: Final = 720.0
SEASON_DAYS: Final = 30.0
YEAR: Final = 365.25
EXPERTS: Final = ("all orders", "recent orders", "this machine's orders", "orders of these weeks", "what followed its last order",
                  "what followed these signs", "this time of year")  # fmt: skip
Shares = Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Order:
    """A corrective order: when (epoch s), of which machine, and its code."""

    at: float
    asset: str
    code: str


@dataclass(frozen=True, kw_only=True)
class Sign:
    """What was seen of a machine before: an alert's rule, an alarm, a preventive order."""

    at: float
    asset: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Expected:
    """A code that may come next. `because` names the expert that speaks for it most."""

    code: str
    probability: float
    because: str


@dataclass(kw_only=True)
class History:
    """Orders and signs in time order, asked only for what lies before a moment."""

    orders: Sequence[Order]
    signs: Sequence[Sign] = ()
    _times: list[float] = field(init=False)
    _signs: dict[str, list[Sign]] = field(init=False)
    _sign_times: dict[str, list[float]] = field(init=False)

    def __post_init__(self) -> None:
        self.orders = sorted(self.orders, key=lambda o: (o.at, o.asset, o.code))
        self._times = [o.at for o in self.orders]
        self._signs = defaultdict(list)
        for sign in sorted(self.signs, key=lambda s: (s.at, s.name)):
            self._signs[sign.asset].append(sign)
        self._sign_times = {asset: [s.at for s in some] for asset, some in self._signs.items()}

    def before(self, at: float) -> Sequence[Order]:
        """The orders before a moment, none at it."""
        return self.orders[: bisect_left(self._times, at)]

    def signs_before(self, asset: str, at: float) -> dict[str, float]:
        """A machine's signs in the SIGN_DAYS before a moment, each with the weight of its latest: half after SIGN_HALF days."""
        times, some = self._sign_times.get(asset, []), self._signs.get(asset, [])
        recent = some[bisect_left(times, at - SIGN_DAYS * DAY) : bisect_left(times, at)]
        return {s.name: 0.5 ** ((at - s.at) / DAY / SIGN_HALF) for s in recent}


class NextOrder:
    """The prior of one site."""

    def __init__(self, history: History, until: float = math.inf) -> None:
        """Weigh the experts on the orders before `until`; all later questions are answered with these weights."""
        self._history = history
        self._seen: dict[tuple[float, str], Mapping[str, float]] = {}
        asked = [o for o in history.before(until) if len(history.before(o.at)) >= LEAST_ORDERS][-FITTED_ON:]
        told = [[e.get(o.code, 0.0) for e in self._experts(o.asset, o.at)] for o in asked]
        self.weights = _weighed(told)

    def expect(self, asset: str, at: float) -> list[Expected]:
        """The codes that may come next for a machine, likeliest first; empty with fewer than LEAST_ORDERS before the moment."""
        before = self._history.before(at)
        if len(before) < LEAST_ORDERS:
            return []
        experts = self._experts(asset, at)
        codes = sorted({o.code for o in before})
        found = []
        for code in codes:
            shares = [w * e.get(code, 0.0) for w, e in zip(self.weights, experts, strict=True)]
            best = max(range(len(shares)), key=shares.__getitem__)
            found.append(
                Expected(
                    code=code,
                    probability=(1 - FLOOR) * sum(shares) + FLOOR / len(codes),
                    because=EXPERTS[best],
                )
            )
        return sorted(found, key=lambda e: (-e.probability, e.code))

    def _experts(self, asset: str, at: float) -> list[Shares]:
        """What each expert says; one that has nothing to go by says what all orders say."""
        before = self._history.before(at)
        everything = _shares((o.code, 1.0) for o in before)
        own = [o for o in before if o.asset == asset]
        told = [
            everything,
            _shares((o.code, 0.5 ** ((at - o.at) / DAY / RECENT_HALF)) for o in before),
            _shares((o.code, 0.5 ** ((at - o.at) / DAY / ASSET_HALF)) for o in own),
            _shares((o.code, 1.0) for o in before if at - o.at <= BURST_DAYS * DAY),
            _after(before, own[-1].code if own else ""),
            self._by_signs(before, asset, at),
            _shares((o.code, 1.0) for o in before if _season_apart(o.at, at) <= SEASON_DAYS),
        ]
        return [e or everything for e in told]

    def _by_signs(self, before: Sequence[Order], asset: str, at: float) -> Shares:
        """The codes of past orders by how many of the present signs preceded them too."""
        now = self._history.signs_before(asset, at)
        if not now:
            return {}
        return _shares((o.code, _alike(now, self._signs_of(o))) for o in before)

    def _signs_of(self, order: Order) -> Mapping[str, float]:
        key = (order.at, order.asset)
        if key not in self._seen:
            self._seen[key] = self._history.signs_before(order.asset, order.at)
        return self._seen[key]


def _alike(now: Mapping[str, float], then: Mapping[str, float]) -> float:
    """Weighted Jaccard (Ruzicka)."""
    names = now.keys() | then.keys()
    most = sum(max(now.get(n, 0.0), then.get(n, 0.0)) for n in names)
    return sum(min(now.get(n, 0.0), then.get(n, 0.0)) for n in names) / most if most > 0 else 0.0


def _season_apart(first: float, second: float) -> float:
    """Days between two moments within the year; infinite within the same half-year, which is no season but now."""
    days = abs(second - first) / DAY
    if days < YEAR / 2:
        return math.inf
    within = days % YEAR
    return min(within, YEAR - within)


def _after(before: Sequence[Order], last: str) -> Shares:
    """The codes that followed a code on the same machine."""
    followed: Counter[str] = Counter()
    latest: dict[str, str] = {}
    for order in before:
        if latest.get(order.asset) == last:
            followed[order.code] += 1
        latest[order.asset] = order.code
    return _shares((code, float(n)) for code, n in followed.items())


def _shares(weighted: Iterable[tuple[str, float]]) -> Shares:
    found: dict[str, float] = defaultdict(float)
    for code, weight in weighted:
        found[code] += weight
    total = sum(found.values())
    return {code: weight / total for code, weight in found.items()} if total > 0 else {}


def _weighed(told: Sequence[Sequence[float]]) -> list[float]:
    """The weights under which the orders that came were likeliest; alike where there are none."""
    weights = [1.0 / len(EXPERTS)] * len(EXPERTS)
    for _ in range(ROUNDS if told else 0):
        sums = [1.0] * len(EXPERTS)  # one order for each expert: none is ever given up
        for row in told:
            parts = [w * p for w, p in zip(weights, row, strict=True)]
            whole = sum(parts)
            for n, part in enumerate(parts):
                sums[n] += part / whole if whole > 0 else 1.0 / len(EXPERTS)
        weights = [s / sum(sums) for s in sums]
    return weights
