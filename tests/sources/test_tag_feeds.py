"""What feeds what, by names, descriptions, and signals that follow one another: the last to be confirmed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import yaml
from typer.testing import CliRunner

from aitia.cli.app import app
from aitia.tools.sources.rows import Floats
from aitia.tools.tags.feeds import feeds_of, with_feeds
from aitia.tools.tags.point import TagEntry
from aitia.tools.tags.tree import tree_of

ROWS = 600
T = 60.0 * np.arange(ROWS)


def follower(rows: int, seed: int = 1) -> tuple[Floats, Floats]:
    """A flow that wanders, and the same that many rows later."""
    wander = 100.0 + np.cumsum(np.random.default_rng(seed).standard_normal(ROWS + rows))
    return wander[rows:], wander[:ROWS]


def entry(asset: str, quantity: str, description: str = "") -> TagEntry:
    return TagEntry(
        tag=f"{asset}.{quantity}",
        asset=asset,
        point=quantity,
        quantity=quantity,
        description=description,
        by="path",
    )


def test_a_line_named_after_its_ends_lies_between_them() -> None:
    entries = [
        entry("N03", "voltage"),
        entry("L03-04", "current"),
        entry("N04", "voltage"),
        entry("N05", "voltage"),
    ]
    found = feeds_of(entries, {})
    assert [(f.source, f.to, f.sure) for f in found] == [("N03", "L03-04", True), ("L03-04", "N04", True)]
    made = {c.id: [(k.relation, k.to) for k in c.links] for c in with_feeds(tree_of(entries), found)}
    assert made["N03"] == [("feeds", "L03-04")]


def test_a_description_says_where_something_flows() -> None:
    entries = [entry("P-101", "flow", "Flow from P-101 to E-301"), entry("E-301", "temperature")]
    assert [(f.source, f.to) for f in feeds_of(entries, {})] == [("P-101", "E-301")]


def test_a_signal_that_follows_another_is_a_proposal_and_one_that_moves_at_once_is_none() -> None:
    first, later = follower(8)
    entries = [entry("P-101", "flow"), entry("E-301", "flow")]
    (feed,) = feeds_of(entries, {"P-101.flow": (T, first), "E-301.flow": (T, later)})
    assert (feed.source, feed.to, feed.sure) == ("P-101", "E-301", False)
    assert feeds_of(entries, {"P-101.flow": (T, first), "E-301.flow": (T, first)}) == []
    other, _ = follower(8, seed=2)
    assert feeds_of(entries, {"P-101.flow": (T, first), "E-301.flow": (T, other)}) == []


def test_the_command_prints_them_and_writes_what_is_to_be_confirmed_as_a_comment(tmp_path: Path) -> None:
    first, later = follower(8)
    rows = [
        f"2026-03-{1 + n // 1440:02d} {n // 60 % 24:02d}:{n % 60:02d}:00,{first[n]:.3f},{later[n]:.3f},{20 + n % 3},{30 + n % 5},{20 + n % 2}"
        for n in range(ROWS)
    ]
    head = "Timestamp,P-101.Flow,E-301.Flow,N03.Voltage,L03-04.Current,N04.Voltage"
    (tmp_path / "export.csv").write_text("\n".join([head, *rows]))
    out = tmp_path / "topology.yaml"
    done = CliRunner().invoke(app, ["tags", str(tmp_path / "export.csv"), "--topology", str(out)])
    assert done.exit_code == 0, done.output
    assert "N03 feeds L03-04" in done.output
    assert "? P-101 feeds E-301" in done.output
    text = out.read_text()
    assert "# To confirm: P-101 feeds E-301" in text
    held = {c["id"]: c.get("links", []) for c in yaml.safe_load(text)["components"]}
    assert held["N03"] == [{"relation": "feeds", "to": "L03-04"}]
    assert held["P-101"] == []
