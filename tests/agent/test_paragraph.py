"""A paragraph by a model: true ones of experts pass, and an error in any sentence is caught."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aitia.agent.sentences.gist import Gist, own_text
from aitia.agent.sentences.gist_rows import gist_of_row, row_of
from aitia.agent.sentences.paragraph import checked, refused, sentences_of, tidied
from aitia.agent.sentences.short import asked, holds, paragraph
from aitia.core.errors import ModelError
from aitia.core.llm import Completion, Prompt
from aitia.models.curriculum import written
from aitia.models.curriculum.explain import row_of as row_of_prompt

LEAK = (
    "Catalog was deployed at 01:21:52 UTC, 70 s before the alarm. A second later its memory in use began to grow, from 23.7 to "
    "133 MiB, and at 01:22:51 UTC shop-host logged once that catalog was killed. gateway then logged 42 times since "
    '01:22:52 UTC "GET /api/catalog/items/<id> -> 502 via catalog". So the likeliest cause is that memory of catalog was '
    "exhausted; a wrong configuration of gateway is unlikely, as something it calls is down."
)


@pytest.fixture(scope="module")
def leak() -> tuple[Gist, frozenset[str]]:
    """The matter of the scenario `memory-leak`."""
    return gist_of_row(next(r for r in written.paragraphs() if r["id"] == "memory-leak/told"))


def why(text: str, leak: tuple[Gist, frozenset[str]]) -> str:
    return "; ".join(refused(text, *leak))


def test_a_true_paragraph_of_an_expert_passes(leak: tuple[Gist, frozenset[str]]) -> None:
    assert why(LEAK, leak) == ""


@pytest.mark.parametrize(
    ("told", "wrong", "reason"),
    [
        ("from 23.7 to 133", "from 23.7 to 153", "153"),
        ("at 01:22:51", "at 01:22:31", "01:22:31"),
        ("began to grow", "began to fall", "direction"),
        ("A second later", "5 minutes later", "5"),
        ("before the alarm", "after the alarm", "after the alarm"),
        ("shop-host logged", "gateway logged", "did not log"),
        ("42 times", "24 times", "24"),
        ("likeliest cause is that memory of catalog", "likeliest cause is that memory of gateway", "gateway"),
        ("configuration of gateway is unlikely", "configuration of catalog is unlikely", "rules out"),
        ("gateway is unlikely", "gateway is very likely", "gateway"),
        ("was exhausted;", "was certainly exhausted;", "certainly"),
        ("items/<id>", "orders/<id>", "quotes text"),
        ("gateway then logged", "gateway, its disk full, then logged", "disk"),
        ("Catalog was deployed", "Catalog was never deployed", "denies"),
    ],
)  # fmt: skip
def test_an_error_in_one_sentence_is_caught(
    leak: tuple[Gist, frozenset[str]], told: str, wrong: str, reason: str
) -> None:
    assert told in LEAK
    assert reason in why(LEAK.replace(told, wrong), leak)


def test_what_is_open_must_be_hedged() -> None:
    row = next(r for r in written.paragraphs() if r["sure"] == "open" and len(r["facts"]) > 2)
    gist, names = gist_of_row(row)
    found = checked(f"{gist.component} is the cause of all that happened here.", gist, names)
    assert any("cause" in r or "certain" in r for r in found[0].reasons)


def test_experts_paragraphs_pass_but_for_few() -> None:
    rows = [r for r in written.paragraphs() if not r.get("held")]
    passed = [not refused(r["text"], *gist_of_row(r)) for r in rows]
    assert len(rows) >= 380
    assert sum(passed) / len(passed) >= 0.96


def test_no_system_that_is_held_out_has_a_paragraph_and_all_fit_into_an_example() -> None:
    trained = {r["system"] for r in written.paragraphs() if not r.get("held")}
    held = {r["system"] for r in written.paragraphs() if r.get("held")}
    assert not trained & held
    assert not trained & {"grid", "battery", "k8s-stateful", "k8s-platform"}


def test_a_row_is_the_same_after_a_round(leak: tuple[Gist, frozenset[str]]) -> None:
    gist, names = leak
    row: dict[str, Any] = json.loads(json.dumps(row_of("x", "y", gist, names)))
    assert gist_of_row(row)[0].fact_lines() == gist.fact_lines()
    assert gist_of_row(row)[0].against_lines() == gist.against_lines()
    assert row_of_prompt(asked(gist).user) is not None


def test_sentences_end_at_marks_outside_of_quotations() -> None:
    text = 'At 10:00 catalog logged "failed. Retry. Stop" 3.5 times. Then it fell. gateway rose.'
    assert sentences_of(text) == [
        'At 10:00 catalog logged "failed. Retry. Stop" 3.5 times.',
        "Then it fell.",
        "gateway rose.",
    ]
    assert tidied("In short: catalog rose (F1, F2) and fell [F3].") == "catalog rose and fell."


def test_the_models_paragraph_is_taken_whole_or_not_at_all(leak: tuple[Gist, frozenset[str]]) -> None:
    gist, names = leak
    good = paragraph(gist, names, lambda p: Completion(text=f" {LEAK}"))
    assert [s.by for s in good.sentences] == ["model"] * 4
    assert good.sentences[0].cites == ("E89",)
    assert holds(good.sentences, gist, names)
    bad = paragraph(gist, names, lambda p: Completion(text=LEAK.replace("133", "153")))
    assert bad.sentences == ()
    assert "153" in bad.why
    assert paragraph(gist, names, lambda p: None).why == ""


def test_a_model_that_fails_costs_the_paragraph_alone(leak: tuple[Gist, frozenset[str]]) -> None:
    def fails(prompt: Prompt) -> Completion:
        raise ModelError("out of memory")

    assert paragraph(*leak, fails).why == "the model failed: out of memory"


def test_the_codes_own_text_tells_every_fact(leak: tuple[Gist, frozenset[str]]) -> None:
    told = own_text(leak[0])
    assert all(f.statement.rstrip(".") in told for f in leak[0].facts)
