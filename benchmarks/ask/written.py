"""How the rules read the curriculum's written questions, by halves of their authors.

python benchmarks/ask/written.py --data models/curriculum [--half 0|1] [--of N] [--learned] [--totals] --json OUT

The questions are of made-up sites by language models (`questions_written.jsonl` and `questions_further.jsonl` in
`models/curriculum`; the end of a site's name tells the author), each with the line that answers it. A site is written out as
files: a table of what is measured, of each component that a line of the site asks it of (else of the one that its name begins
with, else of all), logs that hold the words that lines ask for, changes of each kind, and who calls whom. What is asked of
cluster objects is left out. Nothing is executed: judged is the query. `--of N` takes one site of N. Half 0 is looked at, of
half 1 totals alone are told.
"""

from __future__ import annotations

import csv
import hashlib
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.asking.question.asked_how import verb_of
from aitia.agent.asking.question.choices import choices
from aitia.agent.asking.question.follow import pieces_of, read_pieces
from aitia.agent.asking.question.line_form import fields_of, line_of
from aitia.agent.asking.question.line_queries import query_of
from aitia.agent.asking.question.outcome import Reading
from aitia.agent.asking.question.passed_over import read_without_unknown
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.second import read_without_rules
from aitia.agent.asking.question.several import read_several
from aitia.core.config import SourceConfig
from aitia.core.errors import AitiaError
from aitia.graphs.looking import opened
from aitia.models.curriculum.items import SPLITS
from aitia.models.curriculum.question_written import Ask, Visited, further, visited
from aitia.tools.query.measured import measured
from aitia.tools.query.words import Query
from aitia.tools.sources import open_sources
from benchmarks.contract import finish, parser, rows

NOW: Final = datetime(2026, 3, 12, 15, 20, tzinfo=UTC)
SPAN: Final = timedelta(days=3)
KINDS: Final = ("deploy", "config", "flag", "scale", "maintenance")
STATS: Final = ("last", "max", "min", "mean", "p50", "p95", "p99", "sum", "rate", "first", "range")
MEASURED: Final = (*STATS, "curve", "above", "below", "compare", "share", "most", "least")
OTHERS: Final = ("lines", "count lines", "changes", "count changes")
READ: Final = (*MEASURED, *OTHERS, "none")


def half(author: str) -> int:
    """Which half of the authors one is in."""
    return hashlib.sha256(f"asked {author}".encode()).digest()[0] & 1


def sites(which: int, of: int) -> list[Visited]:
    """The sites of a half, one of `of`."""
    every = [*(s for split in SPLITS for s in visited(split)), *further()]
    mine = [s for s in every if half(s.name.split()[-1]) == which]
    return [s for s in mine if hashlib.sha256(s.name.encode()).digest()[1] % of == 0]


def owners(site: Visited) -> dict[str, list[str]]:
    """The components that each measurement is of."""
    found: dict[str, list[str]] = {}
    for metric in site.metrics:
        told = [
            c
            for c in site.components
            if any(
                f"{metric} @ {c}" in a.line or (metric in a.line and f", {c}" in a.line) for a in site.asks
            )
        ]
        begins = [c for c in site.components if metric.casefold().startswith(c.casefold())]
        found[metric] = told or begins or list(site.components)
    return found


