"""Who depends on whom, as other tools write it down."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aitia.core.config import SourceConfig
from aitia.core.errors import SourceError
from aitia.core.words import Window, from_epoch
from aitia.tools.sources.topology import TopologyFile

WINDOW = Window(start=from_epoch(0), end=from_epoch(60))


def source(root: Path, name: str, text: str) -> TopologyFile:
    (root / name).write_text(text)
    return TopologyFile(SourceConfig(name="map", kind="topology", type="topology", path=name), root)


GRAPHML = """<?xml version="1.0"?><graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="d0" for="node" attr.name="name"/><key id="d1" for="edge" attr.name="relation"/><graph edgedefault="directed">
<node id="n0"><data key="d0">web</data></node><node id="n1"><data key="d0">cart</data></node><node id="n2"><data key="d0">node-1</data></node>
<edge source="n0" target="n1"/><edge source="n1" target="n2"><data key="d1">runs on</data></edge></graph></graphml>"""
BACKSTAGE = """apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: web}
spec: {type: service, dependsOn: ["component:default/cart"]}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: cart}
spec: {type: service, system: node-1}
"""
WRITTEN = {
    "nodes.json": json.dumps({"nodes": [{"id": "web"}, {"id": "cart"}, "node-1"],
                              "edges": [{"source": "web", "target": "cart"}, {"source": "cart", "target": "node-1", "type": "RUNS_ON"}]}),
    "links.json": json.dumps({"directed": True, "nodes": [{"id": 0, "name": "web"}, {"id": 1, "name": "cart"}, {"id": 2, "name": "node-1"}],
                              "links": [{"source": 0, "target": 1}, {"source": 1, "target": 2, "relation": "runs_on"}]}),
    "cytoscape.json": json.dumps({"elements": {"nodes": [{"data": {"id": "web"}}], "edges": [
        {"data": {"source": "web", "target": "cart"}}, {"data": {"source": "cart", "target": "node-1", "label": "deployed on"}}]}}),
    "edges.csv": "caller;callee;relation\nweb;cart;\ncart;node-1;runs_on\n",
    "edges.tsv": "from\tto\ttype\nweb\tcart\tcalls\ncart\tnode-1\thosted_on\n",
    "graph.graphml": GRAPHML,
}  # fmt: skip


@pytest.mark.parametrize("name", WRITTEN)
def test_a_graph_is_a_map_whatever_tool_wrote_it(tmp_path: Path, name: str) -> None:
    found = source(tmp_path, name, WRITTEN[name]).components()
    links = {c.id: [(k.relation, k.to) for k in c.links] for c in found}
    assert links == {"web": [("calls", "cart")], "cart": [("runs_on", "node-1")], "node-1": []}


def test_a_backstage_catalog_and_a_compose_file_are_maps(tmp_path: Path) -> None:
    catalog = {
        c.id: [(k.relation, k.to) for k in c.links]
        for c in source(tmp_path, "catalog-info.yaml", BACKSTAGE).components()
    }
    assert catalog == {"web": [("calls", "cart")], "cart": [("part_of", "node-1")], "node-1": []}
    compose = "services:\n  web: {depends_on: [cart]}\n  cart: {depends_on: {db: {condition: service_healthy}}, links: ['mq:queue']}\n  db:\n"
    found = {
        c.id: [k.to for k in c.links] for c in source(tmp_path, "docker-compose.yml", compose).components()
    }
    assert found == {"web": ["cart"], "cart": ["db", "mq"], "db": [], "mq": []}


def test_edges_without_ends_are_counted_and_said(tmp_path: Path) -> None:
    told = {
        "nodes": [{"id": "a"}, {}],
        "edges": [{"source": "a", "target": "b"}, {"source": "a"}, 3, {"source": "a", "target": "a"}],
    }
    found = source(tmp_path, "g.json", json.dumps(told))
    assert found.describe(WINDOW).note == "4 nodes or edges without usable ends were left out"
    assert [c.id for c in found.components()] == ["a", "b"]


BILLION = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><graphml>&b;</graphml>'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("g.graphml", BILLION),
        ("g.graphml", "<graphml"),
        ("g.graphml", "<graphml/>"),
        ("g.csv", "a,b\n1,2\n"),
        ("g.csv", "source,target\n"),
        ("g.json", '{"nodes": ' * 50_000),
        ("g.json", '{"nodes": [], "edges": []}'),
        ("g.json", '{"nodes": {"a": 1}}'),
        ("g.yaml", "a: &a [*a]"),
    ],
)
def test_what_is_no_map_is_an_error_that_names_the_file(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(SourceError, match=name.replace(".", r"\.")):
        source(tmp_path, name, text).describe(WINDOW)
