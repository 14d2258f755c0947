"""Questions about live systems, documents and nothing at all: right, wrong, and refused where nothing answers.

python benchmarks/ask/questions.py --data QUESTIONS [--root FOLDER] [--cases GLOB] [--model NAME] --json OUT

QUESTIONS is a folder of JSON files, one a recorded system: a list of {"id", "source": folder with scenario.yaml or aitia.yaml,
"at": the moment that counts as now, "language", "question", "follows": id of the question before or null, "answerable", "kind",
"expected"}. What is tested sees source, at, question and follows; the rest is read by the scorer. Rows: ours (a model given by
name reads passages of documents; one with an adapter for questions, `--reader BASE+ADAPTER.gguf`, reads these too), no_model
(rules), peer (documents only, the best passage by BM25, never refuses), trivial (always refuses).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.asking.answer import Answer
from aitia.agent.asking.documents import bundled_documents
from aitia.agent.asking.lookup import Lookup
from aitia.agent.asking.question.by_model import QuestionReader
from aitia.agent.asking.question.line_reader import LineReader
from aitia.asking_live import DOCUMENTS, zone_of
from aitia.comparing import open_model
from aitia.core.errors import AitiaError
from aitia.core.llm import Llm
from aitia.core.scenario import load_scenario
from aitia.graphs.ask import AskContext, ask
from aitia.graphs.looking import look, may_mean, opened, steps, with_choices
from aitia.settings import Settings, load_settings
from aitia.tools.query.site import Site
from aitia.tools.query.words import Query
from aitia.tools.sources import DocumentSource, open_sources
from benchmarks.ask.judging import judged
from benchmarks.contract import Case, chosen, finish, parser, rows
from benchmarks.memory.questions import Bm25
from benchmarks.rca.product import model

PEER: Final = "peer BM25 documents"
TOTALS: Final = (
    "right", "wrong", "refused", "seconds", "right, or one of three offered", "something offered",
)  # fmt: skip
SYSTEMS: Final = ("ours", "no_model", PEER, "trivial")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is shown of a question."""

    id: str
    source: str
    at: datetime
    question: str
    follows: str = ""


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a system says: status (`answered` or a refusal), text, numbers, names, moments, documents, seconds."""

    status: str = "not_known"
    text: str = ""
    numbers: tuple[tuple[float, str], ...] = ()
    names: tuple[str, ...] = ()
    moments: tuple[datetime, ...] = ()
    documents: tuple[str, ...] = ()
    rows: int = 0
    queries: tuple[str, ...] = ()
    choices: tuple[Said, ...] = ()
    seconds: float = field(default=0.0, compare=False)


def cases_of(data: Path) -> Iterator[dict[str, Any]]:
    """Every question of every file, in order."""
    for file in sorted(data.glob("*.json")):
        held = json.loads(file.read_text(encoding="utf-8"))
        yield from held["questions"] if isinstance(held, dict) else held


def read_questions(data: Path) -> list[Asked]:
    """The questions as they are shown."""
    return [
        Asked(
            id=str(q["id"]),
            source=str(q["source"]),
            at=datetime.fromisoformat(str(q["at"])),
            question=str(q["question"]),
            follows=str(q.get("follows") or ""),
        )
        for q in cases_of(data)
    ]


def read_answers(data: Path) -> dict[str, dict[str, Any]]:
    """What is right; only the scorer calls this."""
    keys = ("answerable", "kind", "expected", "language")
    return {str(q["id"]): {k: q.get(k) for k in keys} for q in cases_of(data)}


@dataclass(kw_only=True)
class Held:
    """A recorded system as it is asked: opened once, its documents indexed once."""

    site: Site
    shelves: list[Lookup]
    seconds: float


def hold(folder: Path, at: datetime) -> Held:
    """Open a scenario's or a settings file's sources."""
    began = time.monotonic()
    if (folder / "scenario.yaml").is_file():
        scenario = load_scenario(folder)
        configs, components, settings = scenario.sources, scenario.components, Settings()
    else:
        settings = load_settings(folder if folder.is_file() else folder / "aitia.yaml")
        configs, components = settings.sources, settings.components
    readers = open_sources(configs, folder if folder.is_dir() else folder.parent)
    live = [r for r in readers if r.kind not in DOCUMENTS]
    site = opened(live, now=at, components=components, zone=zone_of(settings, configs))
    own = [d for r in readers if isinstance(r, DocumentSource) for d in r.documents()]
    return Held(site=site, shelves=[Lookup([*own, *bundled_documents()])], seconds=time.monotonic() - began)


def answers(
    questions: Sequence[Asked], root: Path, llm: Llm | None, reader: QuestionReader | None = None
) -> dict[str, dict[str, Said]]:
    """What every system says to every question, each in a conversation of its own. Nothing here reads an answer."""
    found: dict[str, dict[str, Said]] = {}
    before: dict[str, Query | None] = {}
    ours_before: dict[str, Query | None] = {}
    held: dict[tuple[str, datetime], Held] = {}
    for q in questions:
        key = (q.source, q.at)
        if key not in held:
            held.clear()  # one system at a time: memory stays flat
            held[key] = hold(folder_of(root, q.source), q.at)
        plain, before[q.id] = _answer(q.question, held[key], before.get(q.follows), None)
        ours, ours_before[q.id] = plain, before[q.id]
        if llm is not None or reader is not None:
            ours, ours_before[q.id] = _answer(q.question, held[key], ours_before.get(q.follows), llm, reader)
        found[q.id] = {
            "ours": ours,
            "no_model": plain,
            PEER: _peer(q.question, held[key].shelves[0]),
            "trivial": Said(),
        }
    return found


def folder_of(root: Path, source: str) -> Path:
    """Where a recording lies that a question names."""
    path = Path(source)
    if (here := root / path).exists():
        return here
    for part in ("benchmarks", "examples", "scenarios"):  # the same recording in this checkout
        if part in path.parts and (here := root / Path(*path.parts[path.parts.index(part) :])).exists():
            return here
    return path


def _answer(
    question: str, held: Held, before: Query | None, llm: Llm | None, reader: QuestionReader | None = None
) -> tuple[Said, Query | None]:
    began = time.monotonic()
    try:
        found = look(question, held.site, before, reader)
        answer, query = found if found is not None else (_of_documents(question, held, llm), before)
        if found is None and answer.status == "not_known":
            answer = with_choices(answer, may_mean(question, held.site), held.site)
    except AitiaError as error:
        return Said(status="error", text=str(error), seconds=time.monotonic() - began), before
    seconds = time.monotonic() - began
    chosen = [c for q in answer.choices if (c := look(q, held.site)) is not None]
    offered = tuple(as_said(c, 0.0) for c, _ in chosen)
    return replace(as_said(answer, seconds), choices=offered), query


def _of_documents(question: str, held: Held, llm: Llm | None) -> Answer:
    answer = ask(question, AskContext(shelves=held.shelves, reader=llm))
    return (steps(question, held.shelves, str) if answer.status == "not_known" else None) or answer


def as_said(answer: Answer, seconds: float) -> Said:
    """What of an answer is judged."""
    told = [(f.value, f.unit) for f in answer.found if f.value is not None]
    told += [(n.value, n.unit) for f in answer.found for n in f.figures]
    compared = [v for f in answer.found if not f.rows and 1 < len(f.values) <= 4 for v in f.values.values()]
    told += [(float(v), "") for v in compared if _is_number(v)]
    moments = [m for f in answer.found for m in (f.at, *(r.at for r in f.rows)) if m is not None]
    listed = answer.found and answer.found[0].kind == "names"
    return Said(
        status=answer.status,
        text=answer.text,
        numbers=tuple(told),
        names=tuple(answer.found[0].names) if listed else (),
        moments=tuple(moments),
        documents=tuple(
            dict.fromkeys(t for c in answer.citations if c.document for t in (c.document, c.title, c.path))
        ),
        rows=sum(len(f.rows) for f in answer.found),
        queries=answer.queries,
        seconds=seconds,
    )


def _is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).replace("e+", "").replace("e-", "").isdigit()


@cache
def _index(size: int, lookup: Lookup) -> Bm25:
    return Bm25([(p.document, f"{p.title}. {p.text}") for p in lookup.passages])


def _peer(question: str, shelf: Lookup) -> Said:
    best = _index(len(shelf.passages), shelf).answer(question, 1)
    return Said(status="answered", text=best.text, documents=best.documents)


def scored(
    questions: Sequence[Asked],
    found: Mapping[str, Mapping[str, Said]],
    wanted: Mapping[str, Mapping[str, Any]],
) -> tuple[list[dict[str, Any]], list[Case]]:
    """The rows, in all and by language and kind, and the cases."""
    made: list[dict[str, Any]] = []
    cases: list[Case] = []
    for system in SYSTEMS:
        measured: dict[str, list[float]] = {}
        for q in questions:
            said, answer = found[q.id][system], wanted[q.id]
            verdict = judged(said, answer)
            if answer["answerable"]:
                among = any(judged(c, answer)["right: answerable"] for c in said.choices)
                verdict |= {
                    "right, or one of three offered: answerable": verdict["right: answerable"] or among
                }
            else:
                verdict |= {"something offered: unanswerable": bool(said.choices)}
            for label in ("", f"{answer['language']} ", f"{answer['kind']} "):
                for metric, value in verdict.items():
                    measured.setdefault(f"{label}{metric}", []).append(float(value))
            cases.append(
                {"id": q.id, "system": system, "question": q.question, "language": answer["language"], "kind": answer["kind"],
                 "status": said.status, "text": said.text[:600], "queries": said.queries,
                 "seconds": round(said.seconds, 3), **verdict}
            )  # fmt: skip
        made += rows(system, dict(sorted(measured.items(), key=lambda pair: (pair[0].count(" "), pair[0]))))
    for system in ("ours", "no_model"):
        seconds = sorted(s for q in questions if (s := found[q.id][system].seconds))
        if not seconds:
            continue
        made += rows(
            system,
            {
                "seconds: median": [seconds[len(seconds) // 2]],
                "seconds: 95th percentile": [seconds[int(0.95 * (len(seconds) - 1))]],
            },
        )
    return made, cases


def main() -> None:
    made = parser(__doc__)
    made.add_argument(
        "--root",
        default=str(Path(__file__).parents[2]),
        help="where recordings that are named by their path below benchmarks, examples and scenarios lie",
    )
    made.add_argument(
        "--totals",
        action="store_true",
        help="print totals alone and write no case: for questions that nobody is to see",
    )
    made.add_argument(
        "--reader", default="", help="BASE+ADAPTER.gguf that reads the questions beside the rules"
    )
    made.add_argument(
        "--home", default="", help="where what the reader wrote is kept, so that it is asked once"
    )
    made.add_argument(
        "--lines",
        default="",
        help="with --reader: BASE+ADAPTER.gguf that tells which lines of a log are meant",
    )
    args = made.parse_args()
    began, data = time.monotonic(), Path(args.data)
    questions = read_questions(data)
    names = set(chosen([q.id for q in questions], args.cases))
    questions = [q for q in questions if q.id in names]
    home = Path(args.home) if args.home else None
    lines = LineReader(open_model(args.lines, "lines"), home=home) if args.lines else None
    reader = (
        QuestionReader(open_model(args.reader, "questions"), home=home, lines=lines) if args.reader else None
    )
    found = answers(questions, Path(args.root), model(args.model), reader)
    table, cases = scored(questions, found, read_answers(data))
    if args.totals:
        table = [r for r in table if r["metric"].split(":")[0] in TOTALS]
    finish("ask/questions", table, [] if args.totals else cases, n=len(questions), began=began, out=args.json)


if __name__ == "__main__":
    main()
