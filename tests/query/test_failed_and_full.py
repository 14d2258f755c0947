"""A measurement of another thing is no answer: which filesystem is full, and how many of what nothing counts failed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aitia.agent.asking.question.failed_full_rules import misses_head
from aitia.agent.asking.question.follow import pieces_of
from aitia.core.config import SourceConfig
from aitia.graphs.looking import opened
from aitia.tools.query.site import Site
from aitia.tools.query.words import Stat
from aitia.tools.sources import open_sources

from .conftest import Sitting
from .test_read_by_a_model import asked

BEGAN = datetime(2026, 3, 1, 10, tzinfo=UTC)
SERIES = [  # component, metric, value, mountpoint, datname
    ("db", "pg_stat_archiver_failed_count", 3, "", ""),
    ("db", "pg_database_size_bytes", 8_206_003, "", "ledger"),
    ("host", "node_filesystem_avail_bytes", 0, "/spool", ""),
    ("host", "node_filesystem_avail_bytes", 4e10, "/", ""),
    ("host", "node_filesystem_mount_info", 1, "/spool", ""),
]


@pytest.fixture(scope="module")
def desk_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("desk")
    times = [BEGAN + timedelta(seconds=10 * n) for n in range(60)]
    rows = [f"{t.isoformat()},{c},{m},{v},{mount},{name}" for t in times for c, m, v, mount, name in SERIES]
    head = "time,component,metric,value,mountpoint,datname"
    (folder / "m.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    (folder / "logs").mkdir()
    told = "".join(f"{t:%Y-%m-%dT%H:%M:%SZ} ERROR checkout {n} failed: 500\n" for n, t in enumerate(times))
    (folder / "logs/desk.log").write_text(told, encoding="utf-8")
    columns = {k: k for k in ("time", "component", "metric", "value")} | {"labels": ["mountpoint", "datname"]}
    metrics = {"name": "m", "kind": "metrics", "type": "table", "path": "m.csv", "columns": columns}
    logs = {"name": "logs", "kind": "logs", "type": "log_files", "path": "logs/*.log"}
    sources = open_sources([SourceConfig.model_validate(s) for s in (metrics, logs)], folder)
    return opened(sources, now=BEGAN + timedelta(minutes=10))


@pytest.mark.parametrize(
    "question", ["which filesystem is full?", "is a disk full?", "is the disk of host full?"]
)
def test_which_filesystem_is_full_is_told_by_what_is_free(desk_site: Site, question: str) -> None:
    answer = Sitting(desk_site).ask(question).answer
    assert answer.status == "answered"
    assert "/spool 0" in answer.text
    assert "node_filesystem_avail_bytes" in answer.queries[0]


def test_no_measurement_of_free_space_is_no_answer(desk_site: Site) -> None:
    answer = Sitting(desk_site).ask("is the disk of db full?").answer
    assert answer.status == "not_known"
    assert "8206003" not in answer.text


@pytest.mark.parametrize(
    "question", ["how many orders failed?", "wie viele Bestellungen sind fehlgeschlagen?"]
)
def test_how_many_of_what_nothing_counts_is_asked_back_with_the_error_lines(
    desk_site: Site, question: str
) -> None:
    answer = Sitting(desk_site).ask(question).answer
    assert answer.status == "unclear"
    assert answer.choices[0].startswith("count(")
    assert 'level="error"' in answer.choices[0]
    named = Sitting(desk_site).ask("how many orders of desk failed since 10:05?").answer
    assert 'count(component="desk", since="2026-03-01T10:05:00Z", level="error")' in named.choices


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("how many orders failed?", "sum pg_stat_archiver_failed_count"),
        ("which filesystem is full?", "last pg_database_size_bytes"),
        ("welches Dateisystem ist voll?", "last node_filesystem_mount_info"),
    ],
)
def test_a_model_does_not_answer_with_a_measurement_of_another_thing(
    desk_site: Site, question: str, line: str
) -> None:
    answer, _ = asked(desk_site, question, line)
    assert line.split()[1] not in " ".join(answer.queries)
    assert "8206003" not in answer.text


def test_what_a_measurement_is_of_need_not_be_spelled_alike(desk_site: Site) -> None:
    query = Stat(component="db", metric="pg_database_size_bytes")
    assert not misses_head(pieces_of("which database is how big?", desk_site, None), query)
    assert misses_head(pieces_of("which volcano is how big?", desk_site, None), query)
