"""Whose a series is: the component that a measurement is about, from its name and all of its labels.

    python benchmarks/meaning/owners.py --data benchmarks/meaning/data --json OUT

DIR/owners.jsonl: a series a line with `layout` (kube_prometheus, prometheus_hosts, cloudwatch, datadog, otel, snmp, mixed), its
`name` and `labels` as the monitoring system returns them, the public page that the family comes from, and what two readers say:
`owner`, `also` (other label values that name the same thing, as right), `wrong` (values that name another thing). Names of the
site are invented. Author and both readers are language models that had not seen the code. Scored are the series on whose owner
both readers agree; right is what either of them accepts.

Systems: `ours` (no setting given), `peer usual label` (service, else app, job, instance, host, pod: what a generic importer
takes), `peer instance` (`instance`, `host` or the first label), `trivial` (always `job`). No model takes part. --half odd|even
tells apart the series that were looked at while mending (even ids) and the others.
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.tools.identity.owner import owner_of
from benchmarks import contract

Labels = Mapping[str, str]
USUAL = ("service", "service.name", "service_name", "app", "job", "instance", "host", "pod")
PLACE = ("instance", "host", "host.name")


def main() -> int:
    """Run the benchmark."""
    parser = contract.parser(__doc__)
    parser.add_argument("--half", choices=("odd", "even"), help="only the series with such ids")
    parser.add_argument("--misses", action="store_true", help="print what ours misses (of even ids only)")
    args = parser.parse_args()
    began = time.monotonic()
    rows = [
        json.loads(line)
        for line in (Path(args.data) / "owners.jsonl").read_text("utf-8").splitlines()
        if line
    ]
    kept = set(contract.chosen({r["layout"] for r in rows}, args.cases))
    rows = [r for r in rows if r["layout"] in kept]
    rows = [r for r in rows if args.half is None or (r["id"] % 2 == 1) == (args.half == "odd")]
    asked = [(str(r["name"]), {str(k): str(v) for k, v in r["labels"].items()}) for r in rows]
    systems: dict[str, Callable[[str, Labels], str]] = {
        "ours": lambda name, labels: owner_of(labels, metric=name),
        "peer usual label": lambda name, labels: first(labels, USUAL),
        "peer instance": lambda name, labels: first(labels, (*PLACE, *labels)),
        "trivial": lambda name, labels: labels.get("job", ""),
    }
    told = {system: [answer(*one) for one in asked] for system, answer in systems.items()}
    scored = [agreed(r) for r in rows]
    print(f"readers agree on the owner of {sum(scored)} of {len(rows)} series")
    made: list[dict[str, Any]] = []
    for system, answers in told.items():
        measured: dict[str, list[float]] = defaultdict(list)
        for row, found in [(r, a) for r, a, one in zip(rows, answers, scored, strict=True) if one]:
            right = found in accepted(row)
            measured["owner right"].append(right)
            measured["another thing named"].append(bool(found) and not right)
            measured["none named"].append(not found)
            measured[f"right: {row['layout']}"].append(right)
            if args.misses and system == "ours" and not right and row["id"] % 2 == 0:
                print(
                    row["id"],
                    row["layout"],
                    row["name"],
                    "->",
                    repr(found),
                    "not",
                    sorted(accepted(row)),
                    row["labels"],
                )
        made += contract.rows(system, measured)
    per_case = [
        {"id": r["id"], "name": r["name"], **{s: a[i] for s, a in told.items()}} for i, r in enumerate(rows)
    ]
    contract.finish("meaning/owners", made, per_case, n=sum(scored), began=began, out=args.json)
    return 0


def first(labels: Labels, keys: tuple[str, ...]) -> str:
    """The value of the first of some labels that a series bears, without a port."""
    return next((labels[k] for k in keys if labels.get(k)), "")


def accepted(row: Mapping[str, Any]) -> set[str]:
    """What either reader takes for right."""
    return {row["owner"], *row["also"], row["second"], *row["second_also"]} - {""}


def agreed(row: Mapping[str, Any]) -> bool:
    """Whether what one reader names is among what the other accepts."""
    one, other = {row["owner"], *row["also"]}, {row["second"], *row["second_also"]}
    return row["owner"] in other or row["second"] in one


if __name__ == "__main__":
    raise SystemExit(main())
