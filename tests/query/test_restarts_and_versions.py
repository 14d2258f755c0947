"""How often a thing was started again, which version its log tells, pods of a component on a node, several components at once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from aitia.core.config import SourceConfig
from aitia.core.words import Evidence, SourceRef, Window
from aitia.graphs.looking import look, opened
from aitia.tools.query.behind import behind
from aitia.tools.query.site import Site
from aitia.tools.query.words import Curve, Stat
from aitia.tools.sources import open_sources

from .conftest import ROOT, Sitting, site_of

HOST = """\
2026-03-02T08:00:01.000000+00:00 box supervisord[9]: spawned: 'ledger' with pid 20
2026-03-02T08:00:02.000000+00:00 box supervisord[9]: spawned: 'mill' with pid 21
2026-03-02T08:10:00.000000+00:00 box supervisord[9]: exited: mill (exit status 1; not expected)
2026-03-02T08:10:01.000000+00:00 box supervisord[9]: backoff: mill restarts in 2 s
2026-03-02T08:10:03.000000+00:00 box supervisord[9]: spawned: 'mill' with pid 30
2026-03-02T08:20:03.000000+00:00 box supervisord[9]: spawned: 'mill' with pid 31
"""
LEDGER = """\
2026-03-02 08:00:01.100 INFO starting ledger version 4.7.1
2026-03-02 08:00:01.300 INFO protocol version 2.0 spoken
2026-03-02 08:05:00.000 INFO checkpoint starting: time
2026-03-02 08:12:00.000 WARNING GET /x 503
2026-03-02 08:21:00.000 INFO nightly stock transfer finished
2026-03-02 08:22:00.000 INFO nightly stock transfer finished
"""


@pytest.fixture
def mine(tmp_path: Path) -> Sitting:
    for name, text in (("box", HOST), ("ledger", LEDGER)):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.log").write_text(text)
    topology = tmp_path / "topology.yaml"
    topology.write_text(
        "components:\n- {id: box, type: node}\n"
        "- {id: ledger, type: service, links: [{relation: runs_on, to: box}]}\n"
        "- {id: mill, type: service, links: [{relation: runs_on, to: box}]}\n"
    )
    configs = [
        SourceConfig.model_validate(
            {"name": n, "kind": "logs", "type": "log_files", "path": n, "component": n}
        )
        for n in ("box", "ledger")
    ]
    configs.append(
        SourceConfig.model_validate(
            {"name": "t", "kind": "topology", "type": "topology", "path": "topology.yaml"}
        )
    )
    return Sitting(opened(open_sources(configs, tmp_path), now=datetime(2026, 3, 2, 8, 30, tzinfo=UTC)))


@pytest.mark.parametrize(
    ("asked", "times"),
    [
        ("how often did mill restart?", 2),
        ("Wie oft wurde mill neu gestartet?", 2),
        ("combien de fois mill a-t-il redémarré ?", 2),
        ("¿cuántas veces se reinició mill?", 2),
        ("mill 重启了多少次？", 2),
        ("how often did mill restart since 08:15?", 1),
        ("how often did ledger restart?", 0),
    ],
)
def test_restarts_are_starts_but_the_first(asked: str, times: int, mine: Sitting) -> None:
    assert mine.ask(asked).answer.status == "answered"
    assert 'of="restarts"' in mine.query
    assert mine.found.value == times
    assert len(mine.found.rows) == times


def test_restarts_by_the_process_s_own_start_time() -> None:
    shop = Sitting(site_of(ROOT / "scenarios/memory-leak"))
    assert shop.ask("how often did catalog restart?").found.value == 2
    assert "process_start_time_seconds" in shop.answer.text
    assert shop.ask("how often did users restart?").found.value == 0


def test_the_version_by_the_log_is_the_program_s_own(mine: Sitting) -> None:
    assert mine.ask("which version of ledger runs?").found.names[0].startswith("4.7.1")
    assert mine.ask("which version of mill runs?").answer.status == "not_known"


def test_when_a_thing_happened_last_is_the_last_line_with_all_its_words(mine: Sitting) -> None:
    at = mine.ask("when did ledger last finish the nightly stock transfer?").found.rows[-1].at
    assert at is not None
    assert (at.hour, at.minute) == (8, 22)


def test_a_failing_status_explains_that_it_was_refused(mine: Sitting) -> None:
    assert mine.ask("how many requests did ledger refuse with a 503?").found.value == 1


def test_pods_of_a_component_on_a_node(cluster: Sitting) -> None:
    on = cluster.ask("which pods of geo-etl run on etl1?")
    assert 'node="etl1"' in on.query
    assert "viewer" not in on.found.names
    assert cluster.ask("how many pods of viewer run on etl1?").found.value == 0
    assert cluster.ask("how many pods of viewer run on etl0?").found.value == 1


def test_several_components_are_counted_each(shop_site: Site) -> None:
    found = look("how many errors did orders and payment log?", shop_site)
    assert found is not None
    assert [q.split("(")[1].split(",")[0] for q in found[0].queries] == [
        'component="orders"',
        'component="payment"',
    ]


def test_software_whose_log_is_a_source_of_its_own_names_the_component(shop: Sitting) -> None:
    assert 'component="gateway"' in shop.ask("how many 502 did nginx answer?").query


def test_an_alarm_is_no_line_of_any_kind(pump: Sitting) -> None:
    at = pump.ask("wann hat der Alarm von P-101A ausgelöst?").found.rows[0].at
    assert at is not None
    assert (at.hour, at.minute) == (7, 15)


def test_a_fact_of_a_mean_is_looked_at_again_as_a_mean(shop_site: Site) -> None:
    window = Window(start=shop_site.now.replace(minute=7), end=shop_site.now)
    fact = Evidence(
        component="orders",
        kind="metric.shift",
        aspect="latency",
        statement="orders: mean latency rose.",
        values={"metric": "http_request_duration_seconds_sum", "stat": "mean"},
        window=window,
        strength=1.0,
        source=SourceRef(source="metrics", query="q"),
    )
    again = behind(fact)
    assert isinstance(again, Curve)
    assert again.metric == "http_request_duration_seconds"
    tail = behind(fact.model_copy(update={"values": {**fact.values, "stat": "p95"}}))
    assert isinstance(tail, Stat)
    assert tail.function == "p95"
