"""A recording's alerts as two kinds of tools hand them out: Alertmanager's message, and a flat list of notifications."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.adapters.alert_streams.rules import Fired, Series

REPEAT = 20  # samples after which what still fires is sent again
_HOSTS = (
    "pod",
    "node",
    "persistentvolumeclaim",
    "deployment",
    "statefulset",
    "service",
    "instance",
    "namespace",
)
_DAY = 86400.0


@dataclass(frozen=True, kw_only=True)
class Row:
    """One notification of the flat list."""

    at: float
    host: str
    name: str
    severity: str
    message: str


def own_alerts(folder: Path) -> list[Fired]:
    """The alert that the recorded site itself sent, where there is one."""
    file = folder / "alert.json"
    if not file.is_file():
        return []
    return [
        Fired(
            name=alert["labels"]["alertname"],
            severity=alert["labels"].get("severity", ""),
            labels={k: v for k, v in alert["labels"].items() if k not in ("alertname", "severity")},
            says=alert["annotations"].get("summary", ""),
            start=datetime.fromisoformat(alert["startsAt"]).timestamp(),
            end=None,
        )
        for alert in json.loads(file.read_text(encoding="utf-8"))["alerts"]
    ]


def harmless(name: str, series: Sequence[Series], start: float, end: float) -> list[Fired]:
    """What fires at any site all the time: the watchdog, an old certificate or backup, one that flaps. By the case's name."""
    chance = random.Random(hashlib.sha256(name.encode()).digest())
    targets = sorted({s.component for s in series if s.component and s.metric.endswith("up")}) or sorted(
        {s.component for s in series if s.component}
    )
    made = [
        Fired(
            name="Watchdog", severity="none", labels={"prometheus": "main"}, start=start - 9 * _DAY, end=None,
            says="This alert always fires, to show that alerting works",
        )
    ]  # fmt: skip
    old = [
        ("CertificateExpiresSoon", "certificate expires in 20 days"),
        ("BackupTooOld", "last backup is 30 hours old"),
    ]
    title, says = chance.choice(old)
    made.append(
        Fired(name=title, severity="warning", labels={"instance": chance.choice(targets)}, says=says,
              start=start - chance.uniform(1, 4) * _DAY, end=None)
    )  # fmt: skip
    whose, span = chance.choice(targets), end - start
    for part in (-0.6, -0.35, 0.3):
        at = start + (part + chance.uniform(0, 0.06)) * span
        made.append(
            Fired(name="ClockSkewDetected", severity="warning", labels={"instance": whose}, start=at, end=at + 0.08 * span,
                  says="clock is out of sync by more than 0.05 s")
        )  # fmt: skip
    return made


def webhook(alerts: Sequence[Fired], now: float) -> str:
    """Alertmanager's message, version 4: one entry for each time that an alert fired."""
    entries: list[dict[str, Any]] = []
    for one in alerts:
        over = one.end is not None and one.end <= now
        labels = {"alertname": one.name, **one.labels} | ({"severity": one.severity} if one.severity else {})
        entries.append({
            "status": "resolved" if over else "firing", "labels": labels,
            "annotations": {"summary": f"{one.name}: {one.says}"},
            "startsAt": _time(one.start), "endsAt": _time(one.end) if over and one.end else "0001-01-01T00:00:00Z",
        })  # fmt: skip
    return json.dumps({
        "version": "4", "groupKey": "{}:{}", "status": "firing", "receiver": "on-call", "truncatedAlerts": 0,
        "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "alerts": entries,
    })  # fmt: skip


def notifications(alerts: Sequence[Fired], now: float, step: float) -> list[Row]:
    """What was sent by `now`: when an alert began, again while it lasted, and when it was over."""
    found: list[Row] = []
    for one in alerts:
        host = next((one.labels[k] for k in _HOSTS if k in one.labels), "")
        at, n = one.start, 0
        while at < min(now, now if one.end is None else one.end) and n < 6:
            found.append(Row(at=at, host=host, name=one.name, severity=one.severity, message=one.says))
            at, n = at + REPEAT * step, n + 1
        if one.end is not None and one.end <= now:
            found.append(
                Row(
                    at=one.end,
                    host=host,
                    name=one.name,
                    severity=one.severity,
                    message=f"RESOLVED: {one.says}",
                )
            )
    return sorted(found, key=lambda r: (r.at, r.host, r.name))


def flat(rows: Sequence[Row], *, lines: bool) -> str:
    """A list as other tools export it: JSON lines, or CSV with a header."""
    told = [
        {"time": _time(r.at), "host": r.host, "alert": r.name, "severity": r.severity, "message": r.message} for r in rows
    ]  # fmt: skip
    if lines:
        return "".join(json.dumps(row) + "\n" for row in told)
    out = io.StringIO()
    writer = csv.DictWriter(out, ["time", "host", "alert", "severity", "message"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(told)
    return out.getvalue()


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, tz=UTC).isoformat(timespec="seconds")
