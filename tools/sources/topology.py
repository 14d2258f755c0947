"""Components and their relations from a YAML or JSON file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from aitia.core.bounds import load_yaml, read_text
from aitia.core.errors import SourceError
from aitia.core.words import Component, Holding, Window
from aitia.tools.sources.base import Configured
from aitia.tools.sources.paths import check_file

MAX_BYTES = 16_000_000


class TopologyFile(Configured):
    """`components: [{id, type, aliases, links: [{relation, to}]}]`."""

    KIND = "topology"
    OPTIONS = frozenset[str]()

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
        )

    def components(self) -> list[Component]:
        """The components, by id. Raises SourceError that names the entry that is wrong."""
        path = check_file(self._config, self._root)
        raw = self._parse(path)
        entries = raw.get("components") if isinstance(raw, dict) else raw
        if not isinstance(entries, list):
            raise SourceError(f"{str(path)!r} needs a list under `components` (source {self.name!r}).")
        found = [self._component(entry, index, path) for index, entry in enumerate(entries)]
        seen: set[str] = set()
        for component in found:
            if component.id in seen:
                raise SourceError(
                    f"Component {component.id!r} occurs twice in {str(path)!r}. Remove one of them."
                )
            seen.add(component.id)
        return sorted(found, key=lambda c: c.id)

    def _parse(self, path: Path) -> Any:
        try:
            if path.stat().st_size > MAX_BYTES:
                raise SourceError(
                    f"{str(path)!r} is larger than {MAX_BYTES} bytes, the limit for a topology. Shorten it."
                )
            return load_yaml(read_text(path, most=MAX_BYTES))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            reason = str(error).splitlines()[0]
            raise SourceError(
                f"Fix the YAML or JSON of {str(path)!r} (source {self.name!r}): {reason}"
            ) from None

    def _component(self, entry: object, index: int, path: Path) -> Component:
        try:
            return Component.model_validate(entry)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in (index, *first["loc"]))
            raise SourceError(f"Fix components.{where} in {str(path)!r}: {first['msg']}") from None
