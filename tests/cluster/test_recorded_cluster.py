"""The recorded cluster source: which files it takes for objects and logs, what it draws, and how it refuses bad ones."""

from __future__ import annotations

import json
import lzma
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from aitia.core.config import SourceConfig
from aitia.core.errors import SourceError
from aitia.core.words import Window
from aitia.tools.cluster.gather import gather
from aitia.tools.cluster.reading import Reader
from aitia.tools.sources import ChangeSource, ClusterSource, TopologySource, open_source
from aitia.tools.sources.base import Object
from aitia.tools.sources.cluster.cluster_recorded import documents

from .builder import SPACE
from .faults import healthy

AT = datetime(2026, 8, 7, tzinfo=UTC)
WINDOW = Window(start=AT - timedelta(hours=1), end=AT)


def opened(path: Path, **options: str):
    config = SourceConfig(
        name="rec", kind="cluster", type="cluster_recorded", path=str(path), options=options
    )
    return open_source(config, path)


def made(kind: str, name: str, space: str = "shop", **more: Any) -> dict[str, Any]:
    meta = {"name": name, "namespace": space, "uid": f"{space}-{name}", "creationTimestamp": AT.isoformat()}
    return {"kind": kind, "metadata": meta | more.pop("metadata", {}), **more}


def test_one_file_of_everything_is_read(tmp_path: Path) -> None:
    """`kubectl get -A -o json > file`, with lists of one kind, empty ones too, anywhere in it."""
    items = [made("Pod", "a"), made("Node", "n"), {"kind": "SecretList", "items": []},
             {"kind": "ServiceList", "items": [{"metadata": {"name": "s", "namespace": "shop"}}]}, made("Widget", "w"), 3, {}]  # fmt: skip
    (tmp_path / "all.json").write_text(json.dumps({"kind": "List", "items": items}))
    source = opened(tmp_path / "all.json")
    assert isinstance(source, ClusterSource)
    assert isinstance(source, TopologySource)
    assert source.namespaces() == ["shop"]
    assert [o["metadata"]["name"] for o in source.objects("pods", "shop") or ()] == ["a"]
    assert [o["kind"] for o in source.objects("services", "shop") or ()] == ["Service"]
    assert [o["kind"] for o in source.objects("nodes") or ()] == ["Node"]
    assert source.objects("secrets", "shop") == []
    assert source.objects("pods", "other") == []
    assert source.objects("configmaps", "shop") is None
    assert source.objects("widgets", "shop") is None
    assert source.logs("shop", {"app": "a"}) is None
    assert source.observed_at() == AT


def test_a_folder_as_must_gather_leaves_it(tmp_path: Path) -> None:
    space = tmp_path / "must-gather.local" / "namespaces" / "shop"
    (space / "core").mkdir(parents=True)
    logs = space / "pods" / "web-1" / "server" / "server" / "logs"
    logs.mkdir(parents=True)
    pods = [made("Pod", n, metadata={"labels": {"app": n[:3]}}) for n in ("web-1", "pay-1")]
    (space / "core" / "pods.yaml").write_text(yaml.safe_dump({"kind": "PodList", "items": pods}))
    (logs / "current.log").write_text("one\ntwo\n")
    (tmp_path / "shop" / "pay-1").mkdir(parents=True)
    (tmp_path / "shop" / "pay-1" / "logs.txt").write_text("three\n")
    (tmp_path / "timestamp").write_text("not an object")
    source = opened(tmp_path)
    assert {o["metadata"]["name"] for o in source.objects("pods", "shop") or ()} == {"web-1", "pay-1"}
    assert source.logs("shop", {"app": "web"}) == ["one", "two"]
    assert source.logs("shop", {"app": "pay"}) == ["three"]
    assert source.logs("shop", {"app": "none"}) == []
    assert source.logs("shop", {}) == []


def test_the_time_of_reading_is_the_newest_one_unless_it_is_said(tmp_path: Path) -> None:
    later = AT + timedelta(minutes=5)
    node = made(
        "Node", "n", status={"conditions": [{"type": "Ready", "lastHeartbeatTime": later.isoformat()}]}
    )
    (tmp_path / "n.json").write_text(json.dumps(node))
    assert opened(tmp_path).observed_at() == later
    assert opened(tmp_path, now="2026-08-08T00:00:00").observed_at() == datetime(2026, 8, 8, tzinfo=UTC)
    with pytest.raises(SourceError, match=r"options\.now"):
        opened(tmp_path, now="soon").observed_at()
    assert opened(tmp_path / "n.json").namespaces() == []


def test_xz_files_and_configured_namespaces(tmp_path: Path) -> None:
    healthy().write(tmp_path / "plain")
    (tmp_path / "packed").mkdir()
    packed = lzma.compress((tmp_path / "plain" / "objects.json").read_bytes())
    (tmp_path / "packed" / "objects.json.xz").write_bytes(packed)
    source = opened(tmp_path / "packed", namespaces=SPACE)
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


@pytest.mark.parametrize(("name", "data"), [("a.json", b"{"), ("a.json.xz", b"junk")])
def test_bad_files_say_what_to_change(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SourceError, match=r"Fix|Cannot read"):
        opened(tmp_path).describe(WINDOW)


