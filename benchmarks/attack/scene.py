"""What an attacker knows of an incident: the alarm, the components, and which logs there are. Never the answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from benchmarks.attack.copies import quiet_database
from benchmarks.attack.incidents import Base
from benchmarks.attack.lines import STYLES, read_log


@dataclass(frozen=True, kw_only=True)
class Scene:
    """An incident as an attacker sees it."""

    title: str
    alert: str
    machine: bool
    alarm: float  # epoch seconds
    start: float
    now: float
    scale: float  # how much longer than two minutes its window is
    components: tuple[str, ...]
    logs: tuple[tuple[str, str, str], ...]  # component, file, style
    metrics: str  # the table of samples
    measured: tuple[str, ...]  # components with series
    changes: str
    signals: str

    def styled(self, style: str) -> list[tuple[str, str]]:
        """(component, file) of the logs of a style."""
        return [(who, file) for who, file, of in self.logs if of == style]

    def own_log(self, component: str) -> tuple[str, str] | None:
        """(file, style) of the log that a component writes its messages to."""
        found = [(file, style) for who, file, style in self.logs if who == component and style != "access"]
        return found[0] if found else None

    @property
    def writers(self) -> tuple[str, ...]:
        """Components with a log of their own."""
        return tuple(dict.fromkeys(who for who, _, style in self.logs if style != "access"))


def scene_of(base: Base, clean: Path) -> Scene:
    """The scene of a clean copy."""
    scenario = base.scenario
    by_kind = {s.kind: s for s in scenario.sources}
    logs = list[tuple[str, str, str]]()
    for source in scenario.sources:
        if source.kind != "logs":
            continue
        for file in sorted((clean / source.path).iterdir()):
            text = str(file.relative_to(clean))
            style = read_log(file).style.name
            if file.stem == "opc-gateway":
                style = "plant"
            logs.append((source.component or file.stem, text, style))
    metrics = by_kind["metrics"].path
    with quiet_database() as db:
        measured = db.execute(
            f"SELECT DISTINCT component FROM read_parquet('{clean / metrics}') ORDER BY 1"
        ).fetchall()
    changes = by_kind.get("changes", by_kind.get("maintenance"))
    return Scene(
        title=scenario.incident.title,
        alert=scenario.incident.labels.get("alertname", scenario.incident.title),
        machine=scenario.domain == "machine",
        alarm=scenario.incident.started_at.timestamp(),
        start=scenario.baselines[0].window.start.timestamp(),
        now=scenario.now.timestamp(),
        scale=scenario.window.seconds / 130.0,
        components=tuple(c.id for c in base.components if c.type != "channel"),
        logs=tuple(logs),
        metrics=metrics,
        measured=tuple(str(row[0]) for row in measured),
        changes=changes.path if changes else "",
        signals=by_kind["signals"].path if "signals" in by_kind else "",
    )


def style_of(name: str) -> int:
    """The place of a style in `STYLES`; a plant's gateway writes like a Python program."""
    return [s.name for s in STYLES].index("python" if name == "plant" else name)


def rows_of(file: Path) -> list[dict[str, object]]:
    """Lines of JSON."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]
