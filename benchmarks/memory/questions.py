"""Questions over a knowledge base and over runs: right answer with the right citation, and refused where nothing answers.

python benchmarks/memory/questions.py --data KNOWLEDGE --questions FILE [--runs SCENARIOS] [--model NAME] --json OUT

KNOWLEDGE is a folder of Markdown; FILE holds one JSON object a line: {"id", "about": "kb" or a scenario's name, "question",
"answerable", "document": path below KNOWLEDGE without suffix, "must": [[alternative, …], …]}. What is tested sees id, about
and question; `answerable`, `document` and `must` are read by the scorer. Rows: ours (words, meaning, and a model that reads
the passages), no_model (words and meaning), no_model words, peer BM25 (the top passage, never refuses) and its three top
passages, trivial (always refuses).
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from numpy.typing import NDArray

from aitia.agent.asking.answer import Answer
from aitia.agent.asking.lookup import Lookup
from aitia.agent.asking.record import Record
from aitia.agent.taxonomy import bundled
from aitia.core.errors import ModelError
from aitia.core.lexical import LexicalIndex
from aitia.core.llm import Llm
from aitia.core.words import Report
from aitia.graphs.ask import AskContext, ask
from aitia.graphs.replay import replay
from aitia.graphs.state import Options
from aitia.tools.memory.terms import terms
from aitia.tools.sources.base import Document
from aitia.tools.sources.documents.document_files import read_runbook
from benchmarks.contract import Case, chosen, finish, parser, rows
from benchmarks.rca.product import model

RULES = Options(planner="rules", narrator="template")
PEER, PEER3 = "peer BM25", "peer BM25 top 3"
WORDS = "no_model words"
SYSTEMS = ("ours", "no_model", WORDS, PEER, PEER3, "trivial")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is shown of a question."""

    id: str
    about: str
    question: str


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a system answers: its text, the documents (or lines of the report) it cites, "" where it refuses."""

    text: str = ""
    documents: tuple[str, ...] = ()
    sure: float = 0.0


def read_questions(file: Path) -> list[Asked]:
    """The questions as they are shown."""
    found = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [Asked(id=q["id"], about=q["about"], question=q["question"]) for q in found]


def read_answers(file: Path) -> dict[str, dict[str, Any]]:
    """What is right; only the scorer calls this."""
    found = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    return {q["id"]: {k: q[k] for k in ("answerable", "document", "must")} for q in found}


def documents(data: Path) -> list[Document]:
    """Every Markdown file below the folder; its id is its path without suffix."""
    return [read_runbook(path, data, "knowledge") for path in sorted(data.rglob("*.md"))]


class Vectors:
    """MiniLM vectors, each text embedded once; kept in a file where one is named."""

    def __init__(self, file: Path | None = None) -> None:
        from aitia.models.embed import Embedder

        self._embedder, self._file = Embedder(threads=1), file
        self.sha256 = self._embedder.sha256
        self._rows: dict[str, NDArray[np.float32]] = {}
        if file is not None and file.exists():
            held = np.load(file)
            self._rows = dict(zip(held["keys"].tolist(), held["rows"], strict=True))

    def similarities(self, query: str, texts: Sequence[str]) -> NDArray[np.float64]:
        """One cosine per text."""
        rows = np.array([self._row(t) for t in texts], dtype=np.float64)
        near: NDArray[np.float64] = rows @ self._row(query).astype(np.float64)
        return near

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row a text."""
        return np.array([self._row(t) for t in texts])

    def keep(self) -> None:
        """Write what was embedded."""
        if self._file is not None and self._rows:
            np.savez(self._file, keys=np.array(list(self._rows)), rows=np.array(list(self._rows.values())))

    def _row(self, text: str) -> NDArray[np.float32]:
        key = hashlib.sha256(text.encode()).hexdigest()
        if key not in self._rows:
            self._rows[key] = self._embedder.embed([text])[0]
        return self._rows[key]


def meaning(file: Path | None) -> Vectors | None:
    """Comparison by meaning where its extra and model are installed."""
    try:
        return Vectors(file)
    except ModelError as error:
        print(f"compared by words only: {error}", file=sys.stderr)
        return None


def reports(folder: Path, names: Iterable[str], kept: Path | None = None) -> dict[str, Report]:
    """The scenarios of these names, diagnosed with rules; read from `kept` where they are there, else written to it."""
    made = {}
    for name in sorted(set(names)):
        file = kept / f"{name}.json" if kept is not None else None
        if file is not None and file.is_file():
            made[name] = Report.model_validate_json(file.read_text(encoding="utf-8"))
            continue
        with tempfile.TemporaryDirectory() as home:
            made[name] = replay(folder / name, home=Path(home), llm=None, options=RULES).report
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(made[name].model_dump_json(), encoding="utf-8")
    return made


def said(answer: Answer, about: str) -> Said:
    """An answer as it is scored."""
    if answer.status != "answered":
        return Said(sure=answer.sure)
    cited = tuple(dict.fromkeys(c.document if about == "kb" else c.id for c in answer.citations))
    return Said(text=answer.text, documents=cited, sure=answer.sure)


