"""Injections in the logs of a database cluster: when, which templates and lines, and which fault; nothing is trained.

python benchmarks/logs/multilog.py --data DIR/logs/multilog [--cases 'io*'] --json OUT

Layout: SCENARIO/labelN.log[.gz], one log per node, and SCENARIO/inject.log (epoch s of each injection's start and end).
The answers are the `- ` that begins each normal line, inject.log and the scenario's name up to its last `_`. They are
stripped before anything is read: the predictions come from a copy without them.

Rows. `no_model` (= `ours`): the joint departure of all nodes' templates (aitia.tools.logs.change.departure). `peer ruptures`:
the middle part of three of the lines per node and second (log2, Binseg, l2). `trivial burst`: of all windows of whole
seconds and all templates of all nodes the one with the largest Poisson likelihood ratio of a higher rate inside (Kulldorff,
1997). `trivial half`: the second half of the time that the logs cover. `trivial all`: all of it.

`online …`: alarms while the logs grow, see benchmarks/logs/multilog_online.py. `alarm early` is the share of scenarios whose
first alarm comes before the injection, `alarm in time` of those whose first one comes while it lasts; `delay` (mean and median)
is that of all first alarms that come after it began. The scenarios that --cases leaves out still are other runs.

IoU is that of the interval with the first injection as far as the logs reach. `early` is the share of scenarios whose
interval begins more than one cell (1/60 of the logs) before the injection; `latest onset` is the end of the range that its
beginning is given with. Templates: those of the first node whose
rate inside an interval differs from that outside, against those of the true interval. Lines: all nodes' lines inside
the interval. The fault is told by benchmarks/logs/multilog_faults.py.
"""

from __future__ import annotations

import gzip
import math
import re
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
import ruptures

from aitia.core.errors import BadInput
from aitia.tools.logs.change import Cells, Departure, Events, departure, rate_changes
from aitia.tools.logs.change.departure import extent
from aitia.tools.text.reader import Extract, LogFile
from aitia.tools.text.templates import Form, Miner
from benchmarks.contract import Case, chosen, finish, mean, parser, rows
from benchmarks.logs.multilog_faults import ranked
from benchmarks.logs.multilog_online import ONLINE, firsts, measures, records_of

OURS = "no_model"
SYSTEMS = (OURS, "peer ruptures", "trivial burst", "trivial half", "trivial all")
MESSAGE = 1000
_STAMP = re.compile(r"\d{9,10}(?:\.\d+)?")
Span = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Node:
    """One node's log: its events, its templates' texts, and the time of every line (NaN before the first dated one)."""

    events: Events
    texts: tuple[str, ...]
    lines: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the scorer knows: the first injection, the fault, and which lines are in an injection, node by node."""

    span: Span
    fault: str
    inside: tuple[tuple[bool, ...], ...]


def events_of(path: Path) -> Node:
    """A log file's templates, line by line."""
    file = LogFile(path, zone=UTC, near=datetime.now(UTC))
    miner = Miner()
    times: list[float] = []
    forms: list[Form] = []
    lines: list[float] = []
    for record in file.records(0.0, 1e11, budget=1 << 40, extract=Extract()):
        times.append(record.at)
        forms.append(miner.form(record.message[:MESSAGE], (record.level,)))
        before = record.line - 1 - len(lines)  # what was not joined has the time of the record above
        lines += [lines[-1] if lines else math.nan] * before + [record.at] * record.lines
    found = [miner.template(form) for form in forms]
    number = {t.id: i for i, t in enumerate({t.id: t for t in found}.values())}
    return Node(
        events=Events.of(times, [number[t.id] for t in found]),
        texts=tuple({t.id: t.text for t in found}.values()),
        lines=tuple(lines),
    )


def logs_of(folder: Path) -> list[Path]:
    """A scenario's logs, by the number in their names."""
    found = [p for p in folder.iterdir() if re.fullmatch(r"label\d+\.log(\.gz)?", p.name)]
    return sorted(found, key=lambda p: int("".join(filter(str.isdigit, p.name))))


def stripped(folder: Path, out: Path) -> list[Path]:
    """Copies of a scenario's logs without the labels."""
    made = []
    for path in logs_of(folder):
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        made.append(out / f"node{len(made) + 1}.log")
        made[-1].write_bytes(b"\n".join(line.removeprefix(b"- ") for line in raw.split(b"\n")))
    return made


def nodes_of(folder: Path) -> list[Node]:
    with tempfile.TemporaryDirectory() as out:
        return [events_of(path) for path in stripped(folder, Path(out))]


def intervals(streams: Sequence[Events], found: Departure | None) -> dict[str, Span | None]:
    """Each system's interval."""
    start, end = extent(streams)
    return {
        OURS: (found.start, found.end) if found else None,
        "peer ruptures": _parts(streams, start, end),
        "trivial burst": _burst(streams, start, end),
        "trivial half": ((start + end) / 2, end),
        "trivial all": (start, end),
    }


