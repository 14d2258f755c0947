"""The last picture of each asset of a fleet, held against the one before it; no part of the judgement of its signals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from aitia.core.config import SourceConfig
from aitia.core.errors import AitiaError, BadInput, SourceError
from aitia.core.words import Window, from_epoch
from aitia.fleet.words import Pictured
from aitia.probe_pictures import picture_sources
from aitia.settings import load_settings
from aitia.tools.signals.pictures.looked import is_spectrogram, looked_at
from aitia.tools.sources import open_source
from aitia.tools.sources.signals.picture_source import PictureSource, TakenPicture

MOST: Final = 500  # assets whose pictures are looked at
QUIET: Final = "picture.quiet"
OnDone = Callable[[int, int], None]


def pictures_of(
    path: Path, *, now: float | None = None, on_done: OnDone = lambda done, total: None
) -> tuple[list[Pictured], dict[str, str]]:
    """What the pictures of a folder or of an aitia.yaml show, by asset, and what could not be read, by file or source.

    `now` in epoch seconds: later pictures are not looked at. A wrong sidecar or picture is told and ends nothing.
    """
    until = datetime.now(UTC) if now is None else from_epoch(now)
    of: dict[tuple[str, bool], list[TakenPicture]] = defaultdict(list)
    errors: dict[str, str] = {}
    for source, root in _sources(path):
        try:
            opened = open_source(source, root)
            taken = opened.pictures(until) if isinstance(opened, PictureSource) else []
        except AitiaError as error:
            errors[source.name] = str(error)
            continue
        for one in taken:
            of[one.component, is_spectrogram(one)].append(one)
    made = []
    for n, own in enumerate(list(of.values())[:MOST]):
        on_done(n, min(len(of), MOST))
        try:
            made.append(_pictured(own[-1], own[-2] if len(own) > 1 else None))
        except (BadInput, SourceError) as error:
            errors[own[-1].path.name] = str(error)
    if len(of) > MOST:
        errors["pictures"] = f"The pictures of {MOST} of {len(of)} assets were looked at."
    return sorted(made, key=lambda p: (p.asset, p.file)), errors


def _sources(path: Path) -> Iterator[tuple[SourceConfig, Path]]:
    """Those of an aitia.yaml, or of a folder and the folders in it where sidecars lie."""
    if path.is_dir():
        inside = (d for d in sorted(path.iterdir()) if d.is_dir() and not d.is_symlink() and d.name[0] != ".")
        for place in (path, *inside):
            yield from ((source, path) for source, _, _ in picture_sources(place, path))
    elif path.suffix.lower() in (".yaml", ".yml"):
        yield from ((s, path.parent.absolute()) for s in load_settings(path).sources if s.kind == "pictures")


def _pictured(now: TakenPicture, before: TakenPicture | None) -> Pictured:
    problems: list[str] = []
    window = Window(start=before.at if before else now.at, end=now.ends + timedelta(seconds=1))
    look = looked_at(
        now, before, component=now.component, window=window, resolve=lambda name: "", problems=problems
    )
    return Pictured(
        asset=now.component,
        file=now.path.name,
        taken=now.at,
        before=before.path.name if before is not None and look.compared else "",
        said=tuple(f.statement for f in look.facts if f.kind != QUIET),
        notes=tuple(problems),
        drawn=look.artifact().decode(),
    )
