"""The benchmark of messages reads labels in its scorer only: with noise for labels, what is said of a message stays the same."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from aitia.tools.meaning.messages_asking import Said  # noqa: E402
from benchmarks.meaning import asked, before, messages  # noqa: E402

ROWS: list[dict[str, Any]] = [
    {"text": f"{text} {n}", "product": f"p{n % 3}", "language": "en", "fault": kind is not None, "class": kind,
     "whose": "own" if kind else None, "peer": None, "sure": True}
    for n in range(6)
    for text, kind in (("out of memory", "memory"), ("deadlock detected", "deadlock"), ("0 errors", None), ("ready", None))
]  # fmt: skip


def run(folder: Path, rows: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    folder.mkdir()
    (folder / "messages.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (folder / "classes_before.yaml").write_text("[]")
    out = folder / "out.json"
    monkeypatch.setattr(sys, "argv", ["messages.py", "--data", str(folder), "--json", str(out)])
    messages.main()
    return dict(json.loads(out.read_text()))


def said(result: dict[str, Any]) -> list[Any]:
    keys = ("fault", "kind", "whose", "peer")
    return [
        (
            case["text"],
            [{k: case[system][k] for k in keys} for system in ("no_model", "peer table", "trivial")],
        )
        for case in result["per_case"]
    ]


def test_noise_for_labels_changes_no_prediction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(0)
    noise = [
        r | {"fault": chance.random() < 0.5, "class": "dns", "whose": "host", "peer": "nobody"} for r in ROWS
    ]
    right, wrong = run(tmp_path / "a", ROWS, monkeypatch), run(tmp_path / "b", noise, monkeypatch)
    assert said(right) == said(wrong)
    value = {(r["system"], r["metric"]): r["value"] for r in right["rows"]}
    assert value["no_model", "found"] == value["no_model", "class right, of faults"] == 1
    assert value["no_model", "false"] == 0
    noisy = {(r["system"], r["metric"]): r["value"] for r in wrong["rows"]}
    assert noisy["no_model", "class right, of faults"] == 0


def test_a_bar_is_set_without_the_product_that_it_judges() -> None:
    rows = [
        {"product": p, "fault": f, "class": None, "whose": None}
        for p, f in (("a", True), ("a", False), ("b", False))
    ]
    answers = [messages.Answer(fault=s) for s in (2.0, 9.0, 1.0)]
    assert (
        messages.left_out(rows, {0: answers}, 3)[0][1] == 1.0
    )  # b's; its own normal one, at 9, is not looked at


def test_answers_are_kept_and_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Reader:
        def classify(self, prompt: Any, labels: Any) -> Any:
            raise AssertionError("asked")

    monkeypatch.setattr(asked, "open_model", lambda name, role, threads: Reader())
    monkeypatch.setattr(
        asked, "ask_message", lambda llm, text: Said(fault=(-1.0, -2.0), baselines=((0.0, 0.0),))
    )
    first = asked.answers("any", ["x", "y"], str(tmp_path), threads=1)
    monkeypatch.setattr(asked, "ask_message", lambda llm, text: 1 / 0)
    assert asked.answers("any", ["y", "x"], str(tmp_path), threads=1) == first


def test_names_are_the_same_without_scheme_and_port() -> None:
    assert messages.same_name("http://shelf-3:80/", "shelf-3")
    assert not messages.same_name("", "shelf-3")
    assert not messages.same_name("shelf-33", "shelf-3")


def test_ten_words() -> None:
    assert before.words("it failed") > 0 > before.words("unfailing")
