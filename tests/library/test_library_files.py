"""The event library's files: what is read, and what is refused with the place to mend."""

from __future__ import annotations

import contextlib
import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aitia.core.errors import BadInput, SourceError
from aitia.tools.library.events import read_alerts, read_library, write_library

from .world import cases

GOOD = '{"id": "1", "nodes": ["a", "b"], "events": [{"component": "a", "signal": "cpu"}], "component": "a", "fault": "hog"}'


def test_a_library_comes_back_as_it_was_written(tmp_path: Path) -> None:
    write_library(cases(), tmp_path / "l.jsonl")
    read = read_library(tmp_path / "l.jsonl")
    assert list(read.cases) == cases()
    assert len(read.sha256) == 64


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 2"),
        ("\x00\x01", "line 2"),
        (
            '{"id": "2", "nodes": ["a"], "component": "a"}',
            "is a past incident and needs `component` and `fault`",
        ),
        ('{"id": "2", "nodes": ["a"], "component": "z", "fault": "x"}', "'z' is missing from `nodes`"),
        (GOOD, "'1' occurs twice"),
        ('{"id": "2", "events": [{"component": "a", "signal": "s", "source": "dream"}]}', "events.0.source"),
        ('{"id": "2", "evnts": []}', "evnts"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "l.jsonl").write_text(f"{GOOD}\n{line}\n")
    with pytest.raises(BadInput) as error:
        read_library(tmp_path / "l.jsonl")
    assert said in str(error.value)


def test_a_missing_library_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"nothing\.jsonl"):
        read_library(tmp_path / "nothing.jsonl")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda t: json.dumps(t).encode()))
def test_no_bytes_do_more_than_be_refused(tmp_path: Path, body: bytes) -> None:
    file = tmp_path / "some.jsonl"
    file.write_bytes(body)
    with contextlib.suppress(BadInput):
        assert all(c.component in c.candidates for c in read_library(file).cases)
    with contextlib.suppress(SourceError):
        read_alerts(file)


def test_alert_events_are_read_in_their_short_forms(tmp_path: Path) -> None:
    file = tmp_path / "now.json"
    file.write_text(
        json.dumps(
            [
                ["a-0", "cpu", "up"],
                ["b-0", "T7"],
                ["a-0", "b-0", "GET /", "500"],
                {"component": "c", "signal": "s"},
            ]
        )
    )
    metric, log, trace, plain = read_alerts(file).events
    assert (metric.component, metric.signal, metric.direction, metric.source) == (
        "a-0",
        "cpu",
        "up",
        "metric",
    )
    assert (log.component, log.signal, log.source) == ("b-0", "T7", "log")
    assert (trace.component, trace.peer, trace.signal, trace.direction) == ("b-0", "a-0", "GET /", "500")
    assert plain.component == "c"
    file.write_text(json.dumps({"events": [["a", "cpu", "up"]], "nodes": ["a", "b"], "edges": [["a", "b"]]}))
    assert read_alerts(file).candidates == ("a", "b")


@pytest.mark.parametrize(
    "body", ["", "7", "{}", '[["a"]]', '[["a", 1, 2]]', '{"events": [], "edges": [["a"]]}', "[" * 100_000]
)
def test_what_is_no_list_of_events_is_refused(tmp_path: Path, body: str) -> None:
    file = tmp_path / "now.json"
    file.write_text(body)
    with pytest.raises(SourceError) as error:
        read_alerts(file)
    assert str(file) in str(error.value)


def test_a_line_without_an_end_is_not_read_whole(tmp_path: Path) -> None:
    with (tmp_path / "l.jsonl").open("wb") as file:
        file.truncate(256 << 20)
    tracemalloc.start()
    with pytest.raises(BadInput, match=r"Line 1 .*Shorten it"):
        read_library(tmp_path / "l.jsonl")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 << 20
