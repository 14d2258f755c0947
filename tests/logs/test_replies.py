"""What a server says of itself in a client's log is charged to the server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import aitia
from aitia.core.config import SourceConfig
from aitia.core.words import Component
from aitia.tools.text.names import Names
from aitia.tools.text.replies import replier

REDIS = "ReplyError: OOM command not allowed when used memory > 'maxmemory'."


@pytest.mark.parametrize(
    ("component", "text", "known", "whose"),
    [
        ("orders", REDIS, ("orders", "redis"), "redis"),
        ("orders", REDIS, ("orders", "redis-cache-1", "catalog"), "redis-cache-1"),
        ("orders", REDIS, ("orders", "redis-a", "redis-b"), ""),  # which of them nobody says
        ("orders", REDIS, ("orders", "predisposed"), ""),
        ("redis", REDIS, ("orders", "redis"), ""),  # its own words
        ("orders", "java.lang.OutOfMemoryError: Java heap space", ("orders", "redis"), ""),
        ("api", "FATAL: sorry, too many clients already", ("api", "postgresql"), ""),
        ("api", "Lock wait timeout exceeded; try restarting transaction", ("api", "mariadb-0"), "mariadb-0"),
    ],
)
def test_whose_state_a_message_tells(component: str, text: str, known: tuple[str, ...], whose: str) -> None:
    assert replier(component, text, Names([Component(id=name) for name in known])) == whose


def test_a_type_in_an_alias_counts() -> None:
    names = Names([Component(id="orders"), Component(id="ferrydb", aliases=("postgres",))])
    assert replier("orders", "canceling statement due to statement timeout", names) == "ferrydb"


def test_the_fact_is_about_the_server_and_says_who_logged_it(tmp_path: Path) -> None:
    at = [datetime(2026, 11, 20, 10, tzinfo=UTC) + timedelta(seconds=10 * n) for n in range(120)]
    lines = [f"{t.isoformat()} {'ERROR ' + REDIS if n >= 90 else 'INFO stored'}" for n, t in enumerate(at)]
    (tmp_path / "orders.log").write_text("\n".join(lines) + "\n")
    (tmp_path / "redis.log").write_text(f"{at[0].isoformat()} INFO ready\n")
    sources = [SourceConfig(name="logs", kind="logs", type="log_files", path=str(tmp_path))]
    report = aitia.diagnose("orders fail", sources=sources, started_at=at[90], at=at[-1], model=None)
    facts = [e for e in report.evidence if e.aspect == "log.oom"]
    assert [(e.component, e.peer, e.values["reported_by"]) for e in facts] == [("redis", "", "orders")]
    assert facts[0].statement.startswith("orders logged about redis 29 times")
    assert not [s for s in report.suspects if (s.component, s.fault) == ("orders", "resource.memory")]


def test_a_name_with_accents_is_the_component_without() -> None:
    names = Names([Component(id="agencia", type="service"), Component(id="łódź", type="service")])
    assert names.of("agência não respondeu à busca") == ["agencia"]
    assert names.of("Lodz: no answer; łódź as well") == ["łódź"]
    text = "à espera da agência"
    assert [text[b:e] for _, b, e in names.places(text)] == ["agência"]
