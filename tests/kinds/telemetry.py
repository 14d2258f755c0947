"""Telemetry of an invented bookshop in which one thing goes wrong, written as a scenario: series, log lines, changes."""

from __future__ import annotations

import csv
import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import yaml

NOW: Final = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
STEP_S: Final = 20
PAST_S: Final = 2_000  # before the alarm
AFTER_S: Final = 120
_COUNTED: Final = ("_total", "_sum", "seconds_count")


def written(folder: Path, shop: Mapping[str, Any], name: str, case: Mapping[str, Any]) -> Path:
    """The scenario of a case, as a folder."""
    folder = folder / name.replace("_", "-")
    (folder / "logs").mkdir(parents=True)
    with (folder / "metrics.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("time", "component", "metric", "labels", "value"))
        table.writerows(_series(shop, case))
    for component, text in _logs(case).items():
        (folder / "logs" / f"{component}.log").write_text(text, encoding="utf-8")
    changes = [
        {"at": _at(c["at"]).isoformat(), "component": c["component"], "kind": c["kind"], "text": c["text"]}
        for c in case.get("changes", ())
    ]
    (folder / "changes.jsonl").write_text(
        "".join(json.dumps(c) + "\n" for c in changes), encoding="utf-8"
    )
    (folder / "scenario.yaml").write_text(yaml.safe_dump(_scenario(shop, name, case)), encoding="utf-8")
    return folder


def _at(second: float) -> datetime:
    """A moment by seconds from the alarm."""
    return NOW - timedelta(seconds=AFTER_S - second)


def _scenario(shop: Mapping[str, Any], name: str, case: Mapping[str, Any]) -> dict[str, Any]:
    start, begin = _at(-600).isoformat(), _at(-PAST_S).isoformat()
    sources: list[dict[str, Any]] = [
        {"name": "metrics", "kind": "metrics", "type": "table", "path": "metrics.csv", "step_s": STEP_S,
         "columns": {"time": "time", "component": "component", "metric": "metric", "value": "value", "labels": ["labels"]}},
        *({"name": f"logs-{c}", "kind": "logs", "type": "log_files", "path": f"logs/{c}.log", "component": c}
          for c in sorted(_logs(case))),
    ]  # fmt: skip
    if case.get("changes"):
        sources.append({"name": "changes", "kind": "changes", "type": "changes", "path": "changes.jsonl"})
    components = [
        {
            "id": c,
            "type": "node" if c.startswith("host") else "service",
            "links": [
                *({"relation": "calls", "to": to} for to in of.get("calls", ())),
                *({"relation": "runs_on", "to": h} for h in (of.get("host"),) if h),
            ],
        }
        for c, of in shop["components"].items()
    ]
    right = case["expected"]
    expected: dict[str, Any] = {"verdict": "cause" if isinstance(right, list) else right}
    if isinstance(right, list):
        first, *others = (dict(zip(("component", "fault"), pair, strict=True)) for pair in right)
        expected |= {**first, "alternatives": others}
    return {
        "schema": 1, "id": name.replace("_", "-"), "title": case.get("alarm", "storefront answers with errors"),
        "recorded": {"by": "tests/kinds"},
        "incident": {"title": case.get("alarm", "storefront answers with errors"), "started_at": _at(0).isoformat(),
                     "hints": [case.get("names", "storefront")]},
        "now": NOW.isoformat(), "window": {"start": start, "end": NOW.isoformat()},
        "baselines": [{"name": "preceding", "window": {"start": begin, "end": start}}],
        "sources": sources, "components": components, "expected": expected,
    }  # fmt: skip


def _series(shop: Mapping[str, Any], case: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str, float]]:
    """Every component's usual series, those of the case in their place, as rows of a table."""
    wanted: dict[tuple[str, str], tuple[float, float, float]] = {}
    for component, of in shop["components"].items():
        for metric, level in shop["usual"][of["is"]].items():
            wanted[component, metric] = (level, level, 0.0)
        for callee in of.get("calls", ()):
            for metric, level in shop["usual"]["call"].items():
                wanted[component, metric.replace("PEER", callee)] = (level, level, 0.0)
    for component, metric, before, after, at in case.get("series", ()):
        wanted[component, metric] = (before, after, at)
    told = {(c, m) for c, m, *_ in case.get("series", ())}
    for (component, metric), (before, after, at) in list(wanted.items()):
        good = component, metric.replace("code=500", "code=200")
        if "code=500" in metric and good not in told:  # what fails is not answered well
            usual = wanted[good][0]
            wanted[good] = (usual, max(0.0, usual - (after - before)), at)
    times = np.arange(-PAST_S, AFTER_S + 1, STEP_S, dtype=float)
    for (component, metric), (before, after, at) in wanted.items():
        name, _, labels = metric.partition("{")
        level = np.where(times >= at, after, before)
        values = level * (1.0 + 0.04 * _noise(f"{component} {metric}", times.size))
        if after in (0.0, 1.0) and before in (0.0, 1.0):  # states have no noise
            values = level
        if name.endswith(_COUNTED):
            values = 1000.0 + np.cumsum(values * STEP_S)
        labelled = dict(pair.split("=") for pair in labels.rstrip("}").split(",") if pair)
        for t, v in zip(times, values, strict=True):
            yield _at(t).isoformat(), component, name, json.dumps(labelled), float(f"{v:.9g}")


def _noise(name: str, n: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    return np.random.default_rng(seed).standard_normal(n)


def _logs(case: Mapping[str, Any]) -> dict[str, str]:
    """Lines by component: ordinary ones all the time, those of the case every so many seconds from a moment on."""
    lines: dict[str, list[tuple[float, str]]] = {}
    for component, at, every, text in case.get("logs", ()):
        usual = lines.setdefault(component, [(t, f"INFO handled {9 + int(t) % 7} requests in {3 + int(t) % 5} ms") for t in _ticks(-PAST_S, 15)])
        usual += [(t, _numbered(text, n)) for n, t in enumerate(_ticks(at, every))]
    return {
        c: "".join(f"{_at(t).isoformat(timespec='milliseconds')} {text}\n" for t, text in sorted(told))
        for c, told in lines.items()
    }  # fmt: skip


def _numbered(text: str, n: int) -> str:
    """With numbers of its own in each line, as real ones have: `#` is one."""
    return text.replace("#", str(1000 + 37 * n % 9000))


def _ticks(at: float, every: float) -> Sequence[float]:
    return [at + every * k for k in range(math.ceil((AFTER_S - at) / every))]
