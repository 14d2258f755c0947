"""Which documents a question may be asked of: the site's own first, then what comes with aitia, then the sample."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.resources import as_file, files
from importlib.util import find_spec
from pathlib import Path

from aitia.core.errors import BadInput, SourceError
from aitia.core.protocols import Source
from aitia.core.state import has_memory
from aitia.core.trust import leads_out
from aitia.core.words import SourceRef
from aitia.tools.incidents.sample import sample_documents
from aitia.tools.sources.base import Document, DocumentSource
from aitia.tools.sources.documents.document_files import read_runbook

MARKDOWN = (".md", ".markdown")


def own_documents(
    sources: Iterable[Source], folders: Sequence[Path], home: Path
) -> tuple[list[Document], list[str]]:
    """Runbooks and incidents of the configured sources, of folders, and of the incident memory; and what cannot be read."""
    found: list[Document] = []
    notes: list[str] = []
    for source in sources:
        if isinstance(source, DocumentSource):
            try:
                found += source.documents()
            except SourceError as error:
                notes.append(str(error))
    for folder in folders:
        found += _folder(folder)
    return [*found, *_remembered(home)], notes


def bundled_documents() -> list[Document]:
    """The runbooks that come with aitia, a fault kind each."""
    with as_file(files("aitia.tools.incidents").joinpath("knowledge")) as folder:
        return [read_runbook(path, folder, "bundled") for path in sorted(folder.glob("*.md"))]


def shelves(own: Sequence[Document], *, sample: bool = True) -> list[list[Document]]:
    """The documents in the order in which they are asked: an answer of the site's own comes before any other."""
    mine = [*own, *bundled_documents()]
    return [mine, *([list(sample_documents())] if sample else [])]


def _folder(path: Path) -> list[Document]:
    if not path.exists():
        raise BadInput(
            f"{str(path)!r} does not exist. Give --documents a Markdown file or a folder of Markdown files."
        )
    names = [path] if path.is_file() else sorted(p for p in path.rglob("*") if _is_page(p, path))
    if not names:
        raise BadInput(f"{str(path)!r} contains no Markdown files. Give --documents a folder that does.")
    return [read_runbook(p, path if path.is_dir() else path.parent, "documents") for p in names]


def _is_page(path: Path, folder: Path) -> bool:
    return path.suffix.lower() in MARKDOWN and path.is_file() and not leads_out(path, folder)


def _remembered(home: Path) -> list[Document]:
    """The incidents of the memory, if there is one."""
    if not has_memory(home) or find_spec("aitia.tools.memory.store") is None:
        return []
    from aitia.tools.memory.store import MemoryStore

    made = []
    for past in MemoryStore(home).all():
        meta = {
            "component": past.component,
            "cause": past.cause,
            "mitigation": "\n".join(past.mitigation),
            "outcome": past.outcome,
            "symptoms": "\n".join(past.symptoms),
        }
        path, _, line = past.source.rpartition(":")
        at = int(line) if path and line.isdecimal() else 1
        ref = SourceRef(source="memory", query=past.id, path=path or past.source or past.id, lines=(at, at))
        made.append(Document(id=past.id, title=past.title, text=past.text, meta=meta, ref=ref))
    return made
