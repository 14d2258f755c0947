"""Anomalous sessions, learned from normal ones only, 5-fold: F1 with the share of false alarms.

python benchmarks/logs/hdfs_sessions.py --data DIR/logs/hdfs_sessions [--cases '*'] [--seeds 3] --json OUT

Layout: *.jsonl, a session a line: `templates` (its events in order), `label` (the answer: 1 is anomalous), an id
(`block`, `session`, `trace` or `id`) and, where known, `times` (epoch seconds). Folds are drawn without a look at the
answers; a model learns the normal sessions of four folds and scores the fifth, so that each session is scored once.

The oracle is no system: it knows all answers and may call each sequence of events normal or anomalous. No detector
that sees only the events of a session can have a higher F1 on the file. `planted` rows take held-out normal sessions
and break them in one way; those whose sequence some normal session has are left out.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from aitia.core.errors import BadInput
from aitia.tools.logs.sequence import Normal, Session
from aitia.tools.logs.sequence.sessions import Events
from benchmarks.contract import chosen, finish, mean, parser, rows
from benchmarks.logs.session_peers import PEERS

FOLDS = 5
OURS, PLANTED = "no_model", 200
IDS = ("block", "session", "trace", "id")
Alarm = dict[str, Any]


def read(path: Path) -> tuple[list[Session], list[bool]]:
    """Sessions and answers of a file."""
    sessions, answers = [], []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            name = next((str(row[key]) for key in IDS if key in row), str(number))
            sessions.append(Session(name, row["templates"], row.get("times") or ()))
            answers.append(bool(row["label"]))
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(f"Fix line {number} of {path.name}: {error!r}") from None
    return sessions, answers


def parts(count: int, *, seed: int) -> list[int]:
    """The fold of each session, by chance."""
    order = list(range(count))
    random.Random(seed).shuffle(order)
    place = {n: turn % FOLDS for turn, n in enumerate(order)}
    return [place[n] for n in range(count)]


def predictions(
    sessions: Sequence[Session], answers: Sequence[bool], *, seed: int, false_alarms: float
) -> list[Alarm]:
    """What each system says of every session. Of the answers only those of the other folds are looked at."""
    part = parts(len(sessions), seed=seed)
    made: list[Alarm] = [{} for _ in sessions]
    for fold in range(FOLDS):
        known = [s for s, p, bad in zip(sessions, part, answers, strict=True) if p != fold and not bad]
        normal = Normal(false_alarms=false_alarms).fit(known)
        peers = {name: learn(known, false_alarms) for name, learn in PEERS.items()}
        for n, session in enumerate(sessions):
            if part[n] != fold:
                continue
            verdict = normal.score(session)
            made[n] = {
                "id": session.id,
                OURS: verdict.anomalous,
                "p": verdict.p,
                "why": [r.words() for r in verdict.reasons[:2]],
                "kinds": [r.kind for r in verdict.reasons],
                "trivial all normal": False,
                **{name: alarm(session) for name, alarm in peers.items()},
            }
    return made


def kind(events: Events, normal: Counter[Events]) -> str:
    """How an anomalous session differs from all normal ones of the file."""
    if events in normal:
        return "none: a normal session has the same sequence"
    if set(events) - {e for key in normal for e in key}:
        return "an event that no normal session has"
    if tuple(sorted(events)) not in {tuple(sorted(key)) for key in normal}:
        return "counts that no normal session has"
    return "order only"


def oracle(sessions: Sequence[Session], answers: Sequence[bool]) -> list[bool]:
    """The alarms of the highest F1 that any rule over a session's own events can reach on these sessions."""
    bad = Counter(s.key for s, b in zip(sessions, answers, strict=True) if b)
    good = Counter(s.key for s, b in zip(sessions, answers, strict=True) if not b)
    best, found, alarms, raised = 0.0, [0, 0], set(), set()
    for key in sorted(bad, key=lambda k: (good[k] / bad[k], k)):
        found = [found[0] + bad[key], found[1] + good[key]]
        raised.add(key)
        if (value := 2 * found[0] / (sum(found) + bad.total())) > best:
            best, alarms = value, set(raised)
    return [s.key in alarms for s in sessions]


def f1(alarms: Sequence[bool], answers: Sequence[bool], rounds: int = 2000) -> dict[str, Any]:
    """F1 with a percentile bootstrap over sessions."""
    a, b = np.array(alarms, dtype=float), np.array(answers, dtype=float)

    def of(take: Any) -> float:
        total = a[take].sum() + b[take].sum()
        return float(2 * (a[take] * b[take]).sum() / total) if total else 0.0

    chance = np.random.default_rng(0)
    drawn = sorted(of(chance.integers(0, len(a), len(a))) for _ in range(rounds))
    ci = [round(drawn[int(0.025 * rounds)], 4), round(drawn[int(0.975 * rounds)], 4)]
    return {"metric": "F1", "value": round(of(slice(None)), 4), "n": len(a), "ci95": ci}


