"""Documents: past incidents in a JSONL file, runbooks in a folder of Markdown with YAML front matter."""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

import yaml

from aitia.core.bounds import FRONT_VALUES, load_json, load_yaml, read_text
from aitia.core.errors import SourceError
from aitia.core.words import Holding, SourceRef, Window
from aitia.tools.sources.base import Configured, Document
from aitia.tools.sources.paths import iter_files

MAX_DOCUMENTS = 20_000
MAX_BYTES = 1 << 20  # of one document


class IncidentFile(Configured):
    """Source of type `incidents`: one JSON object a line.

    Fields: id, title, text, service or component, symptoms, cause, fault, mitigation (text or list), outcome, at.
    """

    KIND = "incidents"
    OPTIONS = frozenset[str]()

    def documents(self) -> list[Document]:
        """All incidents, in file order. Raises SourceError that names file and line of a broken one."""
        found: list[Document] = []
        for path in iter_files(self._config, self._root):
            found += _incidents(path, self.name)
            if len(found) > MAX_DOCUMENTS:
                raise SourceError(
                    f"Source {self.name!r} has more than {MAX_DOCUMENTS} documents. Narrow its `path`."
                )
        return found

    def describe(self, window: Window) -> Holding:
        """Titles only: components of past incidents need not be components of this site."""
        documents = self.documents()
        return Holding(
            source=self.name,
            kind="incidents",
            items=tuple(d.title for d in documents[:50]),
            count=len(documents),
            note="" if documents else f"The files of source {self.name!r} contain no incidents.",
        )


class RunbookFolder(Configured):
    """Source of type `runbooks`: Markdown files; front matter may hold alerts, services, symptoms, faults."""

    KIND = "runbooks"
    OPTIONS = frozenset[str]()

    def documents(self) -> list[Document]:
        """All runbooks by path; the id is the path below the folder without its suffix."""
        files = [p for p in iter_files(self._config, self._root) if p.suffix.lower() in (".md", ".markdown")]
        if len(files) > MAX_DOCUMENTS:
            raise SourceError(
                f"Source {self.name!r} has more than {MAX_DOCUMENTS} documents. Narrow its `path`."
            )
        base = _base(files, (self._root / Path(self._config.path).expanduser()))
        return [read_runbook(path, base, self.name) for path in files]

    def describe(self, window: Window) -> Holding:
        """Titles of the runbooks."""
        documents = self.documents()
        return Holding(
            source=self.name,
            kind="runbooks",
            items=tuple(d.title for d in documents[:50]),
            count=len(documents),
            note="" if documents else f"Source {self.name!r} contains no Markdown files.",
        )


def _base(files: list[Path], path: Path) -> Path:
    return path if path.is_dir() else path.parent if files else Path()


def _incidents(path: Path, source: str) -> Iterator[Document]:
    for number, line in enumerate(_read(path, limit=64 * MAX_BYTES).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            fields = load_json(line)
        except ValueError:
            raise SourceError(f"Line {number} of {str(path)!r} is not a JSON object. Fix it.") from None
        if not isinstance(fields, dict) or not (fields.get("id") or fields.get("title")):
            raise SourceError(
                f"Fix line {number} of {str(path)!r}: give a JSON object with `id` and `title`."
            )
        yield _incident(fields, path, number, line, source)


def _incident(fields: Mapping[str, Any], path: Path, number: int, line: str, source: str) -> Document:
    meta = {str(key): flat(value) for key, value in fields.items() if key not in ("id", "title", "text")}
    if "component" not in meta and "service" in meta:
        meta["component"] = meta["service"]
    identity = str(fields.get("id") or f"{path.stem}-{number}")
    return Document(
        id=identity,
        title=str(fields.get("title") or identity),
        text=flat(fields.get("text", "")),
        meta=meta,
        ref=SourceRef(
            source=source,
            query=f"{path}:{number}",
            path=str(path),
            lines=(number, number),
            sha256=hashlib.sha256(line.encode()).hexdigest(),
        ),
    )


def read_runbook(path: Path, base: Path, source: str) -> Document:
    """One Markdown runbook. Broken front matter raises SourceError."""
    relative = path.relative_to(base) if path.is_relative_to(base) else Path(path.name)
    return runbook_of(_read(path, limit=MAX_BYTES), relative, source, path=str(path))


def runbook_of(text: str, relative: PurePath, source: str, *, path: str = "") -> Document:
    """A runbook of its text; `relative` is its path below the folder. Broken front matter raises SourceError."""
    meta, body = _front_matter(text, path or str(relative))
    heading = next((s[2:].strip() for s in body.splitlines() if s.startswith("# ")), "")
    return Document(
        id=relative.with_suffix("").as_posix(),
        title=meta.pop("title", "") or heading or relative.stem,
        text=body,
        meta=meta,
        ref=SourceRef(
            source=source,
            query=relative.as_posix(),
            path=path,
            lines=(1, text.count("\n") + 1),
            sha256=hashlib.sha256(text.encode()).hexdigest(),
        ),
    )


def _front_matter(text: str, path: str) -> tuple[dict[str, str], str]:
    if not text.startswith("---\n"):
        return {}, text
    head, found, body = text[4:].partition("\n---")
    if not found:
        return {}, text
    try:
        fields = load_yaml(head, values=FRONT_VALUES)
    except yaml.YAMLError as error:
        raise SourceError(f"Fix the front matter of {path!r}: {error}") from None
    if not isinstance(fields, dict):
        return {}, text
    return {str(key): flat(value) for key, value in fields.items()}, body.partition("\n")[2]


def flat(value: Any) -> str:
    """A field as text: list items become lines."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return "\n".join(flat(item) for item in value)
    if isinstance(value, dict):
        return json.dumps(value, sort_keys=True, default=str)
    return str(value)


def _read(path: Path, *, limit: int) -> str:
    try:
        return read_text(path, most=limit, errors="replace").replace("\r\n", "\n")
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise SourceError(f"{str(path)!r} is larger than {limit >> 20} MiB. Split it.") from None
        raise SourceError(
            f"Cannot read {str(path)!r} ({error.strerror}). Check the path and its permissions."
        ) from None
