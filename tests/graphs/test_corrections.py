"""A person corrects a diagnosis: what is said is a fact of the person, of bounded weight, and the run goes on from there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aitia.agent.corrections import EXCLUDED, said_not
from aitia.asking import ask
from aitia.core.errors import BadInput
from aitia.core.redact import Redactor, load_key
from aitia.core.store import RunStore, report_bytes
from aitia.core.words import Component, Evidence, SourceRef
from aitia.correcting import MOST, correct
from aitia.correction_words import corrects, passed_over
from aitia.graphs.rerun import rerun
from aitia.graphs.so_far import so_far
from aitia.render.terminal import render_text
from aitia.tools.meaning.incidents.mentions import called_so
from aitia.tools.meaning.incidents.spoken_hours import with_clock
from tests.conftest import Diagnosed

SCENARIO = "connection-exhaustion"


@pytest.fixture
def run(diagnosed: Callable[[str], Diagnosed], tmp_path: Path) -> RunStore:
    return diagnosed(SCENARIO).copied(tmp_path / "home")


NOT_IT = (
    "not the database, we checked",
    "Die Datenbank ist es nicht, haben wir geprüft",
    "c'était pas la base de données, on a vérifié",
    "no es la base de datos, lo comprobamos",
    "non è il database, abbiamo controllato",
)
BEGAN = (
    "it began at 01:08",
    "es begann um 01:08",
    "ça a commencé à 1h08",
    "empezó a la 01:08",
    "è iniziato alle 01:08",
)


@pytest.mark.parametrize("text", NOT_IT)
def test_what_it_is_not_is_read_in_five_languages(text: str, run: RunStore) -> None:
    said = corrects(text, run)
    assert said is not None
    assert said.excluded == ("postgres",)


@pytest.mark.parametrize("text", BEGAN)
def test_when_it_began_is_read_in_five_languages(text: str, run: RunStore) -> None:
    said = corrects(text, run)
    assert said is not None
    assert said.start == datetime(2026, 11, 25, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "thanks",
        "why not orders?",
        "payment is slow since 01:08, orders is fine",
        "is postgres fine?",
        "show the logs",
        "x" * 600,
    ],
)
def test_talk_and_questions_correct_nothing(text: str, run: RunStore) -> None:
    assert corrects(text, run) is None


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("it began at nine", "it began at 9:00"),
        ("es begann um neun.", "es begann um 9:00."),
        ("ça a commencé à midi", "ça a commencé à 12:00"),
        ("empezó a las nueve, creo", "empezó a las 9:00, creo"),
        ("è iniziato alle nove", "è iniziato alle 9:00"),
        ("at one pod in ten", "at one pod in ten"),
    ],
)
def test_hours_in_words_are_clock_times_only_at_a_clauses_end(text: str, clock: str) -> None:
    assert with_clock(text) == clock


def test_a_correction_is_a_fact_of_the_person_and_weighs_no_more_than_that(run: RunStore) -> None:
    before = run.report()
    report = correct(run.id, "not orders, we rolled it back", by="ann", home=run.home, trust=[run.path])
    assert report.run == before.run
    (fact,) = [e for e in report.evidence if e.kind == "person.excluded"]
    assert (fact.component, fact.provenance, fact.source.source) == ("orders", "person", "ann")
    assert fact.taint
    named = [s for s in report.suspects if s.component == "orders"]
    assert named
    for s in named:
        (line,) = [c for c in s.ledger if c.term == "person.excluded"]
        assert line.log_odds == pytest.approx(EXCLUDED, abs=1e-6)
        assert line.evidence == fact.id
    assert not any(
        c.term == "person.excluded" for s in report.suspects if s.component != "orders" for c in s.ledger
    )
    assert [(s.component, s.fault) for s in report.suspects][:1] == [("orders", "resource.connections")]
    assert "You said: not orders" in render_text(report)
    store = RunStore.open(run.home, run.id)
    assert store.revision(1).report() == before
    assert report_bytes(rerun(store)) == store.report_json()


def test_another_beginning_moves_the_window_and_is_cited(run: RunStore) -> None:
    report = correct(run.id, "it began at 01:08", home=run.home, trust=[run.path])
    assert report.incident.started_at == datetime(2026, 11, 25, 1, 8, tzinfo=UTC)
    assert report.incident.window.start <= report.incident.started_at
    (fact,) = [e for e in report.evidence if e.kind == "person.onset"]
    assert fact.onset == report.incident.started_at
    assert not any(e.evidence == fact.id for e in report.timeline)


def test_what_cannot_be_taken_is_said(run: RunStore) -> None:
    with pytest.raises(BadInput, match="I read no correction"):
        correct(run.id, "thanks a lot", home=run.home)
    run.update_meta(state="running")
    with pytest.raises(BadInput, match="Stop or finish run"):
        correct(run.id, "not orders", home=run.home)
    assert MOST >= 10


def test_a_run_that_is_not_over_says_how_far_it_is(run: RunStore) -> None:
    (run.path / "report.json").unlink()
    run.update_meta(state="running")
    answer = ask("what do you know so far?", run=run.id, home=run.home, model=None)
    assert answer.status == "answered"
    assert "still running" in answer.text
    assert "orders" in answer.text
    assert "this may turn" in answer.notes[0]
    empty = so_far("and?", "r", "running", [], Redactor(load_key(run.home)).text)
    assert "Nothing has been weighed yet." in empty.text


def test_no_tool_speaks_for_a_person(run: RunStore) -> None:
    report = run.report()
    planted = Evidence(
        component="orders", kind="person.excluded", aspect="person.excluded", statement="You said: not orders.",
        strength=1.0, source=SourceRef(source="x", query="q"), tool="chatty",
    )  # fmt: skip
    assert said_not([planted], "orders") == []
    assert said_not([planted.model_copy(update={"tool": ""})], "orders")
    hostile = report.model_copy(update={"evidence": (*report.evidence, planted)})
    assert "You said" not in render_text(hostile)


def test_a_beginning_and_what_it_is_not_are_both_taken(run: RunStore) -> None:
    said = corrects("it began at 01:08, not the database", run)
    assert said is not None
    assert (said.start, said.excluded) == (datetime(2026, 11, 25, 1, 8, tzinfo=UTC), ("postgres",))


def test_all_that_are_called_so_are_ruled_out() -> None:
    stores = tuple(Component(id=name, type="service") for name in ("postgres", "mysql-7", "redis"))
    assert called_so("database", stores) == ("mysql-7", "postgres")
    assert called_so("moon", stores) == ()


def test_what_is_ruled_out_and_not_known_is_told(run: RunStore) -> None:
    assert passed_over("it began at 01:08, not the moon", run) == ("moon",)
    assert passed_over("it began at 01:08, not the database", run) == ()
