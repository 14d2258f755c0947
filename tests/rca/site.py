"""A small synthetic site for root-cause tests: series as CSV, log files, spans; one component fails at a known moment."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from aitia.core.clock import RecordedClock
from aitia.core.config import SourceConfig
from aitia.core.store import RunStore
from aitia.core.words import Baseline, Component, Incident, Report, Window
from aitia.graphs.diagnose import Options, diagnose
from aitia.tools.sources import Span, open_sources
from aitia.tools.sources.exporting import write_spans

T0 = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
BEGIN, ONSET, END = T0 - timedelta(hours=2), T0 + timedelta(minutes=20), T0 + timedelta(minutes=35)
STEP_S = 15.0
Value = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def incident(**fields: object) -> Incident:
    """Errors at the gateway, half an hour's window, two hours before it as the baseline."""
    told = {
        "id": "i", "title": "checkout answers with errors", "started_at": ONSET + timedelta(minutes=3),
        "window": Window(start=T0, end=END), "baselines": (Baseline(name="preceding", window=Window(start=BEGIN, end=T0)),),
    } | fields  # fmt: skip
    return Incident.model_validate(told)


def times(
    shift_s: float = 0.0, step_s: float = STEP_S, begin: datetime = BEGIN, end: datetime = END
) -> np.ndarray:
    return np.arange(begin.timestamp(), end.timestamp(), step_s) + shift_s


def failing(before: float, after: float) -> Value:
    """A level that changes at the onset; the onset is measured on the source's own clock."""
    return lambda t, rng: (
        np.where(t >= ONSET.timestamp(), after, before) + rng.normal(0, 0.02 * max(before, after), t.size)
    )


def calm(level: float) -> Value:
    return lambda t, rng: level + rng.normal(0, 0.02 * level, t.size)


def counter(per_s: float, after: float | None = None, *, resets: int = 0) -> Value:
    """A counter that grows at a rate, at another one after the onset, and begins anew some times."""

    def made(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        rate = np.where(t >= ONSET.timestamp(), per_s if after is None else after, per_s)
        total = np.cumsum(rng.poisson(np.maximum(rate, 0) * STEP_S)).astype(float)
        for cut in rng.choice(np.arange(20, t.size - 5), resets, replace=False) if resets else ():
            total[cut:] -= total[cut]
        return total

    return made


def table(path: Path, rows: Sequence[tuple[str, str, Value]], *, shift_s: float = 0.0, step_s: float = STEP_S,
          labels: str = "", begin: datetime = BEGIN, seed: int = 3) -> Path:  # fmt: skip
    """A long CSV; `shift_s` is by how much the source's clock is ahead."""
    rng = np.random.default_rng(seed)
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["time", "component", "metric", "value", "labels"])
        for component, metric, value in rows:
            t = times(step_s=step_s, begin=begin)
            for at, v in zip(t, value(t, rng), strict=True):
                out.writerow([f"{at + shift_s:.3f}", component, metric, f"{v:.6g}", labels])
    return path


def log(
    path: Path, *, component_line: str, error: str, shift_s: float = 0.0, onset: datetime = ONSET
) -> Path:
    """A line every twenty seconds; from the onset on an error as well, every five seconds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = []
    for at in np.arange(BEGIN.timestamp(), END.timestamp(), 20.0):
        lines.append((at, f"INFO {component_line} {int(at) % 997}"))
    for at in np.arange(onset.timestamp(), END.timestamp(), 5.0):
        lines.append((at, f"ERROR {error} {int(at) % 991}"))
    stamp = lambda at: datetime.fromtimestamp(at + shift_s, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")  # noqa: E731
    path.write_text("".join(f"{stamp(at)} {text}\n" for at, text in sorted(lines)))
    return path


def spans(path: Path, service: str, *, caller: str = "gateway", shift_s: float = 0.0) -> Path:
    """A request every twenty seconds through a caller; from the onset on the service fails."""
    found = []
    for number, at in enumerate(np.arange(BEGIN.timestamp(), END.timestamp(), 20.0)):
        bad, trace = at >= ONSET.timestamp(), f"{number + 1:032x}"
        start, status = float(at) + shift_s, "500" if bad else "200"
        root, call, served = (f"{number * 4 + k + 1:016x}" for k in range(3))
        found += [
            Span(trace=trace, id=root, parent="", component=caller, operation="POST /checkout", start=start, duration=0.05, kind="server", error=bad, status=status),
            Span(trace=trace, id=call, parent=root, component=caller, operation="POST", start=start + 0.005, duration=0.04, kind="client", error=bad, peer=service, status=status),
            Span(trace=trace, id=served, parent=call, component=service, operation="POST /pay", start=start + 0.01, duration=0.03, kind="server", error=bad, status=status),
        ]  # fmt: skip
    from aitia.core.redact import Redactor

    write_spans(path, found, Redactor(b"k" * 32))
    return path


def journal(path: Path, *entries: tuple[datetime, str, str, str]) -> Path:
    path.write_text(
        "".join(
            json.dumps({"at": at.isoformat(), "component": c, "kind": k, "text": t}) + "\n"
            for at, c, k, t in entries
        )
    )
    return path


def source(kind: str, type_: str, path: str, **fields: object) -> SourceConfig:
    return SourceConfig.model_validate(
        {"name": str(fields.pop("name", kind)), "kind": kind, "type": type_, "path": path} | fields
    )


def report(
    folder: Path, sources: Sequence[SourceConfig], components: Sequence[Component] = (), **fields: object
) -> Report:
    """The product's own report, by rules alone."""
    return diagnose(
        incident(**fields), open_sources(sources, folder), store=RunStore.create(folder / "home", meta={}), llm=None,
        options=Options(planner="rules", narrator="template"), clock=RecordedClock(END), components=components,
    )  # fmt: skip
