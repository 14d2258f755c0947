"""Conversations on disk: a folder each (mode 0700), beside the run that is asked, or under AITIA_HOME/asks."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aitia.core.errors import BadInput, StoreDamaged
from aitia.core.memory_folder import spare_runs


def new_conversation(home: Path, run: Path | None = None) -> Path:
    """A folder for a conversation (mode 0700): beside its run, so that it goes with it, else `AITIA_HOME/asks/ID`."""
    name = f"{datetime.now(tz=UTC):%Y%m%d-%H%M%S-%f}-{secrets.token_hex(2)}"
    folder = (run or home) / "asks" / name
    folder.mkdir(parents=True, mode=0o700)
    folder.parent.chmod(0o700)
    return folder


def last_conversation(home: Path, name: str = "") -> Path:
    """The newest conversation, or the one whose name begins so. Raises BadInput where there is none."""
    spare = spare_runs(home)
    places = [*home.glob("asks/*"), *home.glob("runs/*/asks/*"), *(spare.glob("*/asks/*") if spare else ())]
    found = [p for p in places if (p / "ask.json").exists()]
    wanted = sorted((p for p in found if p.name.startswith(name)), key=lambda p: p.name)
    if not wanted:
        raise BadInput("There is no such conversation. Ask a first question.")
    newest: Path = wanted[-1]
    return newest


def read_about(folder: Path) -> dict[str, Any]:
    """What a conversation is about. Raises StoreDamaged."""
    try:
        found = json.loads((folder / "ask.json").read_bytes())
    except (OSError, ValueError) as error:
        raise _lost(folder) from error
    if not isinstance(found, dict) or not {"run", "documents", "config", "named", "sample"} <= found.keys():
        raise _lost(folder)
    return found


def _lost(folder: Path) -> StoreDamaged:
    return StoreDamaged(
        f"The ask.json in {str(folder)!r} is damaged. Remove that folder and start a new conversation."
    )
