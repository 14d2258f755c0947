"""The benchmarks of names and of meanings: ties count against a name, and no label is seen by what is judged."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from aitia.models.scripted import ScriptedLlm  # noqa: E402
from benchmarks.logs import meanings, naming  # noqa: E402

LOG = [f"2026-01-02T03:04:{n:02}Z INFO order {n} of shop was stored in {n} ms" for n in range(20)]
LOG += [f"2026-01-02T03:05:{n:02}Z ERROR no answer of the store: timed out after {n} s" for n in range(20)]


def test_an_equal_template_ranks_before_the_right_one() -> None:
    assert naming.ranks(np.array([[3.0, 3.0, 1.0], [0.0, 2.0, 1.0]]), [0, 1]) == [2, 1]


def test_the_script_scores_accepted_names_beside_those_without_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data" / "shop").mkdir(parents=True)
    (tmp_path / "data" / "shop" / "shop.log").write_text("\n".join(LOG) + "\n")
    model = ScriptedLlm(lambda prompt: "answer timeout" if "answer" in prompt.user else "database outage")
    monkeypatch.setattr(naming, "load_llm", lambda name: model)
    monkeypatch.setattr(naming, "rankings", lambda: {"BM25": naming.bm25})
    out = tmp_path / "out.json"
    arguments = ["naming.py", "--data", str(tmp_path / "data"), "--model", "any", "--json", str(out)]
    monkeypatch.setattr(sys, "argv", arguments)
    naming.main()
    found = json.loads(out.read_text())
    value = {(row["system"], row["metric"]): row["value"] for row in found["rows"]}
    assert value["ours", "accepted"] == 0.5
    assert value["ours", "BM25 R@1"] == value["no_model", "BM25 R@1"] == 1
    assert ("ours refused", "BM25 R@1") in value


def test_a_hidden_level_is_the_answer_and_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "shop.log"
    path.write_text("\n".join(LOG) + "\n")
    asked = list(meanings.hidden("shop", [path]))
    assert {(case.level, case.faulty) for case in asked} == {("", False), ("", True)}
    path.write_text("\n".join(LOG).replace("ERROR", "INFO") + "\n")
    assert [case.text for case in meanings.hidden("shop", [path])] == [case.text for case in asked]
    assert not any(case.faulty for case in meanings.hidden("shop", [path]))
