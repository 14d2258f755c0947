"""Windows of recordings with answers, laid out as a diagnosis sees them: a window, the span before it, and the source.

Half of a data set's weight lies on windows with a labelled anomaly and half on windows without, as `agent/weigher.py`
takes half of all alarms for false.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aitia.core.words import Baseline, Holding, Incident, SourceKind, Window, from_epoch
from aitia.tools.registry import SourceSet, ToolContext
from aitia.tools.signals.detectors.thresholds import runs
from aitia.tools.sources.base import Series, Waveform
from benchmarks.signals import batadal, nab, skab_files, smap_msl, tep

Floats = NDArray[np.float64]
Rows = tuple[int, int]  # first and one past the last
T0, MACHINE = 1_767_225_600.0, "M-1"
BASELINE = 6  # times the window, as a diagnosis without configured baselines
LEAST_BASELINE, MOST_LABELLED = 2, 0.2  # windows of past that there must be; labelled share of it that may be
REACHED = (
    0.2,
    0.4,
)  # of the window, that an anomaly fills when the window ends: an alarm comes soon after it began


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A source of metric series and waveforms that are held in memory."""

    kind: SourceKind
    series: tuple[Series, ...] = ()
    blocks: tuple[Waveform, ...] = ()
    name: str = "recording"

    def describe(self, window: Window) -> Holding:
        """How much it holds."""
        return Holding(source=self.name, kind=self.kind, count=len(self.series) + len(self.blocks))

    def read(self, window: Window, *, component: str = "", metric: str = "") -> list[Series]:
        """The series cut to the window."""
        start, end = window.epoch
        cut = [(s, slice(*np.searchsorted(s.t, (start, end)))) for s in self.series]
        return [Series(component=s.component, metric=s.metric, t=s.t[c], v=s.v[c]) for s, c in cut]

    def waveforms(self, window: Window) -> list[Waveform]:
        """The blocks that begin in the window."""
        return [b for b in self.blocks if window.contains(b.at)]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One window: what a tool is given, and (for the scorer) the labelled stretches in epoch seconds.

    `fault` is the part at fault, where the answer is one ("" for none). With `partly` what lies outside the stretches is
    not known to be clean.
    """

    name: str
    dataset: str
    group: str
    source: Recorded = field(repr=False)
    window: Window
    baseline: Window
    faulty: bool
    stretches: tuple[tuple[float, float], ...] = ()
    fault: str = ""
    partly: bool = False

    def context(self) -> ToolContext:
        """What the tools of a diagnosis get."""
        past = (Baseline(name="preceding", window=self.baseline),)
        incident = Incident(id=self.name, title=self.name, started_at=self.window.start, window=self.window,
                            baselines=past)  # fmt: skip
        return ToolContext(incident=incident, sources=SourceSet([self.source]))


@dataclass(frozen=True, kw_only=True)
class Recording:
    """Channels of one machine on equal steps, the labelled rows, and the windows' lengths in rows."""

    name: str
    dataset: str
    channels: Mapping[str, Floats]
    labelled: Sequence[Rows]
    step_s: float
    lengths: tuple[int, ...]
    clean: int = 1  # windows without a labelled anomaly, for each length
    block: int = 0  # rows that are one group; 0: the whole recording
    last: bool = False  # whether the last rows are the only window
    partly: bool = False  # whether rows without a label may be anomalous

    def cases(self) -> Iterator[Case]:
        """Windows that end while an anomaly goes on, and windows without one."""
        rows = next(iter(self.channels.values())).size
        t = T0 + self.step_s * np.arange(rows)
        labels = np.zeros(rows, dtype=bool)
        for a, b in self.labelled:
            labels[a:b] = True
        series = tuple(Series(component=MACHINE, metric=n, t=t, v=v) for n, v in self.channels.items())
        source = Recorded(kind="metrics", series=series)
        spans = tuple((float(t[a]), float(t[b - 1])) for a, b in self.labelled)
        for start, end in self._windows(labels) if not self.last else [(rows - self.lengths[0], rows)]:
            first = max(0, start - BASELINE * (end - start))
            yield Case(
                name=f"{self.name}:{start}-{end}", dataset=self.dataset,
                group=f"{self.dataset} {self.name}" + (f" {start // self.block}" if self.block else ""),
                source=source, window=self._span(start, end), baseline=self._span(first, start),
                faulty=bool(labels[start:end].any()), stretches=spans, partly=self.partly,
            )  # fmt: skip

    def _span(self, start: int, end: int) -> Window:
        return Window(start=from_epoch(T0 + self.step_s * start), end=from_epoch(T0 + self.step_s * end))

    def _windows(self, labels: NDArray[np.bool_]) -> list[Rows]:
        found: set[Rows] = set()
        for length in self.lengths:
            ends = [min(labels.size, a + max(5, int(r * length))) for a, _ in self.labelled for r in REACHED]
            usable = lambda start, n=length: start >= LEAST_BASELINE * n and self._calm(labels, start, n)  # noqa: E731
            found |= {(e - length, e) for e in ends if usable(e - length)}
            quiet = [s for s in range(LEAST_BASELINE * length, labels.size - length + 1, max(1, length // 10))
                     if usable(s) and not labels[s - length // 5 : s + length].any()]  # fmt: skip
            places = (
                np.unique(np.linspace(0, len(quiet) - 1, min(self.clean, len(quiet))).astype(int))
                if quiet
                else []
            )
            found |= {(quiet[i], quiet[i] + length) for i in places}
        return sorted(found)

    def _calm(self, labels: NDArray[np.bool_], start: int, length: int) -> bool:
        return float(labels[max(0, start - BASELINE * length) : start].mean()) <= MOST_LABELLED


def process(data: Path) -> Iterator[Case]:
    """All windows of process signals under a data folder; a set that is not there is left out."""
    for folder, read in (
        ("skab", _skab),
        ("tep", _tep),
        ("batadal", _batadal),
        ("smap_msl", _smap),
        ("nab", _nab),
    ):
        if (data / folder).is_dir():
            for recording in read(data / folder):
                yield from recording.cases()


def _named(x: Floats, names: Sequence[str]) -> dict[str, Floats]:
    return {name: x[:, i] for i, name in enumerate(names)}


def _skab(data: Path) -> Iterator[Recording]:
    known = skab_files.paths(data)
    for name, path in known.items():
        one = skab_files.read(path, data)
        names = [c.replace(" ", "_").replace("Accelerometer", "vibration_") for c in one.channels]
        yield Recording(name=name, dataset="skab", channels=_named(one.x, names), step_s=1.0, lengths=(100, 150, 200),
                        labelled=runs(skab_files.answer(path, "anomaly")))  # fmt: skip
    for path in sorted(set(data.rglob("*.csv")) - set(known.values())):
        one = skab_files.read(path, data)
        names = [c.replace(" ", "_").replace("Accelerometer", "vibration_") for c in one.channels]
        yield Recording(name=path.stem, dataset="skab", channels=_named(one.x, names), step_s=1.0,
                        lengths=(100, 150, 200), labelled=(), clean=20, block=1000)  # fmt: skip


# Downs and Vogel (1993), table 4 and 3: measured variables 1-22 and manipulated variables 1-11; the compositions between
# them are no process signals to the tools.
_TEP = ("a_feed_flow", "d_feed_flow", "e_feed_flow", "ac_feed_flow", "recycle_flow", "reactor_feed_flow",
        "reactor_pressure", "reactor_level", "reactor_temperature", "purge_flow", "separator_temperature",
        "separator_level", "separator_pressure", "separator_under_flow", "stripper_level", "stripper_pressure",
        "stripper_under_flow", "stripper_temperature", "steam_flow", "compressor_power",
        "reactor_water_temperature", "condenser_water_temperature", *(f"composition_{i}" for i in range(19)),
        *(f"valve_{i}" for i in range(1, 12)))  # fmt: skip
_TEP_BEFORE, _TEP_AFTER = 60, 40


def _tep(data: Path) -> Iterator[Recording]:
    """Each faulty run behind the normal one and 60 samples of another normal one; parts of that behind it for no fault."""
    usual, other = tep.read(data / "d00.dat"), tep.read(data / "d00_te.dat")
    for run in tep.runs(data, "*"):
        whole = np.concatenate([usual, other[:_TEP_BEFORE], run.faulty[:_TEP_AFTER]])
        yield _spliced(run.name, whole, faulty=True)
        if run.quiet.size:
            whole = np.concatenate([usual, run.quiet[: _TEP_BEFORE + _TEP_AFTER]])
            yield _spliced(f"{run.name} before", whole, faulty=False)
    for start in range(_TEP_BEFORE, other.shape[0] - _TEP_AFTER, 3 * _TEP_AFTER):
        whole = np.concatenate([usual, other[:_TEP_BEFORE], other[start : start + _TEP_AFTER]])
        yield _spliced(f"d00_te {start}", whole, faulty=False)


def _spliced(name: str, x: Floats, *, faulty: bool) -> Recording:
    rows, length = x.shape[0], _TEP_BEFORE + _TEP_AFTER
    return Recording(name=name, dataset="tep", channels=_named(x, _TEP), step_s=180.0, lengths=(length,), last=True,
                labelled=((rows - _TEP_AFTER, rows),) if faulty else ())  # fmt: skip


_BATADAL = {"L": "level", "F": "flow", "S": "status", "P": "pressure"}


def _batadal(data: Path) -> Iterator[Recording]:
    """The clean year, and the attacks of the other file, whose hours without a flag hide further ones."""
    for path in sorted(data.glob("*.csv")):
        head, x = batadal.read(path)
        names = [f"{_BATADAL[n[0]]}_{n}" for n in head]
        flagged = runs(batadal.answer(path))
        yield Recording(name=path.stem, dataset="batadal", channels=_named(x, names), step_s=3600.0,
                        lengths=(48, 96), labelled=flagged, clean=0 if flagged else 12,
                        block=500, partly=bool(flagged))  # fmt: skip


def _smap(data: Path) -> Iterator[Recording]:
    spans = smap_msl.answers(data)
    for one in smap_msl.read(data):
        if one.name in spans:
            labelled = [(a + one.train.size, b + 1 + one.train.size) for a, b in spans[one.name]]
            yield Recording(name=one.name, dataset="smap_msl", step_s=60.0, lengths=(300, 600), labelled=labelled,
                            channels={"signal_level": np.concatenate([one.train, one.test])})  # fmt: skip


def _nab(data: Path) -> Iterator[Recording]:
    """A series on its own times, taken as equal steps."""
    spans = nab.answers(data)
    for one in nab.read(data):
        rows = [tuple(int(i) for i in np.searchsorted(one.t, s)) for s in spans.get(one.name, [])]
        yield Recording(name=one.name, dataset="nab", channels={"signal_level": one.v}, step_s=300.0,
                        lengths=(200, 400), labelled=[(a, max(b, a + 1)) for a, b in rows])  # fmt: skip
