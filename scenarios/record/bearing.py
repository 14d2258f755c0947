"""Generate a machine scenario: two cooling-water pumps, one alarm. Deterministic by `--seed`.

python -m scenarios.record.bearing --seed 7 --machine P-101A --fault outer_race --out scenarios/bearing-outer-race
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import numpy as np

from aitia.core.errors import AitiaError, BadInput
from aitia.lab.folder import finish, iso, new_folder, write_jsonl, write_table, write_yaml
from scenarios.record.plant import STEP_S, Array, growth, levels, load_of, machine_series, rows_of
from scenarios.record.plant_texts import alarm_words, answer, copy_texts, maintenance, plc_log
from scenarios.record.vibration import FAULTS, Fault, Geometry, Rig, quantise, waveform

GEOMETRY = Geometry(balls=8, ball_mm=17.462, pitch_mm=72.5)  # a 6309-size deep-groove bearing
LEAD_S, TAIL_S, BEFORE_S, HOLD_S = 3_600.0, 600.0, 5 * 3_600.0, 180.0


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to generate."""

    seed: int
    machine: str
    fault: Fault
    rpm: float
    snr: float
    start: float
    out: Path

    @property
    def sister(self) -> str:
        """The other pump of the pair: the last letter tells them apart."""
        return self.machine[:-1] + ("B" if self.machine[-1] == "A" else "A")


@dataclass(frozen=True, kw_only=True)
class Run:
    """The generated process signals, and when the alarm came."""

    t: Array
    series: dict[str, dict[str, Array]]
    severity: Array
    alarm: float
    metric: str
    limit: float


def simulate(order: Order, rig: Rig) -> Run:
    """Both pumps over the whole span. The fault begins once the baseline is over; the alarm rule finds it by itself."""
    rng = np.random.default_rng(order.seed)
    onset = order.start + BEFORE_S + float(rng.uniform(1_500, 2_100))
    t = np.arange(order.start, order.start + BEFORE_S + 3 * 3_600.0, STEP_S)
    severity = growth(t, onset, rise_s=2_400.0) if order.fault != "none" else np.zeros(t.size)
    level = levels(rig, fault=order.fault, rpm=order.rpm, snr_db=order.snr, seed=order.seed)
    load = load_of(rng, t.size)
    heat = {"imbalance": 1.5, "none": 0.0}.get(order.fault, 8.0)
    series = {
        order.machine: machine_series(
            rng, t, load=load, severity=severity, level=level, rpm=order.rpm, heat=heat
        ),
        order.sister: machine_series(
            rng, t, load=load_of(rng, t.size), severity=0 * severity, level=level, rpm=order.rpm, heat=0.0
        ),
    }
    metric = (
        "vibration_velocity_mm_per_s" if order.fault in ("imbalance", "none") else "vibration_acceleration_g"
    )
    watched = series[order.machine][metric]
    normal = watched[: int(BEFORE_S / STEP_S)]
    limit = float(f"{np.median(normal) * 1.6:.2g}")
    if order.fault == "none":  # somebody knocks against the sensor: one sample
        at = int(np.searchsorted(t, onset))
        watched[at] = limit * 1.35
        return Run(t=t, series=series, severity=severity, alarm=float(t[at]), metric=metric, limit=limit)
    hold = int(HOLD_S / STEP_S)
    above = np.convolve(watched > limit, np.ones(hold), mode="valid") >= hold
    if not above.any():
        raise BadInput(f"Raise --snr: at {order.snr:g} dB the fault never lifts {metric} above {limit:g}.")
    alarm = float(t[int(np.argmax(above)) + hold - 1])
    return Run(t=t, series=series, severity=severity, alarm=alarm, metric=metric, limit=limit)


def record_blocks(order: Order, rig: Rig, run: Run, window: tuple[float, float]) -> dict[str, Any]:
    """One-second waveforms of the drive-end bearings: sparse before the window, denser in it."""
    (order.out / "waveforms").mkdir()
    start, end = window
    plans = {
        order.machine: (*np.arange(run.t[0] + 900, start - 60, 2_400.0), *np.arange(start + 240, end, 780.0)),
        order.sister: (
            *np.arange(run.t[0] + 1_500, start - 60, 4_500.0),
            *np.arange(start + 500, end, 1_500.0),
        ),
    }
    blocks = []
    for name in sorted(plans):
        arrays: dict[str, Any] = {}
        for k, at in enumerate(plans[name]):
            rng = np.random.default_rng((order.seed, sum(name.encode()), k))
            index = int(np.searchsorted(run.t, at))
            severity = float(run.severity[index]) if name == order.machine else 0.0
            rpm = float(run.series[name]["speed_rpm"][index])
            x = waveform(rig, rng, fault=order.fault, rpm=rpm, snr_db=order.snr, severity=severity)
            arrays[f"block{k:02d}"] = quantise(x)
            blocks.append(
                {
                    "component": f"{name}-DE", "channel": f"{name}-DE-H", "at": iso(float(at)), "fs": rig.fs,
                    "unit": "g", "rpm": round(rpm, 1),
                    "bearing": {key: round(value, 4) for key, value in rig.geometry.orders().items()},
                    "file": f"waveforms/{name}-DE-H.npz", "key": f"block{k:02d}",
                }
            )  # fmt: skip
        np.savez_compressed(order.out / "waveforms" / f"{name}-DE-H.npz", **arrays)
    return {"blocks": blocks}


