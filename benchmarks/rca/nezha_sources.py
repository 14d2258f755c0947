"""Nezha Train-Ticket with metrics, logs and traces, the fault's minute given as the authors do.

python benchmarks/rca/nezha_sources.py --data DIR/rca/nezha [--cases '2023-01-30/*'] [--json OUT]

DIR holds rca_data/DAY/DAY-fault_list.json with metric/, log/ and trace/ beside it, and construct_data/DAY with one
fault-free minute of logs and traces. Of the list only the times of injection are given to what is tested. Each case is
one minute file (two minutes after the injection's, else one) against the fault-free minute, which is put right before
it, and against the day's metrics up to the minute before the fault. No other file is looked at.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from aitia.core.config import SourceConfig
from aitia.core.llm import Llm
from aitia.core.words import Baseline, Incident, Report, Window, from_epoch
from benchmarks.contract import chosen, finish, hits, parser, rows
from benchmarks.rca.nezha_files import (
    NANO,
    LogRow,
    SpanRow,
    epoch,
    read_logs,
    read_spans,
    reference_stamp,
    stamp_of,
    write_logs,
    write_metrics,
    write_spans,
)
from benchmarks.rca.product import components, diagnosed, model

HISTORY_S: Final = 6 * 3600
_POD = re.compile(r"-[a-z0-9]+-[a-z0-9]{5}$")
_FAILING = re.compile(r" ERROR |xception")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One fault: its day, its place in the day's list, the minute of its injection (epoch seconds) and its file."""

    name: str
    day: str
    minute: int
    stamp: str


def service(pod: str) -> str:
    """A pod's name without its hashes."""
    return _POD.sub("", pod)


def _entries(data: Path, day: str) -> list[dict[str, str]]:
    told = json.loads((data / "rca_data" / day / f"{day}-fault_list.json").read_text(encoding="utf-8"))
    return sorted((e for hour in told.values() for e in hour), key=lambda e: epoch(e["inject_time"]))


def cases(data: Path) -> list[Case]:
    """All faults of the days that have traces and a fault-free minute, by time."""
    found = []
    for listed in sorted(data.glob("rca_data/*/*-fault_list.json")):
        day = listed.parent.name
        if not (listed.parent / "trace").is_dir() or not (data / "construct_data" / day).is_dir():
            continue
        for index, entry in enumerate(_entries(data, day)):
            minute = epoch(entry["inject_time"]) // 60 * 60
            if stamp := stamp_of(listed.parent, minute):
                found.append(Case(name=f"{day}/{index:02d}", day=day, minute=minute, stamp=stamp))
    return found


def answers(data: Path, day: str) -> list[tuple[str, str]]:
    """(pod, kind of fault) by time; only the scorer asks."""
    return [(e["inject_pod"], e["inject_type"]) for e in _entries(data, day)]


def window_of(spans: Sequence[SpanRow]) -> tuple[int, int]:
    """Epoch seconds in which the requests of a minute file began and ended."""
    return min(s.start for s in spans) // NANO, max(s.end for s in spans) // NANO + 1


def convert(data: Path, case: Case, out: Path) -> tuple[Incident, list[SourceConfig]]:
    """Write a case as standard files; the incident says no more than when."""
    day, quiet = data / "rca_data" / case.day, data / "construct_data" / case.day
    spans = read_spans(day, case.stamp)
    start, end = window_of(spans)
    normal_end = min(case.minute - 60, start - 60)
    stamp = reference_stamp(quiet)
    base_spans, base_logs = read_spans(quiet, stamp), read_logs(quiet, stamp)
    ends = [s.end for s in base_spans]
    shift = normal_end * NANO - max(ends, default=0) - NANO
    write_spans(out / "traces.jsonl", base_spans, shift=shift)
    write_spans(out / "traces.jsonl", spans, shift=0)
    write_logs(out / "logs", base_logs, shift=shift)
    write_logs(out / "logs", read_logs(day, case.stamp), shift=0)
    write_metrics(out / "metrics.csv", day, start=normal_end - HISTORY_S, end=end)
    incident = Incident(
        id=case.name.replace("/", "-"),
        title="Some requests are slow or fail",
        started_at=from_epoch(start),
        window=Window(start=from_epoch(start), end=from_epoch(end)),
        baselines=(
            Baseline(
                name="preceding",
                window=Window(start=from_epoch(normal_end - HISTORY_S), end=from_epoch(normal_end)),
            ),
        ),
        origin="scenario",
    )
    sources = [
        SourceConfig(name="traces", kind="traces", type="otlp", path="traces.jsonl"),
        SourceConfig(name="logs", kind="logs", type="log_files", path="logs"),
        SourceConfig(name="metrics", kind="metrics", type="table", path="metrics.csv", step_s=60),
    ]
    return incident, sources