def _parts(streams: Sequence[Events], start: float, end: float) -> Span | None:
    cells = int(end - start) + 1
    if cells < 6:
        return None
    load = np.log2(
        1 + np.stack([s.cells(start, start + cells, cells).counts.sum(axis=0) for s in streams], 1)
    )
    cuts = ruptures.Binseg(model="l2", min_size=2, jump=1).fit(load).predict(n_bkps=2)
    return start + cuts[0], min(end, start + cuts[1])


def _burst(streams: Sequence[Events], start: float, end: float) -> Span | None:
    cells = int(end - start) + 1
    a, b = np.triu_indices(cells + 1, 1)
    a, b = a[b - a < cells], b[b - a < cells]
    best, told = 0.0, None
    for stream in streams:
        for counts in stream.cells(start, start + cells, cells).counts:
            total = np.concatenate([[0], np.cumsum(counts)])
            n, inside = total[-1], total[b] - total[a]
            if not n:
                continue
            expected = n * (b - a) / cells
            rest = np.maximum(n - inside, 1e-12) * np.log(np.maximum(n - inside, 1e-12) / (n - expected))
            ratio = np.where(
                inside > expected, inside * np.log(np.maximum(inside, 1e-12) / expected) + rest, 0.0
            )
            if ratio.max() > best:
                best, at = float(ratio.max()), int(ratio.argmax())
                told = (start + float(a[at]), min(end, start + float(b[at])))
    return told


def changed(events: Events, inside: np.ndarray, span: Span) -> set[int]:
    """Templates whose rate in the events marked `inside` (they lie in `span`) differs from the others'."""
    start, end = float(events.times[0]), float(events.times[-1]) + 1e-3
    within = max(1e-3, min(end, span[1]) - max(start, span[0]))
    without = max(1e-3, end - start - within)
    rows_ = events.templates
    before, after = (
        np.bincount(events.ids[m], minlength=rows_)[:, None].astype(np.int64) for m in (~inside, inside)
    )
    found = rate_changes(
        Cells(start=0.0, width=without, counts=before), Cells(start=0.0, width=within, counts=after)
    )
    return {c.template for c in found}


def predictions(folder: Path) -> Case:
    """All that is told of a scenario; neither the labels, inject.log nor the folder's name is looked at."""
    nodes = nodes_of(folder)
    streams = [n.events for n in nodes if n.events.times.size]
    if not streams:
        raise BadInput(f"Give logs with timestamps: no line of {str(folder)!r} is dated.")
    start, end = extent(streams)
    found = departure(streams)
    told: Case = {
        "intervals": intervals(streams, found),
        "cell_s": (end - start) / 60,
        "extent": (start, end),
    }
    first = nodes[0].events
    told["templates"] = {
        system: sorted(changed(first, _within(first.times, span), span)) if span and first.times.size else []
        for system, span in told["intervals"].items()
    }
    told["lines"] = {
        system: [[bool(span and span[0] <= t < span[1]) for t in n.lines] for n in nodes]
        for system, span in told["intervals"].items()
    }
    told["faults"] = ranked([(n.events, n.texts) for n in nodes], found)
    told["latest"] = found.start_between[1] if found else None
    told |= {"first": first, "last": max(float(s.times[-1]) for s in streams)}
    return told


def _within(times: np.ndarray, span: Span) -> np.ndarray:
    return (times >= span[0]) & (times < span[1])


def answer_of(folder: Path) -> Answer:
    """Read what the scorer needs."""
    lines = (folder / "inject.log").read_text(encoding="utf-8", errors="replace").splitlines()
    stamps = [
        float(after.strip())
        for line, after in pairwise(lines)
        if line.startswith(("start inject", "end inject")) and _STAMP.fullmatch(after.strip())
    ]
    inside = []
    for path in logs_of(folder):
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        inside.append(tuple(not line.startswith(b"- ") for line in raw.split(b"\n") if line))
    return Answer(
        span=(stamps[0], stamps[1]), fault=folder.name.rpartition("_")[0] or folder.name, inside=tuple(inside)
    )


def iou(one: Span | None, two: Span) -> float:
    """Intersection over union of two intervals."""
    if one is None:
        return 0.0
    both = max(0.0, min(one[1], two[1]) - max(one[0], two[0]))
    return both / (max(one[1], two[1]) - min(one[0], two[0])) if both else 0.0


def f1(told: Sequence[bool], truth: Sequence[bool]) -> float:
    """Of the positive class; lines that were not told are taken as negative."""
    hits = sum(a and b for a, b in zip(told, truth, strict=False))
    return 2 * hits / max(1, sum(told) + sum(truth))


