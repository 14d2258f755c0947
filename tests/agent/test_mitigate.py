"""Mitigations have a source, are filled in, and come only with a cause."""

from __future__ import annotations

from aitia.agent.checks import back_to, next_checks
from aitia.agent.mitigate import mitigations
from aitia.agent.taxonomy import bundled
from aitia.agent.weigher import weigh
from aitia.core.aspects import METRIC
from aitia.core.commands import effect as judged
from aitia.core.words import Holding, Inventory, Result

from . import evidence as shop

BOOK = {
    "id": "rb1", "title": "Pool full", "faults": ["resource.connections"], "origin": "site", "similarity": 0.5,
    "steps": [{"text": "Count sessions of {component}", "when": "now", "effect": "read-only", "command": "psql -c 'select 1'"}],
}  # fmt: skip
OTHER = BOOK | {"id": "rb2", "title": "Disk", "faults": ["resource.disk"]}
GUIDE = BOOK | {
    "id": "rb3",
    "title": "Guide",
    "faults": ["resource.connections", "resource.cpu", "resource.memory", "network.delay"],
}


def steps(*books: dict) -> list:
    weighed = weigh(shop.connection_leak(), shop.inventory(), bundled())
    told = [Result(status="ok", data={"runbooks": list(books)})]
    return mitigations(weighed, told, bundled(), inventory=shop.inventory())


def test_a_matching_runbooks_step_comes_first_and_is_filled_in() -> None:
    first = steps(BOOK)[0]
    assert (first.text, first.source, first.effect) == (
        "Count sessions of orders",
        "runbook Pool full",
        "read-only",
    )


def test_runbooks_for_other_faults_and_unmatched_general_guides_give_no_step() -> None:
    unmatched = GUIDE | {"similarity": 0.0}
    foreign, ours = GUIDE | {"origin": "foreign"}, GUIDE | {"origin": "bundled"}
    assert {m.source for m in steps(OTHER, unmatched, foreign, ours)} == {
        "fault catalogue resource.connections"
    }


def test_a_runbook_for_faults_of_several_families_is_proposed_where_the_words_match() -> None:
    assert steps(GUIDE)[0].source == "runbook Guide"


def test_the_runbook_that_is_being_run_is_the_sites_own() -> None:
    weighed = weigh(shop.connection_leak(), shop.inventory(), bundled())

    def first(book: dict) -> str:
        found = mitigations(weighed, [], bundled(), inventory=shop.inventory(), running=book)
        return found[0].source

    assert first(GUIDE | {"origin": "foreign", "similarity": 0.0}) == "runbook Guide"
    assert first(OTHER) == "fault catalogue resource.connections"


def test_what_helped_another_component_is_no_step_for_this_one() -> None:
    past = {"id": "INC-1", "fault": "resource.connections", "mitigation": ["Roll it back"]}
    weighed = weigh(shop.connection_leak(), shop.inventory(), bundled())

    def sources(component: str) -> set[str]:
        told = Result(status="ok", data={"incidents": [past | {"component": component}]})
        return {m.source for m in mitigations(weighed, [told], bundled())}

    assert "incident INC-1" in sources("orders") & sources("")
    assert "incident INC-1" not in sources("users")


def test_read_only_steps_come_before_changing_ones() -> None:
    effects = [m.effect for m in steps(BOOK) if m.when == "now"]
    assert effects == sorted(effects, key=lambda e: e != "read-only")


def test_no_cause_no_mitigation_but_what_is_missing() -> None:
    weighed = weigh(shop.undecidable(), shop.inventory(), bundled())
    assert mitigations(weighed, [], bundled()) == []
    broken = Holding(source="logs", kind="logs", note="Make '/var/log/shop' readable.")
    inventory = Inventory(holdings=(broken,), components=shop.inventory().components)
    texts = [c.text for c in next_checks(weighed, shop.undecidable(), inventory, bundled())]
    assert any("catalog" in t and "none were found" in t for t in texts)
    assert any(t.startswith("Fix source logs") for t in texts)
    given = Holding(source="cli-metrics", kind="metrics", note="http://x cannot be reached.")
    told = next_checks(weighed, [], Inventory(holdings=(given,)), bundled())
    assert [(c.text, c.command) for c in told[:1]] == [("http://x cannot be reached.", "")]


