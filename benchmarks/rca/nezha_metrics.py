"""Nezha, metrics alone: (i) Online Boutique, the minute given; (ii) Train-Ticket, the minute unknown.

python benchmarks/rca/nezha_metrics.py --data DIR/rca/nezha [--cases '2022*'] [--json OUT]

DIR holds rca_data/DAY/DAY-fault_list.json and rca_data/DAY/metric/POD_metric.csv(.gz), and, where it was recorded,
front_service, dependency, source_50 and destination_50 beside them. A day that has traces is one of (ii).
"""

from __future__ import annotations

import calendar
import csv
import gzip
import json
import random
import re
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from aitia.core.llm import Llm
from aitia.core.words import Component, ComponentType, Link
from benchmarks.contract import Case, chosen, finish, parser, rows
from benchmarks.rca.metric_cases import Column, Floats, MetricCase, Table, remapped
from benchmarks.rca.metric_peers import baro_scores, by_component, ranking, z_scores
from benchmarks.rca.metric_runs import (
    ALONE,
    RULES,
    Prediction,
    accuracy,
    by_group,
    predicted,
    told,
    trivial,
    verdict_rows,
    verdicts,
)
from benchmarks.rca.product import model

STEP_S = 60.0
FAULT_MINUTES = 4  # as the authors' setting has it: a fault's minute and the four after it are not normal
BEFORE, AFTER = (2, 20), (5, 10)  # (ii): minutes of the window before and after the fault's, drawn by seed
_POD = re.compile(r"-[a-z0-9]+-[a-z0-9]{5}$")


@dataclass(frozen=True)
class Day:
    """One day's series by minute: `minutes` in epoch seconds, `values` (minutes, series)."""

    name: str
    columns: tuple[Column, ...]
    minutes: Floats
    values: Floats
    links: tuple[tuple[str, str], ...]  # caller, callee
    hosts: tuple[tuple[str, str], ...]  # component, address of its node


def service(pod: str) -> str:
    """A pod's name without its hashes."""
    return _POD.sub("", pod)


def days(data: Path) -> list[str]:
    """The days that have a list of faults and metrics."""
    return sorted(
        p.parent.name for p in data.glob("rca_data/*/*-fault_list.json") if (p.parent / "metric").is_dir()
    )


def minute_unknown(data: Path, day: str) -> bool:
    """Whether a day belongs to (ii): it has traces."""
    return (data / "rca_data" / day / "trace").is_dir()


