"""The condition of one asset: how it is run, what is normal in each way of running, what left it lastingly, and since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from aitia.core.words import from_epoch
from aitia.tools.signals.condition.beyond import curve_moved, extrapolated
from aitia.tools.signals.condition.corrected import blocks, corrected, features
from aitia.tools.signals.condition.departing import LEAST_BLOCKS, Left, left, material, thresholds
from aitia.tools.signals.condition.findings import Seen, process_findings, sensor_finding, swing_finding
from aitia.tools.signals.condition.grid import Buckets, bucketed
from aitia.tools.signals.condition.instruments import (
    MARGIN,
    Wrong,
    frozen_since,
    other_units,
    wrong_instruments,
)
from aitia.tools.signals.condition.joint import shifted, swinging
from aitia.tools.signals.condition.redundancy import told_together, witnessed
from aitia.tools.signals.condition.reference import named, proposed
from aitia.tools.signals.condition.regimes import regimes
from aitia.tools.signals.condition.roles import Role, drivers_of, loads_of, quantity_of, role_of, trembles
from aitia.tools.signals.condition.running import Mask, Running, changes_of, running, runs, steady
from aitia.tools.signals.condition.upsets import upsets
from aitia.tools.signals.condition.words import (
    AssetSignals,
    Condition,
    Finding,
    Limits,
    Reference,
    Span,
    Transients,
)
from aitia.tools.sources.rows import Floats

FALSE_ALARMS: Final = 0.5
"""Per month and asset, at which alarms are set: by hand, one in two months is what a planner can follow up."""
LEAST_EXPECTED: Final = 0.05
"""False alarms expected of a whole recording, at least: a recording of minutes is not held to a rate per month."""
_MONTH_S: Final = 30.44 * 86_400.0
OWN_SHARE: Final = 0.5
COMMON_SHARE: Final = 1.0 - OWN_SHARE
"""Of the false alarms: each point by itself, and all points together. The stated rate is spent once (weighted Bonferroni:
Rosenthal and Rubin, Psychol. Bull. 94, 1983)."""
BLOCKS: Final = 200  # of the data: each reference of a quarter has 50
_JUDGED: Final = frozenset({"answer", "position"})
_TOLD: Final = frozenset({"setting", "state", "position", "ambient"})  # whatever they show
_AT_ONCE: Final = 0.1  # of the data: steps nearer than that are of one fault
_QUIET: Final = 0.7  # times the threshold: a load that has not left tells how the others are run
_SPARKS: Final = 60


@dataclass(frozen=True, kw_only=True)
class _Way:
    """How the asset is run, by bucket."""

    roles: Mapping[str, Role]
    quantities: Mapping[str, str]
    drivers: tuple[str, ...]
    run: Running
    levels: Floats  # (buckets, points), corrected to the usual way of running


def assess(
    asset: AssetSignals,
    *,
    healthy: tuple[float, float] | None = None,
    limits: Mapping[str, Limits] = {},
    now: float | None = None,
    false_alarms: float = FALSE_ALARMS,
    disturbances: Floats | None = None,
) -> Condition:
    """The condition at `now` (epoch s; default the last sample). `healthy`: a period that is known to be normal;
    `disturbances`: when the plant around it was disturbed (epoch s; `upsets` of all its signals), beside what it shows itself.

    Raises BadInput where an argument is wrong; data that cannot be judged are named in the result.
    """
    grid, why = bucketed(asset.points, now)
    if grid is None:
        return _nothing(asset, {**why, "": "no point has enough samples"}, false_alarms)
    if (stopped := frozen_since(grid)) is not None and stopped > grid.t[0] + LEAST_BLOCKS * grid.step:
        grid, why = bucketed(asset.points, stopped)
        why[""] = (
            f"since {from_epoch(stopped):%Y-%m-%d %H:%M} UTC most points show one value; what follows was not judged"
        )
        if grid is None:
            return _nothing(asset, why, false_alarms)
    quantities = {n: quantity_of(n, asset.points[n]) for n in grid.names}
    roles = {n: role_of(n, quantities[n], grid.raw[n][1]) for n in grid.names}
    roles |= {n: "answer" for n in grid.names if roles[n] not in _TOLD and trembles(grid.raw[n][1])}
    upset = np.union1d(upsets(grid.raw.values()), np.empty(0) if disturbances is None else disturbances)
    wrong, steps = _instruments(grid, roles, quantities, upset)
    way = _way(grid, roles, quantities, wrong)
    size = max(1, -(-grid.t.size // BLOCKS))
    t, levels = blocks(grid.t, way.levels, size)
    known = np.isfinite(levels).any(axis=1)
    t, levels = t[known], levels[known]
    if t.size < 2 * LEAST_BLOCKS:
        why[""] = f"only {t.size} blocks of settled running are known; {2 * LEAST_BLOCKS} are needed"
        return _nothing(asset, why, false_alarms)
    part, reference = named(healthy, t, way.drivers) if healthy else proposed(t, levels, way.drivers)
    false_alarms = max(false_alarms, LEAST_EXPECTED * _MONTH_S / float(grid.t[-1] - grid.t[0]))
    gone = _departures(grid, way, wrong, levels, part, size * grid.step, OWN_SHARE * false_alarms, why)
    out = {*way.drivers, *(w.point for w in wrong)}
    extra = [
        n for n in loads_of(roles, quantities)
        if n not in out and not _left(gone, n, _QUIET) and not trembles(grid.raw[n][1])
    ]  # fmt: skip
    if extra:
        way = replace(way, levels=_levels(grid, (*way.drivers, *extra), way.run.settled))
        levels = blocks(grid.t, way.levels, size)[1][known]
        gone = _departures(grid, way, wrong, levels, part, size * grid.step, OWN_SHARE * false_alarms, why)
    moved = curve_moved({n: one for n, one in gone.items() if one.times >= 1.0}, quantities)
    if moved:
        drivers = (*way.drivers, *extra, *moved.flows)
        again = blocks(grid.t, _levels(grid, drivers, way.run.settled), size)[1][known]
        along = _departures(grid, way, wrong, again, part, size * grid.step, OWN_SHARE * false_alarms, {})
        for n in moved.along:
            if _left(along, n, 1.0):
                gone[n] = along[n]
                levels[:, grid.names.index(n)] = again[:, grid.names.index(n)]
            else:
                del gone[n]
                why[n] = f"it goes with {moved.flows[0]} as before: the machine is run elsewhere on its curve"
    for n in [n for n, one in gone.items() if one.times >= 1.0 and _unseen(grid, way, n, one, t, reference)]:
        del gone[n]
        why[n] = "it is run in a way that the reference does not show, and its own reading did not move so"
    gone |= {w.point: _stepped(w, t) for w in steps if not _left(gone, w.point, 1.0)}
    judged = [n for n in grid.names if roles[n] in _JUDGED and n not in {w.point for w in wrong}]
    common = shifted(
        gone,
        levels,
        grid.names,
        part,
        judged,
        block_s=size * grid.step,
        per_month=COMMON_SHARE * false_alarms,
    )
    gone = {n: one for n, one in gone.items() if one.times >= 1.0} | common
    spreads = {n: float(np.nanstd(grid.column(n)[way.run.on])) for n in gone}
    gone = material(gone, spreads, _AT_ONCE * len(levels))
    width = np.log(np.maximum(np.abs(way.levels - _slow(way.levels)), 1e-12))
    wider = (
        swinging(blocks(grid.t, width, size)[1][known], levels, grid.names, part, judged) if not gone else {}
    )
    seen = Seen(
        asset=asset, grid=grid, t=t, levels=levels, settled=way.levels, quantities=quantities, limits=limits,
        now=float(grid.t[-1]), upset=upset,
    )  # fmt: skip
    found = _findings(seen, way, wrong, gone, reference)
    found += [swing_finding(seen, wider)] if wider else []
    return Condition(
        asset=asset.name, status="ok", now=from_epoch(seen.now),
        seen=Span(start=from_epoch(float(grid.t[0] - grid.step)), end=from_epoch(seen.now)),
        reference=reference, regimes=regimes(grid, way.run, way.drivers, way.quantities, reference.span),
        transients=Transients(starts=way.run.starts, stops=way.run.stops, changes=way.run.changes,
                              settling_s=way.run.settling * grid.step),
        findings=tuple(found), not_judged=why, false_alarms_per_month=false_alarms, bucket_s=grid.step,
        sparkline={f.point: _sparks(levels[:, grid.names.index(f.point)]) for f in found},
    )  # fmt: skip


def _nothing(asset: AssetSignals, why: Mapping[str, str], false_alarms: float) -> Condition:
    return Condition(
        asset=asset.name, status="no_data", not_judged=dict(why), false_alarms_per_month=false_alarms
    )


def _way(grid: Buckets, roles: Mapping[str, Role], quantities: Mapping[str, str], wrong: list[Wrong]) -> _Way:
    """How the asset is run: twice, since what a change leaves behind shows once its drivers are known."""
    broken = {w.point for w in wrong}
    moving = [n for n in grid.names if n not in broken and _moves(grid.column(n))]
    on = runs(grid, roles, _without(quantities, wrong))
    drivers = tuple(drivers_of(roles, quantities, moving))
    changed = changes_of([grid.column(n) for n in drivers if roles[n] not in {"ambient", "inlet"}])
    levels = _levels(grid, drivers, on)
    run = running(on, changed, _unrest(levels), grid.step)
    return _Way(
        roles=roles, quantities=quantities, drivers=drivers, run=run, levels=_levels(grid, drivers, run.settled)
    )  # fmt: skip


def _unrest(levels: Floats) -> Floats:
    """By bucket, how far points lie from their slow levels, in usual deviations, over the points that are known."""
    off = levels - _slow(levels)
    known = np.isfinite(off)
    off = np.where(known, np.abs(off), 0.0)
    usual = np.array([np.median(off[k, n]) if k.any() else 0.0 for n, k in enumerate(known.T)])
    size = np.where(usual > 0, off / np.where(usual > 0, usual, 1.0), 0.0)
    return np.asarray(size.sum(axis=1) / np.maximum(known.sum(axis=1), 1), dtype=np.float64)


def _moves(v: Floats) -> bool:
    known = v[np.isfinite(v)]
    return bool(known.size and np.ptp(known) > 0)


def _slow(levels: Floats) -> Floats:
    """Medians of fortieths of the data, held: what is slower than a transient."""
    size = max(1, len(levels) // 40)
    _, middle = blocks(np.arange(len(levels), dtype=np.float64), levels, size)
    return np.repeat(middle, size, axis=0)[: len(levels)]


def _levels(grid: Buckets, drivers: tuple[str, ...], rows: Mask) -> Floats:
    """All points in the usual way of running; a driver by the other drivers."""
    whole = features([grid.column(n) for n in drivers], grid.t, grid.step)
    found = []
    for n in grid.names:
        f = whole
        if n in drivers:
            f = features([grid.column(d) for d in drivers if d != n], grid.t, grid.step)
        found.append(corrected(grid.column(n), f, grid.t, rows, rows))
    return np.stack(found, axis=1)


def _departures(
    grid: Buckets, way: _Way, wrong: list[Wrong], levels: Floats, part: slice, block_s: float, rate: float,
    why: dict[str, str],
) -> dict[str, Left]:  # fmt: skip
    """How far each judged point has left its reference, by point; more than 1 is an alarm."""
    broken = {w.point for w in wrong}
    judged = [n for n in grid.names if way.roles[n] in _JUDGED and n not in broken]
    found: dict[str, Left] = {}
    for name in grid.names:
        if name not in judged:
            if name not in broken:
                why[name] = f"it tells how the asset is run ({way.roles[name]})"
            continue
        k = grid.names.index(name)
        column = levels[:, k]
        known = np.isfinite(column)
        first, last = int(known[: part.start].sum()), int(known[: part.stop].sum())
        if last - first < LEAST_BLOCKS:
            why[name] = f"the reference has {last - first} blocks of it; {LEAST_BLOCKS} are needed"
            continue
        y = column[known]
        spread = float(np.nanstd(grid.column(name)[way.run.on]))
        if float(np.ptp(y)) == 0.0:
            why[name] = "it never changes"
            continue
        limits = thresholds(y[first:last], block_s, spread, points=len(judged), per_month=rate)
        one = left(y, first, last, limits)
        if one is not None:
            found[name] = one
    return found


def _instruments(
    grid: Buckets, roles: Mapping[str, Role], quantities: Mapping[str, str], upset: Floats
) -> tuple[list[Wrong], list[Wrong]]:
    """Instruments that are wrong by their own samples; and steps of several points at once, which are the process."""
    suspects = other_units(grid, roles, quantities)
    calm = steady(runs(grid, roles, _without(quantities, suspects)), MARGIN)
    units = [w for w in suspects if calm[min(int(np.searchsorted(grid.t, w.since)), grid.t.size - 1)]]
    wrong = wrong_instruments(
        grid, roles, quantities, runs(grid, roles, _without(quantities, units)), units, upset
    )
    near = _AT_ONCE * float(grid.t[-1] - grid.t[0])
    biased = [w for w in wrong if w.kind == "bias"]
    steps = [w for w in biased if any(abs(w.since - o.since) <= near for o in biased if o is not w)]
    return [w for w in wrong if w not in steps], steps


def _without(quantities: Mapping[str, str], wrong: list[Wrong]) -> dict[str, str]:
    """Quantities by which the asset is seen to run: a wrong instrument says nothing of it."""
    broken = {w.point for w in wrong}
    return {n: q if n not in broken else "out of use" for n, q in quantities.items()}


def _stepped(one: Wrong, t: Floats) -> Left:
    """The step of a point that others made with it, as a departure."""
    k = min(int(np.searchsorted(t, one.since)), t.size - 1)
    return Left(times=1.0, size=0.0, k=k, error=1.0, shape="step", before=one.before, now=one.now)


def _unseen(grid: Buckets, way: _Way, name: str, one: Left, t: Floats, reference: Reference) -> bool:
    """Whether a departure is only that of a way of running which the reference does not show."""
    since = float(t[min(one.k, t.size - 1)])
    drivers = [
        n for n in grid.names if n in way.drivers or way.roles[n] in ("load", "position", "speed", "setting")
    ]
    return extrapolated(grid, drivers, way.run.settled, name, one, since=since, reference=reference.epoch)


def _left(gone: Mapping[str, Left], name: str, least: float) -> bool:
    return name in gone and gone[name].times >= least


def _findings(
    seen: Seen, way: _Way, wrong: list[Wrong], gone: dict[str, Left], reference: Reference
) -> list[Finding]:
    """Instruments that show it themselves, the one that all others contradict, and what is left: the process."""
    found = [sensor_finding(seen, w) for w in wrong]
    broken = {w.point for w in wrong}
    told = told_together(
        seen.grid, [n for n in seen.grid.names if n not in broken and way.roles[n] not in {"setting", "state"}],
        way.run.settled, reference.epoch,
    )  # fmt: skip
    rows = way.run.settled & (seen.grid.t >= reference.epoch[0]) & (seen.grid.t < reference.epoch[1])
    own = witnessed(way.levels, seen.grid.names, rows)
    found += process_findings(seen, gone, told, way.roles, way.quantities, own)
    rank = {"act": 0, "plan": 1, "watch": 2}
    shown = {w.point for w in wrong}  # by its own samples: plainer than any departure
    return sorted(found, key=lambda f: (rank[f.severity], f.point not in shown, -f.times_threshold, f.point))


def _sparks(y: Floats) -> tuple[float, ...]:
    known = y[np.isfinite(y)]
    parts = np.array_split(known, min(_SPARKS, known.size))
    return tuple(float(f"{np.median(p):.6g}") for p in parts)
