"""Choices: what they hold, how many options they take, and what is said without a model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from aitia.agent.taxonomy import bundled
from aitia.core.errors import BadInput, ModelError
from aitia.core.llm import Choice, Prompt
from aitia.core.store import RunStore
from aitia.graphs.recording import RecordedLlm, RecordingLlm
from aitia.models.calibration import own_file, terms_of
from aitia.models.choosing import (
    KINDS,
    Question,
    Retrieval,
    bundled_questions,
    label,
    prompt_of,
    read_questions,
)
from aitia.models.fitting import accuracy, fit_no_model, folds
from aitia.models.lexical import likeness, shortlist
from aitia.models.llama import MOST_OPTIONS, LlamaCpp
from aitia.models.scoring import NOT_SCORED, choice_of, pick, pool
from aitia.models.scripted import ScriptedLlm
from aitia.tools import Registry

ASK = prompt_of("cause", "orders: connections rose from 3 to 31.\npostgres: connections reached its limit.")
CAUSES = ("orders: connections exhausted", "redis: disk full", "web: certificate not valid")
SHARES = st.lists(st.floats(0.001, 1), min_size=2, max_size=8)


@pytest.mark.model
def test_a_calibrated_model_is_less_sure_and_says_how_sure(
    smollm: LlamaCpp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundled = smollm.choose(ASK, CAUSES)
    assert bundled.confidence == max(bundled.probabilities) == bundled.probabilities[bundled.index]
    terms = terms_of(smollm.sha256)
    assert bundled.probabilities == pick(bundled.log_probs, bundled.baselines, terms)[1]
    assert terms.temperature > 1
    monkeypatch.setenv("AITIA_HOME", str(tmp_path))
    monkeypatch.setattr("aitia.models.calibration._bundled", lambda: iter(()))
    plain = smollm.choose(ASK, CAUSES)
    assert plain.log_probs == bundled.log_probs
    assert plain.probabilities == pick(plain.log_probs, plain.baselines)[1]
    assert plain.confidence > bundled.confidence
    assert not own_file(smollm.sha256).exists()


def rss() -> int:
    """Resident bytes of this process now."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * 4096


@pytest.mark.model
def test_five_hundred_options_take_bounded_time_and_memory(smollm: LlamaCpp) -> None:
    options = [f"part {i}: unknown" for i in range(499)] + ["orders: connections exhausted"]
    smollm.choose(ASK, options[:2])
    before = rss()
    choice = smollm.choose(ASK, options)
    assert rss() - before < 100e6
    assert len(choice.probabilities) == 500
    assert choice.index == max(range(500), key=choice.probabilities.__getitem__)
    scored = [i for i, p in enumerate(choice.probabilities) if p > 0]
    assert len(scored) == MOST_OPTIONS
    assert 499 in scored
    assert sum(choice.probabilities) == pytest.approx(1)
    assert {choice.log_probs[i] for i in range(500) if i not in scored} == {NOT_SCORED}
    assert choice.prompt_tokens < 2 * MOST_OPTIONS * 12 + 200


@pytest.mark.model
def test_the_order_of_options_changes_no_probability(smollm: LlamaCpp) -> None:
    there, back = smollm.choose(ASK, CAUSES), smollm.choose(ASK, CAUSES[::-1])
    assert back.probabilities == pytest.approx(there.probabilities[::-1])
    assert back.index == len(CAUSES) - 1 - there.index


def test_confidence_is_recorded_and_replayed(tmp_path: Path) -> None:
    store = RunStore.create(tmp_path, meta={})
    said = RecordingLlm(ScriptedLlm(["b"]), store).choose(ASK, ["a", "b"])
    assert said.confidence == said.probabilities[1] > 0.99
    assert RecordedLlm(store).choose(ASK, ["a", "b"]) == said


def test_a_choice_recorded_without_confidence_still_loads() -> None:
    old = {"index": 1, "log_probs": [-3.0, -2.0], "probabilities": [0.2, 0.8], "seconds": 1.5}
    assert Choice.model_validate(old).confidence == 0.8
    assert Choice.model_validate_json(json.dumps(old)).baselines == ()
    with pytest.raises(ValidationError):
        Choice.model_validate(old | {"confidence": 1.2})


def test_one_option_is_no_choice() -> None:
    with pytest.raises(ModelError, match=r"Give at least two options"):
        ScriptedLlm(["a"]).choose(ASK, ["a"])


