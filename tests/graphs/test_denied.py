"""A person rules out a change or a kind of fault: what is read, what it moves, what is no longer proposed, what is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from aitia.agent.asking.corrected import what_changed
from aitia.agent.corrections import EXCLUDED
from aitia.agent.taxonomy import bundled
from aitia.asking import ask
from aitia.core.store import RunStore
from aitia.core.words import Component, Report
from aitia.corrected import change_told
from aitia.correcting import correct
from aitia.correction_words import corrects, parts
from aitia.tools.meaning.incidents.denied import denied_in, done_in, is_step
from tests.conftest import Diagnosed

SHOP = [Component(id=c) for c in ("orders", "payment", "postgres", "redis", "gateway")]
Runs = Callable[[str], Diagnosed]

DENIED: list[tuple[str, list[tuple[str, str]], tuple[str, ...]]] = [
    ("not the deploy, we rolled it back", [("change.deploy", "")], ("rollback",)),
    ("Das Deployment war es nicht, wir haben es zurückgerollt", [("change.deploy", "")], ("rollback",)),
    ("ce n'était pas le déploiement, on est revenus en arrière", [("change.deploy", "")], ("rollback",)),
    ("no fue el despliegue, lo revertimos", [("change.deploy", "")], ("rollback",)),
    ("non era il rilascio, abbiamo fatto il rollback", [("change.deploy", "")], ("rollback",)),
    ("the deploy of orders is not the cause, it was reverted", [("change.deploy", "orders")], ("rollback",)),
    ("not the orders deploy", [("change.deploy", "orders")], ()),
    ("not the network, we checked the link, no packet loss", [("network", "")], ()),
    ("the network is not it, we checked", [("network", "")], ()),
    ("es ist nicht das Lager, haben wir gestern geprüft", [("bearing", "")], ()),
    ("not the bearing, we replaced it yesterday", [("bearing", "")], ("renew", "replace")),
    ("we can rule out the certificate", [("certificate", "")], ()),
    ("we have not checked the network yet", [], ()),
    ("the network is slow", [], ()),
    ("not the deploy, and it was not rolled back", [("change.deploy", "")], ()),
    ("not redis, cache hit rate is normal", [], ()),
]


@pytest.mark.parametrize(("text", "kinds", "done"), DENIED, ids=[d[0][:40] for d in DENIED])
def test_kinds_that_are_ruled_out_and_steps_that_are_done_are_read(
    text: str, kinds: list[tuple[str, str]], done: tuple[str, ...]
) -> None:
    denied, _ = denied_in(text, SHOP)
    assert [(d.kind, d.component) for d in denied] == kinds
    assert done_in(text) == done


def test_a_step_is_known_by_what_it_does() -> None:
    assert is_step("rollback", "If orders was deployed before this began, roll it back")
    assert not is_step("rollback", "Restart orders to release its connections")
    assert is_step("restart", "Restart orders to release its connections")


def test_a_message_that_corrects_and_asks_is_both(diagnosed: Runs) -> None:
    store = diagnosed("connection-exhaustion").store
    text = "it was not the deploy, we rolled it back and checked. could it be payment?"
    assert parts(text, store) == (
        "it was not the deploy, we rolled it back and checked.",
        "could it be payment?",
    )
    assert parts("could it be payment?", store) == ("", "could it be payment?")
    assert parts("not the deploy", store) == ("not the deploy", "")
    assert corrects("not the moon, we checked", store) is None


def corrected(name: str, text: str, diagnosed: Runs, home: Path) -> tuple[Report, Report, RunStore]:
    run = diagnosed(name).copied(home)
    before = run.report()
    after = correct(run.id, text, by="ann", home=run.home, trust=[run.path])
    return before, after, RunStore.open(run.home, run.id)


def test_a_ruled_out_change_is_not_blamed_and_its_step_is_gone(diagnosed: Runs, tmp_path: Path) -> None:
    before, after, store = corrected(
        "connection-exhaustion", "not the deploy, we rolled it back", diagnosed, tmp_path
    )
    assert before.change is not None
    assert before.change.answer == "change"
    assert after.change is None or after.change.answer == "none"
    assert any("roll it back" in m.text for m in before.mitigations)
    assert not any("roll it back" in m.text for m in after.mitigations)
    (said,) = [e for e in after.evidence if e.kind == "person.excluded"]
    assert said.values == {"denied": "change.deploy"}
    for s in after.suspects:
        assert all(c.log_odds >= EXCLUDED - 1e-6 for c in s.ledger if c.term == "person.excluded")
    release = next(s for s in after.suspects if s.fault == "software.regression")
    assert any(c.evidence == said.id for c in release.ledger)
    told = change_told(store)
    assert told is not None
    assert "orders (connections exhausted)" in told.replies[0].text
    assert told.replies[-1].text.startswith("No longer proposed: If orders was deployed")
    assert len(told.replies) <= 4


def test_a_ruled_out_kind_weighs_against_all_of_that_kind(diagnosed: Runs, tmp_path: Path) -> None:
    before, after, _ = corrected("slow-dependency", "the network is not it, we checked", diagnosed, tmp_path)
    (said,) = [e for e in after.evidence if e.kind == "person.excluded"]
    of_network = [s for s in after.suspects if s.fault.startswith("network.")]
    assert of_network
    for s in after.suspects:
        hit = [c for c in s.ledger if c.evidence == said.id]
        assert bool(hit) == (s in of_network)
    assert after.suspects[0] not in of_network
    assert max(s.probability for s in of_network) < before.suspects[0].probability
    first = what_changed(before, after, bundled()).replies[0].text
    assert "→" in first
    assert "payment (slow network path)" in first


def test_a_bearing_is_ruled_out_at_a_machine(diagnosed: Runs, tmp_path: Path) -> None:
    _, after, _ = corrected(
        "bearing-outer-race", "not the bearing, we checked it yesterday", diagnosed, tmp_path
    )
    bearings = [s for s in after.suspects if "bearing" in s.fault]
    assert bearings
    assert all(any(c.term == "person.excluded" for c in s.ledger) for s in bearings)


def test_the_ask_door_takes_a_correction_only_where_it_may(diagnosed: Runs, tmp_path: Path) -> None:
    run = diagnosed("connection-exhaustion").copied(tmp_path)
    only_asked = ask("not the database, we checked", run=run.id, home=run.home, model=None)
    assert run.meta().get("revision", 1) == 1
    assert not any("→" in r.text for r in only_asked.replies)
    refused = ask("not the moon, we checked", run=run.id, home=run.home, model=None, correcting="ann")
    assert "I cannot tell what you rule out" in refused.text
