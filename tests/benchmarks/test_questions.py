"""The questions benchmark reads answers in its scorer only, and scores as it says."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from benchmarks.memory.questions import Said, predictions, read_answers, read_questions, right, scored  # noqa: E402

BOOK = "# Broker certificate\n\n## Mitigation\nRotate the broker certificate with `brokerctl cert rotate`.\n"
ASKED = [
    {"id": "q1", "about": "kb", "question": "How do I rotate the broker certificate?", "answerable": True,
     "document": "ops/broker", "must": [["brokerctl cert rotate"]]},
    {"id": "q2", "about": "kb", "question": "Who is on call for the yacht?", "answerable": False, "document": "", "must": []},
]  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data" / "ops").mkdir(parents=True)
    (tmp_path / "data" / "ops" / "broker.md").write_text(BOOK)
    return tmp_path / "data"


def written(file: Path, rows: list[dict]) -> Path:
    file.write_text("".join(json.dumps(r) + "\n" for r in rows))
    return file


def test_noise_for_answers_changes_no_prediction(data: Path, tmp_path: Path) -> None:
    true = written(tmp_path / "a.jsonl", ASKED)
    noise = written(
        tmp_path / "b.jsonl", [r | {"answerable": True, "document": "x", "must": [["y"]]} for r in ASKED]
    )
    found = [predictions(read_questions(f), data, tmp_path, dense=None, llm=None) for f in (true, noise)]
    assert found[0] == found[1]
    table, cases = scored(read_questions(true), found[0], read_answers(true))
    assert {c["right"] for c in cases if c["system"] == "ours"} == {True}
    refused = {r["system"]: r["value"] for r in table if r["metric"] == "unanswerable: refused"}
    assert refused["peer BM25"] == 0
    assert refused["trivial"] == 1


def test_right_needs_the_words_and_the_document() -> None:
    wanted = {"document": "ops/broker", "must": [["cert rotate", "renew"]]}
    assert right(Said(text="brokerctl  CERT\nrotate", documents=("ops/broker",)), wanted)
    assert not right(Said(text="brokerctl cert rotate", documents=("ops/other",)), wanted)
    assert not right(Said(text="something else", documents=("ops/broker",)), wanted)
    assert not right(Said(), wanted)
