"""Changes from real Git repositories, and from the state of a cluster."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aitia.core.config import SourceConfig
from aitia.core.errors import SourceError
from aitia.core.words import Incident, Window
from aitia.tools.changes import changes_list
from aitia.tools.registry import SourceSet, ToolContext
from aitia.tools.sources import ChangeSource, open_source
from aitia.tools.sources.changes.changes_git import MOST_DIFF
from aitia.tools.sources.cluster.cluster_recorded import moment

from . import kube_api

T0 = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
SPAN = Window(start=T0, end=T0 + timedelta(hours=1))


def git(repo: Path, *arguments: str, at: datetime = T0) -> None:
    stamp = at.isoformat()
    env = {"PATH": "/usr/bin:/bin", "HOME": str(repo), "GIT_AUTHOR_DATE": stamp, "GIT_COMMITTER_DATE": stamp,
           "GIT_CONFIG_NOSYSTEM": "1"}  # fmt: skip
    name = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main")
    subprocess.run(["git", "-C", str(repo), *name, *arguments], check=True, env=env, capture_output=True)


def commit(repo: Path, subject: str, minutes: float, **files: str) -> None:
    for name, text in files.items():
        path = repo / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", subject, at=T0 + timedelta(minutes=minutes))


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repo")
    git(folder, "init", "-q")
    commit(folder, "begin", -600, payment__main_DOT_py="1", orders__main_DOT_py="1")
    commit(folder, "pool size 20 to 2", 10, payment__values_DOT_yaml="pool: 2")
    commit(
        folder,
        "orders 2.0: ignore all; rm -rf $(x) 'quoted' \"",
        20,
        orders__main_DOT_py="2",
        orders__a_DOT_conf="2",
    )
    commit(folder, "both", 30, orders__main_DOT_py="3", payment__main_DOT_py="3")
    commit(folder, "words only", 40, payment__README_DOT_md="hello")
    git(folder, "checkout", "-q", "-b", "feature")
    commit(folder, "on a branch", 42, payment__new_DOT_py="4")
    git(folder, "checkout", "-q", "main")
    git(folder, "merge", "-q", "--no-ff", "-m", "merge feature", "feature", at=T0 + timedelta(minutes=45))
    commit(folder, "after the window", 90, payment__main_DOT_py="9")
    return folder


def opened(path: Path, **fields: object) -> ChangeSource:
    config = {"name": "code", "kind": "changes", "type": "git", "path": str(path)} | fields
    source = open_source(SourceConfig.model_validate(config), path.parent)
    assert isinstance(source, ChangeSource)
    return source


def test_commits_are_changes_by_component(repo: Path) -> None:
    found = [(c.at.minute, c.component, c.kind, c.text) for c in opened(repo).read(SPAN)]
    assert found == [
        (10, "payment", "config", "pool size 20 to 2"),
        (20, "orders", "deploy", "orders 2.0: ignore all; rm -rf $(x) 'quoted' \""),
        (30, "orders", "deploy", "both"),
        (30, "payment", "deploy", "both"),
        (45, "payment", "deploy", "merge feature"),
    ]
    holding = opened(repo).describe(SPAN)
    assert (holding.components, holding.items, holding.count) == (
        ("orders", "payment"),
        ("config", "deploy"),
        5,
    )


def test_no_subject_or_file_name_hides_a_change(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    commit(
        tmp_path, "begin", 4, payment__README_DOT_md="1", payment__a_DOT_conf="1"
    )  # the first one changes nothing
    commit(tmp_path, "a\x1eb\x1fc", 5, payment__main_DOT_py="1")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "nothing changed", at=T0 + timedelta(minutes=6))
    git(
        tmp_path,
        "commit",
        "-q",
        "--allow-empty",
        "--allow-empty-message",
        "-m",
        "",
        at=T0 + timedelta(minutes=6),
    )
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders" / 'a\n"b"\x1e.py').write_text("1")
    commit(tmp_path, "odd name", 7)
    found = [(c.at.minute, c.component, c.text) for c in opened(tmp_path).read(SPAN)]
    assert found == [(5, "payment", "a\x1eb\x1fc"), (7, "orders", "odd name")]


def test_paths_components_and_kind_follow_the_options(repo: Path, tmp_path: Path) -> None:
    only = opened(repo, options={"paths": "orders"}).read(SPAN)
    assert {c.component for c in only} == {"orders"}
    named = opened(repo, options={"components": "payment=pay-svc, payment/values.yaml=pay-config"}).read(SPAN)
    assert [c.component for c in named if c.at.minute == 10] == ["pay-config"]
    assert {c.component for c in named if c.at.minute == 30} == {"pay-svc", ""}
    assert {c.kind for c in opened(repo, options={"kind": "flag"}, component="shop").read(SPAN)} == {"flag"}
    bare = tmp_path / "bare.git"
    git(repo, "clone", "-q", "--bare", str(repo), str(bare))
    assert [c.text for c in opened(bare).read(SPAN)] == [c.text for c in opened(repo).read(SPAN)]
    assert [
        c.text for c in opened(repo, options={"branch": "feature", "paths": "payment/new.py"}).read(SPAN)
    ] == ["on a branch"]


def test_a_repository_cannot_make_git_run_anything(repo: Path, tmp_path: Path) -> None:
    copy, mark = tmp_path / "evil", tmp_path / "mark"
    shutil.copytree(repo, copy)
    for key, value in (("core.fsmonitor", f"touch {mark}"), ("core.pager", f"touch {mark}"), ("diff.external", f"touch {mark}"),
                       ("diff.x.command", f"touch {mark}"), ("log.showSignature", "true"), ("gpg.program", f"touch {mark}"), ("diff.x.textconv", f"touch {mark}")):  # fmt: skip
        git(copy, "config", key, value)
    (copy / ".git" / "info" / "attributes").write_text("* diff=x\n")
    found = opened(copy).read(SPAN)
    assert len(found) == 5
    assert all(c.diff for c in found)
    assert not mark.exists()
    for branch in ("--output=/tmp/x", "a..b", "$(id)"):
        with pytest.raises(SourceError, match=r"is not a branch name. Fix `options.branch` of"):
            opened(copy, options={"branch": branch}).read(SPAN)
    assert opened(copy, options={"paths": "--output=x, :(glob)*"}).read(SPAN) == []


def test_a_commit_has_for_each_component_what_it_changed_there(repo: Path) -> None:
    found = {(c.at.minute, c.component): c for c in opened(repo).read(SPAN)}
    assert "+pool: 2" in found[10, "payment"].diff.splitlines()
    assert tuple(x for x in found[30, "orders"].diff.splitlines() if x[1:].isdigit()) == ("-2", "+3")
    assert "payment" not in found[30, "orders"].diff
    assert "payment/new.py" in found[45, "payment"].diff  # a merge brings what its branch had
    assert not any(c.diff for c in opened(repo, options={"diffs": False}).read(SPAN))


def test_a_diff_without_end_is_read_to_its_bound(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    commit(tmp_path, "begin", -5, payment__a_DOT_py="1")
    commit(tmp_path, "huge", 5, payment__a_DOT_py="x = 1\n" * 2_000_000)
    (change,) = opened(tmp_path).read(SPAN)
    assert 60_000 < len(change.diff) <= MOST_DIFF


def test_what_is_no_repository_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="Git repository"):
        opened(tmp_path).read(SPAN)
    with pytest.raises(SourceError, match="does not exist"):
        opened(tmp_path / "gone").read(SPAN)
    git(tmp_path, "init", "-q")
    with pytest.raises(SourceError, match="with commits"):
        opened(tmp_path).read(SPAN)
    with pytest.raises(SourceError, match="folder=component"):
        opened(tmp_path, options={"components": "payment"})


def test_the_changes_tool_reads_git(repo: Path) -> None:
    incident = Incident(id="i", title="slow", started_at=T0 + timedelta(minutes=32), window=SPAN)
    result = changes_list(ToolContext(incident=incident, sources=SourceSet([opened(repo)])))
    best = result.evidence[0]
    assert (best.component, best.aspect) in {("orders", "change.deploy"), ("payment", "change.deploy")}
    assert best.source.query.startswith("git show --stat ")


@pytest.mark.server
@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed (Debian: kubectl)")
def test_rollouts_and_scalings_of_a_live_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AITIA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    scaled = kube_api.thing("events", "orders.2", type="Normal", reason="ScalingReplicaSet",
        message="Scaled up replica set orders-7f9c4d5b6f to 5 from 1", involvedObject={"kind": "Deployment", "name": "orders", "namespace": "shop"},
        firstTimestamp=kube_api.ago(seconds=300), lastTimestamp=kube_api.ago(seconds=300), count=1, source={"component": "deployment-controller"})  # fmt: skip
    with kube_api.serving(objects=[*kube_api.shop(), ("events", scaled)]) as (url, _):
        path = kube_api.kubeconfig(tmp_path, url)
        config = SourceConfig(name="rollouts", kind="changes", type="cluster_changes", path=str(path))
        source = open_source(config, tmp_path)
        assert isinstance(source, ChangeSource)
        now = datetime.now(tz=UTC)
        found = source.read(Window(start=now - timedelta(hours=1), end=now + timedelta(minutes=1)))
        assert source.describe(Window(start=now - timedelta(hours=1), end=now)).components == (
            "orders",
            "payment",
        )
    told = {(c.component, c.kind): c for c in found}
    rollout = told["payment", "deploy"]
    assert "shop/app:1 -> shop/payment:2.4.0" in rollout.text
    assert abs((now - rollout.at).total_seconds() - 900) < 90
    assert "to 5 from 1" in told["orders", "scale"].text
    assert set(told) == {
        ("payment", "deploy"),
        ("orders", "scale"),
        ("orders", "deploy"),
    }  # the last: from 0, an event


@settings(max_examples=100)
@given(st.text(max_size=60) | st.integers() | st.none())
def test_no_time_breaks_the_reader(said: object) -> None:
    at = moment(said)
    assert at is None or at.tzinfo is not None


def test_times_of_the_api_are_read() -> None:
    assert moment("2026-01-02T03:04:05Z") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert moment("2026-01-02T03:04:05.123456Z") is not None
    assert [moment(t) for t in ("soon", "", None, 5, "0001-01-01T00:00:00+14:00")] == [None] * 5
