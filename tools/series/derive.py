"""From raw series to comparable ones: rates, means, quantiles and error ratios per component and peer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np

from aitia.tools.series.again import again
from aitia.tools.series.aspects import OTHER, Aspect, Aspects
from aitia.tools.series.behaviour import SETTING, about_state, is_setting, state_labels, state_of
from aitia.tools.series.failed import failed_by_code
from aitia.tools.series.kinds import (
    ACCOUNT,
    CLIENT,
    FAILED_SHARE,
    IDENTITY,
    MODES_APART,
    MODES_SKIPPED,
    PEER,
    REQUEST,
    SKIPPED,
    TIMES,
    Labels,
    collects,
    failed_share,
    in_unit,
    is_counter,
    is_moment,
    is_register,
    never_falls,
    own_floor,
    rate_unit,
    sized,
    steps_of,
    told_apart,
    told_in,
    upper_bound,
)
from aitia.tools.series.rates import (
    grid_of,
    quantile,
    rolling_sum,
    smoothing,
    step_of,
    summed,
)
from aitia.tools.sources.base import Series
from aitia.tools.sources.rows import Floats

Stat = Literal["gauge", "rate", "mean", "p95", "ratio"]


@dataclass(frozen=True, kw_only=True)
class Derived:
    """One comparable series. `smooth` is how many samples each value sums over; `query` reads its raw data again."""

    component: str
    peer: str = ""
    client: bool = False  # the peer is the one that calls, not the one called
    metric: str
    stat: Stat
    about: Aspect
    t: Floats
    v: Floats
    labels: Labels = ()
    state: Labels = ()  # of which it says whether, or how many times, it is taken
    source: str = ""
    query: str = ""
    smooth: int = 1
    raw: tuple[Series, ...] = field(default=(), repr=False)

    @property
    def key(self) -> tuple[str, str, str, str, str, Labels]:
        """A total order over derived series."""
        return (
            self.component,
            self.about.aspect,
            self.peer,
            self.metric,
            self.stat,
            self.labels + self.state,
        )


@dataclass(frozen=True)
class _Group:
    component: str
    metric: str
    peer: str
    rest: Labels
    client: bool = False


def _with_floors(found: Iterable[Derived]) -> Iterator[Derived]:
    by_metric: dict[tuple[str, str], list[Derived]] = defaultdict(list)
    for d in found:
        by_metric[d.metric, d.stat].append(d)
    for alike in by_metric.values():
        abouts = sized([(d.about, d.v) for d in alike])
        yield from (replace(d, about=about) for d, about in zip(alike, abouts, strict=True))


_SUMMED: Final = ("connections", "queue", "locks", "threads")  # over what a component's clients hold


def _unknown(raw: str, by: str) -> str:
    return ""


class Deriver:
    """Derives the comparable series of one source.

    resolve  maps a raw name to a known component id or ""
    called   maps the name that a component (the second argument) gives to one that it calls
    """

    def __init__(
        self, *, aspects: Aspects, resolve: Callable[[str], str], called: Callable[[str, str], str] = _unknown,
        source: str = "",
    ) -> None:  # fmt: skip
        self._aspects = aspects
        self._resolve = resolve
        self._called = called
        self._source = source
        self._borrowed: frozenset[tuple[str, str]] = frozenset()

    def derive(self, series: Sequence[Series]) -> list[Derived]:
        """All comparable series, in a total order."""
        usable = [
            s
            for s in series
            if s.t.size and not SKIPPED.search(s.metric) and s.metadata.kind != "info" and not is_moment(s)
        ]
        names = {(s.component, s.metric) for s in usable}
        self._borrowed = self._borrowed_accounts(usable)
        groups: dict[_Group, list[Series]] = defaultdict(list)
        gauges: list[Series] = []
        counted = self._counted(usable, names)
        for one in usable:
            if one.metric in counted or is_counter(one, names, self._about(one)):
                if one.labels.get("mode") not in MODES_SKIPPED:
                    groups[self._group(one)].append(one)
            else:
                gauges.append(one)
        found = [d for d in (*self._counters(groups), *self._gauges(gauges)) if d.v.size]
        return sorted(_with_floors(found), key=lambda d: d.key)

    def _about(self, one: Series) -> Aspect:
        return self._aspects.of(one.metric, one.labels, one.metadata)

    def _about_of(self, group: _Group, members: Sequence[Series], labels: Labels | None = None) -> Aspect:
        """What a group is about, in the unit that is stated."""
        metadata = members[0].metadata
        about = self._aspects.of(group.metric, dict(group.rest if labels is None else labels), metadata)
        return OTHER if collects(group.metric) else in_unit(about, group.metric, metadata)

    def _counted(self, series: Sequence[Series], names: set[tuple[str, str]]) -> set[str]:
        """The metrics of which all series never fall and one at least rises as a counter does: the quiet ones count too."""
        rising = {s.metric for s in series if is_counter(s, names, self._about(s))}
        return rising - {s.metric for s in series if s.metric in rising and not never_falls(s)}

    def component(self, raw: str) -> str:
        """The canonical id, or the raw name where it is not known."""
        return self._resolve(raw) or raw

    def _group(self, one: Series) -> _Group:
        component = self.component(one.component)
        peer, used = self._peer(one.labels, component)
        rest = tuple(
            (k, v)
            for k, v in sorted(one.labels.items())
            if k not in IDENTITY
            and k not in REQUEST
            and (k not in {used, "le", "mode"} or (k == "mode" and v in MODES_APART))
        )
        return _Group(component, one.metric, peer, rest, used in CLIENT)

    def _peer(self, labels: Mapping[str, str], component: str) -> tuple[str, str]:
        """The known component that a label names as the other end, and that label."""
        for label in (*PEER, *CLIENT):
            if label in labels:
                peer = self._resolve(labels[label])
                if not peer and label in PEER:
                    peer = self._called(labels[label], component)
                borrowed = (
                    label in ACCOUNT and (labels.get("application_name", ""), labels[label]) in self._borrowed
                )
                if peer and peer != component and not borrowed:
                    return peer, label
        return "", ""

    def _borrowed_accounts(self, series: Iterable[Series]) -> frozenset[tuple[str, str]]:
        """Programs with the accounts that they use whose owner gives a name of its own: it is another client.

        An account alone names its owner: many drivers give a name of their own in the program's place.
        """
        used = {
            (s.labels["application_name"], s.labels[label])
            for s in series
            for label in ACCOUNT
            if s.labels.get("application_name") and s.labels.get(label)
        }
        owned = {
            account
            for program, account in used
            if (whose := self._resolve(account)) and self._resolve(program) == whose
        }
        return frozenset((p, a) for p, a in used if a in owned and self._resolve(p) != self._resolve(a))

    def _counters(self, groups: Mapping[_Group, list[Series]]) -> Iterator[Derived]:
        for group, members in groups.items():
            base = group.metric.removesuffix("_sum")
            count = groups.get(replace(group, metric=f"{base}_count")) or [
                s
                for s in groups.get(replace(group, metric=f"{base}_bucket"), [])
                if upper_bound(s.labels.get("le", "")) == np.inf
            ]  # the last bucket counts all, where nothing else does
            counted = members[0].metadata.kind == "counter"  # then its name is only a name
            if group.metric.endswith("_sum") and (count or not counted):
                yield from self._mean(group, members, count)
            elif group.metric.endswith("_bucket") and ("le" in members[0].labels or not counted):
                yield from self._p95(group, members)
            else:
                yield from self._rate(group, members)

    def _rate(self, group: _Group, members: list[Series]) -> Iterator[Derived]:
        grid = grid_of(members)
        counts = summed(members, grid)
        metadata = members[0].metadata
        about = self._aspects.of(group.metric, dict(group.rest), metadata)
        code, failed = failed_by_code(members)
        base = about
        counts_requests = (
            group.metric.endswith("_count") and about.aspect == "latency" and not collects(group.metric)
        )
        if code or counts_requests:
            base = Aspect(aspect="traffic", say="requests", unit="/s", bad="both", floor=0.5)
        elif about.aspect in ("latency", "availability"):
            base = OTHER  # time that was spent, requests that took so long, how often all was well: each goes with the traffic
        yield self._per_second(
            group, members, grid, counts, rate_unit(base, group.metric, metadata), about=base
        )
        if code:
            yield from self._errors(group, members, failed, grid, counts)

    def _per_second(
        self, group: _Group, members: list[Series], grid: Floats, counts: Floats, unit: str, *, about: Aspect
    ) -> Derived:
        events = about.aspect in ("errors", "traffic", "network", "io")
        k = smoothing(counts, wanted=10.0, most=5) if events else 3
        with np.errstate(invalid="ignore", divide="ignore"):
            rate = rolling_sum(counts, k) / (k * steps_of(grid))
        return self._made(group, members, grid[1:], rate[1:], "rate", told_in(about, unit), k)

    def _errors(
        self, group: _Group, members: list[Series], failed: list[Series], grid: Floats, counts: Floats
    ) -> Iterator[Derived]:
        bad = summed(failed, grid) if failed else np.zeros(grid.size)
        bad = np.where(np.isfinite(counts), np.nan_to_num(bad), np.nan)
        about = Aspect(aspect="errors", say="failed requests", unit="/s", bad="up", floor=0.05)
        yield self._per_second(group, failed or members, grid, bad, "/s", about=about)
        k = smoothing(counts, wanted=20.0, most=5)
        total = rolling_sum(counts, k)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(total > 0, rolling_sum(bad, k) / total, np.nan)
        ratio = Aspect(aspect="errors", say="error ratio", unit="ratio", bad="up", floor=0.01)
        yield self._made(group, failed or members, grid[1:], share[1:], "ratio", ratio, k)

    def _mean(self, group: _Group, sums: list[Series], counts: list[Series]) -> Iterator[Derived]:
        if not counts:
            return
        grid = grid_of([*sums, *counts])
        total, number = summed(sums, grid), summed(counts, grid)
        k = smoothing(number, wanted=8.0, most=5)
        with np.errstate(invalid="ignore", divide="ignore"):
            events = rolling_sum(number, k)
            mean = np.where(events > 0, rolling_sum(total, k) / events, np.nan)
        about = self._about_of(group, sums)
        if about.aspect in ("other", "traffic") and about.unit in TIMES:
            timed = Aspect(aspect="latency", say="latency", unit="s", bad="up", floor=0.003)
            about = in_unit(timed, group.metric, sums[0].metadata)
        yield self._made(group, sums, grid[1:], mean[1:], "mean", about, k)

    def _p95(self, group: _Group, members: list[Series]) -> Iterator[Derived]:
        by_bound: dict[float, list[Series]] = defaultdict(list)
        for one in members:
            bound = upper_bound(one.labels.get("le", ""))
            if np.isfinite(bound) or bound > 0:
                by_bound[bound].append(one)
        bounds = np.array(sorted(by_bound))
        if bounds.size < 3 or np.isfinite(bounds[-1]):
            return
        grid = grid_of(members)
        cumulative = np.stack([summed(by_bound[b], grid) for b in bounds], axis=1)
        k = smoothing(cumulative[:, -1], wanted=30.0, most=8)
        rolled = np.stack(
            [rolling_sum(np.nan_to_num(cumulative[:, i]), k) for i in range(bounds.size)], axis=1
        )
        rolled = np.maximum.accumulate(np.nan_to_num(rolled), axis=1)
        about = self._about_of(group, members)
        inf = by_bound[float(bounds[-1])]
        yield self._made(group, inf, grid[1:], quantile(bounds, rolled, 0.95)[1:], "p95", about, k)

    def _gauges(self, series: Sequence[Series]) -> Iterator[Derived]:
        families: dict[_Group, list[tuple[Series, Labels]]] = defaultdict(list)
        for one in series:
            component = self.component(one.component)
            peer, used = self._peer(one.labels, component)
            rest = tuple((k, v) for k, v in sorted(one.labels.items()) if k not in IDENTITY and k != used)
            families[_Group(component, one.metric, peer, (), used in CLIENT)].append((one, rest))
        yield from self._over_clients(families)
        split = {(g.component, g.metric) for g in families if g.client}
        for group, members in families.items():
            metric = group.metric
            about = self._about_of(group, [one for one, _ in members], members[0][1])
            if about.aspect == "availability" and any(is_register(one.v) for one, _ in members):
                continue
            about = own_floor(about, [one for one, _ in members])
            whole = not group.peer and (group.component, metric) in split
            states = state_labels([m for m, _ in members])
            if len(members) > 1 and not whole and not states and about.aspect in _SUMMED:
                yield self._total(group, [m for m, _ in members], about)
            if len(members) <= 24:
                for one, rest in told_apart(members, always=whole):
                    of = state_of(one, states)
                    if of:
                        rest = tuple(pair for pair in rest if pair not in of)
                    yield self._gauge(replace(group, rest=rest), one, about, of)

    def _gauge(self, group: _Group, one: Series, about: Aspect, state: Labels) -> Derived:
        """A gauge as it is; a success rate as the share that failed, so that up is worse."""
        if state:
            made = self._made(group, [one], one.t, one.v, "gauge", about_state(about, state), 1)
            return replace(made, state=state)
        if (about.setting or not about.understood) and is_setting(one.v):
            about = SETTING
        failed = failed_share(one)
        if failed is not None:
            about = replace(about, unit="ratio", floor=0.01)
            return self._made(group, [one], one.t, failed, "ratio", about, 1)
        if about.say == FAILED_SHARE:
            about = Aspect(aspect="availability", say="availability", bad="down", floor=0.3)
        v = np.where(one.v < 0.0, np.nan, one.v) if about.aspect == "latency" else one.v  # -1: there was none
        return self._made(group, [one], one.t, v, "gauge", about, 1)

    def _over_clients(self, families: Mapping[_Group, list[tuple[Series, Labels]]]) -> Iterator[Derived]:
        """What all clients together hold of a component's connections, sessions or queue places."""
        held: dict[_Group, list[Series]] = defaultdict(list)
        split: set[_Group] = set()
        for group, members in families.items():
            whole = replace(group, peer="", client=False)
            held[whole] += [one for one, _ in members]
            split |= {whole} if group.client else set()
        for whole in sorted(split, key=lambda g: (g.component, g.metric)):
            about = self._about_of(whole, held[whole], ())
            if about.aspect in _SUMMED:
                yield self._total(whole, held[whole], about)

    def _total(self, group: _Group, members: list[Series], about: Aspect) -> Derived:
        grid = grid_of(members)
        total = np.zeros(grid.size)
        for one in members:
            np.add.at(total, np.searchsorted(grid, one.t), np.nan_to_num(one.v))
        return self._made(group, members, grid, total, "gauge", about, 1)

    def _made(
        self,
        group: _Group,
        raw: Iterable[Series],
        t: Floats,
        v: Floats,
        stat: Stat,
        about: Aspect,
        smooth: int,
    ) -> Derived:
        members = tuple(raw)
        return Derived(
            component=group.component,
            peer=group.peer,
            client=group.client,
            metric=group.metric,
            stat=stat,
            about=about,
            t=t,
            v=v,
            labels=group.rest,
            source=self._source,
            query=again(members, stat, smooth * step_of(t)),
            smooth=smooth,
            raw=members,
        )
