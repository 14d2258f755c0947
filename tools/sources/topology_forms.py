"""Maps of who depends on whom in the forms of other tools: graphs in JSON and GraphML, edge lists, Backstage, Compose."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, get_args
from xml.parsers import expat

from aitia.core.words import Component, ComponentType, Link, Relation
from aitia.tools.sources.column_names import first, plain

SOURCE: Final = ("source", "from", "src", "caller", "client", "parent", "upstream", "start", "source_service")
TARGET: Final = ("target", "to", "dst", "dest", "destination", "callee", "server", "child", "downstream", "end",
                 "target_service")  # fmt: skip
NAMED: Final = ("id", "name", "label", "title", "key", "service")
RELATION: Final = ("relation", "type", "label", "kind", "relationship", "edge_type")
_EDGES: Final = ("edges", "links", "relationships", "dependencies")
_NODES: Final = ("nodes", "vertices", "services", "entities")
_RELATIONS: Final[Mapping[str, Relation]] = {
    "runs_on": "runs_on", "runson": "runs_on", "hosted_on": "runs_on", "hostedon": "runs_on", "deployed_on": "runs_on",
    "scheduled_on": "runs_on", "part_of": "part_of", "partof": "part_of", "belongs_to": "part_of", "member_of": "part_of",
    "measures": "part_of", "monitors": "part_of", "mounted_on": "part_of", "installed_on": "part_of", "installed_in": "part_of",
    "feeds": "feeds", "publishes_to": "feeds", "produces": "feeds", "flows_to": "feeds", "supplies": "feeds",
    "discharges_to": "feeds",
}  # fmt: skip
_TYPES: Final = {"component": "service", "api": "service", "resource": "service", "database": "service", "db": "service",
                 "deployment": "app", "host": "node", "vm": "node", "server": "node", "microservice": "service"}  # fmt: skip
_REF: Final = re.compile(r"(?:\w+:)?(?:[\w.-]+/)?([\w.-]+)")  # Backstage: [kind:][namespace/]name
_BACKSTAGE: Final = (
    ("dependsOn", "calls"),
    ("consumesApis", "calls"),
    ("subcomponentOf", "part_of"),
    ("system", "part_of"),
)
MOST: Final = 200_000  # nodes and edges


class Graph:
    """Components and their relations as they come, whatever their order."""

    def __init__(self) -> None:
        self._types: dict[str, ComponentType] = {}
        self._names: dict[str, str] = {}  # of ids that are not names
        self._links: dict[str, dict[Link, None]] = {}
        self.unread = 0

    def node(self, id: str, name: str = "", type: object = "") -> None:
        """Add a node; a name stands for an id that is a number."""
        if not id or len(self._links) > MOST:
            self.unread += 1
            return
        self._links.setdefault(id, {})
        self._names[id] = name if name and id.isdigit() else id
        word = str(type or "").strip().casefold()
        told = _TYPES.get(word, word)
        self._types[id] = told if told in get_args(ComponentType) else "service"  # type: ignore[assignment]

    def edge(self, source: str, target: str, relation: object = "") -> None:
        """Add an edge: what depends on another one calls it, unless its label says otherwise."""
        if not (source and target) or source == target or sum(map(len, (source, target))) > 1000:
            self.unread += 1
            return
        for id in (source, target):
            if id not in self._links:
                self.node(id)
        word = re.sub(r"[\s-]+", "_", str(relation or "").strip().casefold())
        self._links[source][Link(relation=_RELATIONS.get(word, "calls"), to=target)] = None

    def components(self) -> list[Component]:
        """All of them, links by the names of their ends."""
        return [
            Component(
                id=self._names[id],
                type=self._types[id],
                links=tuple(Link(relation=k.relation, to=self._names[k.to]) for k in links),
            )
            for id, links in self._links.items()
        ]


def holds_map(document: Mapping[str, Any]) -> bool:
    """Whether a JSON object is a map: our own, or nodes and edges."""
    if isinstance(own := document.get("components"), list):
        return all(isinstance(c, dict) and "id" in c for c in own[:20])
    edges = _first_list(_elements(document), _EDGES)
    head = _data(edges[0]) if edges else None
    return isinstance(head, dict) and bool(first(head, SOURCE) and first(head, TARGET))


def _elements(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Cytoscape keeps nodes and edges under `elements`, and each one's fields under `data`."""
    held = document.get("elements")
    return held if isinstance(held, dict) else document


def _data(one: object) -> object:
    return inner if isinstance(one, dict) and isinstance(inner := one.get("data"), dict) else one


def graph_of(document: Mapping[str, Any]) -> Graph | None:
    """The graph of a document of another tool, None where it is none: `{nodes, edges | links}`, Compose."""
    if isinstance(services := document.get("services"), dict) and "components" not in document:
        return _compose(services)
    document = _elements(document)
    edges, nodes = _first_list(document, _EDGES), _first_list(document, _NODES)
    if edges is None or "components" in document:
        return None
    graph = Graph()
    for node in map(_data, nodes or []):
        if isinstance(node, dict):
            named = first(node, NAMED[1:])
            graph.node(
                _text(node.get("id", node.get(named))),
                _text(node.get(named)),
                node.get("type") or node.get("kind"),
            )
        else:
            graph.node(_text(node))
    for edge in map(_data, edges):
        graph.edge(*_ends(edge))
    return graph


