"""The files of a source: what its path names, within the folder that it is bound to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from aitia.core.bounds import check_regular
from aitia.core.config import SourceConfig
from aitia.core.errors import SourceError
from aitia.core.trust import checked, leads_out

MOST_ENTRIES = 200_000  # of a folder; a million of them take a minute to list


def check_file(config: SourceConfig, root: Path) -> Path:
    """The existing file or folder of a source. Raises SourceError that names the source and the path."""
    path = Path(config.path).expanduser()
    path = path if path.is_absolute() else root / path
    if not path.exists():
        raise SourceError(f"{str(path)!r} does not exist. Fix {config.place('path')}.")
    try:
        check_regular(path)
    except OSError as error:
        raise SourceError(
            f"{str(path)!r} cannot be read ({error.strerror}). Give a file or folder as `path` of source "
            f"{config.name!r}."
        ) from None
    return checked(path, config.within)


def iter_files(config: SourceConfig, root: Path) -> Iterator[Path]:
    """The files of a source whose path is a file, a folder (all regular files in it) or a glob, sorted.

    Devices and pipes are passed over, links to folders are not followed. Raises SourceError where nothing is there.
    A link in a folder that leads out of it is refused: who sends a folder of logs must not choose what else is read.
    """
    for path in _named_files(config, root):
        yield checked(path, config.within)


def _named_files(config: SourceConfig, root: Path) -> Iterator[Path]:
    path = Path(config.path).expanduser()
    path = path if path.is_absolute() else root / path
    if path.is_file():
        yield path
    elif path.is_dir():
        yield from (_entry(p, path, config) for p in sorted(_walked(path, config.name)))
    elif path.exists():
        yield check_file(config, root)
    else:
        found = sorted(p for p in path.parent.glob(path.name) if p.is_file())
        if not found:
            raise SourceError(f"{str(path)!r} does not exist. Fix {config.place('path')}.")
        yield from (_entry(p, path.parent, config) for p in found)


def _entry(path: Path, folder: Path, config: SourceConfig) -> Path:
    if not config.options.get("follow_links") and leads_out(path, folder):
        raise SourceError(
            f"{str(path)!r} is a link that points outside {str(folder)!r}. Add it as a separate source, "
            f"or set `options.follow_links` of source {config.name!r}."
        )
    return path


def _walked(folder: Path, name: str) -> Iterator[Path]:
    for seen, path in enumerate(folder.rglob("*")):
        if seen >= MOST_ENTRIES:
            raise SourceError(
                f"{str(folder)!r} contains more than the limit of {MOST_ENTRIES:,} files and folders. Narrow "
                f"`path` of source {name!r}."
            )
        if path.is_file():
            yield path
