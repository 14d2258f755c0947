"""What a few words ask anew of a figure or of lines: how it is now, when it rose, how often, how many there should be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aitia.agent.asking.question.limits import says_limit
from aitia.core.config import SourceConfig
from aitia.graphs.looking import opened
from aitia.tools.query.notation import parse
from aitia.tools.sources import open_sources
from tests.query.conftest import Sitting


@pytest.mark.parametrize(
    "now", ["and how is it now?", "und wie hoch ist sie jetzt?", "e adesso a quanto sta?", "et maintenant ?"]
)
def test_a_peak_is_followed_by_what_it_is_now(shop: Sitting, now: str) -> None:
    shop.ask("max pg_stat_activity_count of postgres since 01:08")
    assert 'function="max"' in shop.query
    shop.ask(now)
    assert shop.answer.status == "answered"
    assert "function=" not in shop.query
    assert "since=" not in shop.query
    assert "pg_stat_activity_count" in shop.query


def test_a_counter_tells_when_it_first_and_last_rose(shop: Sitting) -> None:
    shop.ask('stat(component="gateway", metric="http_requests_total", labels="code=5xx", function="sum")')
    assert shop.answer.status == "answered"
    first = shop.ask("since when?").found.at
    shop.ask('stat(component="gateway", metric="http_requests_total", labels="code=5xx", function="sum")')
    last = shop.ask("and when was the last one?").found.at
    assert first is not None
    assert last is not None
    assert first < last


def test_lines_are_counted_where_it_is_asked_how_often_that_happened(shop: Sitting) -> None:
    shown = shop.ask("show the error lines of orders").found.value
    shop.ask("how often did that happen?")
    assert shop.query.startswith('count(component="orders"')
    assert shop.found.value == shown


def test_pods_are_followed_by_how_many_there_should_be(cluster: Sitting) -> None:
    cluster.ask("how many pods of ingest-api are ready?")
    cluster.ask("and how many should there be?")
    assert cluster.query == 'get(component="ingest-api", part="replicas")'


@pytest.mark.parametrize(
    ("name", "of_limit"),
    [
        ("redis_connected_clients", False),
        ("redis_memory_max_bytes", True),
        ("mandataire_descripteurs_max", True),
        ("arena_rooms_open", False),
    ],
)
def test_a_limit_is_told_by_its_name(name: str, of_limit: bool) -> None:
    assert says_limit(name) == of_limit


def test_what_is_allowed_and_what_of_it_is_in_use_follow_each_other(tmp_path: Path) -> None:
    held = (
        "redis_connected_clients",
        "redis_config_maxclients",
        "redis_memory_max_bytes",
        "redis_memory_used_bytes",
    )
    rows = ["timestamp,component,metric,value"]
    for minute in range(6):
        rows += [f"2026-03-01T08:0{minute}:00Z,cache,{n},{10 * (i + 1) + minute}" for i, n in enumerate(held)]
    (tmp_path / "m.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    config = SourceConfig(name="metrics", kind="metrics", type="table", path="m.csv")
    now = datetime(2026, 3, 1, 8, 6, tzinfo=UTC)
    cache = Sitting(opened(open_sources([config], tmp_path), now=now))
    cache.ask("redis_connected_clients of cache?")
    assert cache.ask("et combien en accepte-t-il au maximum ?").found.value == 25
    cache.ask("redis_memory_max_bytes of cache?")
    assert cache.ask("und wie viel davon ist belegt?").found.value == 45
    cache.ask("redis_memory_max_bytes of cache?")
    cache.ask("who uses it?")  # asks for no figure
    assert "used_bytes" not in cache.query


def test_a_limit_of_an_object_follows_another_part_of_it(cluster: Sitting) -> None:
    cluster.ask("which image does ingest-api run?")
    cluster.ask("und wie viel Arbeitsspeicher darf er maximal nehmen?")
    assert cluster.query == 'get(component="ingest-api", part="limits")'


def test_whether_something_is_still_so_is_answered_by_what_it_is(cluster: Sitting) -> None:
    cluster.ask("¿El límite de memoria del pod ingest-api sigue en 256 MiB?")
    assert cluster.answer.status == "answered"
    assert 'part="limits"' in cluster.query


@pytest.mark.parametrize(
    "again",
    [
        "same hours yesterday?",
        "und gestern um dieselbe Zeit?",
        "et hier aux mêmes heures ?",
        "y ayer a las mismas horas",
    ],
)
def test_the_same_hours_of_the_day_before_are_meant(pump: Sitting, again: str) -> None:
    first = 'stat(component="P-101", metric="bearing_temperature_celsius", function="mean", since="{}", until="{}")'
    now = pump.site.now
    pump.ask(first.format((now - timedelta(hours=3)).isoformat(), (now - timedelta(hours=1)).isoformat()))
    pump.ask(again)
    query = parse(pump.query, now=now)
    assert query.until == now - timedelta(hours=25)
    assert query.since == now - timedelta(hours=27)


def test_whoever_did_it_is_not_told_of_a_follow_up(shop: Sitting) -> None:
    shop.ask("changes of orders")
    shop.ask("und wer hat das freigegeben?")
    assert shop.answer.status != "answered"


def test_who_somebody_calls_is_not_who_calls_them(shop: Sitting) -> None:
    assert shop.ask("a quién llama orders?").query == 'who(component="orders", does="calls")'
    assert shop.ask("which of our services call orders?").query == 'who(component="orders", does="called_by")'


def test_the_end_of_a_stack_of_calls_is_shown(tmp_path: Path) -> None:
    stack = "".join(
        f'  File "/srv/post/run_{i}.py", line {i}, in step_{i}\n    return go({i})\n' for i in range(20)
    )
    text = f"2026-03-01 08:00:05,100 ERROR post: run failed\nTraceback (most recent call last):\n{stack}UnicodeEncodeError: bad\n"
    (tmp_path / "post.log").write_text(f"2026-03-01 08:00:01,100 INFO post: start\n{text}", encoding="utf-8")
    held = SourceConfig(name="logs", kind="logs", type="log_files", path="post.log")
    post = Sitting(opened(open_sources([held], tmp_path), now=datetime(2026, 3, 1, 8, 1, tzinfo=UTC)))
    row = post.ask("last error of post").found.rows[0]
    assert row.text.endswith("UnicodeEncodeError: bad")
    assert "run failed" in row.text
    assert len(row.text) <= 601


def test_the_last_change_is_the_last_one_whenever_it_was(shop: Sitting) -> None:
    shop.ask("changes of orders since 01:09")
    assert "since=" in shop.query
    shop.ask("and the last deploy of orders")
    assert shop.query.startswith("changes(")
    assert "since=" not in shop.query


LOG = """\
2026-03-01 08:00:01,100 INFO web: request /a served in 0.20 s
2026-03-01 08:00:02,100 WARNING web: slow answer /b after 4.83 s
2026-03-01 08:00:03,100 WARNING web: slow answer /c after 10.9 s
2026-03-01 08:00:04,100 WARNING web: slow answer /d after 900 ms
"""


@pytest.fixture
def web(tmp_path: Path) -> Sitting:
    for name, text in (("web", LOG), ("api", LOG.split("\n", 2)[2])):
        (tmp_path / f"{name}.log").write_text(text, encoding="utf-8")
    held = SourceConfig(name="logs", kind="logs", type="log_files", path="*.log")
    return Sitting(opened(open_sources([held], tmp_path), now=datetime(2026, 3, 1, 8, 1, tzinfo=UTC)))


def test_a_phrase_in_quotes_tells_which_lines_are_meant(web: Sitting) -> None:
    assert web.ask("how often has web grumbled dolefully about a 'slow answer'?").found.value == 3
    web.ask("how often has web grumbled about a 'slow answer' of Zebulon?")  # a name is no gloss
    assert web.answer.status != "answered"


def test_the_slowest_line_of_a_phrase_is_the_one_with_the_largest_figure(web: Sitting) -> None:
    web.ask("what is the slowest that web complained about ('slow answer')?")
    assert 'order="largest"' in web.query
    assert web.found.figures[0].value == 10.9


def test_lines_are_counted_by_component_where_it_is_asked_who_has_most_or_fewest(web: Sitting) -> None:
    assert web.ask("which has the most 'slow answer'?").found.values == {"web": "3", "api": "2"}
    assert web.ask("and which the fewest?").found.values == {"web": "3", "api": "2"}
