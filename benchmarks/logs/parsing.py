"""Grouping and parsing accuracy on raw lines, without configuration: ours beside Drain3, masks and a plain regular expression.

python benchmarks/logs/parsing.py --data DIR/logs/loghub_2k [--cases GLOB] [--drain3 PYTHON] [--leave-one-out | --statements]
    --json OUT

A case is a folder with one `*.log`, its `*_structured.csv` (Content, EventId) and, where there is one, the corrected
templates under `corrected/` (EventTemplate, by LineId). GA: share of lines whose group is exactly the true group (Zhu et
al., ICSE-SEIP 2019); FGA: F1 of groups; 95 %-agreement: share of true groups of which at least .95 of the lines lie in one
group of ours whose lines are at least .95 of that true group; PA: share of lines whose template equals the corrected one
after whitespace and placeholders are normalised. `known` systems are given the true Content in place of the raw line.
Drain3 runs in its own environment (`--drain3` names its interpreter), on the same lines. `--leave-one-out` fits the limits
of joining on all cases but one and scores that one. `--statements` takes logs made of written statements in place of data.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import json
import re
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.tools.text.headers import detect
from aitia.tools.text.templates import Miner
from aitia.tools.text.templates.joining import LIMITS, Limits
from benchmarks.contract import Case, chosen, finish, mean, parser, rows
from benchmarks.logs.statements import made, programs

METRICS = ("grouping accuracy", "F1 of groups", "95 %-agreement", "parsing accuracy")
GRID = (1, 2, 3, 5, 9)  # shared words, of each limit
NEAR = datetime(2026, 1, 1, tzinfo=UTC)
Parsed = tuple[list[object], list[str]]  # group and template of each line
_DELIMITERS = re.compile(r"([\s,!;:=|\"'\[\](){}])")
_ADJACENT = ("<*>.<*>", "<*><*>", "<*>:<*>", "<*>,<*>", "<*> <*>", "<*>-<*>", "<*>/<*>", "<*>#<*>")
_PLACEHOLDER = re.compile(r"<[a-z]+>")


def raw_lines(folder: Path) -> list[str]:
    """The lines of a case's log."""
    (log,) = (p for p in folder.glob("*.log") if p.is_file())
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return [line.rstrip("\r") for line in (lines[:-1] if lines[-1] == "" else lines)]


def ours(lines: Sequence[str], limits: Limits = LIMITS) -> Parsed:
    """Header detection and mining, as `aitia logs patterns` does it."""
    header = detect(lines, zone=UTC, near=NEAR)
    return mined([parsed[2] if header and (parsed := header(line)) else line for line in lines], limits)


def mined(messages: Sequence[str], limits: Limits = LIMITS) -> Parsed:
    """Our templates of messages."""
    miner = Miner(limits=limits)
    forms = [miner.form(message) for message in messages]
    texts = [miner.template(form).text for form in forms]
    return list(texts), [_PLACEHOLDER.sub("<*>", text) for text in texts]


def regular(lines: Sequence[str]) -> Parsed:
    """The trivial rule: numbers, addresses and paths are variables, everything else is constant."""
    texts = [re.sub(r"(?<!\w)[-+/]?[\w./:-]*\d[\w./:-]*", "<*>", line) for line in lines]
    return list(texts), texts


def drain3(python: str, masks: bool) -> Callable[[Sequence[str]], Parsed]:
    """Drain3 in its own environment."""

    def run(lines: Sequence[str]) -> Parsed:
        script = str(Path(__file__).with_name("drain3_peer.py"))
        told = subprocess.run(
            [python, script, *(["--masks"] if masks else [])],
            input=json.dumps(list(lines)),
            capture_output=True,
            text=True,
            check=True,
        )
        groups, texts = json.loads(told.stdout)
        return groups, texts

    return run


def grouping(truth: Sequence[object], found: Sequence[object]) -> tuple[float, float]:
    """GA and FGA."""
    true, made = defaultdict(set), defaultdict(set)
    for i, (a, b) in enumerate(zip(truth, found, strict=True)):
        true[a].add(i)
        made[b].add(i)
    whole = {frozenset(members) for members in true.values()}
    right = [members for members in made.values() if frozenset(members) in whole]
    precision, recall = len(right) / len(made), len(right) / len(true)
    both = 2 * precision * recall / (precision + recall) if right else 0.0
    return sum(map(len, right)) / len(truth), both


