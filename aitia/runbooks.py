"""Runbooks as programs: read, checked, and held against a run that carried one out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from aitia.core.errors import BadInput, SourceError
from aitia.core.home import aitia_home
from aitia.core.store import RunStore

if TYPE_CHECKING:
    from aitia.agent.runbooks.checklist import Item
    from aitia.agent.runbooks.runbook_check import Checked
    from aitia.core.llm import Classifier
    from aitia.tools.incidents.prose import Draft


def read_program(file: Path) -> dict[str, Any]:
    """A runbook file as plain values, its calls and steps in order. Raises BadInput with the first thing wrong."""
    from aitia.agent.runbooks.runbook_check import check
    from aitia.agent.taxonomy import bundled
    from aitia.tools import Registry
    from aitia.tools.incidents.runbook_program import as_program
    from aitia.tools.sources.documents.document_files import read_runbook

    if not file.is_file():
        raise BadInput(f"There is no file {str(file)!r}. Give a runbook that exists.")
    (checked,) = check(file, Registry.load(), bundled())
    wrong = next((f for f in checked.findings if f.level == "error"), None)
    if wrong is not None:
        raise BadInput(f"Fix line {wrong.line} of {str(file)!r}: {wrong.text}.")
    return as_program(read_runbook(file, file.parent, "runbook"), source="runbook", similarity=1.0)


def drafted(file: Path, model: Classifier | None = None) -> Draft:
    """The typed steps of a page that a person wrote. Raises BadInput where it cannot be read, ModelError."""
    from aitia.tools.incidents.prose import draft_of
    from aitia.tools.memory.importing.reading import MAX_BYTES, opened
    from aitia.tools.sources.documents.document_files import runbook_of

    if not file.is_file():
        raise BadInput(f"There is no file {str(file)!r}. Give a page of Markdown or text.")
    with opened(file) as text:
        raw = text.chunk(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise BadInput(f"Split {str(file)!r}: it is larger than {MAX_BYTES >> 20} MiB.")
    if not raw.strip():
        raise BadInput(f"{str(file)!r} is empty. Give a page that says what to do.")
    if sum(not (c.isprintable() or c.isspace()) for c in raw) > len(raw) // 10:
        raise BadInput(f"{str(file)!r} is no text. Save it as Markdown or plain text.")
    try:
        page = runbook_of(raw.replace("\r\n", "\n"), PurePath(file.name), "page", path=str(file))
    except SourceError as error:
        raise BadInput(str(error)) from None
    found = draft_of(page.text, model)
    return found.model_copy(update={"title": found.title or page.title})


def write_runbook(draft: Draft, path: Path) -> None:
    """A draft as a runbook to be edited. Raises BadInput where a file is there already or cannot be written."""
    from aitia.tools.incidents.prose import as_runbook

    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(as_runbook(draft))
    except FileExistsError:
        raise BadInput(f"Give --output another path or remove {str(path)!r}: it exists.") from None
    except OSError as error:
        raise BadInput(
            f"Cannot write --output {str(path)!r} ({error.strerror}). Choose a path that can be written."
        ) from None


def check_runbooks(path: Path, *, taxonomy: Sequence[str] = ()) -> list[Checked]:
    """What is wrong with a runbook, or with all of a folder; `taxonomy` are files of a user's own fault kinds."""
    from aitia.agent.runbooks.runbook_check import check
    from aitia.agent.taxonomy import extended
    from aitia.tools import Registry

    return check(path, Registry.load(), extended(Path(file) for file in taxonomy))


def carried_out(run: str, *, home: Path | None = None) -> list[Item]:
    """The steps of the runbook that a run carried out, each with what was found or what is left to a person."""
    from aitia.agent.runbooks.checklist import checklist
    from aitia.graphs.judgement import taxonomy_of
    from aitia.graphs.live import recorded_tools

    store = RunStore.open(home or aitia_home(), run)
    meta = store.meta()
    if not meta.get("runbook"):
        raise BadInput(f"Run {store.id} did not run a runbook. Give a run of `aitia runbook run`.")
    return checklist(
        meta["runbook"], store.report(), store.results().values(), recorded_tools(meta), taxonomy_of(meta)
    )
