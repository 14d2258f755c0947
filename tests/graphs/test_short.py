"""The paragraph of a tuned model in a report: printed by its sentences, recorded, and left out where one is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from aitia.core.llm import Completion, Prompt, Readers
from aitia.core.store import RunStore
from aitia.graphs.replay import replay
from aitia.graphs.rerun import rerun
from aitia.graphs.state import Options
from aitia.models.scripted import ScriptedLlm
from aitia.render.markdown import render_markdown
from tests.agent.test_paragraph import LEAK

SCENARIO = Path(__file__).parents[2] / "scenarios" / "memory-leak"


class Writer(ScriptedLlm):
    """Goes on with the same text, whatever it is asked."""

    def __init__(self, text: str) -> None:
        super().__init__([])
        self.text = text

    def continued(
        self, prompt: Prompt, *, max_tokens: int, stop: Sequence[str] = ("\n",), grammar: str | None = None
    ) -> Completion:
        return Completion(text=self.text, generated_tokens=7)


@pytest.mark.parametrize(
    ("text", "held"), [(LEAK, True), (LEAK.replace("133", "153"), False)], ids=["true", "wrong"]
)
def test_a_paragraph_is_in_the_report_where_it_holds(tmp_path: Path, text: str, held: bool) -> None:
    options = Options(planner="rules", narrator="template")
    report = replay(
        SCENARIO, home=tmp_path, llm=None, options=options, readers=Readers(explains=Writer(text))
    ).report
    assert bool(report.short) == held
    assert bool(report.model.short) != held
    assert report.chain
    told = render_markdown(report)
    assert ("In short" in told) == held
    assert report.cost.generated_tokens == 7
    again = rerun(RunStore.open(tmp_path, report.run))
    assert again.short == report.short
