"""Record a service scenario: real programs on loopback, one fault, real monitoring. See docs/scenarios.md.

python -m scenarios.record.services --seed 1 --victim orders --fault connection_leak --out scenarios/connection-exhaustion
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from aitia.core.errors import AitiaError, BadInput
from aitia.lab.folder import finish, iso, new_folder, write_jsonl, write_table, write_yaml
from aitia.lab.receiver import AlertReceiver
from scenarios.record.export import copy_logs, copy_runbooks, read_samples
from scenarios.record.faults import FAULTS, Change, Fault, answer, check, hidden, prepare
from scenarios.record.load import Load
from scenarios.record.monitoring import SCRAPE_S
from scenarios.record.ports import SERVICES, Wiring
from scenarios.record.shop_texts import TEXTS, earlier_changes, past_incidents
from scenarios.record.stack import VERSIONS, Stack

WARM_S, LEAD_S, TAIL_S = 25.0, 90.0, 40.0


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to record."""

    seed: int
    victim: str
    fault: Fault
    load: float
    out: Path
    baseline_s: float
    fault_s: float
    port_base: int


@dataclass(kw_only=True)
class Recording:
    """What came of it."""

    start: float
    injected: float = 0.0
    end: float = 0.0
    alert: dict[str, Any] = field(default_factory=dict)
    journal: list[tuple[float, Change]] = field(default_factory=list)


def say(text: str) -> None:
    """Progress, on standard error."""
    print(f"{datetime.now():%H:%M:%S} {text}", file=sys.stderr, flush=True)


def baseline(order: Order, stack: Stack, recording: Recording) -> None:
    """The quiet span, with two harmless changes as any day has them."""
    rng = random.Random(order.seed)
    other = rng.choice([name for name in SERVICES if name != order.victim])
    patch = VERSIONS[other][:-1] + str(int(VERSIONS[other][-1]) + 1)
    first = recording.start + rng.uniform(0.25, 0.5) * order.baseline_s
    second = recording.start + order.baseline_s - rng.uniform(18, 90)
    sleep_until(first)
    stack.deploy(other, patch)
    words = f"{other} {patch}: dependency updates"
    recording.journal.append((first, Change(component=other, kind="deploy", text=words, version=patch)))
    sleep_until(second)
    stack.reload_gateway(keepalive=75)
    recording.journal.append(
        (second, Change(component="gateway", kind="config", text="keepalive_timeout 65s to 75s"))
    )
    sleep_until(recording.start + order.baseline_s)


def sleep_until(epoch: float) -> None:
    """Sleep until a moment, not at all if it has passed."""
    time.sleep(max(0.0, epoch - time.time()))


def record(order: Order, folder: Path) -> Recording:
    """Run the shop and the fault; export while Prometheus is still up."""
    wiring = Wiring(base=order.port_base)
    stack = Stack(folder, wiring, rate=order.load, tight=order.fault == "none", seed=order.seed)
    load = Load(port=wiring.port("gateway"), rate=order.load, seed=order.seed)
    with AlertReceiver(wiring.port("receiver")) as receiver, stack, load:
        say(f"{order.out.name}: up, warming")
        time.sleep(WARM_S)
        receiver.firing.clear()
        recording = Recording(start=time.time())
        baseline(order, stack, recording)
        if receiver.firing:
            raise BadInput("Record again on a quieter machine: an alert fired before the fault.")
        injection = prepare(stack, load, fault=order.fault, victim=order.victim, rate=order.load)
        recording.injected = time.time()
        if injection.change:
            recording.journal.append((recording.injected, injection.change))
        injection.act()
        say(f"{order.out.name}: {order.fault} at {order.victim}")
        await_alert(order, receiver, recording)
        say(f"{order.out.name}: {recording.alert['commonAnnotations']['summary']!r} fired")
        sleep_until(started(recording) + TAIL_S)
        recording.end = time.time()
        time.sleep(0.5)
        export(order, stack, recording)
    return recording


def await_alert(order: Order, receiver: AlertReceiver, recording: Recording) -> None:
    """Wait for the first alert. Raises BadInput where none fires: such a recording shows no incident."""
    until = recording.injected + order.fault_s
    while not receiver.firing:
        if time.time() > until:
            raise BadInput(
                f"Raise --load or --fault-s: no alert fired within {order.fault_s:g} s of the fault."
            )
        time.sleep(0.2)
    recording.alert = receiver.firing[0]


def started(recording: Recording) -> float:
    """When the alert began to fire, by the alert itself."""
    return datetime.fromisoformat(recording.alert["alerts"][0]["startsAt"]).timestamp()


