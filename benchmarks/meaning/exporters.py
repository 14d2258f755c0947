"""Healthy servers as their real exporters see them: whether a cause is told, and whether each number's unit is its metric's.

    python benchmarks/meaning/exporters.py record --out DIR [--minutes 20] [--seed 1]
    python benchmarks/meaning/exporters.py --data DIR --json OUT

`record` starts real servers on loopback with temporary data, a light load in waves and bursts, a job every two minutes, a backup,
log rotations, reloads and a restart, and 25 real exporters that a Prometheus asks every 5 s; it needs Debian 13, root and

    apt-get install postgresql pgbouncer redis-server mariadb-server nginx-light php-fpm apache2 haproxy varnish squid caddy
    apt-get install bind9 pdns-recursor dnsdist rabbitmq-server etcd-server influxdb victoria-metrics docker-registry
    apt-get install prometheus prometheus-alertmanager prometheus-pushgateway
    apt-get install prometheus-{node,postgres,pgbouncer,redis,mysqld,phpfpm,nginx}-exporter
    apt-get install prometheus-{apache,varnish,squid,bind,process,blackbox}-exporter

Not available as Debian packages: exporters of memcached, StatsD, NATS, JMX; ZooKeeper's package lacks its provider of metrics,
knot-resolver's and mosquitto's exporters were not tried. node and process see the whole machine, so also what else runs on it.

DIR/EXPORTER/metrics.parquet holds the samples, help.json the exporter's own HELP and TYPE, DIR/recording.yaml what was done when.
Each recording is diagnosed without a model at six moments, the time before the window as baseline, with a question that names no
fault or an alert that is false. Units are right by benchmarks/meaning/data/units.jsonl: kind and unit of a metric, read from
HELP, TYPE and the exporters' documentation by a language model. A unit is counted once for each exporter, metric and unit told.

Systems: `no_model` (ours), `trivial` (always healthy). No peer reads exporters without rules written for each.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.core.config import Columns, SourceConfig
from aitia.core.words import Baseline, Evidence, Incident, Report, Window, from_epoch
from benchmarks import contract
from benchmarks.meaning.exporters_units import Metric, as_told, known, units, usual_size
from benchmarks.rca.product import diagnosed

MOMENTS: Final = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)  # of a recording: where a window ends
SHARE: Final = 0.1  # of a recording: a window
SURE: Final = 0.8
UNITS: Final = Path(__file__).parent / "data" / "units.jsonl"


def main() -> int:
    """Record, or run the benchmark."""
    if sys.argv[1:2] == ["record"]:
        return _record(sys.argv[2:])
    parser = contract.parser(__doc__)
    parser.add_argument("--units", default=str(UNITS))
    args = parser.parse_args()
    began, data = time.monotonic(), Path(args.data)
    labelled = units(Path(args.units))
    per_case: list[contract.Case] = []
    for name in contract.chosen((p.parent.name for p in data.glob("*/metrics.parquet")), args.cases):
        for incident in questions(data, name):
            report = report_on(data / name, incident)
            per_case.append(case_of(name, incident, report, labelled, data / name / "metrics.parquet"))
            told = per_case[-1]
            print(
                f"{told['id']:<24}{told['verdict']:<9}{told['probability']:.2f} {told['component']} {told['fault']}",
                flush=True,
            )
    if not per_case:
        print("error: give --data a folder that `record` has written", file=sys.stderr)
        return 2
    made = contract.rows("no_model", measured(per_case))
    made += contract.rows("trivial", {"false cause": [0.0] * len(per_case), "healthy": [1.0] * len(per_case)})
    contract.finish("meaning/exporters", made, per_case, n=len(per_case), began=began, out=args.json)
    return 0


def _record(argv: list[str]) -> int:
    from benchmarks.meaning.exporters_record import record

    parser = argparse.ArgumentParser(prog="exporters.py record")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(argv)
    record(args.out, minutes=args.minutes, seed=args.seed)
    return 0


def questions(data: Path, name: str) -> Iterator[Incident]:
    """One at each moment: in turn a person's question and an alert, neither with a reason."""
    import yaml

    about = yaml.safe_load((data / "recording.yaml").read_text("utf-8"))
    start, end = (datetime.fromisoformat(about[k]).timestamp() for k in ("start", "end"))
    for number, moment in enumerate(MOMENTS):
        last = start + moment * (end - start)
        first = last - SHARE * (end - start)
        yield Incident(
            id=f"{name}-{number}",
            title=f"Alert: {name} unhealthy" if number % 2 else f"Is {name} all right?",
            started_at=from_epoch((first + last) / 2),
            window=Window(start=from_epoch(first), end=from_epoch(last)),
            baselines=(Baseline(name="preceding", window=Window(start=from_epoch(start), end=from_epoch(first))),),
            hints=(name,),
        )  # fmt: skip


def report_on(folder: Path, incident: Incident) -> Report:
    """What aitia says of one recording."""
    columns = Columns(time="time", component="component", metric="metric", value="value", labels=("labels",))
    table = SourceConfig(
        name="metrics", kind="metrics", type="table", path=str(folder / "metrics.parquet"), columns=columns
    )
    return diagnosed(incident, [table], folder)


def case_of(
    name: str, incident: Incident, report: Report, labelled: Mapping[str, Metric], table: Path
) -> contract.Case:
    """A report as the scorer needs it."""
    return {
        "id": incident.id,
        "exporter": name,
        "verdict": report.verdict,
        "probability": report.probability,
        "component": report.component or "",
        "fault": report.fault or "",
        "units": [u for e in report.evidence for u in unit_of(e, labelled, table)],
        "facts": [e.statement for e in report.evidence if e.strength >= 0.5][:12],
    }


def unit_of(fact: Evidence, labelled: Mapping[str, Metric], table: Path) -> Iterator[dict[str, str]]:
    """The unit of a fact's numbers against the metric's own."""
    name = str(fact.values.get("metric", ""))
    numbers = [float(fact.values[k]) for k in ("before", "after", "from", "to", "used") if k in fact.values]
    if not name or not numbers:
        return
    metric = known(labelled, name)
    found = (
        "not labelled"
        if metric is None
        else as_told(metric, fact.unit, numbers, lambda: usual_size(table, name))
    )
    yield {"metric": name, "told": fact.unit, "is": found, "statement": fact.statement}


def measured(cases: Iterable[contract.Case]) -> dict[str, list[float]]:
    """The rows: verdicts a diagnosis, units once for each exporter, metric and unit told."""
    found: dict[str, list[float]] = defaultdict(list)
    once: dict[tuple[str, str, str], str] = {}
    for c in cases:
        cause = c["verdict"] == "cause"
        found["false cause"].append(cause)
        found["false cause, >= 80 %"].append(cause and c["probability"] >= SURE)
        for verdict in ("unknown", "healthy"):
            found[verdict].append(c["verdict"] == verdict)
        for u in c["units"]:
            key = (c["exporter"], u["metric"], u["told"])
            once[key] = "wrong" if once.get(key) == "wrong" else u["is"]
    judged: list[Any] = [is_ for is_ in once.values() if is_ != "not labelled"]
    found["unit not labelled"] = [is_ == "not labelled" for is_ in once.values()]
    for is_ in ("right", "wrong", "none told", "none to tell"):
        found[f"unit: {is_}"] = [j == is_ for j in judged]
    return {k: [float(x) for x in v] for k, v in found.items()}


if __name__ == "__main__":
    raise SystemExit(main())