def topology(order: Order) -> dict[str, Any]:
    """Asset, machine, part, channel: who is part of what, and what feeds what."""
    components: list[dict[str, Any]] = [
        {"id": "cooling-water", "type": "asset", "links": [{"relation": "feeds", "to": "E-201"}]},
        {"id": "E-201", "type": "machine", "aliases": ["heat exchanger E-201"]},
    ]
    for name in sorted((order.machine, order.sister)):
        components += [
            {
                "id": name, "type": "machine", "aliases": [f"41-{name}", f"pump {name}"],
                "links": [{"relation": "part_of", "to": "cooling-water"}, {"relation": "feeds", "to": "E-201"}],
            },
            {
                "id": f"{name}-DE", "type": "part", "aliases": [f"{name} drive-end bearing"],
                "links": [{"relation": "part_of", "to": name}],
            },
            {"id": f"{name}-DE-H", "type": "channel", "links": [{"relation": "part_of", "to": f"{name}-DE"}]},
        ]  # fmt: skip
    return {"components": components}


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
        {"name": "historian", "kind": "metrics", "type": "table", "path": "process.parquet", "columns": columns,
         "step_s": STEP_S},
        {"name": "vibration", "kind": "signals", "type": "waveform", "path": "signals.yaml"},
        {"name": "plc", "kind": "logs", "type": "log_files", "path": "logs"},
        {"name": "work-orders", "kind": "maintenance", "type": "maintenance", "path": "maintenance.jsonl"},
        {"name": "plant", "kind": "topology", "type": "topology", "path": "topology.yaml"},
        {"name": "incidents", "kind": "incidents", "type": "incidents", "path": "incidents.jsonl"},
        {"name": "runbooks", "kind": "runbooks", "type": "runbooks", "path": "runbooks"},
    ]  # fmt: skip


def generate(order: Order) -> int:
    """Write the whole scenario folder; returns its size in bytes."""
    rig = Rig(geometry=GEOMETRY)
    run = simulate(order, rig)
    new_folder(order.out)
    start, now = run.alarm - LEAD_S, run.alarm + TAIL_S
    kept = run.t < now
    series = {name: {m: v[kept] for m, v in of.items()} for name, of in run.series.items()}
    write_table(
        order.out / "process.parquet",
        [row for name in sorted(series) for row in rows_of(name, run.t[kept], series[name])],
    )
    write_yaml(order.out / "signals.yaml", record_blocks(order, rig, run, (start, now)))
    write_yaml(order.out / "topology.yaml", topology(order))
    write_jsonl(order.out / "maintenance.jsonl", maintenance(order.machine, order.sister, order.start))
    plc_log(order.out / "logs", run.t[kept], series, alarm=(order.machine, run.alarm, run.metric, run.limit))
    copy_texts(order.out, before=order.start)
    title, text = alarm_words(order.machine, run.metric, run.limit, instant=order.fault == "none")
    scenario = {
        "schema": 1,
        "id": order.out.name.lower().replace("_", "-"),
        "title": f"Vibration alarm of {order.machine}",
        "description": "Two cooling-water pumps; process signals and vibration generated from documented equations.",
        "domain": "machine",
        "recorded": {
            "by": "scenarios/record/bearing.py",
            "args": {"seed": order.seed, "machine": order.machine, "fault": order.fault, "rpm": order.rpm,
                     "snr": order.snr},
            "notes": "Generated, not measured: see scenarios/record/vibration.py for the equations.",
        },
        "incident": {
            "title": title, "text": text, "started_at": iso(run.alarm),
            "labels": {"machine": order.machine, "severity": "warning"}, "hints": [order.machine],
        },
        "now": iso(now),
        "window": {"start": iso(start), "end": iso(now)},
        "baselines": [{"name": "preceding", "window": {"start": iso(order.start), "end": iso(start)}}],
        "sources": sources(),
        "expected": answer(order.machine, order.fault, order.out.name),
    }  # fmt: skip
    return finish(order.out, scenario)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bearing", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--machine", default="P-101A", choices=["P-101A", "P-101B", "P-204A", "P-204B"])
    parser.add_argument("--fault", default="outer_race", choices=FAULTS)
    parser.add_argument("--rpm", type=float, default=1_480.0)
    parser.add_argument("--snr", type=float, default=5.0, help="fault over noise at full severity, dB")
    parser.add_argument(
        "--start", default="2026-10-14T01:10:00+00:00", help="first sample, ISO 8601 with a zone"
    )
    parser.add_argument("--out", type=Path, required=True)
    a = parser.parse_args(argv)
    try:
        start = datetime.fromisoformat(a.start).timestamp()
        size = generate(
            Order(
                seed=a.seed, machine=a.machine, fault=cast("Fault", a.fault), rpm=a.rpm, snr=a.snr, start=start,
                out=a.out,
            )
        )  # fmt: skip
    except AitiaError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(f"{a.out}: {size} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