@given(SHARES, st.floats(0, 1))
def test_a_pool_adds_log_odds(votes: list[float], weight: float) -> None:
    rules, voted = list(np.array(votes[::-1]) / sum(votes)), list(np.array(votes) / sum(votes))
    even = [1 / len(votes)] * len(votes)
    assert pool(rules, voted, 0) == pytest.approx(rules)
    assert pool(even, voted, 1) == pytest.approx(voted)
    assert pool(rules, even, weight) == pytest.approx(rules)
    pooled = pool(rules, voted, weight)
    assert sum(pooled) == pytest.approx(1)
    odds = np.log(pooled[0] / pooled[1])
    assert odds == pytest.approx(np.log(rules[0] / rules[1]) + weight * np.log(voted[0] / voted[1]), abs=1e-6)


def test_no_voter_has_a_veto() -> None:
    assert pool([0.0, 1.0], [1.0, 0.0], 1) == pytest.approx((0.5, 0.5))


def test_unscored_options_are_never_chosen() -> None:
    choice = choice_of([-50.0, -40.0], [0.0, 0.0], kept=[1, 3], of=4)
    assert choice.index == 3
    assert choice.probabilities[0] == choice.probabilities[2] == 0
    assert choice.log_probs == (NOT_SCORED, -50.0, NOT_SCORED, -40.0)


def test_the_shortlist_keeps_what_the_question_speaks_of() -> None:
    options = [f"x{i} of y{i}" for i in range(50)] + ["logs_patterns of payment-db"]
    assert shortlist("payment-db: disk is full", options, 3)[-1] == 50
    assert shortlist("anything", options[:3], 3) == [0, 1, 2]
    assert list(likeness("", ["a", "b"])) == [0, 0]


# Asked of tools that are gone. The bundled calibrations were measured with them: they leave with the next calibration.
RETIRED = {"next_check-043": "library_rank"}


def test_the_bundled_questions_are_of_the_two_kinds_and_speak_aitias_language() -> None:
    questions = bundled_questions()
    assert len(questions) >= 120
    assert {k: sum(q.kind == k for q in questions) >= 60 for k in KINDS} == dict.fromkeys(KINDS, True)
    assert len({q.id for q in questions}) == len({q.key for q in questions}) == len(questions)
    assert all(q.why and q.group for q in questions)
    tools, titles = Registry.load(), {f.title for f in bundled()} | {"nothing is wrong"}
    for q in questions:
        said = {label(q.kind, option) for option in q.options}
        known = {*tools.names(), RETIRED.get(q.id)} if q.kind == "next_check" else titles
        assert said <= known, q.id
    for q in (q for q in questions if q.kind == "next_check"):
        for option in (o for o in q.options if o != RETIRED.get(q.id)):
            assert bool(tools[label(q.kind, option)].target) == (" of " in option), (q.id, option)
    places = [q.answer / (len(q.options) - 1) for q in questions]
    assert 0.4 < np.mean(places) < 0.6


@pytest.mark.parametrize("kind", KINDS)
def test_shared_words_and_like_questions_answer_less_than_half(kind: str) -> None:
    own = [q for q in bundled_questions() if q.kind == kind]
    coefficients = fit_no_model(own)
    fold = folds(own)
    shares = [
        Retrieval([k for k, g in zip(own, fold, strict=True) if g != f]).shares(q, coefficients[q.kind])
        for q, f in zip(own, fold, strict=True)
    ]
    assert accuracy(shares, [q.answer for q in own]) < 0.5


def test_like_questions_vote_for_what_was_right_there() -> None:
    known = [
        Question(id="1", kind="cause", question="disk of a is full, writes fail", options=("a: disk full", "a: deadlock"), answer=0),
        Question(id="2", kind="cause", question="threads of a wait for ever", options=("a: disk full", "a: deadlock"), answer=1),
    ]  # fmt: skip
    asked = Question(id="3", kind="cause", question="threads wait", options=("b: disk full", "b: deadlock"), answer=0)  # fmt: skip
    votes = Retrieval(known).votes(asked)
    assert votes[1] > 0.9 > 0.1 > votes[0]
    assert Retrieval(known).shares(asked, (1.0, 0.0))[1] > 0.9


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "Fix line 2 of mine.jsonl"),
        (
            '{"id":"a","kind":"cause","question":"q","options":["a","b"],"answer":2}',
            "answer 2 is not one of the 2 options",
        ),
        ('{"id":"a","kind":"cause","question":"q","options":["a","a"],"answer":0}', "not all different"),
        ('{"id":"a","kind":"why","question":"q","options":["a","b"],"answer":0}', "next_check"),
    ],
)
def test_a_wrong_line_is_named(line: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        read_questions("\n" + line, "mine.jsonl")


def test_the_answer_is_no_part_of_what_is_asked() -> None:
    q = bundled_questions()[0]
    other = q.model_copy(update={"answer": 1 - min(q.answer, 1), "why": "", "id": "x"})
    assert other.key == q.key
    assert other.prompt == q.prompt == Prompt(system=q.prompt.system, user=q.question + "\nCheck:")
