"""Journals, topology and waveforms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aitia.core.config import SourceConfig
from aitia.core.errors import SourceError
from aitia.core.words import Window, from_epoch
from aitia.tools.sources import ChangeSource, SignalSource, TopologySource, open_source

T0 = 1_767_225_600.0
WINDOW = Window(start=from_epoch(T0), end=from_epoch(T0 + 600))


def opened(kind: str, type_: str, path: str, root: Path):
    return open_source(
        SourceConfig.model_validate({"name": "s", "kind": kind, "type": type_, "path": path}), root
    )


def changes(root: Path, *lines: str) -> ChangeSource:
    (root / "c.jsonl").write_text("\n".join(lines) + "\n")
    source = opened("changes", "changes", "c.jsonl", root)
    assert isinstance(source, ChangeSource)
    return source


def test_a_journal_is_read_in_time_order_with_its_lines(tmp_path: Path) -> None:
    source = changes(
        tmp_path,
        '{"at": "2026-01-01T00:05:00Z", "component": "b", "kind": "config", "text": "x"}',
        "",
        '{"at": 1767225700, "component": "a", "kind": "Release", "text": "v2"}',
        '{"at": "2026-01-01T00:09:59", "component": "a", "kind": "odd", "text": "no zone is UTC"}',
        '{"at": "2026-01-01T00:10:00Z", "component": "a", "kind": "flag", "text": "after the window"}',
    )
    found = source.read(WINDOW)
    assert [(c.component, c.kind, c.ref.lines) for c in found] == [
        ("a", "deploy", (3, 3)),
        ("b", "config", (1, 1)),
        ("a", "config", (4, 4)),
    ]


@pytest.mark.parametrize(
    "line", ["{", "[1]", '{"component": "a"}', '{"at": "noon"}', '{"at": 1e300}', "\x00\x01"]
)
def test_a_bad_journal_line_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(SourceError, match="line 1"):
        changes(tmp_path, line).read(WINDOW)


def test_a_binary_journal_is_a_source_error(tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_bytes(b"\xff\xfe\x00" * 100)
    with pytest.raises(SourceError, match=r"c\.jsonl"):
        opened("changes", "changes", "c.jsonl", tmp_path).describe(WINDOW)


def topology(root: Path, text: str) -> TopologySource:
    (root / "t.yaml").write_text(text)
    source = opened("topology", "topology", "t.yaml", root)
    assert isinstance(source, TopologySource)
    return source


def test_topology_in_yaml_and_json(tmp_path: Path) -> None:
    yaml = "components:\n- {id: b, type: service, links: [{relation: calls, to: a}]}\n- {id: a, aliases: [a-1]}\n"
    json = '{"components": [{"id": "a", "aliases": ["a-1"]}, {"id": "b", "type": "service", "links": [{"relation": "calls", "to": "a"}]}]}'
    first, second = topology(tmp_path, yaml).components(), topology(tmp_path, json).components()
    assert first == second
    assert [c.id for c in first] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("components: 3", "a list under"),
        ("components: [{id: a, links: [{relation: hates, to: b}]}]", "components.0.links"),
        ("components: [{id: a}, {id: a}]", "Remove one"),
        ("a: [", "Fix the YAML or JSON"),
        ("", "a list under"),
    ],
)
def test_bad_topology_says_where(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        topology(tmp_path, text).components()


LISTING = """
defaults: {component: P-1, channel: DE, fs: 1000, unit: g, rpm: 1500, bearing: {BPFO: 3.1}}
blocks:
- {at: "2026-01-01T00:01:00Z", file: w.npz, key: a}
- {at: "2026-01-01T00:02:00Z", file: w.npz, key: b, rpm: 0}
- {at: "2026-01-01T01:00:00Z", file: w.npz, key: b}
"""


def signals(root: Path, listing: str = LISTING) -> SignalSource:
    (root / "signals.yaml").write_text(listing)
    np.savez(
        root / "w.npz", a=np.arange(5, dtype=np.float32), b=np.arange(3, dtype=np.int16), s=np.array(["x"])
    )
    source = opened("signals", "waveform", "signals.yaml", root)
    assert isinstance(source, SignalSource)
    return source


def test_waveform_blocks_of_the_window(tmp_path: Path) -> None:
    first, second = signals(tmp_path).waveforms(WINDOW)
    assert first.x.tolist() == [0, 1, 2, 3, 4]
    assert (first.fs, first.rpm, first.bearing) == (1000.0, 1500.0, {"bpfo": 3.1})
    assert np.isnan(second.rpm)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("key: a", "key: z", "Set `key` to one of"),
        ("key: a", "key: s", "Store numbers"),
        ("file: w.npz, key: a", "file: none.npz", "readable"),
        ("fs: 1000", "fs: -1", "'fs'"),
        ("blocks:", "things:", "a list under `blocks`"),
    ],
)
def test_bad_waveform_listings_say_what_to_change(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        signals(tmp_path, LISTING.replace(old, new)).waveforms(WINDOW)


def test_pickled_objects_are_refused(tmp_path: Path) -> None:
    source = signals(tmp_path)
    np.savez(tmp_path / "w.npz", a=np.array([{"x": 1}], dtype=object), b=np.zeros(3))
    with pytest.raises(SourceError, match="readable"):
        source.waveforms(WINDOW)
