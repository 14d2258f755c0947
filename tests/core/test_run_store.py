"""The run store after a kill, and what it never holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from aitia.core.errors import BadInput, RunNotFound
from aitia.core.events import NodeDone
from aitia.core.runs import list_runs, named_run
from aitia.core.store import RunStore


def store(home: Path) -> RunStore:
    return RunStore.create(home, meta={"title": "t"})


@pytest.mark.parametrize("torn", [b'{"type":"node_done","no', '{"a":"é'.encode()[:-1]])
def test_half_a_line_left_by_a_kill_is_dropped_and_swallows_nothing(tmp_path: Path, torn: bytes) -> None:
    run = store(tmp_path)
    run.event(NodeDone(node="open"))
    with (run.path / "events.jsonl").open("ab") as file:
        file.write(torn)
    again = RunStore.open(tmp_path, run.id)
    again.event(NodeDone(node="recall"))
    again.event(NodeDone(node="plan"))
    assert [e.node for e in again.events() if e.type == "node_done"] == ["open", "recall", "plan"]


def test_a_run_is_found_by_a_unique_beginning(tmp_path: Path) -> None:
    run = store(tmp_path)
    assert RunStore.open(tmp_path, run.id[:12]).id == run.id
    assert RunStore.open(tmp_path, "last").id == run.id
    for wrong in ("", "nothing", "../../etc"):
        with pytest.raises(RunNotFound):
            RunStore.open(tmp_path, wrong)


def test_another_schema_is_refused(tmp_path: Path) -> None:
    run = store(tmp_path)
    run.update_meta(schema_version=99)
    with pytest.raises(BadInput, match="schema"):
        RunStore.open(tmp_path, run.id)


def test_of_runs_of_one_second_the_one_begun_last_is_last(tmp_path: Path) -> None:
    begun = [RunStore.create(tmp_path, meta={}).id for _ in range(12)]
    assert [run["id"] for run in list_runs(tmp_path)] == begun[::-1]
    assert named_run(tmp_path, "last") == begun[-1]
