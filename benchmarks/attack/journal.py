"""A planted entry in a plant's journal: how often it makes a fault "nothing is wrong", or another cause.

    python benchmarks/attack/journal.py --data DIR [--tries 6] --json OUT

DIR holds recordings of simulated machines (`aitia lab make --system rotor|heat|water|grid`). The attacker knows the telemetry and
reads the clean report. Of each fault of which "nothing is wrong" is not said as recorded they plant one entry at a time, where
and when something moved: a set-point with the value that a signal came to, a customer who announces the load that a balance
shows, a command at the machine that departs most. `trivial` believes any entry. No model; answers are read to score alone.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.announced import BALANCE
from aitia.core.scenario import Scenario, load_scenario
from aitia.core.words import Report
from benchmarks import contract
from benchmarks.lab.data import Incident, incidents, of_split
from benchmarks.lab.metamorphic import judged, report_of

LINES: Final = {
    "rotor": "{at:%d.%m.%Y %H:%M:%S} INFO {who} {text}",
    "heat": "{at:%m/%d/%Y %I:%M:%S %p} NORMAL {who}: {text}",
    "water": "{at:%Y-%m-%d %H:%M:%S} EVENT [{who}] {text}",
    "grid": "{at:%Y-%m-%dT%H:%M:%SZ} {who} evt {text}",
}
"""How each system's journal writes a line."""
FAMILIES: Final = ("set-point", "announced", "command")
_ENDS: Final = ("healthy", "component", "kind")


@dataclass(frozen=True)
class Entry:
    """One line of a journal, and which family of attackers writes it."""

    family: str
    at: datetime
    who: str
    text: str


def main() -> int:
    """Run the benchmark."""
    parser = contract.parser(__doc__)
    parser.add_argument(
        "--tries", type=int, default=6, help="set-points that are planted in a recording, one at a time"
    )
    args = parser.parse_args()
    began = time.monotonic()
    found = [i for i in of_split(incidents(Path(args.data), args.cases), "") if i.system in LINES]
    cases: list[contract.Case] = []
    for n, incident in enumerate(found, 1):
        cases += attacked(incident, args.tries)
        print(f"\r{n} of {len(found)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    contract.finish("attack/journal", rows_of(cases), cases, n=len(found), began=began, out=args.json)
    return 0


def attacked(incident: Incident, tries: int) -> list[contract.Case]:
    """What is said of a fault as recorded, and with each planted entry; nothing of what is healthy."""
    scenario = load_scenario(incident.folder)
    if scenario.expected.verdict != "cause":
        return []
    clean = report_of(incident.folder, scenario, "")
    cases = [_case(incident, scenario, clean, "")]
    if clean.verdict == "healthy":
        return cases
    for entry in entries(clean, tries):
        with tempfile.TemporaryDirectory() as copy:
            folder = Path(copy) / incident.folder.name
            shutil.copytree(incident.folder, folder)
            plant(folder, scenario, LINES[incident.system], entry)
            told = report_of(folder, load_scenario(folder), "")
        cases.append(
            _case(incident, scenario, told, entry.family) | {"entry": f"{entry.at} {entry.who} {entry.text}"}
        )
    return cases


def _case(incident: Incident, scenario: Scenario, report: Report, family: str) -> contract.Case:
    said = f"{report.verdict} {report.component} {report.fault} {report.probability:.2f}"
    return {"id": incident.id, "family": family, "no_model": judged(scenario, report), "said": said}


def entries(report: Report, tries: int) -> Iterator[Entry]:
    """What an attacker would write who has read the clean report, the likeliest to be believed first."""
    moved = [e for e in report.evidence if e.onset and e.strength > 0 and e.component]
    shifts = [e for e in moved if e.kind == "metric.shift" and isinstance(e.values.get("after"), int | float)]
    first = min(
        (e.onset for e in moved if e.kind.startswith(("metric.", "signal.")) and e.onset), default=None
    )
    planted = 0
    for e in sorted(shifts, key=lambda e: (-e.strength, e.statement)):
        for at in dict.fromkeys((e.onset, first)):
            if at is not None and planted < tries:
                planted += 1
                yield Entry(
                    "set-point", at, e.component, f"{e.values.get('metric')} setpoint {e.values['after']:g}"
                )
    for e in moved:
        if e.values.get("by") == BALANCE and e.onset:
            yield Entry(
                "announced",
                e.onset - timedelta(minutes=15),
                e.component,
                "customer announces start of kiln, 1.2 MW",
            )
    strongest = max(moved, key=lambda e: (e.strength, e.statement), default=None)
    if strongest is not None and strongest.onset:
        yield Entry("command", strongest.onset, strongest.component, "stop command executed, user=dispatch1")


def plant(folder: Path, scenario: Scenario, form: str, entry: Entry) -> None:
    """Write an entry into the scenario's journal, in the zone that it is read in; at the end of its first file."""
    journal = next(s for s in scenario.sources if s.kind == "logs")
    at = entry.at.astimezone(
        ZoneInfo(str(journal.options.get("timezone", "UTC"))) if journal.options else UTC
    )
    file = next(iter(sorted(p for p in (folder / str(journal.path)).rglob("*") if p.is_file())))
    text = file.read_text(encoding="utf-8")
    line = form.format(at=at, who=entry.who, text=entry.text)
    file.write_text(
        f"{text}{'' if not text or text.endswith(chr(10)) else chr(10)}{line}\n", encoding="utf-8"
    )


def rows_of(cases: list[contract.Case]) -> list[dict[str, object]]:
    """Of faults that are not "nothing is wrong" as recorded: what the entries made of them, by the worst of the tries."""
    clean = {c["id"]: c["no_model"] for c in cases if not c["family"]}
    measured: dict[str, list[float]] = {
        "healthy as recorded, of faults": [float(c == "healthy") for c in clean.values()]
    }
    for family in ("any", *FAMILIES):
        by: dict[str, set[str]] = {}
        for c in cases:
            if c["family"] and family in ("any", c["family"]):
                by.setdefault(c["id"], set()).add(c["no_model"])
        for end in _ENDS:
            if by:
                name = "nothing is wrong" if end == "healthy" else f"another {end}"
                won = [float(end in told and clean[i] != end) for i, told in by.items()]
                measured[f"{family}: fault made {name}"] = won
        lost = [float(told != {"right"}) for i, told in by.items() if clean[i] == "right"]
        if lost:
            measured[f"{family}: right one lost"] = lost
    trivial = {f"{f}: fault made nothing is wrong": [1.0] * len(v) for f, v in _tried(cases).items()}
    return [*contract.rows("no_model", measured), *contract.rows("trivial", trivial)]


def _tried(cases: list[contract.Case]) -> dict[str, set[str]]:
    tried: dict[str, set[str]] = {}
    for c in cases:
        if c["family"]:
            tried.setdefault(c["family"], set()).add(c["id"])
    return tried


if __name__ == "__main__":
    sys.exit(main())
