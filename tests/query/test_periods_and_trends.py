"""Periods of the calendar, months beside each other, since when something rises, and whether something is healthy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from aitia.agent.asking.question.periods import periods_of
from aitia.agent.asking.question.spans import span_of
from aitia.asking_live import live_site
from aitia.core.config import SourceConfig
from aitia.core.redact import Redactor
from aitia.graphs.looking import look
from aitia.settings import Settings
from aitia.tools.query.site import Site
from aitia.tools.query.trends import course, turned
from tests.query.conftest import Sitting

NOW = datetime(2026, 3, 12, 15, 20, tzinfo=UTC)  # a Thursday


def day(month: int, number: int, year: int = 2026) -> datetime:
    return datetime(year, month, number, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "since", "until"),
    [
        ("max flow this week", day(3, 9), None),
        ("durchfluss diese woche im mittel", day(3, 9), None),
        ("le débit cette semaine", day(3, 9), None),
        ("caudal de esta semana", day(3, 9), None),
        ("portata di questa settimana", day(3, 9), None),
        ("errors last month", day(2, 1), day(3, 1)),
        ("fehler im letzten monat", day(2, 1), day(3, 1)),
        ("erreurs le mois dernier", day(2, 1), day(3, 1)),
        ("over the weekend", day(3, 7), day(3, 9)),
        ("nel fine settimana", day(3, 7), day(3, 9)),
        ("since the weekend", day(3, 7), None),
        ("dieses jahr", day(1, 1), None),
        ("im letzten quartal", day(10, 1, 2025), day(1, 1)),
        ("in den letzten 3 monaten", NOW - timedelta(days=90), None),
        ("ces 3 derniers jours", NOW - timedelta(days=3), None),
        ("ultimi tre giorni", NOW - timedelta(days=3), None),
    ],
)
def test_periods_are_times(said: str, since: datetime, until: datetime | None) -> None:
    span = span_of(said, NOW)
    assert span.since == since
    assert (span.until and span.until.replace(microsecond=0)) == (until and until - timedelta(seconds=1))
    assert not any(
        w in span.rest for w in ("week", "woche", "semaine", "monat", "month", "mois", "quart", "trim")
    )


def test_a_quarter_of_an_hour_is_none_of_a_year() -> None:
    assert not periods_of("last quarter of an hour", NOW)
    assert span_of("last quarter of an hour", NOW).since == NOW - timedelta(minutes=15)


def test_bare_hours_are_of_the_day_that_is_told_and_bounds_are_none() -> None:
    span = span_of("max flow yesterday from 6 to 14?", NOW)
    assert (span.since, span.until) == (day(3, 11) + timedelta(hours=6), day(3, 11) + timedelta(hours=14))
    assert span_of("did it go from 6 to 14 bar yesterday", NOW).since == day(3, 11)


def test_two_months_beside_each_other_leave_no_word() -> None:
    assert span_of("compare the head in october with november", NOW).rest.split() == [
        "compare",
        "the",
        "head",
        "with",
    ]


T = np.arange(3000) * 300.0
NOISE = np.random.default_rng(7).normal(0, 0.5, T.size) + 1.5 * np.sin(2 * np.pi * T / 86400)


def test_a_rise_is_found_where_it_began() -> None:
    rising = 50 + NOISE + np.maximum(0.0, T - T[2000]) * 10 / (1000 * 300)
    found = turned(T, rising, rising=True)
    assert found is not None
    assert abs(found.at - T[2000]) < 0.05 * T[-1]
    assert found.last == pytest.approx(60, abs=1.5)
    assert turned(T, rising, rising=False) is None


@pytest.mark.parametrize(
    "still",
    [50 + NOISE, 50 + NOISE + np.where((T[1000] < T) & (T[1800] > T), 8.0, 0.0)],
    ids=["level", "came back"],
)
def test_what_stays_or_came_back_does_not_rise(still: np.ndarray) -> None:
    assert course(T, still, rising=True) is None


def test_growth_by_the_same_share_bends_upwards() -> None:
    grown = (1.8 + 0.02 * NOISE) * np.exp(np.maximum(0.0, T - T[2500]) * 1.2 / (500 * 300))
    found = course(T, grown, rising=True)
    assert found is not None
    assert abs(found.at - T[2500]) < 0.05 * T[-1]
    assert found.last > 2 * found.level


@pytest.mark.parametrize(
    "question",
    [
        "since when does the vibration of {c} rise?",
        "seit wann steigt die Vibration von {c}?",
        "depuis quand la vibration de {c} augmente-t-elle ?",
        "desde cuándo sube la vibración de {c}?",
        "da quando sale la vibrazione di {c}?",
    ],
)
def test_since_when_it_rises_is_a_look_at_its_course(pump: Sitting, question: str) -> None:
    asked = pump.ask(question.format(c="P-101B"))
    assert 'way="rise"' in asked.query
    assert asked.answer.status == "answered"


@pytest.mark.parametrize(
    "question", ["is orders healthy right now?", "ist orders gerade in Ordnung?", "¿está bien orders?"]
)
def test_whether_something_is_healthy_tells_what_is_known_and_gives_no_verdict(
    shop: Sitting, question: str
) -> None:
    answer = shop.ask(question).answer
    assert answer.status == "answered"
    assert "aitia diagnose" in answer.text
    assert "error log lines of orders" in answer.text


def test_how_many_are_healthy_is_another_question(shop: Sitting) -> None:
    assert "diagnosis tells" not in shop.ask("how many healthy upstreams does gateway have?").answer.text


@pytest.fixture
def ended(tmp_path: Path) -> Site:
    began = datetime(2026, 1, 5, tzinfo=UTC)
    rows = [
        f"{(began + timedelta(minutes=i)).isoformat()},P-1,flow_m3h,{10 + (i >= 540) * 5}" for i in range(600)
    ]
    (tmp_path / "m.csv").write_text(
        "time,component,metric,value\n" + "\n".join(rows) + "\n", encoding="utf-8"
    )
    columns = {"time": "time", "component": "component", "metric": "metric", "value": "value"}
    source = SourceConfig.model_validate(
        {"name": "m", "kind": "metrics", "type": "table", "path": str(tmp_path / "m.csv"), "columns": columns}
    )
    site = live_site(Settings(), [source], (), at=None, redactor=Redactor(key=b"k" * 32))
    assert site is not None
    return site


def test_the_last_hour_of_data_that_ended_is_their_last_and_that_is_said(ended: Site) -> None:
    found = look("mean flow of P-1 in the last hour", ended)
    assert found is not None
    assert found[0].found[0].value == pytest.approx(15.0)
    assert any(n.startswith("time is counted back from 2026-01-05 09:59") for n in found[0].notes)
    fixed = look("mean flow of P-1 between 2026-01-05T01:00Z and 2026-01-05T02:00Z", ended)
    assert fixed is not None
    assert not any("counted back" in n for n in fixed[0].notes)
