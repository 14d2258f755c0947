"""Conversations on disk: a folder each (mode 0700), beside the run that is asked, or under AITIA_HOME/asks."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path

from aitia.core.errors import BadInput


def new_conversation(home: Path, run: Path | None = None) -> Path:
    """A folder for a conversation (mode 0700): beside its run, so that it goes with it, else `AITIA_HOME/asks/ID`."""
    name = f"{datetime.now(tz=UTC):%Y%m%d-%H%M%S-%f}-{secrets.token_hex(2)}"
    folder = (run or home) / "asks" / name
    folder.mkdir(parents=True, mode=0o700)
    folder.parent.chmod(0o700)
    return folder


def last_conversation(home: Path, name: str = "") -> Path:
    """The newest conversation, or the one whose name begins so. Raises BadInput where there is none."""
    found = [
        p for pattern in ("asks/*", "runs/*/asks/*") for p in home.glob(pattern) if (p / "ask.json").is_file()
    ]
    wanted = sorted((p for p in found if p.name.startswith(name)), key=lambda p: p.name)
    if not wanted:
        raise BadInput("Ask a first question: no such conversation is kept.")
    return wanted[-1]