def scored(told: Case, answer: Answer) -> dict[str, dict[str, float]]:
    """The measures of each system in one scenario."""
    span = answer.span[0], min(answer.span[1], told["last"])
    first: Events = told["first"]
    right = changed(first, _within(first.times, span), span) if first.times.size else set()
    out: dict[str, dict[str, float]] = {}
    for system in SYSTEMS:
        found = told["intervals"][system]
        latest = told["latest"] if system == OURS else found and found[0]
        pairs = list(zip(told["lines"][system], answer.inside, strict=True))
        templates = set(told["templates"][system])
        out[system] = {
            "interval IoU": iou(found, span),
            "early": float(found is not None and found[0] < span[0] - told["cell_s"]),
            "early by 2 s": float(found is not None and found[0] < span[0] - 2),
            "latest onset early by 2 s": float(latest is not None and latest < span[0] - 2),
            "lines F1": f1([x for t, _ in pairs for x in t], [x for _, t in pairs for x in t]),
            "templates F1": 2 * len(right & templates) / max(1, len(right) + len(templates)),
        }
        if found is not None:
            out[system]["onset error s"] = abs(found[0] - span[0])
    out[OURS] |= {f"fault top-{k}": float(answer.fault in told["faults"][:k]) for k in (1, 3)}
    return out


def main() -> None:
    args = parser(__doc__).parse_args()
    began = time.monotonic()
    folders = {p.name: p for p in Path(args.data).iterdir() if (p / "inject.log").is_file()}
    measured: dict[str, dict[str, list[float]]] = {s: {} for s in (*SYSTEMS, *ONLINE)}
    per_case: list[Case] = []
    for name in chosen(folders, args.cases):
        told = predictions(folders[name])
        answer = answer_of(folders[name])
        for system, values in scored(told, answer).items():
            for metric, value in values.items():
                measured[system].setdefault(metric, []).append(value)
        kept = {k: v for k, v in told.items() if k not in ("lines", "templates", "first")}
        per_case.append({"case": name, "span": answer.span, **kept})
        print(name, {k: round(v, 2) for k, v in scored_line(measured).items()}, file=sys.stderr)
    _online(folders, per_case, measured)
    table: list[dict[str, Any]] = [row for s in measured for row in rows(s, measured[s])]
    table += [_ratio(measured), *_medians(measured)] if per_case else []
    faults = len({c["case"].rpartition("_")[0] for c in per_case})
    if faults:
        table += [
            {
                "system": "trivial chance",
                "metric": f"fault top-{k}",
                "value": round(min(1.0, k / faults), 4),
                "n": faults,
                "ci95": [0.0, 1.0],
            }
            for k in (1, 3)
        ]
    table += [{**row, "system": "ours"} for row in table if row["system"] == OURS]
    finish("logs/multilog", table, per_case, n=len(per_case), began=began, out=args.json)


def _online(
    folders: Mapping[str, Path],
    per_case: Sequence[Case],
    measured: Mapping[str, dict[str, list[float]]],
) -> None:
    """Add each case's first alarms, and their measures."""
    runs, streams = {}, {}
    for name, folder in folders.items():
        with tempfile.TemporaryDirectory() as out:
            paths = stripped(folder, Path(out))
            runs[name] = records_of(paths)
            streams[name] = [n.events for n in map(events_of, paths) if n.events.times.size]
    spans = {name: answer_of(folder).span for name, folder in folders.items()}
    found = firsts(runs, streams, {name: span[0] for name, span in spans.items()})
    for case in per_case:
        name = case["case"]
        case["alarms"] = found[name]
        for system, values in measures(case["alarms"], spans[name]).items():
            for metric, value in values.items():
                measured[system].setdefault(metric, []).append(value)
        print(name, case["alarms"], file=sys.stderr)


def _medians(measured: Mapping[str, Mapping[str, Sequence[float]]]) -> list[dict[str, Any]]:
    """Median delays of the alarms that were in time."""
    found = {s: measured[s].get("alarm delay s", []) for s in ONLINE}
    chance = np.random.default_rng(0)
    drawn = {s: np.sort(np.median(chance.choice(d, (2000, len(d))), axis=1)) for s, d in found.items() if d}
    return [
        {
            "system": system,
            "metric": "alarm delay s, median",
            "value": round(float(np.median(delays)), 2),
            "n": len(delays),
            "ci95": [round(float(drawn[system][i]), 2) for i in (50, 1949)],
        }
        for system, delays in found.items()
        if delays
    ]


def scored_line(measured: Mapping[str, Mapping[str, Sequence[float]]]) -> dict[str, float]:
    """The latest scenario's measures of ours."""
    return {metric: values[-1] for metric, values in measured[OURS].items()}


def _ratio(measured: Mapping[str, Mapping[str, Sequence[float]]]) -> dict[str, Any]:
    """Mean IoU of ours to that of the largest burst, with a paired bootstrap interval."""
    ours, burst = (measured[s]["interval IoU"] for s in (OURS, "trivial burst"))
    chance = np.random.default_rng(0)
    drawn = [chance.integers(0, len(ours), len(ours)) for _ in range(2000)]
    ratios = sorted(mean([ours[i] for i in d]) / max(1e-9, mean([burst[i] for i in d])) for d in drawn)
    low, high = ratios[50], ratios[1949]
    value = mean(ours) / max(1e-9, mean(burst))
    return {
        "system": OURS,
        "metric": "IoU / largest burst",
        "value": round(value, 4),
        "n": len(ours),
        "ci95": [round(low, 3), round(high, 3)],
    }


if __name__ == "__main__":
    main()
