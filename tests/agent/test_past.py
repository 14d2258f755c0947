"""What was over before the present trouble counts hardly: a past incident in one window, a stated onset, a recovery."""

from __future__ import annotations

from datetime import timedelta

from aitia.agent.corrections import without_done
from aitia.agent.facts import Facts
from aitia.agent.past import is_long_standing, is_past, trouble
from aitia.agent.taxonomy import bundled
from aitia.agent.topology import Topology
from aitia.agent.weigher import Weighed, weigh
from aitia.core.words import Correction, Denied, Evidence, Incident, Mitigation, SourceRef, Window

from .evidence import T0, fact, inventory, numbered

EPOCH = T0.timestamp()
ALARMED = ("gateway",)


def log(component: str, aspect: str, at: float, strength: float = 0.95, **values: float | str) -> Evidence:
    told = {"level": "error", "count_window": 90, "reported_by": component}
    statement = f'{component} logged 90 times: "{aspect}"'
    return fact(
        component,
        aspect,
        statement,
        kind="log.new",
        direction="new",
        strength=strength,
        at=at,
        **(told | values),
    )


def told_to_be_over(second_spell: bool) -> list[Evidence]:
    """Payment's certificate failed and was renewed; then its disk is full. The gateway's errors tell of one spell or of two."""
    spells = {"again_since": EPOCH + 200} if second_spell else {}
    return numbered(
        [
            fact("gateway", "errors", "gateway: error ratio rose from 0 to 30 %.", at=0, **spells),
            log("payment", "log.certificate", 0, over_since=EPOCH + 90),
            log("payment", "log.disk_full", 202),
        ]
    )


def weighed(facts: list[Evidence]) -> Weighed:
    return weigh(facts, inventory(), bundled(), alarmed=ALARMED)


def place(found: Weighed, fault: str) -> float:
    return next((s.probability for s in found.suspects if (s.component, s.fault) == ("payment", fault)), 0.0)


def named(found: Weighed) -> str:
    """The kind of the likeliest suspect that is a component."""
    return next(s.fault for s in found.suspects if s.component)


def test_errors_that_ended_before_the_trouble_came_back_do_not_win() -> None:
    found = weighed(told_to_be_over(second_spell=True))
    assert place(found, "resource.disk") > place(found, "software.certificate")
    assert named(found) == "resource.disk"


def test_what_ended_within_one_spell_of_trouble_stays_a_cause() -> None:
    facts = told_to_be_over(second_spell=False)
    assert not any(is_past(e, trouble(facts, ALARMED)) for e in facts)
    found = weighed(facts)
    assert place(found, "software.certificate") > place(
        weighed(told_to_be_over(second_spell=True)), "software.certificate"
    )


def test_a_stated_onset_makes_all_before_it_past() -> None:
    stated = fact(
        "", "person.onset", "You said: it began.", kind="person.onset", at=195, strength=0.9, direction="none"
    )
    facts = [*told_to_be_over(second_spell=False), stated]
    present = trouble(facts, ALARMED)
    assert present is not None
    assert present.stated
    assert [e.aspect for e in facts if is_past(e, present)] == ["log.certificate"]


def test_what_came_back_counts_from_when_it_did() -> None:
    facts = Facts(told_to_be_over(second_spell=True), Topology(inventory().components), ALARMED)
    (errors,) = [e for e in facts.all if e.aspect == "errors"]
    assert errors.onset == T0 + timedelta(seconds=200)


def test_a_recovery_is_no_onset() -> None:
    facts = numbered(
        [
            fact("payment", "errors", "payment: errors fell from 1 to 0 /s.", direction="down", at=-60),
            fact("payment", "latency", "payment: latency rose from 10 to 900 ms.", at=5),
        ]
    )
    first = Facts(facts, Topology(inventory().components)).first_onset({"payment"})
    assert first is not None
    assert first.aspect == "latency"


def test_only_what_began_near_the_trouble_refutes() -> None:
    facts = [fact("gateway", "errors", "gateway: errors rose.", at=0)]
    present = trouble(facts, ALARMED)
    assert is_long_standing(
        fact("postgres", "scans", "postgres: rows read without an index.", at=-210), present
    )
    assert not is_long_standing(
        fact("postgres", "scans", "postgres: rows read without an index.", at=-30), present
    )


def test_a_denied_kind_is_no_verdict_and_its_steps_are_gone() -> None:
    said = Evidence(
        kind="person.excluded", aspect="person.excluded", statement='You said: not certificate ("…").',
        values={"denied": "certificate"}, strength=0.9, source=SourceRef(source="you", query=""), taint=True,
    )  # fmt: skip
    facts = [
        fact("gateway", "errors", "gateway: error ratio rose from 0 to 30 %.", at=0),
        log("payment", "log.certificate", 0),
        log("orders", "log.certificate", 0, peer="payment"),
    ]
    before, after = weighed(numbered(facts)), weighed(numbered([*facts, said]))
    assert named(before) == "software.certificate"
    unknown = next(s.probability for s in after.suspects if s.fault == "unknown")
    assert place(after, "software.certificate") < unknown / 2
    (barred,) = [s for s in after.suspects if (s.component, s.fault) == ("payment", "software.certificate")]
    assert any(c.term == "person.excluded" for c in barred.ledger)
    window = Window(start=T0, end=T0 + timedelta(seconds=60))
    told = Correction(
        text="not the certificate", at=T0, denied=(Denied(kind="certificate", words="certificate"),)
    )
    incident = Incident(
        id="i", title="errors", text="errors", started_at=T0, window=window, corrections=(told,)
    )
    steps = [
        Mitigation(
            text="Renew the certificate of payment", effect="changing", when="now", source="catalogue"
        ),
        Mitigation(text="Free space on payment", effect="changing", when="now", source="catalogue"),
    ]
    assert [s.text for s in without_done(steps, incident)] == ["Free space on payment"]
