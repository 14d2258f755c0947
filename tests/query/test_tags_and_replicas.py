"""Instruments by the number of a thing, siblings by theirs, alarms that came, spans before a span, and what a runtime's version is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aitia.agent.asking.question.clauses import asking
from aitia.agent.asking.question.numbers import so_long
from aitia.agent.asking.question.spans import span_of
from aitia.agent.asking.question.tags import NUMBERED, by_tag, quantities_in, sibling
from aitia.agent.asking.question.verbs import MAY, is_verb
from aitia.graphs.looking import opened
from aitia.settings import load_settings
from aitia.tools.query.site import Site
from aitia.tools.sources import open_sources

from .conftest import Sitting

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("low", "quantity"),
    [
        ("the level in tank 3", "level"),
        ("wie hoch ist der füllstand in behälter 2", "level"),
        ("débit maximal dans la conduite 131", "flow"),
    ],
)
def test_a_quantity_and_a_numbered_thing_are_read(low: str, quantity: str) -> None:
    assert quantity in quantities_in(low)
    assert NUMBERED.search(low)


@pytest.mark.parametrize("low", ["above 3 bar", "at 12:30", "the last 3.5 hours", "over 60 °C"])
def test_a_value_is_no_number_of_a_thing(low: str) -> None:
    found = NUMBERED.search(low)
    assert found is None or found["thing"] in ("above",)


def test_a_level_without_a_numbered_thing_names_no_instrument(shop_site: Site) -> None:
    assert by_tag("the level in tank 3", shop_site) == ""
    assert sibling("postgres", "and tank 3", shop_site) == ""


@pytest.mark.parametrize(
    ("low", "length"),
    [
        ("and in the four hours before that?", timedelta(hours=4)),
        ("und in den 30 minuten davor?", timedelta(minutes=30)),
        ("et les 2 jours avant cela ?", timedelta(days=2)),
        ("and before that?", None),
    ],
)
def test_a_span_before_another_one_is_as_long_as_told(low: str, length: timedelta | None) -> None:
    assert so_long(low, NOW) == (NOW - length if length else None)


def test_a_french_verb_before_its_subject_is_a_verb() -> None:
    low = "combien de connexions accepte-t-il au maximum"
    begin = low.index("accepte")
    assert is_verb("accepte-t-il", begin, begin + len("accepte-t-il"), low, [])


@pytest.mark.parametrize(
    "low",
    ["how many clients may connect to valkey at most", "wie viele clients dürfen sich verbinden", "combien de clients peuvent se connecter"],
)  # fmt: skip
def test_what_is_allowed_is_no_value_that_was_reached(low: str) -> None:
    assert MAY.search(low)


@pytest.mark.parametrize(
    "text",
    ["max memory during the recording", "memoria massima durante la registrazione", "seit Beginn der Aufzeichnung", "en todo el registro"],
)  # fmt: skip
def test_the_whole_recording_is_no_time_that_is_told(text: str) -> None:
    span = span_of(text, NOW)
    assert not span.told
    assert not {"recording", "registrazione", "aufzeichnung", "registro"} & set(span.rest.split())


def test_a_log_is_no_recording() -> None:
    assert "registro" in span_of("líneas en el registro de orders", NOW).rest


def test_a_clause_before_a_french_colon_is_a_clause() -> None:
    assert asking("les clients se plaignent : quelle est la latence ?", []) == "quelle est la latence ?"


def test_how_many_of_a_thing_is_not_how_many_lines_there_are(shop: Sitting) -> None:
    answer = shop.ask("how many records did orders process?").answer
    assert answer.status != "answered" or "lines" not in answer.text


def test_a_site_of_instruments_answers_by_the_number_of_the_thing(tmp_path: Path) -> None:
    site = water(tmp_path)
    assert by_tag("the level in tank 3", site) == "LT-3"
    assert by_tag("the pressure in tank 3", site) == ""
    assert sibling("LT-3", "and tank 1?", site) == "LT-1"
    assert sibling("LT-3", "and tank 7?", site) == ""
    sitting = Sitting(site)
    assert "8.4" in sitting.ask("what is the level in tank 3 right now?").answer.text
    assert "5.2" in sitting.ask("and tank 1?").answer.text
    assert sitting.ask("what is the level in tank 4?").answer.status != "answered"


def test_alarms_that_came_are_not_counted_with_those_that_went(tmp_path: Path) -> None:
    sitting = Sitting(water(tmp_path))
    answer = sitting.ask("how many level alarms came in?").answer
    assert answer.found[0].value == 2
    assert "09:10:00" in sitting.ask("When did the low level alarm on LT-1 come up?").answer.text


def water(folder: Path) -> Site:
    """Two tanks with levels and a journal that tells what came, was acknowledged and went."""
    (folder / "logs").mkdir()
    (folder / "logs" / "scada.log").write_text(
        "2026-01-15 09:10:00 ALARM [LT-1] LEVEL LOW (PV = 4.1, limit 4.2)\n"
        "2026-01-15 09:12:00 EVENT [LT-1] LEVEL ACK by op.miller\n"
        "2026-01-15 09:20:00 EVENT [LT-1] RTN LEVEL LOW\n"
        "2026-01-15 10:00:00 ALARM [LT-3] LEVEL HIGH (PV = 9.1, limit 9.0)\n"
    )
    rows = [
        f"2026-01-15T{h:02d}:00:00Z,{tag},PV,{value}"
        for h in range(8, 13)
        for tag, value in (("LT-1", 5.2), ("LT-3", 8.4))
    ]
    (folder / "historian.csv").write_text("time,tag,point,value\n" + "\n".join(rows) + "\n")
    (folder / "aitia.yaml").write_text(
        "sources:\n"
        "  - {name: historian, kind: metrics, type: table, path: historian.csv, step_s: 3600.0,\n"
        "     columns: {time: time, component: tag, metric: point, value: value}}\n"
        "  - {name: journal, kind: logs, type: log_files, path: logs}\n"
    )
    settings = load_settings(folder / "aitia.yaml")
    return opened(open_sources(settings.sources, folder), now=NOW, components=settings.components)


def test_what_somebody_wants_to_do_tells_of_whom_it_asks() -> None:
    text = "On voudrait redémarrer cache ce soir : quels services l'appellent ?"
    assert asking(text, ["cache", "cart"]) == "cache, quels services l'appellent ?"


def test_what_a_figure_is_for_is_left_out() -> None:
    text = "For the hand-over note I need the request rate of checkout"
    kept = " ".join(asking(f"{text}. What was it?", ["checkout"]).split())
    assert kept.startswith("show the request rate of checkout")