def write(site: Visited, folder: Path) -> list[SourceConfig]:
    """The files of a site."""
    t = [NOW - SPAN * (i / 72) for i in range(72, -1, -1)]
    table = [
        {"time": at.isoformat(), "component": c, "metric": m, "value": 10.0 + (i * 7 + len(m)) % 13}
        for m, held in owners(site).items()
        for c in held
        for i, at in enumerate(t)
    ]
    made: list[SourceConfig] = []
    if table:
        with (folder / "metrics.csv").open("w", encoding="utf-8", newline="") as file:
            rows_of = csv.DictWriter(file, fieldnames=list(table[0]))
            rows_of.writeheader()
            rows_of.writerows(table)
        columns = {"time": "time", "component": "component", "metric": "metric", "value": "value"}
        made.append(
            SourceConfig(name="metrics", kind="metrics", type="table", path="metrics.csv", columns=columns)
        )
    (folder / "logs").mkdir()
    for number, c in enumerate(site.components):
        path = folder / "logs" / f"{c.replace('/', '_')}.log"
        with path.open("w", encoding="utf-8") as log:
            for i, words in enumerate([*_words(site, c), "ready", "failed to answer", "slow answer"]):
                level = ("ERROR", "INFO", "WARNING")[i % 3]
                at = NOW - timedelta(hours=20, minutes=-7 * i - number)
                log.write(f"{at:%Y-%m-%dT%H:%M:%S}.000Z {level} {words}\n")
    made.append(SourceConfig(name="logs", kind="logs", type="log_files", path="logs"))
    changes = [
        {
            "at": f"{NOW - timedelta(hours=30 - i - k):%Y-%m-%dT%H:%M:%SZ}",
            "component": c,
            "kind": kind,
            "text": f"{kind} of {c}",
        }
        for i, c in enumerate(site.components)
        for k, kind in enumerate(KINDS)
    ]
    (folder / "changes.jsonl").write_text("\n".join(map(json.dumps, changes)) + "\n", encoding="utf-8")
    made.append(SourceConfig(name="changes", kind="changes", type="changes", path="changes.jsonl"))
    links = zip(site.components, site.components[1:], strict=False)
    called = {a: [{"relation": "calls", "to": b}] for a, b in links}
    topology = {"components": [{"id": c, "links": called.get(c, [])} for c in site.components]}
    (folder / "topology.yaml").write_text(json.dumps(topology), encoding="utf-8")
    made.append(SourceConfig(name="topology", kind="topology", type="topology", path="topology.yaml"))
    return made


def _words(site: Visited, component: str) -> Iterator[str]:
    for ask in site.asks:
        told = fields_of(ask.line)
        if told and '"' in told["args"] and told["component"] in ("", component):
            yield told["args"].split('"')[1]


def slots(line: str, held: dict[str, list[str]]) -> tuple[str, ...]:
    """Verb, measurements, components, bound and what is wanted of a line, in one form."""
    told = fields_of(line)
    verb = verb_of(line)
    if told is None or not verb:
        return (line,)
    args = told["args"]
    number, metric, words = "", args, ""
    if verb in ("above", "below"):
        number, _, metric = args.partition(" ")
        number = f"{float(number):g}" if number else ""
    elif verb == "compare":
        metric = args.partition(" ")[2]
    elif verb in OTHERS:
        metric, words = "", args.removeprefix("lines").removeprefix("changes").strip()
    component = told["component"]
    of = held.get(metric.split(" / ")[0], [])
    if not component and len(of) == 1:
        component = of[0]
    wanted = "time" if told["wanted"] in ("time", "first") else told["wanted"]
    both = sorted((component, told["other"])) if verb == "compare" else [component, told["other"]]
    return (verb, metric, *both, number, wanted, words.replace('"', "").casefold())


def judged(line: str, reading: Reading, held: dict[str, list[str]]) -> tuple[str, str]:
    """`right`, `wrong` or `refused` and, where it is not right, by which slot."""
    if line == "none":
        return ("wrong", "answered though not") if reading.status == "query" else ("right", "")
    wanted = slots(line, held)
    if reading.status != "query":
        return "refused", reading.status
    read = [slots(line_of(q), held) for q in reading.queries]
    if wanted in read or _alike(wanted, read):
        return "right", ""
    told = read[0]
    if told[0] in ("", "get", "list", "who", "events", "incidents", "documents", "count things"):
        return "wrong", "verb"
    if len(told) < 2:
        return "wrong", "verb"
    pairs = list(zip(wanted, told, strict=False))
    for name, at in (
        ("measurement", 1),
        ("component", 2),
        ("verb", 0),
        ("component", 3),
        ("bound", 4),
        ("wanted", 5),
        ("words", 6),
    ):
        if at < len(pairs) and pairs[at][0] != pairs[at][1]:
            return "wrong", "statistic" if name == "verb" and wanted[0] in STATS and told[
                0
            ] in STATS else name
    return "wrong", "other"


