"""`--planner free` in the machine: the model's list runs, falls back on the rules, and a rerun plans the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aitia.core.clock import RecordedClock
from aitia.core.errors import ModelError
from aitia.core.events import Decided, PlanMade
from aitia.core.llm import Prompt
from aitia.core.store import RunStore, report_bytes
from aitia.graphs.diagnose import Options, diagnose
from aitia.graphs.rerun import rerun
from aitia.models.scripted import ScriptedLlm

from . import lab
from .test_planning import REGISTRY


def listed(prompt: Prompt) -> str:
    tasks = [("metrics_rank", {}), ("look", {"component": "<task-2.ranking>"}), ("changes_list", {})]
    return json.dumps([{"id": n, "tool": t, "args": a, "dep": []} for n, (t, a) in enumerate(tasks, 2)])


def useless(prompt: Prompt) -> str:
    return "I cannot know."


def failing(prompt: Prompt) -> str:
    raise ModelError("Shorten the prompt: it exceeds the context.")


@pytest.mark.parametrize(("reply", "by"), [(listed, "model"), (useless, "rules"), (failing, "rules")])
def test_a_list_runs_or_the_rules_do(tmp_path: Path, reply: Any, by: str) -> None:
    store = RunStore.create(tmp_path, meta={"title": "lab"})
    report = diagnose(
        lab.incident(), [lab.Shop()], store=store, llm=ScriptedLlm(reply), clock=RecordedClock(lab.shop.T0),
        options=Options(planner="free", narrator="template"), components=lab.components(), registry=REGISTRY,
    )  # fmt: skip
    made = next(e for e in store.events() if isinstance(e, PlanMade))
    decided = next(e for e in store.events() if isinstance(e, Decided))
    assert made.by == by
    assert bool(decided.note) == (by == "rules")
    if by == "model":
        assert [(c.tool, c.args) for c in report.calls[1:4]] == [
            ("metrics_rank", {}), ("look", {"component": "orders"}), ("changes_list", {}),
        ]  # fmt: skip
    assert report.cost.model_calls >= 1
    assert report_bytes(rerun(store, registry=REGISTRY)) == store.report_json()