def _ends(edge: object) -> tuple[str, str, str]:
    if isinstance(edge, list) and len(edge) >= 2:
        return _text(edge[0]), _text(edge[1]), ""
    if not isinstance(edge, dict):
        return "", "", ""
    return (
        _text(edge.get(first(edge, SOURCE))),
        _text(edge.get(first(edge, TARGET))),
        _text(edge.get(first(edge, RELATION))),
    )


def _first_list(document: Mapping[str, Any], names: Iterable[str]) -> list[Any] | None:
    return next((document[n] for n in names if isinstance(document.get(n), list)), None)


def _text(value: object) -> str:
    if isinstance(value, dict):  # D3 puts the node itself where its id was
        value = value.get("id") or value.get("name")
    return (
        str(value).strip()[:500]
        if isinstance(value, str | int | float) and not isinstance(value, bool)
        else ""
    )


def _compose(services: Mapping[str, Any]) -> Graph:
    graph = Graph()
    for name, service in services.items():
        graph.node(str(name))
        held = service if isinstance(service, dict) else {}
        for key in ("depends_on", "links"):
            found = held.get(key)
            for other in found if isinstance(found, list | dict) else ():
                graph.edge(str(name), str(other).partition(":")[0])
    return graph


def backstage(documents: Iterable[object]) -> Graph | None:
    """The graph of a catalog: `dependsOn`, `consumesApis` and `subcomponentOf` of each entity; None where none is one."""
    graph, found = Graph(), False
    for entity in documents:
        if not isinstance(entity, dict) or not str(entity.get("apiVersion", "")).startswith("backstage.io/"):
            continue
        meta, spec = entity.get("metadata"), entity.get("spec")
        if not isinstance(meta, dict) or str(entity.get("kind")) not in (
            "Component",
            "Resource",
            "API",
            "System",
        ):
            continue
        found = True
        own, held = str(meta.get("name") or ""), spec if isinstance(spec, dict) else {}
        graph.node(own, "", held.get("type") or entity.get("kind"))
        for key, relation in (
            ("dependsOn", "calls"),
            ("consumesApis", "calls"),
            ("subcomponentOf", "part_of"),
            ("system", "part_of"),
        ):
            for other in _listed(held.get(key)):
                if match := _REF.fullmatch(other):
                    graph.edge(own, match[1], relation)
        for other in _listed(held.get("dependencyOf")):
            if match := _REF.fullmatch(other):
                graph.edge(match[1], own)
    return graph if found else None


def _listed(value: object) -> list[str]:
    return (
        [str(v) for v in value if isinstance(v, str)]
        if isinstance(value, list)
        else [value]
        if isinstance(value, str)
        else []
    )


def edge_list(text: str) -> Graph | None:
    """The graph of a table of edges; None where no columns are called source and target or the like. Raises ValueError."""
    head = text.partition("\n")[0]
    mark = max(",;\t|", key=head.count)
    rows = csv.reader(io.StringIO(text), delimiter=mark)
    names = [name.strip() for name in next(rows, [])]
    source, target = first(names, SOURCE), first(names, TARGET)
    if not (source and target):
        return None
    relation, graph = first(names, RELATION, [source, target]), Graph()
    try:
        for row in rows:
            if row:
                cells = dict(zip(names, (cell.strip() for cell in row), strict=False))
                graph.edge(cells.get(source, ""), cells.get(target, ""), cells.get(relation, ""))
    except csv.Error as error:
        raise ValueError(str(error)) from None
    return graph


def graphml(text: str) -> Graph:
    """The graph of GraphML. Raises ValueError for XML that is none, or that declares entities."""
    graph, keys = Graph(), dict[str, str]()
    nodes: dict[str, dict[str, str]] = {}
    edges: list[dict[str, str]] = []
    here: list[dict[str, str]] = []
    data: list[str] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "key":
            keys[attributes.get("id", "")] = attributes.get("attr.name", "")
        elif tag in ("node", "edge") and len(nodes) + len(edges) < MOST:
            held = dict(attributes)
            here.append(held)
            if tag == "node":
                nodes[held.get("id", "")] = held
            else:
                edges.append(held)
        elif tag == "data":
            data[:] = [keys.get(attributes.get("key", ""), attributes.get("key", "")), ""]

    def end(tag: str) -> None:
        tag = tag.rpartition(":")[2]
        if tag in ("node", "edge") and here:
            here.pop()
        elif tag == "data" and data and here:
            here[-1].setdefault(plain(data[0]), data[1].strip()[:500])
            data.clear()

    def characters(found: str) -> None:
        if data:
            data[1] += found if len(data[1]) < 500 else ""

    def refuse(*_: object) -> None:
        raise ValueError("it declares entities, which a graph needs not")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, characters
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise ValueError(f"it is no GraphML ({error})") from None
    names = {id: held.get("name") or held.get("label") or id for id, held in nodes.items()}
    for id, held in nodes.items():
        graph.node(names[id], "", held.get("type") or held.get("kind"))
    for held in edges:
        source, target = (names.get(held.get(k, ""), held.get(k, "")) for k in ("source", "target"))
        graph.edge(source, target, held.get("relation") or held.get("type") or held.get("label"))
    return graph
