"""What feeds what, proposed from how assets are named and described, and from signals that follow one another.

Names and descriptions say it (`L03-04` lies between `N03` and `N04`; "from P-101 to E-301"). That one signal follows another says
only that it may: such a proposal is written as a comment, for a person to confirm.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Final

import numpy as np

from aitia.core.words import Component, Link
from aitia.tools.sources.rows import Floats
from aitia.tools.tags.point import TagEntry

NAME: Final = "by name"
DESCRIPTION: Final = "by description"
LAG: Final = "one follows the other"
_ENDS: Final = re.compile(r"^([A-Za-z]{1,6})[-_ ]?(\d{1,4})[-_/](\d{1,4})$")
_ONE: Final = re.compile(r"^([A-Za-z]{1,6})[-_ ]?(\d{1,4})$")
_FROM_TO: Final = re.compile(
    r"(?i)\b(?:from|von|vom|de|desde|da|between|zwischen)\b\s+(.{1,60}?)\s+\b(?:to|nach|zu|zum|a|hacia|vers|and|und)\b\s+(.{1,60})"
)
_TO: Final = re.compile(
    r"(?i)\b(?:to|feeds|supplies|supply (?:of|to)|towards|nach|zum?|speist|vers|hacia|alimenta)\b\s+(.{1,60})"
)
# Signals that follow one another, by hand: what passes from one machine to the next comes later, and by as much each time.
_CARRIED: Final = frozenset({"flow", "temperature", "pressure", "level", "concentration"})
_ROWS: Final = 400  # of the common grid at most
_LEAST_ROWS: Final = 120
_LAGS: Final = 24  # rows
_ALIKE: Final = 0.7  # correlation of the changes at the best lag
_BETTER: Final = 0.15  # above that at no lag, and at any lag the other way round
_MOST_ASSETS: Final = 40


@dataclass(frozen=True, kw_only=True)
class Feed:
    """A proposal that one asset feeds another. `sure`: names say it; else a person confirms it first."""

    source: str
    to: str
    by: str
    why: str

    @property
    def sure(self) -> bool:
        """Whether it is written as a link at once."""
        return self.by != LAG


def feeds_of(entries: Sequence[TagEntry], series: Mapping[str, tuple[Floats, Floats]]) -> list[Feed]:
    """All proposals, those by names first; `series` are times (s) and values by tag."""
    assets = sorted({e.asset for e in entries if e.asset and not e.by.startswith("no machine")})
    found: dict[tuple[str, str], Feed] = {}
    for feed in (*_by_ends(assets), *_by_description(entries, assets)):
        found.setdefault((feed.source, feed.to), feed)
    if len(assets) <= _MOST_ASSETS:
        for feed in _by_lag(entries, series):
            if (feed.source, feed.to) not in found and (feed.to, feed.source) not in found:
                found[feed.source, feed.to] = feed
    return list(found.values())


def with_feeds(components: Sequence[Component], feeds: Sequence[Feed]) -> list[Component]:
    """The components with the sure proposals as links."""
    links: dict[str, list[Link]] = defaultdict(list)
    for feed in feeds:
        if feed.sure:
            links[feed.source].append(Link(relation="feeds", to=feed.to))
    return [c.model_copy(update={"links": (*c.links, *links.get(c.id, ()))}) for c in components]


def _by_ends(assets: Sequence[str]) -> Iterator[Feed]:
    """`L03-04` between the only assets with the numbers 03 and 04."""
    numbered: dict[str, list[str]] = defaultdict(list)
    for asset in assets:
        if one := _ONE.match(asset):
            numbered[one[2]].append(asset)
    for asset in assets:
        ends = _ENDS.match(asset)
        if ends is None or ends[2] == ends[3]:
            continue
        nodes = [_alone(numbered, ends[k]) for k in (2, 3)]
        if all(nodes) and nodes[0] != nodes[1]:
            why = f"{asset} is named after both ends"
            yield Feed(source=nodes[0], to=asset, by=NAME, why=why)
            yield Feed(source=asset, to=nodes[1], by=NAME, why=why)


def _alone(numbered: Mapping[str, Sequence[str]], number: str) -> str:
    """The only asset with this number, or the one whose letters most assets of lines' ends share."""
    named = numbered.get(number, ())
    if len(named) == 1:
        return named[0]
    letters: dict[str, int] = defaultdict(int)
    for group in numbered.values():
        for asset in group:
            letters[asset.rstrip("0123456789")] += 1
    best = sorted(named, key=lambda a: -letters[a.rstrip("0123456789")])
    plain = len(best) > 1 and letters[best[0].rstrip("0123456789")] > letters[best[1].rstrip("0123456789")]
    return best[0] if plain else ""