def scored(
    found: Sequence[Alarm], sessions: Sequence[Session], answers: Sequence[bool]
) -> list[dict[str, Any]]:
    """F1, false alarms, and the recall by kind of anomaly, of each system and of the oracle."""
    normal = Counter(s.key for s, bad in zip(sessions, answers, strict=True) if not bad)
    kinds = [kind(s.key, normal) if bad else "" for s, bad in zip(sessions, answers, strict=True)]
    systems = [OURS, "trivial all normal", *PEERS]
    alarms = {who: [bool(row[who]) for row in found] for who in systems} | {
        "oracle": oracle(sessions, answers)
    }
    made: list[dict[str, Any]] = []
    for who, said in alarms.items():
        told: dict[str, list[float]] = {
            "false alarms": [float(a) for a, bad in zip(said, answers, strict=True) if not bad],
            "recall": [float(a) for a, bad in zip(said, answers, strict=True) if bad],
        }
        for name in sorted(set(kinds) - {""}):
            told[f"recall: {name}"] = [float(a) for a, k in zip(said, kinds, strict=True) if k == name]
        made += [{"system": who, **f1(said, answers)}, *rows(who, told)]
    return made


BREAKS: Mapping[str, Callable[[list[str], random.Random], list[str]]] = {
    "unseen event": lambda e, r: _put(e, r.randrange(len(e) + 1), "an event of no session"),
    "lost event": lambda e, r: _without(e, r.randrange(len(e))),
    "repeated event": lambda e, r: _put(e, r.randrange(len(e) + 1), r.choice(e)),
    "cut": lambda e, r: e[: r.randrange(1, len(e))],
    "moved event": lambda e, r: _moved(e, r.randrange(len(e)), r.randrange(len(e))),
    "two neighbours swapped": lambda e, r: _moved(e, n := r.randrange(len(e) - 1), n + 1),
}


def _put(events: list[str], at: int, event: str) -> list[str]:
    return [*events[:at], event, *events[at:]]


def _without(events: list[str], at: int) -> list[str]:
    return events[:at] + events[at + 1 :]


def _moved(events: list[str], at: int, to: int) -> list[str]:
    return _put(_without(events, at), to, events[at])


def planted(
    sessions: Sequence[Session], answers: Sequence[bool], *, seed: int, false_alarms: float
) -> list[dict[str, Any]]:
    """The share of broken normal sessions that are found, by what was broken; the first fold is broken."""
    part = parts(len(sessions), seed=seed)
    good = [(s, p) for s, p, bad in zip(sessions, part, answers, strict=True) if not bad]
    known, held = [s for s, p in good if p], [s for s, p in good if not p and len(s.events) > 2]
    every = {s.key for s, _ in good}
    systems: dict[str, Callable[[Session], bool]] = {
        name: learn(known, false_alarms) for name, learn in PEERS.items()
    }
    normal = Normal(false_alarms=false_alarms).fit(known)
    systems = {OURS: lambda s: normal.score(s).anomalous, **systems}
    chance = random.Random(seed)
    found: dict[str, dict[str, list[float]]] = defaultdict(dict)
    for name, broken in BREAKS.items():
        made = [
            replace(s, events=broken(list(s.events), chance), times=())
            for s in chance.sample(held, min(PLANTED, len(held)))
        ]
        made = [s for s in made if s.key not in every]
        for who, alarm in systems.items():
            found[who][f"planted: {name}"] = [float(alarm(s)) for s in made]
    return [row for who, told in found.items() for row in rows(who, told)]


def main() -> None:
    asked = parser(__doc__)
    asked.add_argument("--seeds", type=int, default=3, help="how many splits; the rows are of the first")
    asked.add_argument("--false-alarms", type=float, default=0.005, help="the share that is allowed")
    args = asked.parse_args()
    began = time.monotonic()
    table: list[dict[str, Any]] = []
    per_case: list[Alarm] = []
    names = chosen((p.stem for p in Path(args.data).glob("*.jsonl")), args.cases)
    if not names:
        raise SystemExit(f"Name a folder with *.jsonl files: {args.data!r} has none for {args.cases!r}.")
    for name in names:
        sessions, answers = read(Path(args.data) / f"{name}.jsonl")
        prefix = f"{name} " if len(names) > 1 else ""
        runs = [
            predictions(sessions, answers, seed=seed, false_alarms=args.false_alarms)
            for seed in range(args.seeds)
        ]
        made = scored(runs[0], sessions, answers)
        for seed, run in enumerate(runs):
            for who in (OURS, *PEERS):
                said = [bool(row[who]) for row in run]
                false = mean([float(a) for a, bad in zip(said, answers, strict=True) if not bad])
                made.append(
                    {"system": who, **f1(said, answers, 200), "metric": f"F1, split {seed}"}
                    | {"false_alarms": round(false, 5)}
                )
        made += planted(sessions, answers, seed=0, false_alarms=args.false_alarms)
        table += [{**row, "metric": prefix + row["metric"]} for row in made]
        per_case += [
            {"case": f"{name}/{row['id']}", "answer": answer, **row}
            for row, answer in zip(runs[0], answers, strict=True)
        ]
    table = [{**row, "system": "ours"} for row in table if row["system"] == OURS] + table
    finish("logs/hdfs_sessions", table, per_case, n=len(per_case), began=began, out=args.json)


if __name__ == "__main__":
    main()