def ours(data: Path, case: Case, llm: Llm | None = None) -> Report:
    """The product's report."""
    with tempfile.TemporaryDirectory() as folder:
        incident, sources = convert(data, case, Path(folder))
        return diagnosed(incident, sources, Path(folder), llm=llm)


def of_rank(report: Report, aspect: str) -> list[str]:
    """The order of one ranking tool."""
    ranked = [e for e in report.evidence if e.kind == "rank.suspect" and e.aspect == aspect]
    return [e.component for e in sorted(ranked, key=lambda e: (-e.strength, e.component))]


def peers(data: Path, case: Case) -> dict[str, list[str]]:
    """Rankings of services by the plain deltas that Nezha's authors compare with, and their reciprocal-rank fusion."""
    day, quiet = data / "rca_data" / case.day, data / "construct_data" / case.day
    stamp = reference_stamp(quiet)
    now_l, old_l = read_logs(day, case.stamp), read_logs(quiet, stamp)
    now_s, old_s = read_spans(day, case.stamp), read_spans(quiet, stamp)
    found = {
        "peer error-log delta": _error_delta(now_l, old_l),
        "peer log-rate": _log_rate(now_l, old_l),
        "peer self-time delta": _self_time_delta(now_s, old_s),
        "peer max|z|": _max_z(day, case, set(_minutes(data, case.day))),
    }
    fused: dict[str, float] = defaultdict(float)
    for ranking in found.values():
        for place, name in enumerate(ranking):
            fused[name] += 1 / (5 + place)
    found["peer RRF"] = _down(fused)
    busiest = Counter(service(s.pod) for s in now_s)
    found["trivial"] = _down({k: float(v) for k, v in busiest.items()})
    return found


