"""Fault kinds and weights of one's own: used, kept in the run, and the same on a rerun."""

from __future__ import annotations

from pathlib import Path

import pytest

from aitia.agent.taxonomy import bundled, extended
from aitia.agent.weights import Weights, ledgers_alone, load_weights
from aitia.core.clock import RecordedClock
from aitia.core.errors import BadInput
from aitia.core.store import RunStore, report_bytes
from aitia.graphs.diagnose import Options, diagnose
from aitia.graphs.rerun import rerun
from aitia.tools import Registry

from . import lab

OWN = """
resource.pool:
  title: pool without a bound
  explanation: connections are opened and never closed
  patterns:
    - {of: self, aspect: connections, direction: [up], weight: 9.0, primary: true}
"""


def run(folder: Path, own: str, weights: Weights | None = None) -> tuple[RunStore, Registry]:
    file = folder / "own.yaml"
    file.write_text(own, encoding="utf-8")
    store = RunStore.create(folder, meta={})
    registry = Registry(lab.GOOD)
    diagnose(
        lab.incident(),
        [lab.Shop()],
        store=store,
        llm=None,
        options=Options(planner="rules", narrator="template"),
        clock=RecordedClock(lab.incident().window.end),
        registry=registry,
        taxonomy=extended([file]),
        weights=weights or ledgers_alone(),
    )
    return store, registry


def test_a_fault_kind_of_ones_own_is_named_and_rerun(tmp_path: Path) -> None:
    store, registry = run(tmp_path, OWN)
    report = store.report()
    assert report.fault == "resource.pool"
    assert report.fault_title == "pool without a bound"
    assert report_bytes(rerun(store, registry=registry)) == report_bytes(report)


def test_weights_of_ones_own_count_and_are_kept(tmp_path: Path) -> None:
    """With hardly anything left of what metrics and changes say, nothing can be told."""
    little = Weights(
        factors=dict.fromkeys(("primary.metric", "support.metric", "primary.change", "coverage"), 0.1)
    )
    store, registry = run(tmp_path, OWN, little)
    assert store.report().fault != "resource.pool"
    assert report_bytes(rerun(store, registry=registry)) == report_bytes(store.report())


def test_an_entry_replaces_the_bundled_one_of_its_name(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(OWN.replace("resource.pool", "resource.cpu"), encoding="utf-8")
    assert extended([file])["resource.cpu"].title == "pool without a bound"
    assert bundled()["resource.cpu"].title == "CPU saturated"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: {title: x, patterns: []}", "at least 1"),
        ("a: {title: x, patterns: [{of: self, aspect: nonsense}]}", "known aspect"),
        ("a: [", "YAML"),
    ],
)
def test_a_broken_taxonomy_says_what_to_mend(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=told):
        extended([file])


def test_an_unknown_term_is_named(tmp_path: Path) -> None:
    file = tmp_path / "weights.json"
    file.write_text('{"factors": {"luck": 2}}', encoding="utf-8")
    with pytest.raises(BadInput, match="luck"):
        load_weights(file)
