"""The recorded cluster source: which answers it finds, what it draws, and how it refuses bad files."""

from __future__ import annotations

import json
import lzma
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aitia.core.config import SourceConfig
from aitia.core.errors import SourceError
from aitia.core.words import Window
from aitia.tools.cluster.gather import gather
from aitia.tools.sources import ChangeSource, ClusterCall, ClusterSource, TopologySource, open_source

from .builder import SPACE
from .faults import healthy

AT = datetime(2026, 8, 7, tzinfo=UTC)
WINDOW = Window(start=AT - timedelta(hours=1), end=AT)


def opened(path: Path, **options: str):
    config = SourceConfig(
        name="rec", kind="cluster", type="cluster_recorded", path=str(path), options=options
    )
    return open_source(config, path)


def test_calls_find_their_answers_whatever_the_order_of_arguments(tmp_path: Path) -> None:
    answers = {
        'GetResources:{"namespace":"n","name":"","resource_type":"pods"}': "NAME\nx",
        'GetResources:{"output_wide":true,"resource_type":"pods","namespace":"n"}': "NAME   NODE\nx      a",
        'GetResources:{"resource_type":"nodes","name":"","namespace":"n"}': "NAME\nalpha",
        'CheckServiceConnectivity:{"port":80,"service_name":"s","namespace":"n"}': "open",
        'GetErrorLogs:{"service_name":"s","namespace":"n"}': {"patterns": []},
        "collection_timestamp": "2026-01-01",
        "Broken:{": "x",
    }
    (tmp_path / "tool_cache.json").write_text(json.dumps(answers))
    source = opened(tmp_path)
    assert isinstance(source, ClusterSource)
    assert isinstance(source, TopologySource)
    assert source.namespaces() == ["n"]
    assert source.ask(ClusterCall(verb="get", resource="pods", namespace="n")) == "NAME\nx"
    assert (
        source.ask(ClusterCall(verb="get", resource="pods", namespace="n", wide=True))
        == "NAME   NODE\nx      a"
    )
    assert source.ask(ClusterCall(verb="get", resource="nodes")) == "NAME\nalpha"
    assert source.ask(ClusterCall(verb="connect", name="s", namespace="n", port=80)) == "open"
    assert source.ask(ClusterCall(verb="logs", name="s", namespace="n")) == '{"patterns": []}'
    assert source.ask(ClusterCall(verb="describe", resource="pods", name="x", namespace="n")) is None
    assert source.ask(ClusterCall(verb="get", resource="pods", namespace="other")) is None


def test_xz_files_and_configured_namespaces(tmp_path: Path) -> None:
    (tmp_path / "tool_cache.json.xz").write_bytes(lzma.compress(json.dumps(healthy().answers()).encode()))
    source = opened(tmp_path, namespaces=SPACE)
    held = source.describe(WINDOW)
    assert held.kind == "cluster"
    assert "orders" in held.components
    drawn = {c.id: c for c in source.components()}
    assert drawn["orders"].type == "app"
    assert {(x.relation, x.to) for x in drawn["orders"].links} == {
        ("part_of", SPACE), ("runs_on", "beta"), ("calls", "cache"), ("calls", "sql-main"),
    }  # fmt: skip
    assert "orders-6d4cf56db6-x07vq" in drawn["orders"].aliases
    assert drawn["beta"].type == "node"
    assert drawn[SPACE].type == "namespace"


@pytest.mark.parametrize(
    ("name", "data"),
    [("tool_cache.json", b"[1]"), ("tool_cache.json", b"{"), ("tool_cache.json.xz", b"junk"), ("x", b"")],
)
def test_bad_files_say_what_to_change(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SourceError, match=r"Fix|Cannot read|Add one"):
        opened(tmp_path).describe(WINDOW)


def test_same_app_in_two_namespaces_is_two(tmp_path: Path) -> None:
    answers = {}
    for space in ("blue", "green"):
        answers[f'GetResources:{{"resource_type":"deployments","namespace":"{space}"}}'] = (
            "NAME   READY   AGE\nweb    1/1     9d\n"
        )
        answers[f'GetResources:{{"resource_type":"pods","namespace":"{space}"}}'] = (
            "NAME        READY   STATUS    RESTARTS   AGE\nweb-1-abc   1/1     Running   0          9d\n"
        )
    (tmp_path / "cluster.json").write_text(json.dumps(answers))
    assert {c.id for c in opened(tmp_path).components() if c.type == "app"} == {"blue/web", "green/web"}


