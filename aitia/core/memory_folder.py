"""Where a run is kept that `AITIA_HOME` has no room for: a private folder in memory, which every door of this user finds."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from aitia.core.disk import ROOM, free_bytes
from aitia.core.errors import StoreError

MOST: Final = 8  # runs; the memory of the machine holds them
_MEMORY: Final = Path("/dev/shm")


def spare_runs(home: Path) -> Path | None:
    """The spare store's folder of runs, where it is there and this user's alone."""
    return next((runs for place in _places() if (runs := _folder(place, home) / "runs").is_dir()
                 and _is_own(runs.parent)), None)  # fmt: skip


def make_spare(home: Path, why: StoreError) -> Path:
    """The spare store's folder of runs, made where it is missing. Raises `why` where there is no room there either."""
    for place in _places():
        folder = _folder(place, home)
        if (free_bytes(place) or 0) < ROOM:
            continue
        with suppress(OSError):  # the next place
            folder.mkdir(mode=0o700, exist_ok=True)
            if _is_own(folder):
                (folder / "runs").mkdir(mode=0o700, exist_ok=True)
                _drop_oldest(folder / "runs")
                return folder / "runs"
    raise why


def adopt(home: Path) -> list[str]:
    """Move what is kept there into the store; the ids. Raises OSError where there is still no room."""
    if (spare := spare_runs(home)) is None:
        return []
    moved = [run.name for run in sorted(spare.iterdir()) if _is_over(run)]
    for name in moved:
        _move(spare / name, home / "runs" / name)
    with suppress(OSError):  # another run is kept there
        spare.rmdir()
        spare.parent.rmdir()
    return moved


def _is_over(run: Path) -> bool:
    """Whether no process works on a run."""
    try:
        return json.loads((run / "run.json").read_bytes()).get("state") not in ("running", None)
    except (OSError, ValueError, AttributeError):
        return False


def _move(run: Path, to: Path) -> None:
    """Put a run into the store, in place of what it was carried on from."""
    part, old = (to.with_name(f".{run.name}.{word}") for word in ("part", "old"))
    shutil.rmtree(part, ignore_errors=True)
    try:
        shutil.copytree(run, part)
        if to.exists():
            to.rename(old)
        part.rename(to)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
    shutil.rmtree(run)


def _places() -> list[Path]:
    return list(dict.fromkeys((_MEMORY, Path(tempfile.gettempdir()))))


def _folder(place: Path, home: Path) -> Path:
    return place / f"aitia-{os.getuid()}-{hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:12]}"


def _is_own(folder: Path) -> bool:
    """Whether a folder is one, this user's, and closed to all others: in a public place anybody may make one of its name."""
    found = folder.lstat()
    return (
        folder.is_dir()
        and not folder.is_symlink()
        and found.st_uid == os.getuid()
        and not found.st_mode & 0o077
    )


def _drop_oldest(runs: Path) -> None:
    for run in sorted(runs.iterdir())[: -MOST + 1]:
        shutil.rmtree(run, ignore_errors=True)
