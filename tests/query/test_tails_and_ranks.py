"""What a last clause asks beside, ranks of things that are called alike, comparisons of hours and moments, switching, downs."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aitia.agent.asking.question.clauses import asking
from aitia.agent.asking.question.comparing import _two_spans
from aitia.agent.asking.question.follow import pieces_of
from aitia.agent.asking.question.spans import span_of
from aitia.agent.asking.question.tables import Hit, data, patterns_of, raw_hits
from aitia.agent.asking.question.tails import untailed, with_tails
from aitia.core.config import Columns, SourceConfig
from aitia.graphs.looking import opened
from aitia.tools.cluster.manifest import at
from aitia.tools.query.parts import part_of
from aitia.tools.query.words import Count, Lines, Stat
from aitia.tools.sources import open_sources

from .conftest import Sitting

NOW = datetime(2026, 5, 6, 12, 0, tzinfo=UTC)
JOURNAL = """\
2026-05-06 07:10:00 B4 evt disconnector Q9 opened by remote command, user=kline
2026-05-06 09:20:00 B4 evt disconnector Q9 closed by remote command, user=moss
2026-05-06 09:40:00 B5 evt note fire drill in the hall
"""
LEDGER = """\
2026-05-06 11:00:00.000 ERROR POST /post 500 no stamps
2026-05-06 11:00:59.000 ERROR POST /post 500 no stamps
2026-05-06 11:01:00.000 ERROR POST /post 500 no stamps
2026-05-06 11:02:00.000 INFO undeliverable letter
"""


@pytest.fixture
def yard(tmp_path: Path) -> Sitting:
    """Four cells, a feeder's field, a program with a counter that its outcome labels, and a gate that goes down."""
    rows = []
    for i in range(60 * 12 + 1):
        t = (NOW - timedelta(minutes=i)).isoformat()
        for n in (1, 2, 3, 4):
            rows.append((t, f"cell0{n}", "temperature_c", 20 + n + (i % 60) / 60, ""))
        rows.append((t, "gate", "up", 0 if 30 <= i <= 40 else 1, ""))
        rows.append((t, "B4", "current_a", 5 + i % 7, ""))
        rows.append((t, "B5", "current_a", 6, ""))
        rows.append((t, "ledger", "jobs_total", 5000 - i, "late"))
        rows.append((t, "ledger", "jobs_total", 9000 - 3 * i, "done"))
        rows.append((t, "ledger", "yard_pool_waiting", i % 5, ""))
        rows.append((t, "orders", "db_connections", 7, ""))
        rows.append((t, "database", "size_bytes", 100, ""))
    with (tmp_path / "table.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("time", "component", "metric", "value", "outcome"))
        table.writerows(rows)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/journal.log").write_text(JOURNAL, encoding="utf-8")
    (tmp_path / "logs/ledger.log").write_text(LEDGER, encoding="utf-8")
    changes = (
        '{"at": "2026-05-04T08:00:00Z", "component": "ledger", "kind": "config", "text": "pool_size set to 12"}\n'
        '{"at": "2026-05-06T06:00:00Z", "component": "B4", "kind": "maintenance", "text": "WO 7 bay closed for painting"}\n'
    )
    (tmp_path / "changes.jsonl").write_text(changes, encoding="utf-8")
    columns: dict[str, Any] = {
        "time": "time",
        "component": "component",
        "metric": "metric",
        "value": "value",
        "labels": ("outcome",),
    }
    configs = [
        SourceConfig(
            name="table", kind="metrics", type="table", path="table.csv", columns=Columns(**columns)
        ),
        SourceConfig(name="logs", kind="logs", type="log_files", path="logs"),
        SourceConfig(name="changes", kind="changes", type="changes", path="changes.jsonl"),
    ]
    return Sitting(opened(open_sources(configs, tmp_path), now=NOW))


@pytest.mark.parametrize(
    ("text", "bare", "kinds"),
    [
        ("highest pressure today, and when was that?", "highest pressure today", ("time",)),
        ("Höchster Druck heute und Uhrzeit in UTC?", "Höchster Druck heute", ("time",)),
        ("quelle est la pression max, et à quelle heure ?", "quelle est la pression max", ("time",)),
        ("when did it peak, and how high?", "when did it peak", ("value",)),
        ("pool_size was changed: to what, when?", "pool_size was changed", ("time", "value")),
        ("which image does it use, since when", "which image does it use, since when", ()),
        ("what, when", "what, when", ()),
    ],
)
def test_a_last_clause_that_asks_of_the_same_figure(text: str, bare: str, kinds: tuple[str, ...]) -> None:
    assert untailed(text) == (bare, kinds)


def test_a_clause_that_the_query_does_not_tell_is_not_passed_over() -> None:
    assert with_tails((Count(of="pods"),), ("time",)) == ()
    assert with_tails((Stat(component="a", metric="m", function="max"),), ("time",))[0].wanted == "time"  # type: ignore[union-attr]
    assert with_tails((Lines(component="a"),), ("time", "value")) == (Lines(component="a"),)


def test_the_time_of_an_extreme_is_told_beside_it(yard: Sitting) -> None:
    yard.ask("max of yard_pool_waiting since 11:00, the waiting workers of the ledger, and when?")
    assert yard.found.value == 4
    assert yard.found.at is not None


def test_things_that_are_called_alike_are_ranked_from_either_end(yard: Sitting) -> None:
    assert yard.ask("hottest cell right now, and how hot?").found.names[0] == "cell04"
    assert yard.ask("and the coolest one?").found.names[0] == "cell01"
    yard.ask("hottest cell right now?").ask("and how hot was it at most since 11:30?")
    assert yard.query.startswith('stat(component="cell04"')
    assert yard.ask("which rack is hottest?").answer.status != "answered"


def test_of_several_that_are_named_each_is_told(yard: Sitting) -> None:
    answer = yard.ask("which of cell01, cell02 and cell03 is hottest now?").answer
    assert [q.split('"')[1] for q in answer.queries] == ["cell01", "cell02", "cell03"]
    assert len(yard.ask("how hot were cell01 and cell02 at most?").answer.queries) == 2


def test_two_moments_and_the_same_hours_of_two_days(yard: Sitting) -> None:
    yard.ask("current of B4 at 11:00 vs now, which was higher?")
    assert [f.value for f in yard.answer.found] == [9, 5]
    p = pieces_of("temperature of cell01 from 8 to 10 UTC: 6 May compared to the 5th", yard.site, None)
    (a, b), (c, d) = _two_spans(p) or ((None, None), (None, None))
    assert (a, b) == (datetime(2026, 5, 6, 8, tzinfo=UTC), datetime(2026, 5, 6, 10, tzinfo=UTC))
    assert (c, d) == (datetime(2026, 5, 5, 8, tzinfo=UTC), datetime(2026, 5, 5, 10, tzinfo=UTC))


def test_what_is_compared_right_now_is_no_average(yard: Sitting) -> None:
    assert 'function="last"' in yard.ask("temperature difference between cell04 and cell01 right now").query


def test_utc_that_is_said_counts() -> None:
    west = NOW.astimezone(datetime.fromisoformat("2026-05-06T12:00:00-04:00").tzinfo)
    assert span_of("at 06:00 UTC", west).at == datetime(2026, 5, 6, 6, tzinfo=UTC)
    assert span_of("at 06:00", west).at == datetime(2026, 5, 6, 10, tzinfo=UTC)
    assert span_of("between 01:00 and 02:00 on the 5th", NOW).since == datetime(2026, 5, 5, 1, tzinfo=UTC)
    assert span_of("débit max à P-1 hier", NOW).since == datetime(2026, 5, 5, tzinfo=UTC)


def test_switching_is_told_by_the_journal_with_who_did_it(yard: Sitting) -> None:
    assert "user=kline" in yard.ask("who opened Q9 in B4 today?").answer.text
    assert "user=moss" in yard.ask("Wann wurde der Trenner Q9 in B4 geschlossen?").answer.text
    assert yard.ask("when was the door of B4 opened?").answer.status != "answered"


def test_what_happened_is_told_by_changes_and_the_journal(yard: Sitting) -> None:
    assert "fire drill" in yard.ask("what happened at B5 today?").answer.text
    both = yard.ask("was ist heute mit B4 passiert?").answer
    assert len(both.queries) == 2
    assert "painting" in both.text


def test_since_when_and_how_often_something_was_down(yard: Sitting) -> None:
    assert "1 time" in yard.ask("how often was gate unreachable?").answer.text
    assert yard.ask("when was gate first not reachable?").found.at == NOW - timedelta(minutes=40)
    assert yard.ask("since when is cell01 down?").answer.status != "answered"


def test_a_setting_that_is_written_out_is_found_in_the_changes(yard: Sitting) -> None:
    assert "set to 12" in yard.ask("pool_size of ledger was changed: to what, and when?").answer.text


def test_a_counter_tells_its_ends_and_a_label_its_kind(yard: Sitting) -> None:
    found = yard.ask("how many late jobs did ledger count so far?").found
    assert found.values == {"at first": "4280", "at last": "5000"}
    assert "rose in all by 720, from 4280 to 5000" in found.said
    spanned = yard.ask("how many late jobs did ledger count since 11:00?").found
    assert spanned.values == {}


def test_a_component_that_is_called_by_a_common_word_holds_no_question_of_others(yard: Sitting) -> None:
    assert yard.ask("how many database connections are there?").found.value == 7
    assert yard.ask("how big is the database?").query.startswith('stat(component="database"')


def test_the_path_and_method_of_a_request_name_no_component(yard: Sitting) -> None:
    p = pieces_of("how many 500 did POST /ledger give?", yard.site, None)
    assert p.about.components == ()
    assert yard.ask("how many 500 of POST /post at 11:00?").found.value == 2  # not the next minute's first


def test_who_tells_it_and_what_is_counted_by_a_quote_are_no_things(yard: Sitting) -> None:
    assert asking("which died according to supervisord on B4?", ["B4"]) == "which died   on B4?"
    assert "laut" in asking("wie laut ist B4?", ["B4"])
    assert yard.ask('how many letters "undeliverable" are in the log of ledger?').found.value == 1


def test_bounds_of_an_autoscaler_and_what_a_budget_allows() -> None:
    scaler = {"spec": {"maxReplicas": 6}, "status": {"currentReplicas": 2, "desiredReplicas": 3}}
    assert part_of(scaler, "horizontalpodautoscalers", "replicas", None) == "1 to 6, now 2"  # type: ignore[arg-type]
    assert part_of(scaler, "horizontalpodautoscalers", "state", None) == "1 to 6, now 2, wanted 3"  # type: ignore[arg-type]
    budget = {"status": {"disruptionsAllowed": 0, "currentHealthy": 1, "desiredHealthy": 1}}
    told = part_of(budget, "poddisruptionbudgets", "state", None)  # type: ignore[arg-type]
    assert told == "allows 0 disruptions, 1 of 1 needed pods healthy"
    assert at(budget, "status", "currentHealthy") == 1


@pytest.mark.parametrize(
    "text",
    [
        "how many pods were evicted since 10:00",
        "wie heiß ist die zelle, und seit wann steigt sie?",
        "",
        "?" * 50,
        "a b",
    ],
)
def test_words_found_by_their_letters_are_those_of_the_patterns(text: str) -> None:
    names = [n for n, held in data().items() if isinstance(held, dict) and n != "act"]
    for name in names:
        every = tuple(
            Hit(key, m.start(), m.end()) for key, pattern in patterns_of(name) for m in pattern.finditer(text)
        )
        assert raw_hits(name, text) == every
