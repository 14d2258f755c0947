"""The sample knowledge base: public runbooks of others, kept with their licences, for a site that has none of its own."""

from __future__ import annotations

import dataclasses
import functools
import io
import tarfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Final

from aitia.core.errors import BadInput
from aitia.core.words import Holding, Window
from aitia.tools.sources.base import Configured, Document
from aitia.tools.sources.documents.document_files import runbook_of

SAMPLE: Final = "sample"
ORIGINS: Final = {
    "prometheus_runbooks": ("https://github.com/prometheus-operator/runbooks", "Apache-2.0"),
    "scoutflo_playbooks": ("https://github.com/Scoutflo/scoutflo-SRE-Playbooks", "MIT"),
}
_ABOUT: Final = frozenset(  # pages about the collections themselves
    {"README", "_index", "add-runbook", "EXAMPLES", "FAQ", "QUICK_REFERENCE", "TROUBLESHOOTING_FLOWCHART"}
)


@functools.cache
def sample_documents() -> tuple[Document, ...]:
    """Every runbook by id, which is its path without suffix; `meta` says where it comes from (origin, licence)."""
    return tuple(sorted((d for name in ORIGINS for d in _of_archive(name)), key=lambda d: d.id))


def _of_archive(name: str) -> Iterator[Document]:
    origin, licence = ORIGINS[name]
    packed = files(__name__).joinpath(name, "texts.tar.xz").read_bytes()
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:xz") as archive:
        for member in archive:
            path, held = PurePosixPath(member.name), archive.extractfile(member)
            if held is None or path.suffix != ".md" or path.stem in _ABOUT:
                continue
            text = held.read().decode("utf-8", "replace").replace("\r\n", "\n")
            found = runbook_of(text, path, SAMPLE)
            yield dataclasses.replace(found, meta={**found.meta, "origin": origin, "licence": licence})


class SampleRunbooks(Configured):
    """Source of type `sample_runbooks`: the sample knowledge base; `options: {only: NAME}` takes one of its parts."""

    KIND = "runbooks"
    OPTIONS = frozenset({"only"})

    @property
    def foreign(self) -> bool:
        """Others wrote them, for systems of their own."""
        return True

    def documents(self) -> list[Document]:
        """The runbooks, each with the configured name as its source."""
        only = str(self._config.options.get("only", ""))
        if only and only not in ORIGINS:
            raise BadInput(
                f"Set `only` of source {self.name!r} to one of {', '.join(ORIGINS)}, not {only!r}."
            )
        return [d for d in sample_documents() if not only or d.id.startswith(f"{only}/")]

    def describe(self, window: Window) -> Holding:
        """Titles of the first ones."""
        documents = self.documents()
        return Holding(
            source=self.name,
            kind="runbooks",
            items=tuple(d.title for d in documents[:50]),
            count=len(documents),
        )
