"""The planning benchmark: answers reach the scorer only, and the scorer counts what it says."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from aitia.core.llm import Prompt  # noqa: E402
from aitia.core.words import Task  # noqa: E402
from aitia.models.scripted import ScriptedLlm  # noqa: E402
from aitia.tools import Registry  # noqa: E402
from benchmarks.model import planning  # noqa: E402

REGISTRY = Registry.load()
SHOP = [{"id": "web", "type": "service", "calls": ["db"]}, {"id": "db", "type": "service", "calls": []}]
CASES: list[dict[str, Any]] = [
    {
        "id": "a", "title": "p95 latency of web above 1 s", "text": "", "hints": ["web"],
        "sources": ["metrics", "logs", "changes"], "components": SHOP,
        "path": [{"tool": "metrics_component", "args": {"component": "web"}}, {"tool": "changes_list", "args": {}}],
        "other": [{"tool": "metrics_scan", "args": {}}, {"tool": "logs_diff", "args": {}}, {"tool": "changes_list", "args": {}}],
        "cause": "db slow",
    },
    {
        "id": "b", "title": "Errors of web", "text": "since the deploy", "hints": ["web"],
        "sources": ["metrics", "logs", "changes"], "components": SHOP,
        "path": [{"tool": "changes_list", "args": {}}], "other": [{"tool": "logs_diff", "args": {}}], "cause": "deploy",
    },
]  # fmt: skip


def last(prompt: Prompt) -> str:
    return "0"


def predicted(cases: list[dict[str, Any]]) -> dict[str, list[Any]]:
    made = planning.predictions(cases, REGISTRY, ScriptedLlm(last), 0.5)
    return {s: [p.tasks for p in every] for s, every in made.items()}


def test_noise_in_the_answers_changes_no_prediction() -> None:
    noise = {
        "path": [{"tool": "metrics_rank", "args": {}}],
        "other": [{"tool": "runbooks_search"}],
        "cause": "moon",
    }
    before, after = predicted(CASES), predicted([c | noise for c in CASES])
    assert set(before) == {"ours", "no_model", "memory", "trivial", "peer"}
    for system in set(before) - {"memory"}:
        assert before[system] == after[system], system
    # Memory reads the other case's path, never its own: with one case there is nothing to read.
    one = predicted(CASES[:1])
    assert one["memory"] == predicted([CASES[0] | noise])["memory"] == one["no_model"]


def test_the_score_of_a_known_plan() -> None:
    calls = [
        Task(id=1, tool="changes_list"), Task(id=2, tool="logs_diff", args={"component": ""}),
        Task(id=3, tool="metrics_component", args={"component": "db"}), Task(id=4, tool="changes_list"),
    ]  # fmt: skip
    got = planning.score(CASES[0], planning.Planned(tasks=calls), REGISTRY)
    assert got["recall@8"] == 0.5
    assert got["recall@8, tools only"] == 1.0
    assert got["precision@8"] == 0.75
    assert got["precision at the path's length"] == 1.0
    assert got["repeated calls"] == 1.0
    assert got["valid plan"] == 0.0


def test_every_system_stays_within_eight_calls_and_ours_is_valid() -> None:
    for system, every in planning.predictions(CASES, REGISTRY, None, 0.0).items():
        for case, planned in zip(CASES, every, strict=True):
            assert 0 < len(planned.tasks) <= planning.CALLS
            got = planning.score(case, planned, REGISTRY)
            assert (got["repeated calls"], got["valid plan"]) == (0.0, 1.0), system


def test_it_runs_from_a_folder_and_says_what_is_wrong_with_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "incidents.jsonl").write_text("\n".join(json.dumps(c) for c in CASES))
    out = tmp_path / "out.json"
    monkeypatch.setattr(sys, "argv", ["planning.py", "--data", str(tmp_path), "--json", str(out)])
    assert planning.main() == 0
    told = json.loads(out.read_text())
    assert {r["system"] for r in told["rows"]} == {"no_model", "memory", "trivial", "peer"}
    assert "recall@8" in capsys.readouterr().out
    assert not any(k in c for c in told["per_case"] for k in planning.ANSWERS)
    (tmp_path / "incidents.jsonl").write_text('{"id": "x"}')
    with pytest.raises(planning.BadInput, match="line 1"):
        planning.read(tmp_path)