def fault_minutes(data: Path, day: str) -> list[float]:
    """The minutes at which faults were injected, in order (given in the authors' setting)."""
    return sorted(_epoch(entry["inject_time"]) // 60 * 60 for entry in _entries(data, day))


def read_answers(data: Path, day: str) -> list[tuple[str, str]]:
    """(pod's service, kind of fault), in the order of `fault_minutes`; only the scorer calls this."""
    entries = sorted(_entries(data, day), key=lambda e: _epoch(e["inject_time"]) // 60 * 60)
    return [(service(e["inject_pod"]), e["inject_type"]) for e in entries]


def _entries(data: Path, day: str) -> list[dict[str, str]]:
    path = data / "rca_data" / day / f"{day}-fault_list.json"
    found = json.loads(path.read_text(encoding="utf-8"))
    return [entry for hour in sorted(found) for entry in found[hour]]


def _epoch(text: str) -> float:
    return float(calendar.timegm(time.strptime(text[:19], "%Y-%m-%d %H:%M:%S")))


@lru_cache(maxsize=2)
def read_day(data: Path, day: str) -> Day:
    """All series of a day on one grid of minutes, the mean of what falls into a minute."""
    folder = data / "rca_data" / day / "metric"
    found: dict[Column, dict[float, list[float]]] = {}
    for path in sorted(folder.iterdir()):
        for column, at, value in _samples(path):
            found.setdefault(column, defaultdict(list))[at // 60 * 60].append(value)
    minutes = sorted({m for samples in found.values() for m in samples})
    row = {m: i for i, m in enumerate(minutes)}
    columns = tuple(sorted(found))
    values = np.full((len(minutes), len(columns)), np.nan)
    for j, column in enumerate(columns):
        for minute, samples in found[column].items():
            known = [s for s in samples if np.isfinite(s)]
            if known:
                values[row[minute], j] = sum(known) / len(known)
    links, hosts = _dependencies(folder)
    return Day(day, columns, np.array(minutes), values, links, hosts)


def _samples(path: Path) -> Iterator[tuple[Column, float, float]]:
    rows = _rows(path)
    head = next(rows, [])
    if len(head) < 3 or head[0].lower() != "time":
        return
    stem = path.name.split(".")[0]
    pod = stem.removesuffix("_metric")
    for row in rows:
        if len(row) != len(head):
            continue
        at = _epoch(row[0])
        named = dict(zip(head, row, strict=True))
        for name, text in named.items():
            column = _column(stem, named.get("ServiceName", pod), name)
            if column is not None:
                yield column, at, _number(text)


def _column(stem: str, pod: str, name: str) -> Column | None:
    """Which series a file's column is; latencies of a call belong to the side that measured them."""
    if name.lower() in ("time", "timestamp", "podname", "servicename"):
        return None
    if stem in ("source_50", "destination_50"):
        caller, _, callee = name.partition("_")
        if stem == "source_50":
            return Column(caller, "client_latency_p50_seconds", callee, "peer")
        return Column(callee, "server_latency_p50_seconds", caller, "caller")
    return Column(pod, name)


def _rows(path: Path) -> Iterator[list[str]]:
    with (
        gzip.open(path, "rt", encoding="utf-8")
        if path.suffix == ".gz"
        else path.open(encoding="utf-8") as file
    ):
        yield from csv.reader(file)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _dependencies(folder: Path) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    links, hosts = set(), set()
    for path in sorted(folder.glob("dependency.csv*")):
        for row in list(_rows(path))[1:]:
            is_host = len(row) > 1 and row[1].replace(".", "").isdigit()
            (hosts if is_host else links).add((row[0], row[1])) if len(row) > 1 else None
    return tuple(sorted(links)), tuple(sorted(hosts))


def given(data: Path, day: str, index: int) -> MetricCase:
    """(i): the three minutes after the fault's as the window; the day's fault-free minutes right before it."""
    read, faults = read_day(data, day), fault_minutes(data, day)
    at = faults[index]
    busy = np.zeros(read.minutes.size, dtype=bool)
    for fault in faults:
        busy |= (read.minutes >= fault) & (read.minutes <= fault + 60 * FAULT_MINUTES)
    inside = (read.minutes >= at + 60) & (read.minutes <= at + 180)
    # The minutes after the fault come first, so that those right before it lie right before the window.
    later, earlier = ~busy & (read.minutes > at), ~busy & (read.minutes < at)
    base, now = np.vstack([read.values[later], read.values[earlier]]), read.values[inside]
    t_base, t_now = remapped(base, now, step=STEP_S)
    table = Table(columns=read.columns, t_base=t_base, base=base, t_now=t_now, now=now)
    return MetricCase(
        name=f"{day}/{index:02d}", table=table, title="An anomaly was reported", started_at=float(t_now[0]),
        components=components_of(read),
    )  # fmt: skip


def unknown(data: Path, day: str, index: int) -> MetricCase:
    """(ii): a window somewhere around the fault that holds no other one; everything before it as the baseline.

    The window ends before the next fault and begins when the one before is over; the baseline holds earlier faults.
    """
    read, faults = read_day(data, day), fault_minutes(data, day)
    at = faults[index]
    over = max([f + 60.0 * (FAULT_MINUTES + 1) for f in faults if f < at], default=0.0)
    following = min([f for f in faults if f > at], default=np.inf)
    chance = random.Random(f"{day}/{index}")
    start = min(max(at - 60.0 * chance.randint(*BEFORE), over), at)
    end = min(at + 60.0 * chance.randint(*AFTER), following)
    before, inside = read.minutes < start, (read.minutes >= start) & (read.minutes < end)
    table = Table(
        columns=read.columns,
        t_base=read.minutes[before],
        base=read.values[before],
        t_now=read.minutes[inside],
        now=read.values[inside],
    )
    return MetricCase(
        name=f"{day}/{index:02d}", table=table, title="An anomaly was reported", started_at=end - 60.0,
        components=components_of(read), window=(start, end),
    )  # fmt: skip


def components_of(day: Day) -> tuple[Component, ...]:
    named = sorted({service(c.component) for c in day.columns}, key=lambda n: (n != n.lower(), n))
    once = {n.casefold(): n for n in reversed(named)}  # `Frontend` of one file is `frontend` of the others
    kinds: dict[str, ComponentType] = dict.fromkeys(once.values(), "service")
    kinds |= {host: "node" for _, host in day.hosts}
    calls, runs = _grouped(day.links), _grouped(day.hosts)
    pods: dict[str, set[str]] = defaultdict(set)
    for column in day.columns:
        pods[service(column.component)].add(column.component)
    return tuple(
        Component(
            id=name,
            type=kind,
            aliases=tuple(sorted(pods[name] - {name})),
            links=(
                *(Link(relation="calls", to=to) for to in calls.get(name, ()) if to in kinds),
                *(Link(relation="runs_on", to=to) for to in runs.get(name, ())),
            ),
        )
        for name, kind in sorted(kinds.items())
    )


def _grouped(pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for left, right in pairs:
        found[left].append(right)
    return found


def peers(case: MetricCase) -> dict[str, list[str]]:
    """max|z| and BARO over the pods' own series, as their authors run them; nothing where there is no baseline."""
    pods = case.table.take(lambda c: not c.peer and c.component != service(c.component))
    if pods.t_base.size < 2:
        return {"peer max|z|": [], "peer BARO": []}
    return {
        "peer max|z|": ranking(by_component(pods, z_scores(pods))),
        "peer BARO": ranking(by_component(pods, baro_scores(pods))),
    }


Key = tuple[str, int]  # day, place in its list of faults


def predictions(data: Path, pattern: str, llm: Llm | None = None) -> list[tuple[Key, Prediction]]:
    """All systems on all chosen cases. Of the faults only their minutes are read, and of (ii) for the window alone."""
    found = []
    for day in chosen(days(data), pattern):
        make = unknown if minute_unknown(data, day) else given
        for index in range(len(fault_minutes(data, day))):
            case = make(data, day, index)
            found.append(((day, index), predicted(case, peers(case), name=service, llm=llm)))
    return found


def scored(
    data: Path, found: list[tuple[Key, Prediction]]
) -> tuple[list[dict[str, Any]], list[Case], list[Case]]:
    """The rows of both parts (A@k, by kind of fault, for (ii) the error of the onset), the cases, the verdicts."""
    made: list[dict[str, Any]] = []
    cases: list[Case] = []
    judged: list[Case] = []
    for part, is_unknown in (("(i) minute given", False), ("(ii) minute unknown", True)):
        mine = [(key, p) for key, p in found if minute_unknown(data, key[0]) == is_unknown]
        if not mine:
            continue
        answers = [read_answers(data, day)[index] for (day, index), _ in mine]
        truths = [pod for pod, _ in answers]
        kept = trivial([p for _, p in mine], truths)
        systems = list(kept[0].orders)
        part_rows = accuracy(kept, truths, systems, (1, 3))
        part_rows += by_group(kept, truths, [kind for _, kind in answers], systems, (1, 3), label="kind")
        if is_unknown:
            minutes = [fault_minutes(data, day)[index] for (day, index), _ in mine]
            part_rows += onset_rows(kept, minutes)
        part_judged = verdicts(kept, truths)
        part_rows += verdict_rows(part_judged)
        made += [{**row, "metric": f"{part}: {row['metric']}"} for row in part_rows]
        cases += told(kept, truths)
        judged += part_judged
    return made, cases, judged


def onset_rows(found: Sequence[Prediction], minutes: Sequence[float]) -> list[dict[str, Any]]:
    """Minutes between the fault's and the first suspect's onset: median of those answered, and the share answered."""
    made: list[dict[str, Any]] = []
    for system, told_at in ((RULES, [p.onset for p in found]), (ALONE, [p.alone_onset for p in found])):
        errors = [abs(at - m) / 60.0 for at, m in zip(told_at, minutes, strict=True) if at is not None]
        made += rows(system, {"onset answered": [float(at is not None) for at in told_at]})
        made += rows(system, {"onset within 2 min": [float(at is not None and abs(at - m) <= 120.0)
                                                     for at, m in zip(told_at, minutes, strict=True)]})  # fmt: skip
        if errors:
            row = rows(system, {"onset error min (median)": errors})[0]
            made.append({**row, "value": round(float(np.median(errors)), 2)})
    return made


def main() -> None:
    args = parser(__doc__).parse_args()
    began, data = time.monotonic(), Path(args.data)
    found = predictions(data, args.cases, model(args.model))
    made, cases, judged = scored(data, found)
    finish("rca/nezha_metrics", made, cases, n=len(found), began=began, out=args.json, judged=judged)


if __name__ == "__main__":
    main()
