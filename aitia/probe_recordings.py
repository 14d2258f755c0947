"""What `aitia init` and `aitia signals watch` take for vibration recordings: files of a folder, or of the folders in it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from aitia.core.config import SourceConfig
from aitia.core.errors import AitiaError
from aitia.core.trust import leads_out
from aitia.probe_files import Found, described
from aitia.probe_json import file_name, patterns
from aitia.tools.sources.signals.recording_options import RECORDED

_TEXTS: Final = (".csv", ".txt", ".tsv")
_MOST: Final = 20_000  # files of a place that are looked at
_LISTED: Final = "signals.yaml"  # says of files beside it what they are
_LEAST_HZ: Final = 200.0  # of a text: slower samples are process signals; by hand


def recording_sources(place: Path, root: Path) -> Iterator[tuple[Found, Path]]:
    """A source for the recordings of a place, of each ending apart where other files lie there, with what it reads of them."""
    if (place / _LISTED).is_file():
        return
    found = place.iterdir() if place == root else (p for glob in ("*", "*/*") for p in place.glob(glob))
    files = sorted(p for p in islice(found, _MOST) if p.is_file() and not leads_out(p, place))
    own = [p for p in files if p.suffix.lower() in RECORDED]
    if place != root:
        own += _fast_texts(files)
    for paths, path in _paths(place, root, own, files):
        name = "vibration" if place == root else file_name(place.name)
        source = SourceConfig(name=name, kind="signals", type="recording", path=path)
        yield _looked(source, paths, root), place


def _fast_texts(files: Sequence[Path]) -> list[Path]:
    """The texts of a folder in it where the first one is a recording: evenly spaced samples, many a second."""
    texts = [p for p in files if p.suffix.lower() in _TEXTS]
    return texts if texts and _rate(texts[0]) >= _LEAST_HZ else []


def _rate(path: Path) -> float:
    """The sampling rate of a recording in Hz; 0 where it is none or does not say."""
    from aitia.tools.sources.signals.recordings import read_recording

    try:
        rates = [c.fs for c in read_recording(path).channels if math.isfinite(c.fs)]
    except AitiaError:
        return 0.0
    return min(rates, default=0.0)


def _paths(
    place: Path, root: Path, own: Sequence[Path], files: Sequence[Path]
) -> Iterator[tuple[Sequence[Path], str]]:
    """A folder of recordings is one path; beside other files, a glob for each ending."""
    if place != root and own and all(p.suffix.lower() in RECORDED for p in own) and len(own) == len(files):
        yield own, place.name
        return
    shown = "" if place == root else f"{place.name}/"
    for paths, pattern in patterns(own, files):
        yield paths, f"{shown}{pattern}"


def _looked(source: SourceConfig, paths: Sequence[Path], root: Path) -> Found:
    """The source, once its first recording was read; without it where that cannot be."""
    from aitia.tools.sources.signals.recordings import read_recording

    try:
        first = read_recording(paths[0])
    except AitiaError as error:
        return None, str(error), ""
    rates = sorted({c.fs for c in first.channels if math.isfinite(c.fs)})
    told = f"{len(paths)} recordings; the first: {first.form}, {', '.join(f'{r:g} Hz' for r in rates) or 'no sampling rate told'}"
    read, why, _ = described(source, root)
    return read, f"{told}; {why}", ""
