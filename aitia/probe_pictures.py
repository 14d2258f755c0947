"""What `aitia init` and `aitia fleet` take for pictures of machines: those that a sidecar speaks of, and others beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from aitia.core.config import SourceConfig
from aitia.core.errors import AitiaError
from aitia.core.trust import leads_out
from aitia.probe_json import file_name, patterns
from aitia.tools.sources.signals.picture_about import PICTURES, SIDECARS, read_about, sidecar_of

_MOST_READ: Final = 200  # sidecars of a folder


def picture_sources(place: Path, root: Path) -> Iterator[tuple[SourceConfig, str, Path]]:
    """The pictures of a place where a sidecar says what one of them is: its folder, or a glob where other files lie there.

    Pictures without any sidecar may be screenshots and plans: they are not proposed.
    """
    files = sorted(p for p in place.iterdir() if p.is_file() and not leads_out(p, place))
    own = [p for p in files if p.suffix.lower() in PICTURES]
    told = {p: beside for p in own[:_MOST_READ] if (beside := sidecar_of(p)) and _is_about(beside)}
    if not told:
        return
    scaled = sum(bool(a.range or a.counts or a.frequency) for a in map(read_about, told.values()))
    hint = "" if scaled == len(own) else "; for degrees of the others set options.range as 20..90"
    name = "pictures" if place == root else file_name(place.name)
    for paths, path in _paths(place, root, own, files):
        known = sum(p in told for p in paths)
        source = SourceConfig(name=name, kind="pictures", type="pictures", path=path)
        yield source, f"{known} of {len(paths)} pictures have a sidecar{hint}", place


def _paths(
    place: Path, root: Path, own: Sequence[Path], files: Sequence[Path]
) -> Iterator[tuple[Sequence[Path], str]]:
    """A folder of pictures and sidecars is one path; beside tables, whose endings matrices share, a glob for each ending."""
    if place != root and all(p.suffix.lower() in (*PICTURES, *SIDECARS) for p in files):
        yield own, place.name
        return
    shown = "" if place == root else f"{place.name}/"
    for paths, pattern in patterns(own, files):
        yield paths, f"{shown}{pattern}"


def is_sidecar(path: Path) -> bool:
    """Whether a file says what the picture beside it is, and is nothing else."""
    if path.suffix.lower() not in SIDECARS:
        return False
    stem = path.with_suffix("")
    beside = [stem.with_name(stem.name + ending) for ending in PICTURES]
    return (stem.suffix.lower() in PICTURES or any(p.is_file() for p in beside)) and _is_about(path)


def _is_about(sidecar: Path) -> bool:
    """Whether a file beside a picture is a sidecar: `plan.yaml` beside `plan.png` need not be one."""
    try:
        return bool(read_about(sidecar).model_dump(exclude_defaults=True))
    except AitiaError:
        return False
