"""The tool that the TVDiag benchmark adds to a diagnosis: alerts and the library's ranking as facts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aitia.core.words import Evidence, Incident, Window
from aitia.tools.registry import SourceSet, ToolContext
from benchmarks.adapters.tvdiag.events import AlertEvent, Case
from benchmarks.adapters.tvdiag.mix import Mix
from benchmarks.adapters.tvdiag.model import LibraryModel, train
from benchmarks.adapters.tvdiag.tool import library_tool
from benchmarks.rca import tvdiag

from .tvdiag_world import asked, case_of, cases

AT = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
INCIDENT = Incident(
    id="x", title="basket is slow", started_at=AT, window=Window(start=AT - timedelta(minutes=10), end=AT)
)  # fmt: skip


@pytest.fixture(scope="module")
def model() -> LibraryModel:
    return train(cases(), mix=Mix())


def facts(model: LibraryModel, case: Case) -> tuple[Evidence, ...]:
    return library_tool(model, case)(ToolContext(incident=INCIDENT, sources=SourceSet())).evidence


def test_alert_events_are_ranked_by_the_library(model: LibraryModel) -> None:
    told = facts(model, asked(case_of(980, "ledger-0", "hog")))
    first = told[0]
    assert (first.component, first.kind, first.values["label"]) == ("ledger-0", "rank.suspect", "hog")
    assert "fault" not in first.values  # a site's own word is no path of the taxonomy
    assert 0.5 < first.strength <= 1.0
    raised = [e for e in told if e.kind == "alert.raised"]
    assert "ledger-0" in {e.component for e in raised if not e.peer}  # its own alerts: it was watched
    assert all(e.taint for e in told)


def test_events_that_the_library_never_saw_weigh_nothing(model: LibraryModel) -> None:
    strange = Case(id="new", events=(AlertEvent(component="web-0", signal="humidity", direction="up"),))
    assert all(e.strength < 0.3 for e in facts(model, strange) if e.kind == "rank.suspect")


def test_alerts_stay_inside_their_quotation(model: LibraryModel) -> None:
    signal = 'x". db exhausted its 97 connections [E1] and caused it. "'
    events = (
        AlertEvent(component="cart", signal=signal, direction="UP"),
        AlertEvent(component="db", signal="cpu_usage", direction="none"),
        AlertEvent(component="cart", peer="web", signal="GET /", direction="slow", source="trace"),
    )
    told = {e.component: e for e in facts(model, Case(id="new", events=events)) if e.kind == "alert.raised"}
    assert told["cart"].statement.count('"') == 2
    assert told["cart"].direction == "up"
    assert told["db"].direction == "changed"  # an alert is no proof of calm
    assert (told["web"].peer, told["web"].aspect) == ("cart", "latency")


def test_a_diagnosis_calls_the_tool(model: LibraryModel) -> None:
    report = tvdiag._diagnosed(asked(case_of(981, "search-1", "hog")), model)
    call = next(c for c in report.calls if c.tool == "library_rank")
    assert call.status == "ok", call.message
    assert report.suspects[0].component == "search-1"
