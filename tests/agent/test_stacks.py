"""Lines of a ledger in stacks of servers, as learned: what changes, what stays below `unknown`, and that its files hold together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from aitia.agent.stacks import NOBODY, SYMPTOM, SYMPTOMS, bundled_stacks, resized, symptom_of
from aitia.agent.weigher import BARRED
from aitia.agent.weights import TERMS, Weights, bundled_weights, ledgers_alone
from aitia.core.words import Contribution, Evidence, Suspect
from tests.agent import evidence as shop
from tests.agent.test_culprit import by, stack

STACKS = Path(__file__).parents[2] / "benchmarks" / "lab" / "stacks.json"
DOUBLED = ledgers_alone().model_copy(
    update={"stacks": {"primary.metric": 2.0, "symptom.software.latency": -3.0}}
)
SLOW = shop.fact("users", "latency", "users: p95 20 → 900 ms.", at=15)


def pair(component: str, fault: str, **lines: float) -> Suspect:
    """A suspect with a line for each term; `_` stands for a dot."""
    ledger = tuple(
        Contribution(evidence="", log_odds=v, why=t, term=t.replace("_", ".")) for t, v in lines.items()
    )
    return Suspect(
        component=component, fault=fault, score=sum(lines.values()), probability=0.1, ledger=ledger
    )


def nobody(**lines: float) -> list[Suspect]:
    return [pair("", "unknown", **lines), pair("", "healthy", prior=-1.0)]


def of_term(suspect: Suspect, term: str) -> list[float]:
    return [c.log_odds for c in suspect.ledger if c.term == term]


def test_a_line_keeps_its_fact_and_its_sign_and_changes_its_size() -> None:
    before = {(s.component, s.fault): s for s in by(ledgers_alone()).suspects}
    after = {(s.component, s.fault): s for s in by(DOUBLED).suspects}
    assert set(before) == set(after)
    assert any(of_term(s, "primary.metric") for s in after.values())
    for key, suspect in after.items():
        doubled = [round(2 * v, 3) for v in of_term(before[key], "primary.metric")]
        assert of_term(suspect, "primary.metric") == pytest.approx(doubled)
        assert of_term(suspect, "coverage") == of_term(before[key], "coverage")
        assert [c.evidence for c in suspect.ledger if c.evidence] == [
            c.evidence for c in before[key].ledger if c.evidence
        ]
        assert suspect.score == pytest.approx(sum(c.log_odds for c in suspect.ledger), abs=0.01)


def test_a_kind_that_names_what_is_felt_has_a_line_that_says_so() -> None:
    suspects = by(DOUBLED, [*stack(), SLOW]).suspects
    slow = [s for s in suspects if s.fault == "software.latency"]
    assert slow
    assert all(of_term(s, SYMPTOM) == [-3.0] for s in slow)
    assert not any(of_term(s, SYMPTOM) for s in suspects if s not in slow)


def test_a_form_of_a_symptom_is_one_and_a_cause_is_none() -> None:
    assert symptom_of("software.exception.null") == "software.exception"
    assert symptom_of("software.exceptional") == ""
    assert symptom_of("resource.disk") == ""


def test_what_is_barred_stays_below_unknown_however_large_its_lines_become() -> None:
    loud = pair("db", "resource.disk", prior=-1.0, primary_log=3.0, ceiling=-4.0)
    free = pair("api", "resource.disk", prior=-1.0, primary_log=3.0)
    made = resized(
        [loud, free, *nobody(unknown_prior=1.0)],
        {("db", "resource.disk"): "only one text points to it"},
        {"primary.log": 2.0, "unknown.prior": 1.5},
        BARRED,
    )
    assert made[0].score == pytest.approx(made[2].score - BARRED)
    assert made[2].score > 1.0
    assert made[0].ledger[-1].why == "only one text points to it"
    assert made[1].score == pytest.approx(5.0)


def test_whether_it_is_healthy_or_unknown_stays_what_it_was() -> None:
    def odds(suspects: list[Suspect]) -> float:
        return next(s.score for s in suspects if s.fault == "healthy") - next(
            s.score for s in suspects if s.fault == "unknown"
        )

    before = [pair("api", "resource.disk", prior=-1.0), *nobody(unknown_prior=1.0)]
    after = resized(before, {}, {"unknown.prior": 1.9, "prior": 0.3}, BARRED)
    assert odds(after) == pytest.approx(odds(before))
    assert after[1].score > before[1].score
    assert len(of_term(after[1], NOBODY)) == 1


def of_change(component: str, fault: str, term: str, size: float, more: float = 0.0) -> Suspect:
    lines = (
        Contribution(evidence="E9", log_odds=size, why="deploy", term=term),
        Contribution(evidence="E1", log_odds=more, why="its own", term="primary.metric"),
    )
    return Suspect(component=component, fault=fault, score=size + more, probability=0.1, ledger=lines)


def test_a_release_is_one_explanation_with_what_it_brought_about() -> None:
    held = of_change("orders", "resource.connections", "support.change", 1.0, 2.6)
    release = of_change("orders", "software.regression", "primary.change", 3.0)
    made = {(s.component, s.fault): s for s in resized([held, release, *nobody(prior=1.0)], {}, {}, BARRED)}
    assert ("orders", "software.regression") not in made
    assert made["orders", "resource.connections"].score == pytest.approx(4.04, abs=0.01)


@pytest.mark.parametrize(
    "other",
    [
        of_change("orders", "resource.connections", "support.change", 1.0, 1.0),
        of_change("postgres", "resource.connections", "support.change", 1.0, 3.0),
        of_change("orders", "resource.cpu", "against.change", -1.0, 5.0),
    ],
    ids=["explains less", "another component", "not of it"],
)
def test_a_release_that_explains_more_or_brought_nothing_about_stays(other: Suspect) -> None:
    release = of_change("orders", "software.regression", "primary.change", 3.0)
    made = resized([other, release, *nobody(prior=1.0)], {}, {}, BARRED)
    assert release in made
    assert other in made


def test_a_release_that_a_person_spoke_of_stays_a_suspect_of_its_own() -> None:
    held = of_change("orders", "resource.connections", "support.change", 1.0, 2.6)
    release = of_change("orders", "software.regression", "primary.change", 3.0)
    ruled_out = release.model_copy(
        update={
            "ledger": (
                *release.ledger,
                Contribution(evidence="P1", log_odds=-2.0, why="said", term="person.excluded"),
            ),
            "score": 1.0,
        }
    )
    made = resized([held, ruled_out, *nobody(prior=1.0)], {}, {}, BARRED)
    assert ruled_out in made
    assert held in made


def test_what_is_barred_and_faint_is_not_lifted() -> None:
    faint = pair("db", "resource.disk", prior=-1.0)
    made = resized([faint, *nobody(unknown_prior=1.0)], {("db", "resource.disk"): "barred"}, {}, BARRED)
    assert made[0] == faint


@pytest.mark.parametrize(
    "facts",
    [
        [e for e in stack() if not e.kind.startswith("log.")],
        [e for e in stack() if e.component in ("redis", "catalog", "orders")],
        [*stack(), shop.fact("orders", "k8s.crash_loop", "orders: crash loop.", kind="cluster.finding")],
        [*stack(), shop.fact("orders", "errors", "orders: spans fail.", kind="trace.errors")],
    ],
    ids=["no logs", "three components", "objects of a cluster", "traces"],
)
def test_elsewhere_the_lines_keep_their_size(facts: list[Evidence]) -> None:
    assert by(DOUBLED, facts) == by(ledgers_alone(), facts)


def test_the_bundled_factors_are_of_known_terms_in_bounds_and_leave_each_system_out() -> None:
    told = json.loads(STACKS.read_text(encoding="utf-8"))
    assert len(told) == bundled_stacks().data["systems"]
    assert bundled_weights().stacks == bundled_stacks().factors
    for factors in (bundled_stacks().factors, *told.values()):
        assert Weights(stacks=factors).stacks
        assert all(0.25 <= v <= 2 for t, v in factors.items() if t in TERMS)
        assert all(v <= 0 for t, v in factors.items() if t.startswith(f"{SYMPTOM}."))
        assert any(t.removeprefix(f"{SYMPTOM}.") in SYMPTOMS for t in factors)
    assert len({json.dumps(f, sort_keys=True) for f in told.values()}) == len(told)
    left_out = bundled_stacks().left_out
    assert left_out["log_loss family unseen"] < left_out["log_loss as it was"]


def test_an_unknown_term_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match=r"primary\.mood"):
        Weights(stacks={"primary.mood": 1.0})
