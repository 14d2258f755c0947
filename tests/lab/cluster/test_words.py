"""Nothing that a diagnosis reads tells what was done."""

from __future__ import annotations

import gzip
import json
import lzma
import re

import duckdb
import pytest
import yaml

from aitia.lab.cluster import SYSTEMS
from aitia.lab.cluster.decoys import DECOYS
from aitia.lab.cluster.failures import table
from tests.lab.cluster.conftest import Incident, Maker

CASES = [
    ("k8s-deployments", "tag-not-pushed"),
    ("k8s-deployments", "selector-matches-none"),
    ("k8s-bare", "job-keeps-exiting"),
    ("k8s-bare", "entrypoint-missing"),
    ("k8s-stateful", "kubelet-stopped"),
    ("k8s-mesh", "memory-limit-cut"),
    ("k8s-platform", "webhook-silent"),
    ("k8s-platform", "cpu-quota-cut"),
]
OURS = re.compile(r"\b(?:lab|chaos|faults?|injected|aitia|decoys?|victims?|scenario)\b", re.IGNORECASE)


def telemetry(one: Incident) -> str:
    """All that a diagnosis may read, file names among it."""
    parts = [
        p.relative_to(one.folder).as_posix()
        for p in one.folder.rglob("*")
        if p.name not in ("lab.json", "scenario.yaml")
    ]
    for path in sorted((one.folder).rglob("*")):
        if path.suffix == ".xz":
            parts.append(lzma.decompress(path.read_bytes()).decode())
        elif path.suffix == ".gz":
            parts.append(gzip.decompress(path.read_bytes()).decode())
        elif path.suffix in (".log", ".jsonl") or path.name == "topology.yaml":
            parts.append(path.read_text())
    rows = duckdb.sql(
        f"SELECT DISTINCT component, metric, labels FROM '{one.folder / 'metrics.parquet'}'"
    ).fetchall()
    parts += [" ".join(row) for row in rows]
    parts.append(json.dumps(yaml.safe_load((one.folder / "scenario.yaml").read_text())["incident"]))
    return "\n".join(parts)


@pytest.mark.parametrize(("system", "fault"), CASES)
def test_no_name_of_a_failure_or_of_its_cause_is_in_the_telemetry(
    incident: Maker, system: str, fault: str
) -> None:
    text = telemetry(incident(system, fault))
    assert len(text) > 100_000
    for kind in table():
        for name in (kind.id, kind.title, kind.fault, getattr(kind.cause, "__name__", "")):
            assert not name or len(name) < 7 or not re.search(rf"\b{re.escape(name)}\b(?!\.io)", text), name
    for name in DECOYS:
        assert "-" not in name or name not in text, name
    assert not (found := OURS.search(text)), (
        text[max(0, found.start() - 80) : found.end() + 80] if found else ""
    )


def test_a_name_that_leaks_would_be_found(incident: Maker) -> None:
    text = telemetry(incident("k8s-bare", "entrypoint-missing")) + "\nthe fault of it"
    assert OURS.search(text)


def test_sites_differ_in_how_they_name_things(incident: Maker) -> None:
    names = []
    for system in SYSTEMS:
        held = incident(system.name, "none")
        rows = duckdb.sql(f"SELECT DISTINCT metric FROM '{held.folder / 'metrics.parquet'}'").fetchall()
        names.append({m for (m,) in rows if "request" in m})
    for n, mine in enumerate(names):
        assert all(mine != other for other in names[n + 1 :] if mine and other) or len(mine) > 0
    assert len({frozenset(n) for n in names}) >= 4