def agreement(truth: Sequence[object], found: Sequence[object], least: float = 0.95) -> float:
    """Share of true groups that one found group holds, and holds little else: `least` of the lines either way."""
    true, made = Counter(truth), Counter(found)
    held = {
        a
        for (a, b), n in Counter(zip(truth, found, strict=True)).items()
        if n >= least * true[a] and n >= least * made[b]
    }
    return len(held) / len(true)


def normalised(template: str) -> str:
    """Digits, booleans, paths and what holds a placeholder are placeholders; adjacent placeholders are one."""
    parts = _DELIMITERS.split(re.sub(r"\s+", " ", template.strip()))
    text = "".join("<*>" if _variable(part) else part for part in parts)
    while True:
        shorter = text
        for pair in _ADJACENT:
            shorter = shorter.replace(pair, "<*>")
        if shorter == text:
            return text
        text = shorter


def _variable(part: str) -> bool:
    digits = part.isdigit() or "<*>" in part or part.lower() in ("true", "false")
    return digits or re.fullmatch(r"(/[^/\s]+)+/?", part) is not None


def _column(path: Path, name: str) -> list[str]:
    csv.field_size_limit(1 << 30)
    with path.open(encoding="utf-8", newline="") as file:
        return [row[name] for row in csv.DictReader(file)]


def scored(folder: Path, found: Parsed) -> dict[str, float]:
    """The metrics of one case; the only place that reads its answers."""
    (answers,) = folder.glob("*_structured.csv")
    truth = _column(answers, "EventId")
    ga, fga = grouping(truth, found[0])
    corrected = next(iter(folder.glob("corrected/*_structured*.csv")), answers)
    true = [normalised(t) for t in _column(corrected, "EventTemplate")]
    same = [a == normalised(b) for a, b in zip(true, found[1], strict=True)]
    return {
        "grouping accuracy": ga,
        "F1 of groups": fga,
        "95 %-agreement": agreement(truth, found[0]),
        "parsing accuracy": sum(same) / len(same),
    }


def contents(folder: Path) -> list[str]:
    """The true messages, for the rows that are given them."""
    (answers,) = folder.glob("*_structured.csv")
    return _column(answers, "Content")


def _goodness(folder: Path, limits: Limits) -> tuple[float, float]:
    """Grouping accuracy and 95 %-agreement of a case under some limits."""
    score = scored(folder, ours(raw_lines(folder), limits))
    return score["grouping accuracy"], score["95 %-agreement"]


def of_statements(systems: dict[str, Callable[[Sequence[str]], Parsed]], began: float, out: str) -> None:
    """Scores logs made of written statements, three of each program."""
    measured: dict[str, dict[str, list[float]]] = {}
    per_case: list[Case] = []
    for program, written in programs().items():
        logs = [made(written, 1000, seed) for seed in range(3)]
        for name, system in systems.items():
            scores = []
            for lines, truth in logs:
                found = system(lines)[0]
                scores.append((*grouping(truth, found), agreement(truth, found)))
            score = dict(zip(METRICS, map(mean, zip(*scores, strict=True)), strict=False))
            for metric, value in score.items():
                measured.setdefault(name, {}).setdefault(metric, []).append(value)
            per_case.append({"id": program, "system": name, **score})
    told = [row for name, values in measured.items() for row in rows(name, values)]
    finish("logs/parsing statements", told, per_case, n=len(programs()), began=began, out=out)


