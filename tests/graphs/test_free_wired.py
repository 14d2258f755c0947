"""`--planner free` in the machine: the model's list runs, falls back on the rules, and a rerun plans the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from aitia.agent.planning.score import Candidate, Guides, Scored, settle
from aitia.core.clock import RecordedClock
from aitia.core.errors import ModelError
from aitia.core.events import Decided, PlanMade
from aitia.core.llm import Choice, Prompt
from aitia.core.store import RunStore, report_bytes
from aitia.core.words import Task
from aitia.graphs.diagnose import Options, diagnose
from aitia.graphs.recording import RecordingLlm
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


def test_a_model_that_cannot_vote_leaves_the_order_of_the_rules(tmp_path: Path) -> None:
    class Mute(ScriptedLlm):
        def choose(self, prompt: Prompt, options: Sequence[str]) -> Choice:
            raise ModelError("Start the model server: nothing answers.")

    store = RunStore.create(tmp_path, meta={"title": "lab"})
    recording = RecordingLlm(Mute([]), store)
    for _ in range(2):  # the second time the recorded failure is played
        with pytest.raises(ModelError, match="Start the model server"):
            recording.choose(Prompt(system="s", user="u"), ["a", "b"])
    options = [Candidate(task=Task(id=0, tool=name)) for name in ("one", "two", "three")]
    scored = Scored(
        candidates=options, rules=[0.3, 0.29, 0.28], memory=[0.0] * 3, why=[""] * 3, memory_weight=0
    )
    settled = settle(
        scored, limit=2, question="q", situation="s", guides=Guides(vote_weight=1.0), llm=recording
    )
    assert list(settled.taken) == [0, 1]
    assert settled.decided is not None
    assert "the model failed: Start the model server" in settled.decided.note