def export(order: Order, stack: Stack, recording: Recording) -> None:
    """All files but `scenario.yaml`."""
    out, hide = new_folder(order.out), hidden(order.fault, order.victim)
    url = f"http://127.0.0.1:{stack.wiring.port('prometheus')}"
    write_table(
        out / "metrics.parquet", read_samples(url, start=recording.start, end=recording.end, hide=hide)
    )
    copy_logs(stack.logs, out / "logs", hide=hide, private=stack.folder)
    copy_logs(stack.folder / "nginx", out / "nginx", hide=frozenset(), private=stack.folder)
    write_yaml(out / "topology.yaml", stack.wiring.topology())
    changes = [*earlier_changes(recording.start), *(_entry(at, change) for at, change in recording.journal)]
    write_jsonl(
        out / "changes.jsonl",
        sorted((c for c in changes if c["component"] not in hide), key=lambda c: c["at"]),
    )
    write_jsonl(out / "incidents.jsonl", past_incidents(recording.start))
    copy_runbooks(TEXTS / "runbooks", out / "runbooks")
    (out / "alert.json").write_text(
        json.dumps(recording.alert, indent=1, sort_keys=True) + "\n", encoding="utf-8"
    )


def _entry(at: float, change: Change) -> dict[str, str]:
    found = {"at": iso(at), "component": change.component, "kind": change.kind, "text": change.text}
    return {**found, "version": change.version} if change.version else found


def sources() -> list[dict[str, Any]]:
    """The sources as `scenario.yaml` lists them."""
    columns = {
        "time": "time",
        "component": "component",
        "metric": "metric",
        "value": "value",
        "labels": ["labels"],
    }
    return [
        {"name": "metrics", "kind": "metrics", "type": "table", "path": "metrics.parquet", "columns": columns,
         "step_s": float(SCRAPE_S)},
        {"name": "logs", "kind": "logs", "type": "log_files", "path": "logs"},
        {"name": "nginx", "kind": "logs", "type": "log_files", "path": "nginx", "component": "gateway"},
        {"name": "changes", "kind": "changes", "type": "changes", "path": "changes.jsonl"},
        {"name": "topology", "kind": "topology", "type": "topology", "path": "topology.yaml"},
        {"name": "incidents", "kind": "incidents", "type": "incidents", "path": "incidents.jsonl"},
        {"name": "runbooks", "kind": "runbooks", "type": "runbooks", "path": "runbooks"},
    ]  # fmt: skip


def scenario(order: Order, recording: Recording) -> dict[str, Any]:
    """`scenario.yaml`: the window is counted from the alert, not from the fault."""
    at = started(recording)
    start, words = at - LEAD_S, recording.alert["commonAnnotations"]
    return {
        "schema": 1,
        "id": order.out.name.lower().replace("_", "-"),
        "title": words["summary"],
        "description": "A web shop of four services, PostgreSQL and Redis behind nginx; recorded from real programs.",
        "domain": "it",
        "recorded": {
            "by": "scenarios/record/services.py",
            "args": {"seed": order.seed, "victim": order.victim, "fault": order.fault, "load": order.load},
            "at": iso(recording.start),
            "notes": f"Injected at {iso(recording.injected)}. The alert is the one that Alertmanager delivered.",
        },
        "incident": {
            "title": words["summary"], "text": words["description"], "started_at": iso(at),
            "labels": recording.alert["commonLabels"], "hints": ["gateway"], "alert": "alert.json",
        },
        "now": iso(recording.end),
        "window": {"start": iso(start), "end": iso(recording.end)},
        "baselines": [{"name": "preceding", "window": {"start": iso(recording.start), "end": iso(start)}}],
        "sources": sources(),
        "expected": answer(order.fault, order.victim),
    }  # fmt: skip


def parse(argv: list[str] | None) -> Order:
    parser = argparse.ArgumentParser(prog="services", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--victim", required=True)
    parser.add_argument("--fault", required=True, choices=FAULTS)
    parser.add_argument("--load", type=float, default=14.0, help="requests per second")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--baseline-s", type=float, default=240.0)
    parser.add_argument("--fault-s", type=float, default=150.0, help="give up when no alert fired by then")
    parser.add_argument("--port-base", type=int, default=30_000)
    a = parser.parse_args(argv)
    return Order(
        seed=a.seed, victim=a.victim, fault=cast("Fault", a.fault), load=a.load, out=a.out,
        baseline_s=a.baseline_s, fault_s=a.fault_s, port_base=a.port_base,
    )  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    order = parse(argv)
    folder = Path(tempfile.mkdtemp(prefix="aitia-record-"))
    folder.chmod(0o755)  # user postgres must reach its cluster
    try:
        check(order.fault, order.victim)
        size = finish(order.out, scenario(order, record(order, folder)))
    except AitiaError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{order.out}: {size} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
