"""The benchmark of messages that words do not tell: noise for labels changes nothing that a diagnosis says, only its score."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from aitia.core.llm import Choice, Prompt  # noqa: E402
from aitia.models.scoring import choice_of  # noqa: E402
from aitia.models.scripted import ScriptedLlm  # noqa: E402
from benchmarks.meaning import heard  # noqa: E402

ROWS: list[dict[str, Any]] = [
    {"text": f"{text} {n}", "product": f"p{n % 3}", "fault": fault}
    for n in range(6)
    for text, fault in (("the shard went off the board", True), ("the shard is on the board", False), ("deadlock detected", True))
]  # fmt: skip


class Listener(ScriptedLlm):
    """Takes for a fault what goes off."""

    def __init__(self) -> None:
        super().__init__([], name="listener")

    def classify(self, prompt: Prompt, labels: Sequence[str]) -> Choice:
        lead = 8.0 if " off " in prompt.user else -8.0
        return choice_of([lead if label == "fault" else 0.0 for label in labels], [0.0] * len(labels))


def run(folder: Path, rows: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    folder.mkdir()
    (folder / "messages.jsonl").write_text("\n".join(map(json.dumps, rows)))
    out = folder / "out.json"
    monkeypatch.setattr(heard, "open_model", lambda name, role, threads: Listener())
    monkeypatch.setattr(
        sys, "argv", ["heard.py", "--data", str(folder), "--model", "listener", "--json", str(out)]
    )
    heard.main()
    return dict(json.loads(out.read_text()))


def test_noise_for_labels_changes_no_prediction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(0)
    noise = [r | {"fault": chance.random() < 0.5} for r in ROWS]
    right, wrong = run(tmp_path / "a", ROWS, monkeypatch), run(tmp_path / "b", noise, monkeypatch)
    said = [[(c["text"], c["ours listener"], c["no_model"]) for c in r["per_case"]] for r in (right, wrong)]
    assert said[0] == said[1]
    value = {(r["system"], r["metric"]): r["value"] for r in right["rows"]}
    assert value["ours listener", "found, of what words do not tell"] == 1
    assert value["ours listener", "false, of what words do not tell"] == 0
    assert value["no_model", "found, of what words do not tell"] == 0
    noisy = {(r["system"], r["metric"]): r["value"] for r in wrong["rows"]}
    assert noisy["ours listener", "found, of what words do not tell"] < 1
