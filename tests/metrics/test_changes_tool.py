"""What people did, and how close to the alarm."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aitia.core.config import SourceConfig
from aitia.core.errors import SourceError
from aitia.core.resolve import Resolver
from aitia.core.words import Baseline, Component, Incident, Window, from_epoch
from aitia.tools.change.nearness import proximity
from aitia.tools.changes import changes_list, maintenance_list
from aitia.tools.registry import SourceSet, ToolContext
from aitia.tools.sources import open_source

T0 = 1_767_225_600.0
WINDOW = Window(start=from_epoch(T0 + 3600), end=from_epoch(T0 + 4200))
BEFORE = Baseline(name="preceding", window=Window(start=from_epoch(T0), end=WINDOW.start))
ALARM = T0 + 3900


def context(folder: Path, entries: list[tuple[float, str, str, str]], kind: str = "changes") -> ToolContext:
    lines = [json.dumps({"at": at, "component": c, "kind": k, "text": text}) for at, c, k, text in entries]
    (folder / "c.jsonl").write_text("\n".join(lines))
    source = open_source(
        SourceConfig.model_validate({"name": "c", "kind": kind, "type": kind, "path": "c.jsonl"}), folder
    )
    incident = Incident(
        id="i",
        title="t",
        origin="alertmanager",
        started_at=from_epoch(ALARM),
        window=WINDOW,
        baselines=(BEFORE,),
    )
    resolver = Resolver([Component(id="payment", aliases=("pay",))])
    return ToolContext(incident=incident, sources=SourceSet([source]), resolver=resolver)


def test_changes_are_weighed_by_how_close_before_the_alarm_they_are(tmp_path: Path) -> None:
    entries = [
        (ALARM - 60, "pay", "deploy", 'payment 2.0 "quoted"\nsecond line'),
        (T0 + 10, "orders", "config", "pool size 20"),
        (ALARM + 30, "orders", "deploy", "roll back"),
        (T0 - 10, "orders", "deploy", "before the baseline"),
        (WINDOW.end.timestamp() + 1, "orders", "deploy", "after the window"),
    ]
    result = changes_list(context(tmp_path, entries))
    assert [(e.component, e.kind, e.aspect) for e in result.evidence] == [
        ("payment", "change.deploy", "change.deploy"), ("orders", "change.config", "change.config"),
        ("orders", "change.deploy", "change.deploy")]  # fmt: skip
    near, far, after = result.evidence
    assert near.strength == 0.7
    assert 0.2 <= far.strength < 0.3
    assert after.strength == 0.05
    assert near.taint
    assert near.onset == from_epoch(ALARM - 60)
    assert near.statement.endswith("60 s before the alarm: \"payment 2.0 'quoted' second line\".")
    assert near.source.lines == (1, 1)


def test_old_work_orders_are_history(tmp_path: Path) -> None:
    entries = [
        (T0 - 90 * 86400, "P-1", "maintenance", "bearing replaced"),
        (ALARM - 7200, "P-1", "maintenance", "greased"),
    ]
    result = maintenance_list(context(tmp_path, entries, "maintenance"))
    assert [(e.aspect, e.component) for e in result.evidence] == [
        ("change.maintenance", "P-1"),
        ("maintenance.work", "P-1"),
    ]
    assert "90 days before the alarm" in result.evidence[1].statement


def test_nothing_and_unreadable(tmp_path: Path) -> None:
    assert changes_list(context(tmp_path, [])).status == "no_data"
    ctx = context(tmp_path, [(ALARM, "a", "deploy", "x")])
    (tmp_path / "c.jsonl").write_text("junk")
    with pytest.raises(SourceError, match="line 1"):
        changes_list(ctx)


@given(st.text(max_size=300), st.text(max_size=40))
def test_hostile_text_stays_short_quoted_and_on_one_line(
    tmp_path_factory: pytest.TempPathFactory, text: str, name: str
) -> None:
    result = changes_list(context(tmp_path_factory.mktemp("c"), [(ALARM - 5, name, "deploy", text)]))
    (fact,) = result.evidence
    assert len(str(fact.values["text"])) <= 120
    assert "\n" not in str(fact.values["text"])
    assert '"' not in str(fact.values["text"])
    assert fact.kind == "change.deploy"


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_closer_is_never_weaker(a: float, b: float) -> None:
    near, far = sorted((a, b))
    assert proximity(near) >= proximity(far)


def test_a_diff_leaves_names_and_edits_and_no_secret(tmp_path: Path) -> None:
    diff = "-db_password = 'hunter2secret9'\n+db_password = 'swordfish77x'\n-pool_size: 40\n+pool_size: 4\n"
    entry = {
        "at": ALARM - 60,
        "component": "payment",
        "kind": "deploy",
        "text": "tidy",
        "id": "c1",
        "diff": diff,
    }
    ctx = context(tmp_path, [])
    (tmp_path / "c.jsonl").write_text(json.dumps(entry))
    (fact,) = changes_list(ctx).evidence
    assert "pool_size 40 to 4" in fact.statement
    assert fact.values["nature"] == "read"
    assert "pool_smaller: pool_size 40 to 4" in str(fact.values["risks"])
    assert not [s for s in ("hunter", "swordfish") if s in fact.model_dump_json()]
