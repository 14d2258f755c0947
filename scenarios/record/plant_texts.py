"""The words around a machine scenario: alarm, PLC log, work orders, past incidents, runbooks, and the answer."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from aitia.lab.folder import iso, write_jsonl
from scenarios.record.plant import UNITS, Array
from scenarios.record.vibration import Fault

TEXTS = Path(__file__).with_name("texts") / "plant"
FAULT_KINDS: dict[str, str] = {
    "outer_race": "machine.bearing.outer_race",
    "inner_race": "machine.bearing.inner_race",
    "ball": "machine.bearing.ball",
    "imbalance": "machine.imbalance",
}
LINES: dict[str, str] = {"outer_race": "bpfo", "inner_race": "bpfi", "ball": "bsf", "imbalance": "1x"}


def alarm_words(machine: str, metric: str, limit: float, *, instant: bool) -> tuple[str, str]:
    """Title and text of the alarm, as the control room sees them: the symptom, nothing else."""
    quantity = metric.split("_")[1]
    hold = "" if instant else " for 3 minutes"
    title = f"Vibration of {machine} above alert limit"
    return (
        title,
        f"{machine}: vibration {quantity} above {limit:g} {UNITS[metric][1]}{hold}. Alert, not trip.",
    )


def answer(machine: str, fault: Fault, name: str) -> dict[str, Any]:
    """The `expected` section."""
    part = f"{machine}-DE"
    if fault == "none":
        why = "One sample above the limit; level, spectrum and temperature before and after are those of the baseline."
        return {"verdict": "healthy", "why": why}
    kind, line = FAULT_KINDS[fault], LINES[fault]
    level = "vibration_velocity" if fault == "imbalance" else "vibration_acceleration"
    bearing = fault != "imbalance"
    evidence = [
        {"component": part, "kind": "vibration.line", "aspect": f"vibration.{line}"},
        {"component": machine, "aspect": "vibration"},
        *([{"component": machine, "aspect": "temperature"}] if bearing else []),
    ]
    main, other = (part, machine) if bearing else (machine, part)
    return {
        "verdict": "cause",
        "component": main,
        "fault": kind,
        "alternatives": [{"component": other, "fault": kind}],
        "evidence": evidence,
        "why": f"The spectrum of {part} gains lines at {line.upper()} and {level} rises with them at unchanged load.",
    }


def plc_log(
    folder: Path, t: Array, series: dict[str, dict[str, Array]], *, alarm: tuple[str, float, str, float]
) -> None:
    """One log a machine: a status line every five minutes, and the alarm."""
    folder.mkdir()
    victim, at, metric, limit = alarm
    for name, values in sorted(series.items()):
        lines: list[tuple[float, str]] = []
        for i in range(0, t.size, 30):
            v = {key: float(series_[i]) for key, series_ in values.items()}
            lines.append(
                (
                    float(t[i]) + 0.2,
                    f"INFO PLC-41 {name} status running speed={v['speed_rpm']:.0f} flow={v['flow_m3_per_hour']:.0f} "
                    f"current={v['motor_current_amperes']:.1f} seal_water=ok",
                )
            )
            if i % 720 == 360:
                lines.append((float(t[i]) + 1.7, f"INFO PLC-41 {name} lube level switch LS-{name[2:]} ok"))
        if name == victim:
            reading = float(values[metric][int(np.searchsorted(t, at))])
            unit = UNITS[metric][1]
            word = f"WARNING PLC-41 {name} VT-{name[2:]} vibration {reading:.3g} {unit} above alert limit {limit:g} {unit}"
            lines.append((at + 0.4, word))
            lines.append((at + 41.0, f"INFO PLC-41 {name} alarm acknowledged by operator"))
        stamped = (
            f"{datetime.fromtimestamp(when, tz=UTC):%Y-%m-%d %H:%M:%S},{round(when % 1 * 1000):03d} {line}\n"
            for when, line in sorted(lines)
        )
        (folder / f"{name}.log").write_text("".join(stamped), encoding="utf-8")


def maintenance(machine: str, sister: str, start: float) -> list[dict[str, str]]:
    """Work orders of both pumps over the past months, the latest some hours before the recording."""
    day = 86_400.0
    orders = [
        (-143 * day, machine, "WO-47102 drive-end bearing 6309 C3 replaced, run-in 4 h, vibration 1.9 mm/s"),
        (-131 * day, sister, "WO-47233 mechanical seal replaced, seal water flow set to 4 l/min"),
        (-66 * day, sister, "WO-47871 impeller cleaned, biofilm removed, balance checked"),
        (-38 * day, machine, "WO-48104 regreasing of both bearings, 18 g each"),
        (-38 * day, sister, "WO-48105 regreasing of both bearings, 18 g each"),
        (-9 * day, machine, "WO-48350 monthly round: noise normal, coupling guard tightened, oil mist none"),
        (-1.2 * day, sister, "WO-48391 coupling alignment checked by laser, 0.03 mm offset, within limits"),
        (-0.35 * day, "E-201", "WO-48402 strainer of E-201 cleaned, differential pressure 0.2 bar"),
    ]
    return [
        {"at": iso(start + offset), "component": component, "kind": "maintenance", "text": text}
        for offset, component, text in orders
    ]


def copy_texts(out: Path, *, before: float) -> None:
    """Past incidents (dated before the recording) and the site's runbooks."""
    raw: list[dict[str, Any]] = yaml.safe_load((TEXTS / "incidents.yaml").read_text(encoding="utf-8"))
    records = [{"at": iso(before - entry.pop("days_ago") * 86_400.0), **entry} for entry in raw]
    write_jsonl(out / "incidents.jsonl", records)
    shutil.copytree(TEXTS / "runbooks", out / "runbooks")
