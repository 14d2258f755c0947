"""A number split by a label, a percentile held against a bound, what "now" is of a recording; yes or no first, of a run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from aitia.agent.asking.question.sorting import asks_now, of_live
from aitia.asking import ask
from aitia.core.scenario import load_scenario
from aitia.graphs.looking import look, opened
from aitia.tools.query.site import Site
from aitia.tools.sources import open_sources
from tests.conftest import Diagnosed

SCENARIOS = Path(__file__).parents[2] / "scenarios"


def site_of(name: str) -> Site:
    scenario = load_scenario(SCENARIOS / name)
    readers = open_sources([s for s in scenario.sources if s.kind in ("metrics", "logs")], SCENARIOS / name)
    return opened(readers, now=scenario.now, components=scenario.components)


@pytest.fixture(scope="module")
def shop() -> Site:
    return site_of("connection-exhaustion")


@pytest.fixture(scope="module")
def spike() -> Site:
    return site_of("false-alarm")


@pytest.mark.parametrize(
    "text",
    [
        "who holds the connections of postgres right now, by application?",
        "connections of postgres by application",
        "how many connections does postgres have, split by application?",
        "Verbindungen von postgres nach Anwendung",
    ],
)
def test_a_number_is_split_by_the_label_that_is_asked_for(text: str, shop: Site) -> None:
    found = look(text, shop)
    assert found is not None
    answer = found[0]
    assert answer.status == "answered"
    assert 'by="application_name"' in answer.queries[0]
    assert "orders 34, payment 1, users 1" in answer.text


def test_what_is_no_label_splits_nothing(shop: Site) -> None:
    found = look("errors by component", shop)
    assert found is not None
    assert found[0].queries == ('count(level="error", by="component")',)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "was the p98 latency of gateway ever above 500 ms, and for how long?",
            "Yes: the 98th percentile of",
        ),
        ("was the latency of gateway ever above 400 ms?", "Yes: http_request_duration_seconds of gateway"),
        ("was the p98 latency of gateway ever above 5 s?", "No: the 98th percentile of"),
    ],
)
def test_a_spike_is_found_at_its_step(text: str, said: str, spike: Site) -> None:
    found = look(text, spike)
    assert found is not None
    assert found[0].status == "answered"
    assert found[0].text.startswith(said)


def test_now_is_told_where_it_is_not(shop: Site) -> None:
    found = look("connections of postgres right now", shop)
    assert found is not None
    assert any(n.startswith("“now” is 2026-11-25 01:") for n in found[0].notes)
    assert asks_now("wie viele Verbindungen gerade?")
    assert not asks_now("how many connections does it know?")


def test_a_bound_and_a_figure_of_now_are_asked_of_live_systems() -> None:
    assert of_live("was the p98 ever above 500 ms, and for how long?")
    assert of_live("what is the p95 latency of payment now?")
    assert not of_live("what was the highest latency?")


@pytest.mark.parametrize(
    ("scenario", "text", "word", "cited"),
    [
        ("connection-exhaustion", "could it be payment?", "No", ("X", "S")),
        ("connection-exhaustion", "is it orders?", "Yes", "S1"),
        ("connection-exhaustion", "was it the deploy?", "Yes", "E"),
        ("connection-exhaustion", "is redis fine?", "Yes", "E"),
        ("connection-exhaustion", "is orders ok?", "No", "V1"),
        ("connection-exhaustion", "so can I close the alert?", "No", "V1"),
        ("connection-exhaustion", "did you look at traces?", "No", "V1"),
        ("connection-exhaustion", "did you look at the logs?", "Yes", "H"),
        ("false-alarm", "so can I close the alert?", "Yes", "V1"),
        ("false-alarm", "could it be the database?", "No", "E"),
    ],
)
def test_yes_or_no_comes_first(
    scenario: str,
    text: str,
    word: str,
    cited: str | tuple[str, ...],
    diagnosed: Callable[[str], Diagnosed],
    tmp_path: Path,
) -> None:
    run = diagnosed(scenario).copied(tmp_path)
    answer = ask(text, run=run.id, home=run.home, model=None)
    assert answer.status == "answered"
    assert answer.replies[0].text.startswith(word)
    assert answer.replies[0].cites[0].startswith(cited)
    assert len(answer.replies) <= 4


def test_what_wants_no_yes_begins_with_none(diagnosed: Callable[[str], Diagnosed], tmp_path: Path) -> None:
    run = diagnosed("connection-exhaustion").copied(tmp_path)
    answer = ask("why not payment?", run=run.id, home=run.home, model=None)
    assert not answer.replies[0].text.startswith(("Yes", "No,", "It may"))


def test_a_component_that_is_left_out_is_the_alerts(
    diagnosed: Callable[[str], Diagnosed], tmp_path: Path
) -> None:
    from aitia.settings import Settings

    run = diagnosed("false-alarm").copied(tmp_path)
    scenario = load_scenario(SCENARIOS / "false-alarm")
    sources = [
        s.model_copy(update={"path": str(SCENARIOS / "false-alarm" / str(s.path))})
        for s in scenario.sources
        if s.path
    ]
    live = Settings(sources=tuple(s for s in sources if s.kind in ("metrics", "logs")))
    at: datetime = scenario.now
    answer = ask("was the p98 ever above 500 ms?", run=run.id, home=run.home, model=None, live=live, at=at)
    assert answer.status == "answered"
    assert "of gateway" in answer.text
