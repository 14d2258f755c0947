"""How rules' readings of written questions are judged, and that what is learned of them can be learned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aitia.agent.asking.question.outcome import Reading, one, unclear
from aitia.models.curriculum.question_written import Ask, Visited
from aitia.tools.query.words import Query, Stat
from benchmarks.ask.fit_reader import lines, pairs
from benchmarks.ask.written import among, asked, half, judged, owners, slots

SITE = Visited(
    name="made Z",
    components=("web", "db"),
    metrics=("db.sessions", "temp_c"),
    asks=(
        Ask(question="max of db.sessions on db", line="max db.sessions @ db", language="en", before=""),
        Ask(question="and of web?", line="none", language="en", before="max db.sessions @ db"),
    ),
)
HELD = owners(SITE)


def test_a_measurement_is_of_whom_it_is_asked_or_named_of_else_of_all() -> None:
    assert HELD == {"db.sessions": ["db"], "temp_c": ["web", "db"]}


def test_a_line_without_its_only_component_is_the_same_line() -> None:
    assert slots("max db.sessions", HELD) == slots("max db.sessions @ db", HELD)
    assert slots("max temp_c", HELD) != slots("max temp_c @ db", HELD)


def stat(metric: str, function: str = "max", component: str = "db") -> Query:
    return Stat(component=component, metric=metric, function=function)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "reading", "verdict"),
    [
        ("max db.sessions @ db", one(stat("db.sessions")), ("right", "")),
        ("max db.sessions @ db", one(stat("db.sessions", "min")), ("wrong", "statistic")),
        ("max db.sessions @ db", one(stat("temp_c")), ("wrong", "measurement")),
        ("max temp_c @ db", one(stat("temp_c", component="web")), ("wrong", "component")),
        ("max temp_c @ db", unclear("?", (stat("temp_c"),)), ("refused", "unclear")),
        ("none", one(stat("temp_c")), ("wrong", "answered though not")),
        ("none", Reading(status="unknown"), ("right", "")),
        (
            "range temp_c @ db",
            Reading(status="query", queries=(stat("temp_c", "min"), stat("temp_c"))),
            ("right", ""),
        ),
    ],
)
def test_a_reading_is_judged_by_its_slots(line: str, reading: Reading, verdict: tuple[str, str]) -> None:
    assert judged(line, reading, HELD) == verdict


def test_a_site_is_asked_as_files(tmp_path: Path) -> None:
    first, second = asked(SITE, tmp_path)
    assert judged(first.ask.line, first.reading, HELD) == ("right", "")
    assert second.before is not None
    offered = first._replace(reading=unclear("?", (stat("temp_c"),)))
    assert among("max temp_c @ db", offered, HELD)
    assert not among("p99 temp_c @ db", offered, HELD)


def test_halves_are_of_authors() -> None:
    assert {half(a) for a in "ABGMN"} == {0}
    assert {half(a) for a in "CDEFHIJKL"} == {1}


def test_pairs_and_lines_are_learned() -> None:
    random = np.random.default_rng(0)
    made = []
    for _ in range(200):
        x = random.normal(size=(5, 3))
        made.append((x, [int(np.argmax(x[:, 1]))]))
    weights = pairs(made)
    assert weights[1] > 5 * abs(weights[0])
    told = [(row.tolist(), bool(row[0] > 0)) for row in random.normal(size=(300, 15))]
    against = [(row, not right) for row, right in told]
    assert lines(told)[0] > 1.0
    assert lines(against)[0] == 0.0  # what speaks for a line never speaks against it
