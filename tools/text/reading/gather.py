"""Finding logs: files, folders, globs and standard input, as sets of one component each."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import partial
from glob import glob, has_magic
from pathlib import Path
from typing import BinaryIO, Final

from aitia.core.errors import BadInput, SourceError
from aitia.tools.sources.logs.log_files import MAX_FILES, stem_of
from aitia.tools.text.reading.form import form_of
from aitia.tools.text.reading.order import first_time, in_time_order
from aitia.tools.text.reading.skipped import Skipped

STDIN: Final = "-"


@dataclass(frozen=True, kw_only=True)
class LogSet:
    """A log: one file, or a rotated set in time order."""

    component: str
    paths: tuple[Path, ...]


def gather(
    paths: Sequence[str | Path],
    *,
    skipped: Skipped,
    zone: tzinfo = UTC,
    near: datetime | None = None,
    stdin: BinaryIO | None = None,
) -> list[LogSet]:
    """The logs behind files, folders, globs, pipes and `-` (standard input).

    Binary and unreadable files are left out and counted.

    `zone` and `near` place timestamps without zone or year, where the order of a set hangs on them. Raises BadInput
    where a path leads to nothing, SourceError where no log is left.
    """
    sets: dict[tuple[Path, str], list[Path]] = defaultdict(list)
    seen: set[Path] = set()
    for given in paths:
        if str(given) == STDIN or Path(given).is_fifo():  # also the shell's <(command)
            path = _piped(given, stdin)
            if _readable(path, skipped, "standard input"):
                sets[Path(), "stdin"].append(path)
            continue
        for path in _files(Path(given).expanduser(), skipped):
            if (target := path.resolve()) in seen:
                continue
            seen.add(target)
            if len(seen) > MAX_FILES:
                raise BadInput(f"The paths contain more than {MAX_FILES} files. Narrow them.")
            if _readable(path, skipped):
                sets[path.parent, stem_of(path)].append(path)
    if not sets:
        why = "; ".join(skipped.say()) or "nothing but hidden files"
        raise SourceError(f"The paths contain no logs ({why}). Give paths that do.")
    first = partial(first_time, zone=zone, near=near or datetime.now(UTC))
    return [
        LogSet(component=stem, paths=in_time_order(files, first))
        for (_, stem), files in sorted(sets.items(), key=lambda item: (item[0][1], str(item[0][0])))
    ]


def _files(path: Path, skipped: Skipped) -> Iterator[Path]:
    if path.is_dir():
        yield from _walk(path, skipped)
    elif path.exists() or not has_magic(str(path)):
        if not path.exists():
            raise BadInput(f"{str(path)!r} does not exist. Fix the path.")
        yield path
    else:
        found = sorted(glob(str(path), recursive=True))
        if not found:
            raise BadInput(f"No file matches {str(path)!r}. Fix the pattern.")
        for each in map(Path, found):
            yield from _walk(each, skipped) if each.is_dir() else [each]


def _walk(folder: Path, skipped: Skipped) -> Iterator[Path]:
    def refused(error: OSError) -> None:
        skipped.files[str(error.filename)] = error.strerror or str(error)

    for root, folders, names in os.walk(folder, onerror=refused):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(root, name) for name in sorted(names) if not name.startswith("."))


def _readable(path: Path, skipped: Skipped, name: str = "") -> bool:
    name = name or str(path)
    if not path.is_file():
        skipped.files[name] = "not a regular file"
        return False
    try:
        form = form_of(path)
    except (OSError, SourceError) as error:
        skipped.files[name] = f"not readable ({getattr(error, 'strerror', None) or error})"
        return False
    if form.binary:
        skipped.files[name] = f"skipped: {form.binary}"
    return not form.binary


def _piped(given: str | Path, stdin: BinaryIO | None) -> Path:
    if str(given) == STDIN:
        return _spooled(stdin or sys.stdin.buffer)
    with Path(given).open("rb") as pipe:
        return _spooled(pipe)


def _spooled(stream: BinaryIO) -> Path:
    """Standard input in a private temporary file, so that it can be read twice; removed when the process ends."""
    with tempfile.NamedTemporaryFile(prefix="aitia-stdin-", suffix=".log", delete=False) as file:
        path = Path(file.name)
        atexit.register(path.unlink, missing_ok=True)
        shutil.copyfileobj(stream, file, 1 << 20)
    return path