def changes(folder: Path) -> list[tuple[datetime, str]]:
    config = SourceConfig(
        name="c",
        kind="changes",
        type="cluster_changes",
        path=str(folder),
        options={"reader": "cluster_recorded"},
    )
    source = open_source(config, folder)
    assert isinstance(source, ChangeSource)
    return [(c.at, c.component) for c in source.read(WINDOW)]


def replica_sets(space: str, *rows: str) -> dict[str, str]:
    sets = "\n".join(["NAME             DESIRED   AGE", *rows])
    deployed = "NAME   READY   AGE\nweb    1/1     9d\n"
    return {
        f'GetResources:{{"resource_type":"replicasets","namespace":"{space}"}}': sets,
        f'GetResources:{{"resource_type":"deployments","namespace":"{space}"}}': deployed,
    }


def test_changes_count_back_from_the_recording_and_a_row_without_age_is_none(tmp_path: Path) -> None:
    rows = (
        "web-7f9c4d5b6f   1         10m",
        "web-8f9c4d5b6f   1         <unknown>",
        "old-7f9c4d5b6f   1         99999999y",
    )
    told = {**replica_sets("blue", *rows), "collection_timestamp": (AT - timedelta(minutes=20)).isoformat()}
    (tmp_path / "cluster.json").write_text(json.dumps(told))
    assert changes(tmp_path) == [(AT - timedelta(minutes=30), "web")]


def test_changes_of_one_app_in_two_namespaces_bear_the_names_that_the_cluster_gives(tmp_path: Path) -> None:
    row = "web-7f9c4d5b6f   1         10m"
    (tmp_path / "cluster.json").write_text(json.dumps(replica_sets("blue", row) | replica_sets("green", row)))
    assert {name for _, name in changes(tmp_path)} == {"blue/web", "green/web"}
    assert {c.id for c in opened(tmp_path).components() if c.type == "app"} == {"blue/web", "green/web"}


@pytest.mark.parametrize("said", ["soon", 5, None, "0001-01-01T00:00:00+14:00"])
def test_a_recording_that_does_not_say_when_it_was_made(tmp_path: Path, said: object) -> None:
    (tmp_path / "cluster.json").write_text(json.dumps({"collection_timestamp": said}))
    assert opened(tmp_path).recorded_at is None


class Failing:
    """A cluster whose error logs hang and whose other answers are a healthy one's."""

    name, kind = "c", "cluster"

    def __init__(self, source: ClusterSource, failing: str) -> None:
        self._source, self._failing = source, failing
        self.asked: list[ClusterCall] = []

    def namespaces(self) -> list[str]:
        return [SPACE]

    def ask(self, call: ClusterCall) -> str | None:
        self.asked.append(call)
        if self._failing in (call.verb, "all"):
            raise SourceError("Raise `timeout_s`: no answer.")
        return self._source.ask(call)


def healthy_source(folder: Path) -> ClusterSource:
    (folder / "tool_cache.json").write_text(json.dumps(healthy().answers()))
    source = opened(folder, namespaces=SPACE)
    assert isinstance(source, ClusterSource)
    return source


def test_a_question_that_fails_is_noted_and_the_others_are_answered(tmp_path: Path) -> None:
    failing = Failing(healthy_source(tmp_path), "logs")
    state = gather(failing, SPACE)
    assert state.pods
    assert any(note.startswith("logs orders") and "timeout_s" in note for note in state.unread)
    logs = [c for c in failing.asked if c.verb == "logs"]
    assert len(logs) == len(set(logs))


def test_a_cluster_that_does_not_answer_at_all_is_an_error(tmp_path: Path) -> None:
    failing = Failing(healthy_source(tmp_path), "all")
    with pytest.raises(SourceError, match="timeout_s"):
        gather(failing, SPACE)
    assert len(failing.asked) == 1
