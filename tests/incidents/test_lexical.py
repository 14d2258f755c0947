"""The lexical index: its formulas by hand, and the rankings of the bundled knowledge as they were recorded."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from aitia.agent.asking.documents import bundled_documents
from aitia.agent.asking.lookup import Lookup
from aitia.core.lexical import FEW, K1, B, LexicalIndex, bm25_idf, smooth_idf
from aitia.models.choosing import Retrieval, bundled_questions
from aitia.models.lexical import likeness
from aitia.tools.incidents.index import Index
from aitia.tools.incidents.sample import sample_documents
from aitia.tools.memory.terms import terms

RECORDED = json.loads(Path(__file__).with_name("rankings.json").read_text(encoding="utf-8"))
DOCUMENTS = [*bundled_documents(), *sample_documents()]


@cache
def index() -> Index:
    return Index(DOCUMENTS)


@cache
def lookup() -> Lookup:
    return Lookup(DOCUMENTS)


def best(scores: np.ndarray, names: list[str]) -> list[list[object]]:
    """The first three with their scores; names break ties that rounding makes."""
    rows = sorted((-round(float(s), 4), name) for s, name in zip(scores, names, strict=True))
    return [[name, -s] for s, name in rows[:3]]


def rankings(question: str) -> dict[str, object]:
    """What each user of lexical retrieval says of a question."""
    ids = [d.id for d in DOCUMENTS]
    words = index().words(question)
    hits = lookup().find(question, top=3)
    return {
        "parts": [best(words[:, part], ids) for part in range(words.shape[1])],
        "alike": best(index().alike(question), ids),
        "shared": [index().shared(question, n) for n in np.argsort(-words[:, 0], kind="stable")[:3]],
        "passages": [[h.passage.document, round(h.score, 3)] for h in hits],
        "features": [{k: round(v, 3) for k, v in sorted(h.features.items())} for h in hits[:1]],
        "likeness": best(likeness(question, [d.title for d in DOCUMENTS]), ids),
    }


def votes(n: int) -> list[float]:
    known = bundled_questions()
    found = Retrieval([q for q in known if q.group != known[n].group]).features(known[n])
    return [round(float(v), 4) for v in found.ravel()]


@pytest.mark.parametrize("question", RECORDED["rankings"])
def test_the_bundled_knowledge_ranks_as_recorded(question: str) -> None:
    told = json.loads(json.dumps(rankings(question)))
    assert told == RECORDED["rankings"][question]


@pytest.mark.parametrize("n", [int(n) for n in RECORDED["votes"]])
def test_the_bundled_choices_are_voted_for_as_recorded(n: int) -> None:
    assert votes(n) == RECORDED["votes"][str(n)]


def test_the_formulas_by_hand() -> None:
    assert bm25_idf(1, 3) == pytest.approx(np.log(1 + 2.5 / 1.5))
    assert smooth_idf(1, 3) == pytest.approx(1 + np.log(2))
    assert smooth_idf(0, 3) == 0
    made = LexicalIndex([["disk", "disk", "full"], ["cpu"], []], few=0)
    usual = K1 * (1 - B + B * 3 / (4 / 3))
    assert made.bm25(["disk", "absent"]) == pytest.approx([bm25_idf(1, 3) * 2 / (2 + usual), 0, 0], rel=1e-6)
    disk, full = (1 + np.log(2)) * bm25_idf(1, 3), bm25_idf(1, 3)
    assert made.cosine(["full"]) == pytest.approx([full / np.hypot(disk, full), 0, 0])
    assert made.cosine(["full", "absent"])[0] < made.cosine(["full"])[0]
    assert LexicalIndex([], few=0).bm25(["disk"]).size == 0


def test_a_small_set_counts_as_a_larger_one() -> None:
    assert LexicalIndex([["disk"], ["cpu"]]).idf("disk") == bm25_idf(1, FEW)


def test_terms_of_any_script() -> None:
    assert terms("KubePodCrashLooping HTTP_5xx Überhitzung 磁盘") == [
        "kube",
        "pod",
        "crash",
        "looping",
        "http",
        "5xx",
        "überhitzung",
        "磁盘",
    ]
