"""The folders of runs: which are there, which are intact, and what `run.json` must hold for its readers."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from aitia.core.archive import ArchiveAway, archive, forget_brought
from aitia.core.disk import storing, tell_once, trouble
from aitia.core.errors import RunNotFound, StoreDamaged
from aitia.core.memory_folder import spare_runs
from aitia.core.state import server

SCHEMA_VERSION = 1
# What `run.json` must hold, and of which kind the rest is where it is there.
_NEEDED: Final = {"id": str, "created_at": str, "state": str}
_KINDS: Final[Mapping[str, type]] = {
    "sources": list, "components": list, "tools": list, "mcp": list, "incident": dict, "options": dict, "opened": dict,
    "timings": dict, "versions": dict, "model": dict, "runbook": dict, "title": str, "now": str, "revision": int,
}  # fmt: skip


def list_runs(home: Path) -> list[dict[str, Any]]:
    """The intact runs in the store, newest first. Each damaged one is named once and passed by."""
    found = []
    for run_id, path in sorted(run_folders(home).items(), reverse=True):
        try:
            found.append(checked(path / "run.json"))
        except StoreDamaged as error:
            if _holds_something(path):  # else another process begins or deletes it just now
                tell_once(str(named_damage(run_id, error)))
    # Ids of one second end at random.
    return sorted(found, key=lambda run: (str(run["id"])[:15], str(run.get("created_at", ""))), reverse=True)


def named_run(home: Path, run_id: str) -> str:
    """The id of a run, damaged or not, by its id, a unique beginning of it, or `last` (which is an intact one).

    Raises RunNotFound.
    """
    if run_id == "last":
        found = [str(run["id"]) for run in list_runs(home)[:1]]
    else:
        ids, there = run_folders(home), archive()
        found = [run_id] if run_id in ids else [r for r in ids if run_id and r.startswith(run_id)]
        if there is not None and found:
            there.renew(home, found[0])
        elif there is not None and run_id:
            found = [run for run in there.ids(run_id)[:2] if run == Path(run).name]
            found = found if len(found) != 1 or there.bring(home, found[0], now=True) else []
    if len(found) != 1:
        what = "Several runs start with this id" if found else "There is no such run"
        raise RunNotFound(
            f"{what}: {run_id!r}. Give a run id, the start of one, or last; `aitia runs list` shows them."
        )
    return found[0]


def find_run(home: Path, run_id: str) -> Path | None:
    """The folder of a run that was begun, by its whole id; None where there is none."""
    if not run_id or run_id != Path(run_id).name:
        return None
    places = (path for runs in (spare_runs(home), home / "runs") if runs and (path := runs / run_id))
    found = next((path for path in places if os.path.lexists(path / "run.json")), None)
    return found or _archived(home, run_id)


def _archived(home: Path, run_id: str) -> Path | None:
    """The folder of a run that is brought from the archive; None also while that is away, which is told."""
    if (there := archive()) is None:
        return None
    try:
        return there.bring(home, run_id)
    except ArchiveAway as error:
        tell_once(str(error))
        return None


def not_stored(home: Path, run_id: str) -> str:
    """Why a run is kept in memory only; "" for one that is in the store."""
    spare = spare_runs(home)
    if spare is None or not (spare / run_id).is_dir():
        return ""
    return str(checked(spare / run_id / "run.json").get("not_stored", ""))


def remove_run(home: Path, run_id: str) -> None:
    """Delete a run and all it holds, whatever state it is in. Raises RunNotFound, StoreError."""
    path = run_folders(home)[named_run(home, run_id)]
    if (at := server()) is not None:
        at.forget_run(path.name)
    gone = path.with_name(f".{path.name}.gone")  # at once: half a run would be taken for a damaged one
    with storing(path):
        path.rename(gone)
        shutil.rmtree(gone)
    forget_brought(home, path.name)


def sweep(home: Path, *, before: datetime) -> None:
    """Delete what a kill left of a run at its very beginning, and copies that were not finished."""
    with suppress(OSError):  # not there, or not ours to clean
        for path in (home / "runs").iterdir():
            old = path.stat().st_mtime < before.timestamp()
            if old and path.is_dir() and (path.name.startswith(".") or _never_began(path)):
                shutil.rmtree(path, ignore_errors=True)


def run_folders(home: Path) -> dict[str, Path]:
    """All folders of runs by id: those in memory go before those that they were carried on from."""
    found: dict[str, Path] = {}
    for runs in (home / "runs", spare_runs(home)):
        if runs is None:
            continue
        try:
            found |= {p.name: p for p in runs.iterdir() if not p.name.startswith(".") and p.is_dir()}
        except FileNotFoundError:
            continue
        except OSError as error:
            tell_once(str(trouble(error, runs)))
    return found


def checked(file: Path) -> dict[str, Any]:
    """`run.json` as far as every reader relies on it. Raises StoreDamaged, for a link as well: it would show another file."""
    if file.is_symlink():
        raise StoreDamaged("its run.json is a link, which aitia never creates")
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise StoreDamaged(why_of(error)) from error
    if not isinstance(found, dict):
        raise StoreDamaged("it does not contain a JSON object")
    if (version := found.get("schema_version")) != SCHEMA_VERSION:
        raise StoreDamaged(f"its schema is {version!r}, this aitia reads {SCHEMA_VERSION}")
    wrong = [k for k, kind in _NEEDED.items() if not isinstance(found.get(k), kind)]
    wrong += [k for k, kind in _KINDS.items() if k in found and not isinstance(found[k], kind)]
    if wrong or (found["id"] != file.parent.name and file.parent.parent.name != "revisions"):
        raise StoreDamaged(f"its {wrong[0] if wrong else 'id'} does not match what was written")
    return found


def named_damage(run_id: str, error: StoreDamaged) -> StoreDamaged:
    """What is wrong with a run, beginning with what to do."""
    if "schema" in str(error):
        return StoreDamaged(f"Use the aitia version that wrote run {run_id!r}: {error}.")
    if isinstance(error.__cause__, PermissionError):
        return StoreDamaged(
            f"Cannot read the run.json of run {run_id!r}: {error}. Check the path and its permissions."
        )
    return StoreDamaged(
        f"Run {run_id} is damaged: {error}. Remove it with `aitia runs rm {run_id}`, or restore its "
        "run.json from a copy."
    )


def why_of(error: Exception) -> str:
    """The cause in a few words."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))} {first['msg']}".strip()[:160]
    return f"not valid JSON: {error}"[:160]


def _never_began(path: Path) -> bool:
    """Whether a run holds nothing that could be resumed: no file at all, or no more than that it was to begin."""
    if not _holds_something(path):
        return True
    try:
        run = checked(path / "run.json")
    except StoreDamaged:  # for a person to look at
        return False
    return run["state"] == "running" and "options" not in run


def _holds_something(path: Path) -> bool:
    """Whether a folder of a run holds anything yet, or still: a kill at its beginning leaves empty folders."""
    try:
        found = [name for _, folders, files in os.walk(path) for name in (*folders, *files)]
    except OSError:
        return True
    return any(name not in ("results", "artifacts") and not name.endswith(".part") for name in found)