class Bm25:
    """The peer: the top passages by BM25, whatever they are."""

    def __init__(self, texts: Sequence[tuple[str, str]]) -> None:
        self._texts = list(texts)
        self._lexicon = LexicalIndex([terms(text) for _, text in texts])

    def answer(self, question: str, top: int) -> Said:
        """The top passages, with the documents that they are from."""
        scores = self._lexicon.bm25(terms(question))
        best = np.argsort(-scores, kind="stable")[:top]
        return Said(
            text="\n".join(self._texts[i][1] for i in best), documents=tuple(self._texts[i][0] for i in best)
        )


def peers(lookup: Lookup, told: Mapping[str, Report]) -> dict[str, Bm25]:
    """A peer over the passages of the knowledge base, and one over the lines of each report."""
    made = (
        {"kb": Bm25([(p.document, f"{p.title}. {p.text}") for p in lookup.passages])}
        if lookup.passages
        else {}
    )
    for name, report in told.items():
        lines = Record(report, bundled()).lines.values()
        made[name] = Bm25([(e.id, e.statement) for e in lines])
    return made


def predictions(
    questions: Sequence[Asked],
    data: Path,
    runs: Path,
    *,
    dense: Vectors | None,
    llm: Llm | None,
    kept: Path | None = None,
) -> dict[str, dict[str, Said]]:
    """What every system says to every question. Nothing here reads an answer."""
    held = documents(data)
    told = reports(runs, (q.about for q in questions if q.about != "kb"), kept)
    records = {name: Record(report, bundled()) for name, report in told.items()}
    words = Lookup(held)
    both = Lookup(held, dense=dense) if dense is not None else words
    peer = peers(words, told)
    found: dict[str, dict[str, Said]] = {}
    for q in questions:
        plain: Mapping[str, Any] = {"record": records[q.about]} if q.about != "kb" else {"shelves": (words,)}
        of = plain | {"meaning": dense} if q.about != "kb" else {"shelves": (both,)}
        found[q.id] = {
            "ours": said(ask(q.question, AskContext(**of, reader=llm)), q.about),
            "no_model": said(ask(q.question, AskContext(**of)), q.about),
            WORDS: said(ask(q.question, AskContext(**plain)), q.about),
            PEER: peer[q.about].answer(q.question, 1),
            PEER3: peer[q.about].answer(q.question, 3),
            "trivial": Said(),
        }
    return found


def flat(text: str) -> str:
    """Lower case, blanks as one."""
    return " ".join(text.split()).casefold()


def holds(text: str, must: Sequence[Sequence[str]]) -> bool:
    """Whether of every group one alternative is in the text."""
    low = flat(text)
    return all(any(flat(alternative) in low for alternative in group) for group in must)


def right(answer: Said, wanted: Mapping[str, Any]) -> bool:
    """Whether an answer holds all that it must and cites the right document (of a run: any line of its report)."""
    cited = wanted["document"] in answer.documents if wanted["document"] else bool(answer.documents)
    return bool(answer.text) and cited and holds(answer.text, wanted["must"])


def scored(
    questions: Sequence[Asked],
    found: Mapping[str, Mapping[str, Said]],
    answers: Mapping[str, Mapping[str, Any]],
) -> tuple[list[dict[str, Any]], list[Case]]:
    """The rows, for all questions and for each sort, and the cases."""
    made: list[dict[str, Any]] = []
    cases: list[Case] = []
    groups = {
        "": questions,
        "kb ": [q for q in questions if q.about == "kb"],
        "runs ": [q for q in questions if q.about != "kb"],
    }
    for system in SYSTEMS:
        for label, group in groups.items():
            measured: dict[str, list[float]] = {"right": [], "answered": [], "refused": []}
            for q in group:
                answer, wanted = found[q.id][system], answers[q.id]
                if wanted["answerable"]:
                    measured["right"].append(float(right(answer, wanted)))
                    measured["answered"].append(float(bool(answer.text)))
                else:
                    measured["refused"].append(float(not answer.text))
            made += rows(system, {f"{label}{_METRICS[m]}": v for m, v in measured.items()})
    for q in questions:
        for system in SYSTEMS:
            answer = found[q.id][system]
            ok = right(answer, answers[q.id]) if answers[q.id]["answerable"] else not answer.text
            cases.append({"id": q.id, "about": q.about, "question": q.question, "system": system, "right": ok,
                          "text": answer.text[:2000], "documents": answer.documents, "sure": answer.sure})  # fmt: skip
    return made, cases


_METRICS = {
    "right": "answerable: right, rightly cited",
    "answered": "answerable: answered",
    "refused": "unanswerable: refused",
}


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--questions", required=True, help="the questions, one JSON object a line")
    made.add_argument(
        "--runs", default=str(Path(__file__).parents[2] / "scenarios"), help="a folder of scenarios"
    )
    made.add_argument("--vectors", default="", help="keep embeddings in this .npz, for the next time")
    made.add_argument("--reports", default="", help="keep the reports of runs here, for the next time")
    args = made.parse_args()
    began, file = time.monotonic(), Path(args.questions)
    questions = [
        q
        for q in read_questions(file)
        if q.id in set(chosen([x.id for x in read_questions(file)], args.cases))
    ]
    dense = meaning(Path(args.vectors) if args.vectors else None)
    kept = Path(args.reports) if args.reports else None
    found = predictions(
        questions, Path(args.data), Path(args.runs), dense=dense, llm=model(args.model), kept=kept
    )
    if isinstance(dense, Vectors):
        dense.keep()
    table, cases = scored(questions, found, read_answers(file))
    finish("memory/questions", table, cases, n=len(questions), began=began, out=args.json)


if __name__ == "__main__":
    main()
