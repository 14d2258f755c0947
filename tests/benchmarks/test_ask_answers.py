"""The benchmark of questions about live systems reads answers in its scorer only, and judges as it says."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from benchmarks.ask.judging import judged, right  # noqa: E402
from benchmarks.ask.questions import Said, answers, read_answers, read_questions, scored  # noqa: E402

SOURCE = str(ROOT / "scenarios/bearing-outer-race")
AT = "2026-10-14T07:25:40Z"
ASKED: list[dict[str, Any]] = [
    {"id": "a", "source": SOURCE, "at": AT, "language": "en", "question": "how many work orders are there?", "answerable": True,
     "kind": "count", "expected": {"value": 8, "tolerance": 0}},
    {"id": "b", "source": SOURCE, "at": AT, "language": "en", "question": "last two", "follows": "a", "answerable": True,
     "kind": "lines", "expected": {"count": 2}},
    {"id": "c", "source": SOURCE, "at": AT, "language": "en", "question": "humidity of P-101A?", "answerable": False,
     "kind": "refuse", "expected": {}},
]  # fmt: skip


def written(folder: Path, rows: list[dict[str, Any]]) -> Path:
    folder.mkdir()
    (folder / "case.json").write_text(json.dumps(rows))
    return folder


def test_noise_for_answers_changes_no_answer(tmp_path: Path) -> None:
    true = written(tmp_path / "true", ASKED)
    noise = written(
        tmp_path / "noise",
        [q | {"answerable": False, "kind": "set", "expected": {"items": ["x"]}} for q in ASKED],
    )
    found = [answers(read_questions(f), ROOT, None) for f in (true, noise)]
    assert found[0] == found[1]
    _, cases = scored(read_questions(true), found[0], read_answers(true))
    assert {c["id"]: c.get("right: answerable", c.get("refused: unanswerable")) for c in cases if c["system"] == "no_model"} == {
        "a": True, "b": True, "c": True,
    }  # fmt: skip


def test_numbers_are_right_within_their_tolerance() -> None:
    said = Said(status="answered", text="142.8 MB", numbers=((142_831_616.0, "bytes"),))
    assert right(said, "value", {"value": 142.8, "unit": "MB", "tolerance": 0.01})
    assert not right(said, "value", {"value": 150.0, "unit": "MB", "tolerance": 0.01})
    assert not right(said, "count", {"value": 142.8, "tolerance": 0})
    assert right(said, "value", {"value": 1, "also": [{"value": 142_831_616, "unit": ""}]})


def test_a_set_with_more_or_less_is_wrong() -> None:
    said = Said(status="answered", text="a, b, c", names=("a", "b", "c"))
    assert right(said, "set", {"items": ["C", "a", "b"]})
    assert not right(said, "set", {"items": ["a", "b"]})
    assert not right(said, "set", {"items": ["a", "b", "c", "d"]})


def test_an_answer_to_what_has_none_is_wrong() -> None:
    wanted = {"answerable": False, "kind": "refuse", "expected": {}}
    assert judged(Said(status="answered", text="7"), wanted) == {
        "refused: unanswerable": False,
        "wrong: all": True,
    }
    assert judged(Said(), wanted) == {"refused: unanswerable": True, "wrong: all": False}