def _alike(wanted: tuple[str, ...], read: Sequence[tuple[str, ...]]) -> bool:
    """The two ends for the range; each of a measurement's components where none is named."""
    of = {(r[1], r[2]) for r in read if len(r) > 2}
    if wanted[0] == "range" and {r[0] for r in read} == {"min", "max"} and of == {(wanted[1], wanted[2])}:
        return True
    none_named = wanted[0] in STATS and not wanted[2]
    return none_named and all(len(r) > 2 and (r[0], r[1]) == wanted[:2] for r in read)


def among(line: str, put: Put, held: dict[str, list[str]]) -> bool:
    """Whether one of the queries that are offered is the line's."""
    read = [slots(line_of(q), held) for q in choices(put.p, put.reading, put.before)]
    wanted = slots(line, held)
    return wanted in read or any(_alike(wanted, [r]) for r in read)


class Put(NamedTuple):
    """A question as it was put at a site: its pieces, the query before it, how rules read it, and in how many seconds."""

    ask: Ask
    p: Pieces
    before: Query | None
    reading: Reading
    seconds: float


def asked(site: Visited, folder: Path, *, learned: bool = False) -> Iterator[Put]:
    """Every question of a site that can be read, by rules and, where `learned`, beside them without rules."""
    here = opened(open_sources(write(site, folder), folder), now=NOW)
    measured(here)
    said = {a.line: a for a in reversed(site.asks)}
    for ask in site.asks:
        if verb_of(ask.line) not in READ:
            continue
        before: Query | None = None
        if ask.before and (first := said.get(ask.before)) is not None:
            before = query_of(ask.before, pieces_of(first.question, here, None), None)
        if ask.before and before is None:
            continue
        here.begin()
        began = time.monotonic()
        p = pieces_of(ask.question, here, before)
        try:
            reading = read_several(ask.question, here, before, read_pieces(p, before))
        except AitiaError as error:
            reading = Reading(status="unclear", said=str(error))
        if learned:
            reading = read_without_unknown(p, read_without_rules(p, reading, before).reading, before)
        yield Put(ask, p, before, reading, time.monotonic() - began)


def main() -> None:
    """Read them."""
    made = parser(__doc__)
    made.add_argument("--half", type=int, default=0)
    made.add_argument("--of", type=int, default=1)
    made.add_argument("--totals", action="store_true")
    made.add_argument(
        "--learned", action="store_true", help="with what is read without rules where rules do not"
    )
    args = made.parse_args()
    began = time.monotonic()
    totals: dict[str, list[float]] = {}
    why: Counter[str] = Counter()
    cases: list[dict[str, Any]] = []
    for site in sites(args.half, args.of):
        held = owners(site)
        with tempfile.TemporaryDirectory() as folder:
            for put in asked(site, Path(folder), learned=args.learned):
                ask, _, _, reading, seconds = put
                verdict, cause = judged(ask.line, reading, held)
                answerable = ask.line != "none"
                group = "measured" if verb_of(ask.line) in MEASURED else "others"
                totals.setdefault("wrong: all", []).append(float(verdict == "wrong"))
                if answerable:
                    for label in ("", f"{ask.language} ", f"{group} "):
                        totals.setdefault(f"{label}right: answerable", []).append(float(verdict == "right"))
                        totals.setdefault(f"{label}wrong: answerable", []).append(float(verdict == "wrong"))
                    one = verdict == "right" or among(ask.line, put, held)
                    totals.setdefault("right, or one of three offered: answerable", []).append(float(one))
                else:
                    totals.setdefault("refused: unanswerable", []).append(float(verdict == "right"))
                totals.setdefault("seconds", []).append(seconds)
                why[f"{verdict}: {cause}" if cause else verdict] += 1
                cases.append(
                    {"site": site.name, "question": ask.question, "language": ask.language, "line": ask.line,
                     "before": ask.before,
                     "verdict": verdict, "cause": cause, "status": reading.status, "said": reading.said,
                     "queries": [line_of(q) or str(q) for q in reading.queries],
                     "offers": [line_of(q) for q in choices(put.p, reading, put.before)]}
                )  # fmt: skip
    print(dict(why.most_common()))
    closed = args.totals or args.half == 1
    finish(
        "ask/written", rows("ours", totals), [] if closed else cases, n=len(cases), began=began, out=args.json
    )


if __name__ == "__main__":
    main()
