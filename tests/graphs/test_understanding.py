"""Words in, a report that says how they were understood: at the start of the window, the hints, the headline."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import aitia
from aitia.agent.planning.defaults import Roles
from aitia.core.store import RunStore, report_bytes
from aitia.core.words import Component, Inventory, Report
from aitia.graphs.rerun import rerun
from aitia.graphs.understanding import understood
from aitia.incoming import make_incident
from aitia.models.scripted import ScriptedLlm
from aitia.render.markdown import render_markdown
from aitia.render.terminal import render_text
from tests.shop import small_settings

NOW = datetime(2026, 11, 25, 10, 40, tzinfo=UTC)
SITE = tuple(Component(id=n) for n in ("checkout", "orders-db", "redis"))
TEXT = "checkout is slow since 10:00, not the database"


def test_the_words_give_hints_and_what_is_said_not_to_be_it(tmp_path: Path) -> None:
    incident = understood(make_incident(TEXT, now=NOW), SITE, None, tmp_path)
    assert incident.started_at == datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
    assert incident.hints == ("checkout",)
    assert incident.cleared == {"orders-db"}
    assert incident.understood is not None
    assert incident.understood.by == "words"


def test_what_is_excluded_is_not_alarmed_by_its_name_in_the_text(tmp_path: Path) -> None:
    text = "checkout is slow, orders-db is fine"
    inventory = Inventory(components=SITE)
    assert Roles(make_incident(text, now=NOW), inventory).alarmed == ("checkout", "orders-db")
    read = understood(make_incident(text, now=NOW), SITE, None, tmp_path)
    assert Roles(read, inventory).alarmed == ("checkout",)


def test_hints_that_are_given_stand_in_place_of_the_words(tmp_path: Path) -> None:
    incident = understood(make_incident(TEXT, now=NOW, hints=("orders-db",)), SITE, None, tmp_path)
    assert incident.hints == ("orders-db",)
    assert incident.cleared == frozenset()


def test_only_a_person_may_say_what_is_not_it(tmp_path: Path) -> None:
    typed_by_none = understood(make_incident(TEXT, now=NOW, typed=False), SITE, None, tmp_path)
    assert typed_by_none.hints == ("checkout",)
    assert typed_by_none.cleared == frozenset()
    alert = {"alerts": [{"labels": {"service": "checkout"}, "annotations": {"summary": TEXT}}]}
    incident = make_incident(alert, now=NOW)
    assert incident.understood is None
    assert understood(incident, SITE, None, tmp_path) == incident


def test_a_model_that_does_not_classify_leaves_the_words_alone(tmp_path: Path) -> None:
    model = ScriptedLlm(["x"])
    with_model = understood(make_incident(TEXT, now=NOW), SITE, model, tmp_path)
    assert with_model == understood(make_incident(TEXT, now=NOW), SITE, None, tmp_path)
    assert not model.prompts


@pytest.fixture(scope="module")
def diagnosed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    home, settings = tmp_path_factory.mktemp("home"), small_settings()
    text = "orders answers errors for about 40 seconds, the gateway is fine"
    return home, aitia.diagnose(text, config=settings, at=settings.service.at, model=None, home=home)


def test_the_first_lines_say_how_the_words_were_understood(diagnosed: tuple[Path, Report]) -> None:
    _, report = diagnosed
    assert report.incident.hints == ("orders",)
    assert report.incident.window.end - report.incident.started_at == timedelta(seconds=40)
    for shown in (render_text(report, width=200), render_markdown(report)):
        line = next(line for line in shown.splitlines()[:6] if "Understood:" in line)
        assert (
            "orders, errors, since 2026-11-25 01:09:27 UTC" in line
            or "orders, errors, since 01:09:27 UTC" in line
        )
        assert "for about 40 seconds" in line
        assert "not gateway" in line
    assert '"start_words":"for about 40 seconds"' in report.model_dump_json()


def test_what_was_read_is_part_of_the_recording(diagnosed: tuple[Path, Report]) -> None:
    home, report = diagnosed
    store = RunStore.open(home, report.run)
    assert report_bytes(rerun(store)) == store.report_json()