class LeftOut:
    """Fits the limits of joining: each by itself, the others as they are, to the mean of both metrics over some cases."""

    def __init__(self, data: Path, cases: Sequence[str]) -> None:
        self._data, self._cases = data, cases
        self._known: dict[tuple[str, Limits], tuple[float, float]] = {}

    def score(self, case: str, limits: Limits) -> tuple[float, float]:
        """Both metrics of a case, measured once for each setting."""
        key = case, limits
        if key not in self._known:
            self._known[key] = _goodness(self._data / case, limits)
        return self._known[key]

    def fitted(self, cases: Sequence[str]) -> Limits:
        """The best limits on some cases; of equal ones what is there now."""
        found = {}
        for field in dataclasses.fields(Limits):
            now = getattr(LIMITS, field.name)
            found[field.name] = max(
                (now, *(v for v in GRID if v != now)),
                key=lambda v, name=field.name: round(
                    mean([sum(self.score(c, dataclasses.replace(LIMITS, **{name: v}))) for c in cases]), 6
                ),
            )
        return Limits(**found)

    def report(self) -> tuple[dict[str, dict[str, list[float]]], list[Case]]:
        """Each case scored with the limits of the others, beside the limits of all and those of now."""
        every = self.fitted(self._cases)
        measured: dict[str, dict[str, list[float]]] = {}
        told: list[Case] = []
        for case in self._cases:
            others = self.fitted([c for c in self._cases if c != case])
            for name, limits in (
                ("ours now", LIMITS),
                ("ours left out", others),
                ("ours fitted on all", every),
            ):
                score = self.score(case, limits)
                for metric, value in zip(("grouping accuracy", "95 %-agreement"), score, strict=True):
                    measured.setdefault(name, {}).setdefault(metric, []).append(value)
                told.append(
                    {"id": case, "system": name, "limits": dataclasses.asdict(limits), "score": score}
                )
                print(f"{case:<14} {name:<20} {score[0]:.3f} {score[1]:.3f}  {dataclasses.astuple(limits)}")
        return measured, told


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--drain3", default="", help="an interpreter that has drain3")
    arguments.add_argument(
        "--leave-one-out", action="store_true", help="fit the limits of joining with each case left out"
    )
    arguments.add_argument(
        "--statements", action="store_true", help="score logs made of the statements in statements.yaml"
    )
    args = arguments.parse_args()
    began, data = time.monotonic(), Path(args.data)
    cases = chosen([p.parent.name for p in data.glob("*/*.log")], args.cases)
    if args.leave_one_out:
        left, told = LeftOut(data, cases).report()
        kept = [row for name, values in left.items() for row in rows(name, values)]
        finish("logs/parsing limits", kept, told, n=len(cases), began=began, out=args.json)
        return
    systems: dict[str, tuple[Callable[[Sequence[str]], Parsed], bool]] = {
        "ours": (ours, False),
        "ours known": (mined, True),
        "trivial": (regular, False),
    }
    if args.drain3:
        systems |= {
            "peer": (drain3(args.drain3, masks=False), False),
            "peer masks": (drain3(args.drain3, masks=True), False),
            "peer known": (drain3(args.drain3, masks=False), True),
            "peer masks known": (drain3(args.drain3, masks=True), True),
        }
    if args.statements:  # messages without headers
        of_statements(
            {"ours": mined} | {n: run for n, (run, known) in systems.items() if n != "ours" and not known},
            began,
            args.json,
        )
        return
    measured: dict[str, dict[str, list[float]]] = {}
    per_case: list[Case] = []
    for case in cases:
        for name, (system, known) in systems.items():
            found = system(contents(data / case) if known else raw_lines(data / case))
            score = scored(data / case, found)
            for metric, value in score.items():
                measured.setdefault(name, {}).setdefault(metric, []).append(value)
            predicted = hashlib.sha256("\n".join(found[1]).encode("utf-8", "replace")).hexdigest()
            per_case.append(
                {"id": case, "system": name, "templates": len(set(found[1])), "predicted": predicted, **score}
            )
    for row in per_case:
        if row["system"] == "ours":
            told = [f"{row[m]:.3f}" for m in METRICS]
            print(f"{row['id']:<14} GA {told[0]}  FGA {told[1]}  95 % {told[2]}  PA {told[3]}")
    told = [row for name, values in measured.items() for row in rows(name, values)]
    finish("logs/parsing", told, per_case, n=len(cases), began=began, out=args.json)


if __name__ == "__main__":
    main()