def _minutes(data: Path, day: str) -> list[int]:
    return [epoch(e["inject_time"]) // 60 * 60 for e in _entries(data, day)]


def _down(scores: dict[str, float]) -> list[str]:
    return sorted(scores, key=lambda k: (-scores[k], k))


def _error_delta(now: Sequence[LogRow], old: Sequence[LogRow]) -> list[str]:
    def share(logs: Sequence[LogRow]) -> dict[str, float]:
        bad = Counter(service(r.pod) for r in logs if _FAILING.search(r.text))
        return {k: v / max(1, len(logs)) for k, v in bad.items()}

    after, before = share(now), share(old)
    delta = {k: after.get(k, 0.0) - before.get(k, 0.0) for k in after}
    return [k for k in _down(delta) if delta[k] > 0]


def _log_rate(now: Sequence[LogRow], old: Sequence[LogRow]) -> list[str]:
    after, before = Counter(service(r.pod) for r in now), Counter(service(r.pod) for r in old)
    rate = {
        k: abs(np.log((after[k] / max(1, len(now)) or 1e-4) / (before[k] / max(1, len(old)) or 1e-4)))
        for k in {*after, *before}
    }
    return _down({k: float(v) for k, v in rate.items()})


def _self_time_delta(now: Sequence[SpanRow], old: Sequence[SpanRow]) -> list[str]:
    def means(spans: Sequence[SpanRow]) -> dict[str, float]:
        below: dict[str, int] = defaultdict(int)
        for s in spans:
            below[s.parent] += s.end - s.start
        own: dict[str, list[float]] = defaultdict(list)
        for s in spans:
            own[service(s.pod)].append(max(0, s.end - s.start - below[s.id]) / 1e6)
        return {k: fmean(v) for k, v in own.items()}

    after, before = means(now), means(old)
    return _down({k: after[k] - before[k] for k in after if k in before})


def _max_z(day: Path, case: Case, faults: set[int]) -> list[str]:
    """Largest deviation of a pod's metrics in the three minutes after the injection from the day's fault-free ones."""
    import csv

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.csv"
        write_metrics(path, day, start=0, end=1 << 40)
        series: dict[tuple[str, str], dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
        with path.open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                value = float(row["value"])
                if np.isfinite(value):
                    minute = int(row["time"]) // 60 * 60
                    series[service(row["component"]), row["metric"]][minute].append(value)
    busy = {f + 60 * k for f in faults for k in range(5)}
    inside = {case.minute + 60 * k for k in (1, 2, 3)}
    score: dict[str, float] = defaultdict(float)
    for (name, _), minutes in sorted(series.items()):
        normal = [fmean(v) for m, v in minutes.items() if m not in busy]
        seen = [fmean(v) for m, v in minutes.items() if m in inside]
        if len(normal) >= 5 and seen:
            z = float(np.abs(np.array(seen) - np.mean(normal)).max() / (np.std(normal) + 1e-9))
            score[name] = max(score[name], z)
    return _down(score)


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    """Run all systems, then score."""
    args = parser(__doc__).parse_args(argv)
    began, data, llm = time.monotonic(), Path(args.data), model(args.model)
    todo = {c.name: c for c in cases(data)}
    ran: list[tuple[Case, dict[str, list[str]], Report]] = []
    for name in chosen(todo, args.cases):
        report = ours(data, todo[name])
        told = {"no_model": components(report)}
        if llm is not None:
            told["ours"] = components(ours(data, todo[name], llm))
        told["no_model (traces_rank alone)"] = of_rank(report, "rank.traces")
        ran.append((todo[name], told | peers(data, todo[name]), report))
    per_case, measured = _scored(data, ran)
    made = [r for system, metrics in measured.items() for r in rows(system, metrics)]
    verdicts = [
        {
            "id": case.name,
            "verdict": report.verdict,
            "probability": report.probability,
            "right": service(report.component)
            == service(answers(data, case.day)[int(case.name.rpartition("/")[2])][0]),
        }
        for case, _, report in ran
    ]
    return finish(
        "rca/nezha_sources", made, per_case, n=len(ran), began=began, out=args.json, judged=verdicts
    )


def _scored(
    data: Path, ran: Sequence[tuple[Case, dict[str, list[str]], Report]]
) -> tuple[list[dict[str, Any]], dict[str, dict[str, list[float]]]]:
    """The one place that reads answers: AC@1 and AC@3 of the pod's service, all and per kind of fault."""
    told = {day: answers(data, day) for day in {case.day for case, _, _ in ran}}
    per_case: list[dict[str, Any]] = []
    measured: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for case, rankings, report in ran:
        pod, kind = told[case.day][int(case.name.rpartition("/")[2])]
        for system, ranking in rankings.items():
            named = [service(name) for name in ranking]
            for k in (1, 3):
                hit = float(hits(named, [service(pod)], k))
                measured[system][f"AC@{k}"].append(hit)
                measured[system][f"AC@{k} {kind}"].append(hit)
            per_case.append(
                {
                    "case": case.name, "system": system, "prediction": named[:5],
                    "answer": [service(pod), kind], "verdict": report.verdict if system == "no_model" else "",
                    "fault": report.fault if system == "no_model" else "",
                }
            )  # fmt: skip
    return per_case, measured


if __name__ == "__main__":
    main()
