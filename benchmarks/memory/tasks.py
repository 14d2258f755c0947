"""The two retrieval tasks (alert -> runbook, blurb -> post-mortem) as queries over masked documents, and their rankings."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from aitia.core.errors import BadInput
from aitia.core.home import aitia_home
from aitia.tools.incidents.dense import Dense, open_dense
from aitia.tools.incidents.fusion import fusion
from aitia.tools.incidents.index import Floats, Index
from aitia.tools.incidents.rank import likeness, parts_of
from aitia.tools.sources.base import Document
from benchmarks.memory.fusing import held_out_scores, place
from benchmarks.memory.knowledge import (
    POSTMORTEMS,
    Mask,
    Question,
    alert_mask,
    company_mask,
    questions,
    read_answers,
    read_documents,
    read_rules,
)

RRF_K = 60
_LINK = re.compile(r"\]\([^)]*\)")


@dataclass(frozen=True, kw_only=True)
class Task:
    """Queries over documents. `ids` name the documents for the scorer; what is searched is `documents`, masked."""

    name: str
    questions: list[Question]
    documents: list[Document]
    ids: list[str]


@dataclass(kw_only=True)
class Ranked:
    """Scores of every document (n,) by system, one list entry a query; the parts behind ours; and how alike the first is."""

    scores: dict[str, list[Floats]] = field(default_factory=dict)
    parts: dict[str, list[Floats]] = field(default_factory=dict)
    alike: dict[str, list[Floats]] = field(default_factory=dict)


def alerts(data: Path) -> Task:
    """Alert -> runbook. Every alert's and runbook's name is out of every document."""
    documents, rules = read_documents(data), read_rules(data)
    mask = alert_mask(rules, documents)
    masked = [mask.document(d) for _, d in documents]
    _refuse_leaks(mask, masked)
    return Task(name="alerts", questions=questions(rules), documents=masked, ids=[d.id for _, d in documents])


def postmortems(data: Path, *, every: bool = False) -> Task:
    """Blurb -> body, among the bodies that have a blurb, or among every body.

    A body is the text alone: no title, no fields; company and product are out of both.
    """
    found = [d for c, d in read_documents(data) if c == POSTMORTEMS and (every or d.meta.get("summary", ""))]
    asked, bodies = [], []
    for document in found:
        mask = company_mask(document)
        body = dataclasses.replace(
            document, id="", title="", text=mask.text(document.text), meta={}, ref=None
        )
        _refuse_leaks(mask, [body])
        bodies.append(body)
        if blurb := document.meta.get("summary", ""):
            asked.append(Question(name=document.id, text=_LINK.sub("]", mask.text(blurb))))
    return Task(name="postmortems", questions=asked, documents=bodies, ids=[d.id for d in found])


def _refuse_leaks(mask: Mask, documents: Sequence[Document]) -> None:
    if left := sorted({name for d in documents for name in mask.leaks(d)}):
        raise BadInput(f"Mend the mask: {', '.join(left[:5])} can still be read in the documents.")


def answers_of(task: Task, data: Path) -> dict[str, int]:
    """Query -> its document's place; for the scorer only."""
    places = {name: i for i, name in enumerate(task.ids)}
    if task.name == "postmortems":
        return {q.name: places[q.name] for q in task.questions}
    return {name: places[found] for name, found in read_answers(data, read_documents(data)).items()}


def ranked(task: Task, dense: Dense | None) -> Ranked:
    """Every query by parts and by the peers. Nothing here reads an answer."""
    index, made, by = Index(task.documents), Ranked(), fusion()
    for system, vectors in (("no_model", None), ("ours", dense)):
        if system == "no_model" or vectors is not None:
            found = [parts_of(q.text, index, vectors, by) for q in task.questions]
            made.parts[system] = [parts for parts, _ in found]
            made.alike[system] = [
                likeness(q.text, index, None if vectors is None else cosines)
                for q, (_, cosines) in zip(task.questions, found, strict=True)
            ]
    made.scores = peers(task, dense)
    return made


def peers(task: Task, dense: Dense | None) -> dict[str, list[Floats]]:
    """bm25s as it comes; MiniLM over whole texts, which it cuts; reciprocal rank fusion of the two; the order of files."""
    import bm25s

    texts = [f"{d.title}\n{d.text}" for d in task.documents]
    asked = [q.text for q in task.questions]
    index = bm25s.BM25()
    index.index(bm25s.tokenize(texts, stopwords="en", show_progress=False), show_progress=False)
    split = bm25s.tokenize(asked, stopwords="en", show_progress=False, return_ids=False)
    zeros = np.zeros(len(texts))
    known = index.vocab_dict
    words = [
        np.asarray(index.get_scores(q), dtype=np.float64) if any(t in known for t in q) else zeros
        for q in split
    ]
    made = {"peer BM25": words}
    if dense is not None:
        near = [dense.similarities(text, texts) for text in asked]
        made |= {
            "peer MiniLM": near,
            "peer RRF": [_rrf(a) + _rrf(b) for a, b in zip(words, near, strict=True)],
        }
    return made | {"trivial": [zeros for _ in asked]}


def _rrf(scores: Floats) -> Floats:
    order = np.argsort(-scores, kind="stable")
    made = np.empty(len(scores))
    made[order] = 1.0 / (RRF_K + 1 + np.arange(len(scores)))
    return made


def fused(
    found: Mapping[str, tuple[Task, Ranked]], answers: Mapping[str, Mapping[str, int]], name: str
) -> dict[str, dict[str, Floats]]:
    """System -> query -> scores of task `name`, by weights learned from all tasks' queries of the other folds."""
    made: dict[str, dict[str, Floats]] = {}
    for system in next(iter(found.values()))[1].parts:
        rows = [
            (task, q.name, parts, answers[task][q.name])
            for task, (of, ranking) in sorted(found.items())
            for q, parts in zip(of.questions, ranking.parts[system], strict=True)
            if q.name in answers[task]
        ]
        held = held_out_scores([parts for _, _, parts, _ in rows], [answer for *_, answer in rows])
        made[system] = {q: scores for (task, q, *_), scores in zip(rows, held, strict=True) if task == name}
    return made


def measured(scores: Mapping[str, Floats], answers: Mapping[str, int]) -> dict[str, list[float]]:
    """R@1, R@5 and reciprocal rank of every query, in the order of its name."""
    places = [place(scores[q], answers[q]) for q in sorted(scores) if q in answers]
    return {
        "R@1": [float(p == 1) for p in places],
        "R@5": [float(p <= 5) for p in places],
        "MRR": [1.0 / p for p in places],
    }


def vectors(folder: Path) -> tuple[Dense | None, str]:
    """An index of vectors kept in `folder` (default: AITIA_HOME/bench-vectors); None and why where it cannot be had."""
    home = aitia_home()
    return open_dense(home, folder if folder.name else home / "bench-vectors")
