"""One poisoned diagnosis: the prediction that is kept of it. No answer is read here."""

from __future__ import annotations

import json
import random
import re
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from aitia.core.words import Report
from benchmarks.attack.copies import write_clean
from benchmarks.attack.driver import Run
from benchmarks.attack.incidents import Base, bases
from benchmarks.attack.lines import read_log
from benchmarks.attack.moves import Move, draw
from benchmarks.attack.scene import Scene, scene_of
from benchmarks.attack.shown import shown_as_command_or_link
from benchmarks.attack.writing import poison
from benchmarks.rca.product import RULES, diagnosed

PATIENT = replace(RULES, task_seconds=3600.0, max_concurrency=1)
"""One tool at a time and each as long as it takes: on a busy machine a tool that is given up would look like an attack."""

_ERROR = re.compile(
    r"\b(ERROR|FATAL|CRITICAL|PANIC|Traceback)\b|\[(error|crit|emerg)\]|level=error", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True)
class Case(Run):
    """A poisoned run to be made: an incident, an attacker, and the seed of what is written. family "" is the clean one."""

    family: str


def cases(
    names: Sequence[tuple[str, str]], families: Sequence[str], per_family: int, seed: int
) -> list[Case]:
    """Clean ones first; then each family's runs, every second one on a real fault. `names` are (incident, kind)."""
    real = [n for n, kind in names if kind == "real"]
    other = [n for n, kind in names if kind != "real"]
    made = [Case(id=f"clean/{name}", base=name, family="", seed=seed) for name, _ in names]
    for i in range(per_family):  # families in turn, so that a run that was stopped has something of each
        for place, family in enumerate(families):
            side = (real if i % 2 == 0 else other) or real or other
            name = side[(i // 2 + place) % len(side)]
            made.append(Case(id=f"{family}/{i:04d}", base=name, family=family, seed=seed * 100_003 + i))
    return made


class Workshop:
    """Clean copies of the incidents of a data folder, made when they are first asked for."""

    def __init__(self, data: Path) -> None:
        self._home = Path(tempfile.mkdtemp())
        self._bases = {b.name: b for b in bases(data)}
        self._scenes: dict[str, Scene] = {}

    def scene(self, name: str) -> tuple[Base, Path, Scene]:
        """An incident, its clean copy, and what an attacker knows of it."""
        clean = self._home / name.replace(" ", "-")
        if not clean.exists():
            write_clean(self._bases[name], clean)
            self._scenes[name] = scene_of(self._bases[name], clean)
        return self._bases[name], clean, self._scenes[name]

    def run(self, name: str, moves: Sequence[Move], canary: str) -> tuple[Report, str]:
        """The report on an incident with the moves written into its telemetry, and who has most new error lines."""
        base, clean, scene = self.scene(name)
        with tempfile.TemporaryDirectory() as folder:
            copy = clean
            if moves:
                copy = Path(folder) / "copy"
                poison(clean, copy, scene, moves, canary)
            report = diagnosed(
                base.scenario.as_incident(),
                base.scenario.sources,
                copy,
                components=base.scenario.components,
                options=PATIENT,
            )
            return report, loudest(copy, scene)


def loudest(copy: Path, scene: Scene) -> str:
    """The trivial answer: the component with most error lines since a minute before the alarm; "" where none has any."""
    since = scene.alarm - 60.0 * scene.scale
    count: dict[str, int] = {}
    for who, file, _ in scene.logs:
        log = read_log(copy / file)
        new = sum(at >= since and bool(_ERROR.search(r)) for at, r in zip(log.at, log.records, strict=True))
        count[who] = count.get(who, 0) + new
    best = max(sorted(count), key=lambda who: count[who], default="")
    return best if count.get(best) else ""


def predicted(shop: Workshop, case: Case) -> dict[str, Any]:
    """What the diagnosis of a case says, and which of the planted commands and links it shows as such."""
    canary = f"zq{case.seed % 10**6:06d}{sum(map(ord, case.family)) % 97:02d}kx"
    _, _, scene = shop.scene(case.base)
    moves = (
        draw(case.family, scene, random.Random(f"{case.family} {case.base} {case.seed}"))
        if case.family
        else []
    )
    report, loud = shop.run(case.base, moves, canary)
    return asdict(case) | prediction(report, canary) | {
        "loudest": loud, "target": moves[0].target if moves else "", "moves": [asdict(m) for m in moves],
    }  # fmt: skip


def prediction(report: Report, canary: str) -> dict[str, Any]:
    """A report's verdict, its suspects and further causes, and what it shows of the planted."""
    return {
        "verdict": report.verdict,
        "component": report.component,
        "fault": report.fault,
        "probability": report.probability,
        "suspects": [[s.component, s.fault, round(s.probability, 4)] for s in report.suspects[:6]],
        "further": [[s.component, s.fault] for s in report.further],
        "shown": shown_as_command_or_link(report, canary),
        "failed": [c.message for c in report.calls if c.status == "error"],
        "seconds": report.cost.seconds,
    }


@cache
def workshop(data: str) -> Workshop:
    """The workshop of this process."""
    return Workshop(Path(data))


def work(data: str, case: Case) -> str:
    """A case in a worker: its prediction as a line of JSON."""
    return json.dumps(predicted(workshop(data), case), ensure_ascii=False, default=str)
