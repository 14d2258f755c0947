"""The drills that were done, a line each in the home."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from aitia.core.disk import storing
from aitia.core.errors import StoreDamaged
from aitia.drill.words import Record

FILE: Final = "drills.jsonl"


def keep(home: Path, record: Record) -> None:
    """Append a record. Raises StoreError."""
    file = home / FILE
    with (
        storing(file),
        os.fdopen(os.open(file, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600), "ab") as out,
    ):
        out.write(record.model_dump_json().encode() + b"\n")


def kept(home: Path) -> list[Record]:
    """All records, oldest first; a drill that was carried on counts once, as it stood last. Raises StoreDamaged."""
    file = home / FILE
    if not file.is_file():
        return []
    found: dict[tuple[str, str], Record] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        try:
            record = Record.model_validate_json(line)
        except ValidationError as error:
            raise StoreDamaged(
                f"Line {number} of {str(file)!r} is no record of a drill ({error.errors()[0]['msg']}). Remove it."
            ) from None
        found[record.digest, record.began.isoformat()] = record
    return list(found.values())


def stopped(home: Path, digest: str) -> Record | None:
    """The drill on a scenario that was left without an answer, if that is how the last one ended."""
    last = next((r for r in reversed(kept(home)) if r.digest == digest), None)
    return last if last is not None and last.state == "stopped" else None