def test_a_folder_without_objects_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[1]")
    (tmp_path / "b.txt").write_text("x")
    assert "no Kubernetes objects" in opened(tmp_path).describe(WINDOW).note


def test_broken_and_hostile_yaml_ends_the_reading() -> None:
    assert documents("kind: Pod\n---\n[") == [{"kind": "Pod"}]
    assert documents("a: &a [x]\n" + "\n".join(f"b{i}: *a" for i in range(100))) == []


def test_same_app_in_two_namespaces_is_two(tmp_path: Path) -> None:
    items = [made("Deployment", "web", s) for s in ("blue", "green")]
    (tmp_path / "all.json").write_text(json.dumps({"kind": "List", "items": items}))
    assert {c.id for c in opened(tmp_path).components() if c.type == "app"} == {"blue/web", "green/web"}


def changes(folder: Path) -> list[tuple[datetime, str, str]]:
    config = SourceConfig(
        name="c",
        kind="changes",
        type="cluster_changes",
        path=str(folder),
        options={"reader": "cluster_recorded"},
    )
    source = open_source(config, folder)
    assert isinstance(source, ChangeSource)
    return [(c.at, c.component, c.text) for c in source.read(WINDOW)]


def replica_set(
    name: str, space: str = "blue", *, minutes: float, image: str = "web:1", owner: str = "web"
) -> dict[str, Any]:
    meta = {"creationTimestamp": (AT - timedelta(minutes=minutes)).isoformat()}
    meta |= {"ownerReferences": [{"kind": "Deployment", "name": owner}]} if owner else {}
    spec = {"template": {"spec": {"containers": [{"name": "c", "image": image}]}}}
    return made("ReplicaSet", name, space, metadata=meta, spec=spec)


def test_rollouts_are_told_by_when_replica_sets_were_made(tmp_path: Path) -> None:
    sets = [replica_set("web-7f9c4d5b6f", minutes=30, image="web:2"), replica_set("web-8f9c4d5b6f", minutes=900),
            replica_set("old-7f9c4d5b6f", minutes=10, owner="")]  # fmt: skip
    undated = replica_set("x-7f9c4d5b6f", minutes=5)
    undated["metadata"]["creationTimestamp"] = "soon"
    (tmp_path / "sets.json").write_text(json.dumps({"kind": "List", "items": [*sets, undated]}))
    found = changes(tmp_path)
    assert [(at, app) for at, app, _ in found] == [
        (AT - timedelta(minutes=30), "web"),
        (AT - timedelta(minutes=10), "old"),
    ]
    assert found[0][2].endswith("web:1 -> web:2")


def test_changes_of_one_app_in_two_namespaces_bear_the_names_that_the_cluster_gives(tmp_path: Path) -> None:
    items = [replica_set("web-7f9c4d5b6f", s, minutes=10) for s in ("blue", "green")]
    items += [made("Deployment", "web", s) for s in ("blue", "green")]
    (tmp_path / "all.json").write_text(json.dumps({"kind": "List", "items": items}))
    assert {name for _, name, _ in changes(tmp_path)} == {"blue/web", "green/web"}
    assert {c.id for c in opened(tmp_path).components() if c.type == "app"} == {"blue/web", "green/web"}


class Failing:
    """A cluster whose logs hang, or all of it, and whose other answers are a healthy one's."""

    name, kind = "c", "cluster"

    def __init__(self, source: ClusterSource, failing: str) -> None:
        self._source, self._failing = source, failing
        self.asked: list[str] = []

    def namespaces(self) -> list[str]:
        return [SPACE]

    def observed_at(self) -> datetime | None:
        return self._source.observed_at()

    def objects(self, resource: str, namespace: str = "") -> list[Object] | None:
        return self._told(resource, lambda: self._source.objects(resource, namespace))

    def logs(self, namespace: str, selector: Mapping[str, str], pod: str = "") -> list[str] | None:
        return self._told("logs", lambda: self._source.logs(namespace, selector, pod))

    def _told(self, what: str, ask: Any) -> Any:
        self.asked.append(what)
        if self._failing in (what, "all"):
            raise SourceError("Raise `timeout_s`: no answer.")
        return ask()


@pytest.mark.parametrize("what", ["logs", "events", "services"])
def test_a_question_that_fails_is_noted_and_the_others_are_answered(what: str, tmp_path: Path) -> None:
    failing = Failing(healthy().write(tmp_path), what)
    state = gather(Reader(failing, SPACE))  # type: ignore[arg-type]
    assert state.pods
    told = "logs of orders" if what == "logs" else what
    assert any(note.startswith(told) and "timeout_s" in note for note in state.unread)


def test_a_cluster_that_does_not_answer_at_all_is_an_error(tmp_path: Path) -> None:
    failing = Failing(healthy().write(tmp_path), "all")
    with pytest.raises(SourceError, match="timeout_s"):
        gather(Reader(failing, SPACE))  # type: ignore[arg-type]
    assert len(failing.asked) == 1
