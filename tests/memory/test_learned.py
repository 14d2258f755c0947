"""What confirmed runs teach: bounded, cut by time, forgotten with age, and never more than a person said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aitia.agent.learned import (
    ALIKE,
    ELSEWHERE,
    HALF_LIFE_DAYS,
    PRIOR_MOST,
    SIGNS_MOST,
    Learned,
    Lesson,
    Taught,
    lessons_of,
    likeness,
)
from aitia.agent.recurrence import ordinal, told_again
from aitia.agent.taxonomy import Pattern, Taxonomy, bundled
from aitia.agent.weigher import Weighed, weigh
from aitia.agent.weights import TERMS
from aitia.core.words import Evidence, Sentence
from aitia.tools.memory.words import Outcome, PastIncident, fingerprint_of

from ..agent import evidence as shop

NOW = shop.T0
FACTS = shop.connection_leak()


def lesson(
    component: str = "orders",
    fault: str = "resource.connections",
    *,
    days: float = 5.0,
    right: bool = True,
    named: tuple[str, str] = ("", ""),
    facts: list[Evidence] = FACTS,
    run: str = "r1",
) -> Lesson:
    at = NOW - timedelta(days=days)
    said = Outcome(
        run=run, right=right, component=component, fault=fault, named=named[0], named_fault=named[1], at=at
    )
    kept = PastIncident(
        id=run, title="x", at=at, resolved_at=at + timedelta(hours=1), component=component, fault=fault,
        fingerprint=fingerprint_of(facts), confirmed=True, run=run,
    )  # fmt: skip
    (made,) = lessons_of([said], {run: kept}).lessons
    return made


def weighed(facts: list[Evidence], *lessons: Lesson, taxonomy: Taxonomy | None = None) -> Weighed:
    learned = Learned(lessons=lessons).known_to("now", NOW)
    return weigh(facts, shop.inventory(), taxonomy or bundled(), learned=learned)


def terms(w: Weighed, component: str, fault: str) -> dict[str, float]:
    (found,) = [s for s in w.suspects if (s.component, s.fault) == (component, fault)]
    return {c.term: c.log_odds for c in found.ledger if c.term.startswith("learned.")}


def test_a_confirmed_cause_is_a_term_of_its_own_with_its_run() -> None:
    told = weighed(FACTS, lesson())
    found = terms(told, "orders", "resource.connections")
    assert set(found) == {"learned.prior", "learned.alike"} <= set(TERMS)
    assert 0 < found["learned.prior"] <= PRIOR_MOST
    assert ALIKE * 0.9 < found["learned.alike"] < ALIKE
    why = [c.why for s in told.suspects for c in s.ledger if c.term == "learned.alike"]
    assert "the confirmed cause, similarity 100 % to run r1" in why


def test_nothing_said_means_nothing_changed() -> None:
    assert weighed(FACTS) == weigh(FACTS, shop.inventory(), bundled())


def test_what_is_unlike_changes_nothing() -> None:
    for facts in (shop.slow_path(), shop.nothing(), shop.undecidable()):
        plain = weigh(facts, shop.inventory(), bundled())
        taught = weighed(facts, lesson("payment", "software.exception"))
        assert [(s.component, s.fault, s.score) for s in taught.suspects] == [
            (s.component, s.fault, s.score) for s in plain.suspects
        ]


def test_a_wrong_name_weighs_against_itself_and_for_the_truth() -> None:
    wrong = lesson("postgres", "resource.connections", right=False, named=("orders", "resource.connections"))
    told = weighed(FACTS, wrong)
    plain = weigh(FACTS, shop.inventory(), bundled())
    assert -ALIKE <= terms(told, "orders", "resource.connections")["learned.misled"] < 0

    def gap(w: Weighed) -> float:
        score = {(s.component, s.fault): s.score for s in w.suspects}
        return score["orders", "resource.connections"] - score["postgres", "resource.connections"]

    assert gap(told) < gap(plain)


def test_a_kind_without_patterns_is_told_by_its_likeness_to_a_confirmed_run() -> None:
    kind = "resource.connections"
    never = (Pattern(of="self", aspect="other", kinds=("never",), weight=0.0),)
    blind = Taxonomy(
        {f.id: f.model_copy(update={"patterns": never}) if f.id.startswith(kind) else f for f in bundled()}
    )
    before = weighed(FACTS, taxonomy=blind)
    assert (before.component, before.fault) != ("orders", kind)
    after = weighed(FACTS, lesson(right=False, named=(before.component, before.fault)), taxonomy=blind)
    assert (after.verdict, after.component, after.fault) == ("cause", "orders", kind)
    other = weighed(shop.slow_path(), lesson(), taxonomy=blind)
    assert other == weighed(shop.slow_path(), taxonomy=blind)


def test_all_terms_are_bounded_however_much_was_said() -> None:
    many = [lesson(run=f"r{n}", days=1 + n / 100) for n in range(200)]
    found = terms(weighed(FACTS, *many), "orders", "resource.connections")
    assert found["learned.prior"] == PRIOR_MOST
    assert found["learned.alike"] <= ALIKE
    assert abs(found["learned.signs"]) <= SIGNS_MOST


def test_a_lesson_fades_by_half_each_half_life() -> None:
    young = terms(weighed(FACTS, lesson(days=1)), "orders", "resource.connections")["learned.alike"]
    old = terms(weighed(FACTS, lesson(days=1 + HALF_LIFE_DAYS)), "orders", "resource.connections")[
        "learned.alike"
    ]
    assert old == pytest.approx(young / 2, abs=0.01)


def test_it_counts_less_at_another_component() -> None:
    elsewhere = lesson(
        "users",
        facts=[e.model_copy(update={"component": "users"}) if e.component == "orders" else e for e in FACTS],
    )
    found = terms(weighed(FACTS, elsewhere), "orders", "resource.connections")
    assert set(found) == {"learned.alike"}
    assert found["learned.alike"] <= ALIKE * ELSEWHERE


def test_neither_the_future_nor_the_run_itself_is_known() -> None:
    learned = Learned(
        lessons=(lesson(days=-1, run="later"), lesson(days=0.01, run="now-on"), lesson(days=3, run="self"))
    )
    assert [x.run for x in learned.known_to("self", NOW).lessons] == []
    assert [x.run for x in learned.known_to("other", NOW).lessons] == ["self"]


def test_a_run_that_is_not_confirmed_or_was_removed_teaches_nothing() -> None:
    said = Outcome(run="r", right=True, component="orders", fault="resource.cpu", at=NOW)
    assert lessons_of([said], {}).lessons == ()
    kept = PastIncident(id="r", title="x", at=NOW, component="orders", run="r", confirmed=False)
    assert lessons_of([said], {"r": kept}).lessons == ()


def test_likeness_is_overlap_and_needs_facts_of_its_own() -> None:
    assert likeness(["a"], ["b"], ["a"], ["b"]) == 1.0
    assert likeness(["a"], ["b"], ["c"], ["b"]) == pytest.approx(0.3)
    assert likeness([], ["b"], ["a"], ["b"]) == likeness(["a"], ["b"], [], ["b"]) == 0.0


def test_weak_and_remembered_facts_are_no_signs() -> None:
    weak = shop.fact("orders", "cpu", "orders: cpu rose.", strength=0.2)
    memory = shop.fact("orders", "incident.similar", "Past.", kind="incident.similar", strength=0.5)
    plain, noisy = lesson(), lesson(facts=[*FACTS, weak, memory])
    assert plain.own == noisy.own


def test_admission_needs_a_close_likeness() -> None:
    taught = lesson().model_copy(update={"own": ("a|x|up", "b|x|up"), "beside": ()})

    def admits(*signs: str) -> bool:
        found = Taught(Learned(lessons=(taught,), now=NOW), [f"{s}|x|up|redis" for s in signs])
        return found.admits("redis", "resource.connections")

    assert admits("a", "b")
    assert admits("a", "b", "c")
    assert not admits("a", "b", "c", "d")  # half alike
    assert not admits()


SENTENCE = Sentence(text="The likeliest cause is orders.", cites=("E1",), by="template", role="verdict")


def test_recurrence_is_counted_dated_and_cited() -> None:
    learned = Learned(
        lessons=(lesson(run="b", days=6), lesson(run="a", days=19.5), lesson(run="z", days=200))
    )
    memory = shop.fact("orders", "incident.similar", "Past.", kind="incident.similar", incident="b")
    facts = shop.numbered([*FACTS, memory])
    told = told_again(SENTENCE, learned, ("orders", "resource.connections"), NOW, facts)
    assert told.text == (
        "The likeliest cause is orders. This is the third time in 20 days (confirmed before: runs a, b)."
    )
    assert told.cites == ("E1", facts[-1].id)
    assert told_again(SENTENCE, learned, ("redis", "resource.connections"), NOW, facts) == SENTENCE
    assert told_again(SENTENCE, learned, ("orders", "resource.cpu"), NOW, facts) == SENTENCE


@pytest.mark.parametrize(
    ("n", "word"), [(2, "second"), (10, "tenth"), (11, "11th"), (12, "12th"), (21, "21st"), (112, "112th")]
)
def test_ordinals(n: int, word: str) -> None:
    assert ordinal(n) == word
