"""References with what came after them, and windows of that with and without an anomaly, for `limits.py`.

SKAB, TEP, BATADAL, SMAP, MSL, NAB and the simulated machines of the lab's split `develop` (folders `water-*` and `rotor-*`
below one folder, as `aitia lab make` names them). What does not fit into minutes of one core is left out by the SHA-256 of
its name: whole cases, and windows of a case, never rows. Of a lab incident one clean window lies before the failure began.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aitia.core.scenario import load_scenario
from aitia.core.words import Window
from aitia.tools.sources.base import MetricSource
from aitia.tools.sources.opening import open_sources
from benchmarks.signals import batadal, nab, skab_files, smap_msl, tep

Floats = NDArray[np.float64]
WINDOW, LEAST = 100, 0.2  # rows; the labelled share from which a window holds an anomaly
MOST_ROWS, MOST_WINDOWS = (
    2_000,
    4,
)  # of a reference of several channels; of a case with an anomaly, and without one
LEAD = 20  # rows of a run that was recorded apart from its reference, before its first window
PART = 500  # rows of BATADAL that are one case
CHANNELS = 4  # of a machine that are looked at alone
LAB = ("water", "rotor")
SKAB_USUAL = "anomaly-free/anomaly-free.csv"


@dataclass(frozen=True, kw_only=True)
class Judged:
    """`reference` and, later, `x` are (rows, channels); a window is first row, one past the last, whether it is anomalous.

    Windows lie one behind the other from row `first` on. With `partly` rows without a label may be anomalous, too.
    """

    name: str
    dataset: str
    reference: Floats
    x: Floats
    labels: NDArray[np.bool_]
    length: int = WINDOW
    first: int = 0
    partly: bool = False

    def windows(self, *, ahead: int = 0) -> list[tuple[int, int, bool]]:
        """Windows with an anomaly, and windows without one in them, `WINDOW` rows before and `ahead` rows after them; by hash
        at most so many of each.
        """
        kinds: dict[bool, dict[str, tuple[int, int, bool]]] = {True: {}, False: {}}
        for a in range(self.first, self.labels.size - self.length + 1, self.length):
            b, name = a + self.length, f"{self.dataset}/{self.name}:{a}"
            if float(self.labels[a:b].mean()) >= LEAST:
                kinds[True][name] = (a, b, True)
            elif not self.partly and not self.labels[max(0, a - WINDOW) : b + ahead].any():
                kinds[False][name] = (a, b, False)
        return sorted(some[n] for some in kinds.values() for n in by_hash(some, MOST_WINDOWS))

    def channel(self, place: int) -> Judged:
        """One channel alone, the one at this place in the order of their hashes."""
        every = sorted(range(self.reference.shape[1]), key=lambda n: _hash(f"{self.dataset}/{self.name} {n}"))
        n = every[place % len(every)]
        return replace(self, name=f"{self.name} {n}", reference=self.reference[:, [n]], x=self.x[:, [n]])


Cases = dict[str, Callable[[], Judged]]  # data set/name -> what reads it


def by_hash(names: Mapping[str, object], most: int) -> list[str]:
    """At most so many of the names, those whose SHA-256 are smallest, in the order in which they were given."""
    kept = set(sorted(names, key=_hash)[:most])
    return [n for n in names if n in kept]


def _hash(name: str) -> str:
    return sha256(name.encode()).hexdigest()


def of_several(data: Path, lab: Path) -> Cases:
    """Several channels of a machine together, and the single ones of SMAP, MSL and NAB."""
    return {
        **_skab(data / "skab"),
        **_tep(data / "tep"),
        **_batadal(data / "batadal", PART),
        **_smap(data / "smap_msl"),
        **_nab(data / "nab"),
        **{
            f"{system}/{p.name}": partial(_incident, p, system)
            for system in LAB
            for p in _places(lab, system)
        },
    }


def of_single(data: Path, lab: Path) -> Cases:
    """One channel at a time, of machines some of them; a window with an anomaly of the machine may be calm in a channel.

    Of a lab incident it is a channel of the component at fault, of a healthy one any.
    """
    machines = {**_skab(data / "skab"), **_tep(data / "tep"), **_batadal(data / "batadal", PART)}
    return {
        **_channels(machines),
        **_smap(data / "smap_msl"),
        **_nab(data / "nab"),
        **{
            f"{system}/{p.name}": partial(_incident, p, system, single=True)
            for system in LAB
            for p in _places(lab, system)
        },
    }


def of_long(data: Path, lab: Path) -> Cases:
    """One channel at a time, a reference and then a series that is long enough to have a first part of its own.

    Such are SMAP, MSL, NAB and BATADAL, none of the lab; of SKAB the clean recording after the first rows of another one.
    """
    clean = cache(lambda: skab_files.read(data / "skab" / SKAB_USUAL, data / "skab").x)

    def with_clean(read: Callable[[], Judged]) -> Judged:
        return replace(read(), x=clean(), labels=np.zeros(clean().shape[0], dtype=np.bool_))

    skab = {name: partial(with_clean, read) for name, read in _skab(data / "skab").items()}
    return {
        **_channels({**skab, **_batadal(data / "batadal", 0)}, 16),
        **_smap(data / "smap_msl"),
        **_nab(data / "nab"),
    }


def _channels(machines: Cases, some: int = CHANNELS) -> Cases:
    """Some of the channels of each."""
    alone = lambda read, k: read().channel(k)  # noqa: E731
    return {f"{name} {k}": partial(alone, read, k) for name, read in machines.items() for k in range(some)}


def _skab(data: Path) -> Cases:
    def read(name: str, path: Path) -> Judged:
        x, labels = skab_files.read(path, data).x, skab_files.answer(path, "anomaly")
        return Judged(
            name=name,
            dataset="skab",
            reference=x[: skab_files.TRAIN],
            x=x[skab_files.TRAIN :],
            labels=np.asarray(labels[skab_files.TRAIN :], dtype=np.bool_),
        )

    return {f"skab/{n}": partial(read, n, path) for n, path in sorted(skab_files.paths(data).items())}


def _tep(data: Path) -> Cases:
    """The 22 process measurements of each run, without the faults that change nothing that is measured."""
    usual = cache(lambda: tep.read(data / "d00.dat")[:, :22])

    def read(path: Path) -> Judged:
        x = tep.read(path)[:, :22]
        onset = x.shape[0] if path.stem == "d00_te" else tep.ONSET if path.stem.endswith("_te") else 0
        labels = np.arange(x.shape[0]) >= onset
        return Judged(name=path.stem, dataset="tep", reference=usual(), x=x, labels=labels, first=LEAD)

    paths = [p for p in sorted(data.glob("d*.dat")) if p.stem != "d00" and tep.fault(p.stem) not in tep.HARD]
    return {f"tep/{p.stem}": partial(read, p) for p in paths}


def _batadal(data: Path, part: int) -> Cases:
    """Three quarters of the clean year (its last part) are the reference of the last quarter, and of the attacks, both in
    parts of so many rows (0: whole).
    """
    clean, attacked = sorted(data.glob("*.csv"))[:2]
    rows = cache(lambda path: batadal.read(path)[1])
    edge = 3 * _lines(clean) // 4
    reference = cache(lambda: rows(clean)[max(0, edge - MOST_ROWS) : edge])

    def read(name: str, path: Path, some: slice) -> Judged:
        x, labels = rows(path), np.asarray(batadal.answer(path), dtype=np.bool_)
        return Judged(
            name=name,
            dataset="batadal",
            reference=reference(),
            x=x[some],
            labels=labels[some] if path == attacked else np.zeros(x[some].shape[0], dtype=np.bool_),
            first=LEAD,
            partly=path == attacked,  # hours without a flag may hide further attacks
        )

    return {
        f"batadal/{name} {a}": partial(read, f"{name} {a}", path, slice(a, a + part if part else None))
        for name, path, begin in (("clean", clean, edge), ("attacks", attacked, 0))
        for a in range(begin, _lines(path), part or _lines(path))
    }


def _lines(path: Path) -> int:
    """Rows of a table without its head."""
    with path.open("rb") as file:
        return sum(1 for _ in file) - 1


def _smap(data: Path) -> Cases:
    """The telemetry channels, each spacecraft a data set of its own."""
    spans = smap_msl.answers(data)

    def read(name: str, dataset: str) -> Judged:
        [one] = smap_msl.read(data, name)
        labels = np.zeros(one.test.size, dtype=np.bool_)
        for a, b in spans[name]:
            labels[a : b + 1] = True
        reference = one.train[:, None]
        return Judged(name=name, dataset=dataset, reference=reference, x=one.test[:, None], labels=labels)

    with (data / "labeled_anomalies.csv").open(newline="", encoding="utf-8") as file:
        dataset = {line["chan_id"]: line["spacecraft"].lower() for line in csv.DictReader(file)}
    with np.load(data / "channels.npz") as held:
        return {f"{d}/{n}": partial(read, n, d) for n, d in dataset.items() if f"test_{n}" in held.files}


def _nab(data: Path) -> Cases:
    """The reference is the probationary part, also where an anomaly begins in it."""
    spans = nab.answers(data)

    def read(name: str) -> Judged:
        [one] = nab.read(data, name)
        labels = np.zeros(one.v.size, dtype=np.bool_)
        for a, b in spans.get(name, []):
            labels[(one.t >= a) & (one.t <= b)] = True
        past, x = one.v[: one.trial, None], one.v[one.trial :, None]
        return Judged(name=name, dataset="nab", reference=past, x=x, labels=labels[one.trial :])

    root = data / "data"
    return {
        f"nab/{n}": partial(read, n) for n in sorted(str(p.relative_to(root)) for p in root.glob("*/*.csv"))
    }


def of_lab(lab: Path, system: str) -> Iterator[Judged]:
    """All incidents of a system below a folder."""
    for place in _places(lab, system):
        yield _incident(place, system)


def _places(lab: Path, system: str) -> list[Path]:
    return sorted(p.parent for p in lab.rglob(f"{system}-*/lab.json"))


def _incident(place: Path, system: str, *, single: bool = False) -> Judged:
    told = json.loads((place / "lab.json").read_text(encoding="utf-8"))
    components, t, x, began = _lab_table(place)
    healthy = told["onset"] is None
    if single:
        kept = [n for n, c in enumerate(components) if c == told["order"]["victim"]]
        x = x[:, kept] if kept else x
    onset = began if healthy else datetime.fromisoformat(told["onset"]).timestamp()
    edge = int(np.searchsorted(t, onset))
    length = min(WINDOW, t.size - edge, edge // 4)
    one = Judged(
        name=place.name,
        dataset=system,
        reference=x[: edge - length],
        x=x[edge - length : edge + length],  # one window before the onset and one from it on
        labels=(np.arange(2 * length) >= length) & (not healthy),
        length=length,
    )
    return one.channel(0) if single else one


def _lab_table(place: Path) -> tuple[Sequence[str], Floats, Floats, float]:
    """The components of an incident's signals, times, the signals on them, and when its window begins."""
    scenario = load_scenario(place)
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
    step = next(c.step_s for c in scenario.sources if c.name == source.name)
    t = np.arange(start.timestamp(), end.timestamp(), step)
    known = [(s.t[np.isfinite(s.v)], s.v[np.isfinite(s.v)]) for s in series]
    x = np.stack([v[np.maximum(np.searchsorted(at, t, side="right") - 1, 0)] for at, v in known], axis=1)
    return [s.component for s in series], t, x, scenario.window.start.timestamp()