def test_every_fault_has_steps_for_now_and_for_later() -> None:
    for fault in bundled():
        assert fault.now, fault.id
        assert fault.prevent, fault.id
        assert any(s.effect == "read-only" for s in fault.now), fault.id


def test_what_the_catalogue_calls_read_only_reads() -> None:
    said = {(s.command, s.effect) for fault in bundled() for s in (*fault.now, *fault.prevent) if s.command}
    filled = {(command.replace("{component}", "orders"), effect) for command, effect in said}
    assert {c for c, effect in filled if effect == "read-only" and judged(c) != "read-only"} == set()


def test_of_a_plain_cause_is_checked_that_it_goes_back() -> None:
    weighed = weigh(shop.connection_leak(), shop.inventory(), bundled())
    assert weighed.verdict == "cause"
    sure = weighed.model_copy(update={"probability": 0.97})
    checks = next_checks(sure, shop.connection_leak(), shop.inventory(), bundled())
    assert checks
    back = {f"Once you have acted, check: {back_to(e)}": e.direction for e in shop.connection_leak()}
    assert {back[c.text] for c in checks} <= {"up", "down", "new", "gone"}


def test_a_value_goes_back_to_what_it_was_and_an_event_is_over() -> None:
    fact = shop.connection_leak()[0]
    rose = fact.model_copy(update={
        "statement": "postgres: connections from orders rose from 1 to 34 (34×) at 01:08:44 UTC.", "unit": "",
        "values": {"before": 1.0, "after": 34.0},
    })  # fmt: skip
    assert back_to(rose) == "postgres: connections from orders back at about 1 (34 in the incident)"
    down = rose.model_copy(update={"statement": "a was down for 4 scrapes.", "values": {}})
    assert back_to(down) == "this is not so any more: a was down for 4 scrapes"
    logged = down.model_copy(update={"kind": "log.new", "statement": 'a logged "x" once.'})
    assert back_to(logged) == 'this is not logged any more: a logged "x" once'


def test_nothing_is_told_from_a_suspect_that_is_ruled_out() -> None:
    facts = shop.undecidable()
    weighed = weigh(facts, shop.inventory(), bundled())
    out = {(s.component, s.fault) for s in weighed.suspects if s.component}
    checks = next_checks(weighed, facts, shop.inventory(), bundled(), ruled_out=out)
    assert not any("this would distinguish" in c.text for c in checks)


def test_what_would_tell_two_suspects_apart_is_to_be_measured() -> None:
    facts = shop.undecidable()
    weighed = weigh(facts, shop.inventory(), bundled())
    first, second = [s for s in weighed.suspects if s.component and s.fault != "unspecified"][:2]
    texts = [c.text for c in next_checks(weighed, facts, shop.inventory(), bundled())]
    apart = [t for t in texts if "this would distinguish" in t]
    assert apart
    titles = bundled().title(first.fault), bundled().title(second.fault)
    assert all(
        t.startswith(("Measure the ", "Search the logs of ")) and all(n in t for n in titles) for t in apart
    )
    measured = facts + [
        shop.connection_leak()[0].model_copy(update={"component": c, "aspect": aspect, "direction": "steady"})
        for c in (first.component, second.component)
        for aspect in METRIC
    ]
    asked = next_checks(weighed, measured, shop.inventory(), bundled())
    assert not any(c.text.startswith("Measure the ") for c in asked)  # what was measured is not asked for


def test_what_has_no_value_to_go_back_to_says_what_is_over() -> None:
    fact = shop.connection_leak()[0]
    grew = fact.model_copy(update={
        "kind": "metric.trend", "unit": "MiB", "values": {"from": 23.7, "to": 133.0},
        "statement": "catalog: memory in use grew from 23.7 to 133 MiB since 01:21:53 UTC, with 1 drop in between.",
    })  # fmt: skip
    assert back_to(grew) == "catalog: memory in use back at about 23.7 MiB (133 MiB in the incident)"
    restarted = fact.model_copy(update={"component": "catalog", "aspect": "restart", "values": {}})
    assert back_to(restarted) == "catalog does not restart again"
    line = fact.model_copy(update={
        "component": "P-1-DE", "kind": "vibration.line", "aspect": "vibration.bpfo", "values": {},
        "statement": "P-1-DE: the envelope spectrum has a line at 75 Hz.",
    })  # fmt: skip
    assert back_to(line) == "P-1-DE: the BPFO line is gone from the envelope spectrum"