def _by_description(entries: Sequence[TagEntry], assets: Sequence[str]) -> Iterator[Feed]:
    """What a description says of a tag's asset: "from X to Y", "to Y"."""
    for entry in entries:
        if not entry.description or not entry.asset:
            continue
        why = f'"{entry.description[:60]}" of {entry.tag}'
        if both := _FROM_TO.search(entry.description):
            source, to = (_named(both[k], assets) for k in (1, 2))
            if source and to and source != to:
                middle = entry.asset if entry.asset not in (source, to) else ""
                pairs = [(source, middle), (middle, to)] if middle else [(source, to)]
                yield from (Feed(source=a, to=b, by=DESCRIPTION, why=why) for a, b in pairs)
        elif (one := _TO.search(entry.description)) and (to := _named(one[1], assets)) and to != entry.asset:
            yield Feed(source=entry.asset, to=to, by=DESCRIPTION, why=why)


def _named(text: str, assets: Sequence[str]) -> str:
    """The asset that the text begins with or names alone."""
    held = [a for a in assets if re.search(rf"(?<![\w-]){re.escape(a)}(?![\w-])", text, re.IGNORECASE)]
    return max(held, key=len) if held else ""


def _by_lag(entries: Sequence[TagEntry], series: Mapping[str, tuple[Floats, Floats]]) -> Iterator[Feed]:
    """Pairs of signals of one quantity of two assets, one of which follows the other plainly; each asset's plainest leader."""
    known = [
        e for e in entries if e.asset and e.quantity in _CARRIED and e.tag in series and series[e.tag][0].size
    ]
    if len(known) < 2:
        return
    t, columns = _on_one_grid([series[e.tag] for e in known])
    if t.size < _LEAST_ROWS:
        return
    best: dict[str, tuple[float, Feed]] = {}
    for a, b in permutations(range(len(known)), 2):
        one, other = known[a], known[b]
        if one.asset == other.asset or one.quantity != other.quantity:
            continue
        alike, lag = _follows(columns[a], columns[b])
        if lag and alike > best.get(other.asset, (0.0, None))[0]:
            minutes = lag * float(t[1] - t[0]) / 60.0
            why = f"{other.tag} follows {one.tag} by about {minutes:.3g} min (correlation of changes {alike:.2f})"
            best[other.asset] = alike, Feed(source=one.asset, to=other.asset, by=LAG, why=why)
    yield from (feed for _, feed in best.values())


def _on_one_grid(pairs: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, list[Floats]]:
    start, end = max(float(t[0]) for t, _ in pairs), min(float(t[-1]) for t, _ in pairs)
    finest = max(float(np.median(np.diff(t))) for t, _ in pairs if t.size > 1)
    rows = int(min(_ROWS, max(0.0, (end - start) / max(finest, 1e-9))))
    grid = np.linspace(start, end, rows) if rows > 1 else np.empty(0)
    return grid, [np.interp(grid, t[np.isfinite(v)], v[np.isfinite(v)]) for t, v in pairs] if rows > 1 else []


def _follows(leader: Floats, follower: Floats) -> tuple[float, int]:
    """How alike the changes are at the best lag of the follower, and that lag in rows; lag 0 where it does not plainly follow."""
    a, b = np.diff(leader), np.diff(follower)
    if a.std() <= 0 or b.std() <= 0:
        return 0.0, 0
    shares = {k: _correlated(a, b, k) for k in range(-_LAGS, _LAGS + 1)}
    lag = max(range(1, _LAGS + 1), key=lambda k: shares[k])
    rest = max(shares[k] for k in range(-_LAGS, 1))
    return (shares[lag], lag) if shares[lag] >= _ALIKE and shares[lag] >= rest + _BETTER else (shares[lag], 0)


def _correlated(a: Floats, b: Floats, lag: int) -> float:
    x, y = (a[: len(a) - lag], b[lag:]) if lag >= 0 else (a[-lag:], b[: len(b) + lag])
    spread = float(x.std() * y.std())
    return float(np.mean((x - x.mean()) * (y - y.mean()))) / spread if spread > 0 else 0.0
