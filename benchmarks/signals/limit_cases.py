"""References with what came after them, and windows of that with and without an anomaly, for `limits.py`.

SKAB, TEP, BATADAL, and the simulated machines of the lab's split `develop` (folders of `aitia lab make --system water` and
`--system rotor`). Few of each, since every candidate costs four more fits. Of a lab incident one clean window lies before the
failure began.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aitia.core.scenario import load_scenario
from aitia.core.words import Window
from aitia.tools.sources.base import MetricSource
from aitia.tools.sources.opening import open_sources
from benchmarks.signals import batadal, skab_files, tep

Floats = NDArray[np.float64]
WINDOW, MOST, LEAST = 100, 2_000, 0.2  # rows; the labelled share from which a window holds an anomaly
LAB = ("water", "rotor")


@dataclass(frozen=True, kw_only=True)
class Judged:
    """`reference` and, later, `x` are (rows, channels); a window is first row, one past the last, whether it is anomalous."""

    name: str
    dataset: str
    reference: Floats
    x: Floats
    labels: NDArray[np.bool_]
    length: int = WINDOW

    @property
    def windows(self) -> list[tuple[int, int, bool]]:
        """Windows one behind the other; those with a few labelled rows are left out."""
        found = []
        for a in range(0, self.labels.size - self.length + 1, self.length):
            share = float(self.labels[a : a + self.length].mean())
            if share == 0 or share >= LEAST:
                found.append((a, a + self.length, share > 0))
        return found


def of_several(data: Path, lab: Path) -> Iterator[Judged]:
    """Several channels of a machine together."""
    yield from _skab(data / "skab", every=5)
    yield from _tep(data / "tep")
    yield from _batadal(data / "batadal")
    for system in LAB:
        yield from of_lab(lab / system, system, every=4)


def _skab(data: Path, *, every: int) -> Iterator[Judged]:
    known = skab_files.paths(data)
    for name in sorted(known)[::every]:
        x, labels = skab_files.read(known[name], data).x, skab_files.answer(known[name], "anomaly")
        rest = slice(skab_files.TRAIN, None)
        yield Judged(
            name=name,
            dataset="skab",
            reference=x[: skab_files.TRAIN],
            x=x[rest],
            labels=np.asarray(labels[rest], dtype=np.bool_),
        )


def _tep(data: Path) -> Iterator[Judged]:
    """The 22 process measurements; runs behind one another, each window beginning 20 rows after a run does."""
    usual, lead = tep.read(data / "d00.dat")[:, :22], 20
    parts, labels = [], []
    for run in tep.runs(data, "d*"):
        if tep.fault(run.name) not in tep.HARD:
            parts.append(run.faulty[: lead + WINDOW, :22])
            labels.append(np.ones(parts[-1].shape[0], dtype=np.bool_))
        if run.quiet.size:
            parts.append(run.quiet[: lead + WINDOW, :22])
            labels.append(np.zeros(parts[-1].shape[0], dtype=np.bool_))
    yield Judged(
        name="tep",
        dataset="tep",
        reference=usual,
        x=np.concatenate(parts),
        labels=np.concatenate(labels),
        length=lead + WINDOW,
    )


def _batadal(data: Path) -> Iterator[Judged]:
    """Three quarters of the clean year (its last part) are the reference of the last quarter, and of the attacks."""
    clean, attacked = sorted(data.glob("*.csv"))[:2]
    _, x = batadal.read(clean)
    edge = 3 * x.shape[0] // 4
    reference = x[max(0, edge - MOST) : edge]
    yield Judged(
        name="clean",
        dataset="batadal",
        reference=reference,
        x=x[edge:],
        labels=np.zeros(x.shape[0] - edge, dtype=np.bool_),
    )
    _, new = batadal.read(attacked)
    flagged = np.asarray(batadal.answer(attacked), dtype=np.bool_)
    for n, (a, b) in enumerate(batadal.runs(flagged)):  # hours without a flag may hide further attacks
        rows = slice(a, min(max(b, a + WINDOW), new.shape[0]))
        size = rows.stop - rows.start
        yield Judged(
            name=f"attack {n}",
            dataset="batadal",
            reference=reference,
            x=new[rows],
            labels=np.ones(size, dtype=np.bool_),
            length=size,
        )


def of_lab(folder: Path, system: str, *, every: int) -> Iterator[Judged]:
    for place in sorted(p for p in folder.iterdir() if (p / "lab.json").is_file())[::every]:
        told, scenario = json.loads((place / "lab.json").read_text(encoding="utf-8")), load_scenario(place)
        start, end = scenario.baselines[0].window.start, scenario.window.end
        [source] = [
            s
            for s in open_sources(scenario.sources, place)
            if isinstance(s, MetricSource) and s.kind == "metrics"
        ]
        series = [
            s
            for s in source.read(Window(start=start, end=end))
            if s.t.size > 50 and np.ptp(s.v[np.isfinite(s.v)]) > 0
        ]
        t = np.arange(
            start.timestamp(),
            end.timestamp(),
            next(c.step_s for c in scenario.sources if c.name == source.name),
        )
        known = [(s.t[np.isfinite(s.v)], s.v[np.isfinite(s.v)]) for s in series]
        x = np.stack([v[np.maximum(np.searchsorted(at, t, side="right") - 1, 0)] for at, v in known], axis=1)
        healthy = told["onset"] is None
        onset = (
            scenario.window.start.timestamp()
            if healthy
            else datetime.fromisoformat(told["onset"]).timestamp()
        )
        edge = int(np.searchsorted(t, onset))
        length = min(WINDOW, t.size - edge, edge // 4)
        rest = slice(edge - length, edge + length)  # one window before the onset and one from it on
        labels = (np.arange(2 * length) >= length) & (not healthy)
        yield Judged(
            name=place.name,
            dataset=system,
            reference=x[: edge - length],
            x=x[rest],
            labels=labels,
            length=length,
        )
