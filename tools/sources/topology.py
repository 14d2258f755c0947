"""Components and their relations from a YAML or JSON file of aitia's own form, or from a graph of another tool."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from aitia.core.bounds import load_json, load_yaml, read_text
from aitia.core.errors import SourceError
from aitia.core.words import Component, Holding, Window
from aitia.tools.sources.base import Configured
from aitia.tools.sources.cluster.cluster_objects import merged
from aitia.tools.sources.cluster.cluster_recorded import documents
from aitia.tools.sources.paths import check_file
from aitia.tools.sources.topology_forms import Graph, backstage, edge_list, graph_of, graphml

MAX_BYTES = 16_000_000
_FORMS = {".csv": "table", ".tsv": "table", ".graphml": "GraphML", ".xml": "GraphML"}


class TopologyFile(Configured):
    """`components: [{id, type, aliases, links: [{relation, to}]}]`, or what `topology_forms` reads, told by name and content."""

    KIND = "topology"
    OPTIONS = frozenset[str]()
    _unread = 0

    def describe(self, window: Window) -> Holding:
        """All components, whatever the window."""
        found = self.components()
        relations = sorted({link.relation for c in found for link in c.links})
        return Holding(
            source=self.name,
            kind=self.kind,
            components=tuple(c.id for c in found),
            items=tuple(relations),
            count=len(found),
            note=f"{self._unread} nodes or edges without usable ends were left out" if self._unread else "",
        )

    def components(self) -> list[Component]:
        """The components, by id. Raises SourceError that names the entry that is wrong."""
        path = check_file(self._config, self._root)
        graph, raw = self._graph(path)
        if graph is not None:
            found = merged(graph.components())
            if not found:
                raise SourceError(f"{str(path)!r} holds no nodes or edges (source {self.name!r}).")
            self._unread = graph.unread
            return found
        entries = raw.get("components") if isinstance(raw, dict) else raw
        if not isinstance(entries, list):
            raise SourceError(
                f"{str(path)!r} needs a list under `components` (source {self.name!r}), or nodes and edges: JSON, GraphML, a CSV"
                " with the columns source and target, a Backstage catalog or a Compose file."
            )
        found = [self._component(entry, index, path) for index, entry in enumerate(entries)]
        seen: set[str] = set()
        for component in found:
            if component.id in seen:
                raise SourceError(
                    f"Component {component.id!r} occurs twice in {str(path)!r}. Remove one of them."
                )
            seen.add(component.id)
        return sorted(found, key=lambda c: c.id)

    def _graph(self, path: Path) -> tuple[Graph | None, Any]:
        """The graph of another tool, else what the YAML or JSON holds."""
        form = _FORMS.get(path.suffix.lower(), "YAML or JSON")
        try:
            text = read_text(path, most=MAX_BYTES).removeprefix("\ufeff")
            suffix = path.suffix.lower()
            if suffix in (".csv", ".tsv"):
                graph = edge_list(text)
                if graph is None:
                    raise ValueError(
                        "it has no columns called source and target, from and to, or caller and callee"
                    )
                return graph, None
            if suffix in (".graphml", ".xml"):
                return graphml(text), None
            if "backstage.io/" in text and (graph := backstage(documents(text))) is not None:
                return graph, None
            raw = load_json(text) if suffix == ".json" else load_yaml(text)
        except (OSError, ValueError, yaml.YAMLError) as error:
            reason = str(error).splitlines()[0]
            raise SourceError(f"Fix the {form} of {str(path)!r} (source {self.name!r}): {reason}") from None
        return (graph_of(raw) if isinstance(raw, dict) else None), raw

    def _component(self, entry: object, index: int, path: Path) -> Component:
        try:
            return Component.model_validate(entry)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in (index, *first["loc"]))
            raise SourceError(f"Fix components.{where} in {str(path)!r}: {first['msg']}") from None
