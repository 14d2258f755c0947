"""A run's events as they are written, each with a cursor that outlives the reader: `REVISION-NUMBER-RUN`."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import ValidationError

from aitia.core.errors import BadInput
from aitia.core.events import EVENT, Event
from aitia.core.store import RunStore

_CURSOR = re.compile(r"(\d{1,9})-(\d{1,9})(?:-([0-9a-f]{6}))?")


def parse_cursor(text: str) -> tuple[int, int, str]:
    """Revision and number of the last event seen, and the end of the run's id; (1, 0, "") for "". Raises BadInput."""
    if not text:
        return 1, 0, ""
    if (found := _CURSOR.fullmatch(text)) is None:
        raise BadInput(f"Give a cursor that came with an event, such as 1-12-0a1b2c, not {text[:40]!r}.")
    return int(found[1]), int(found[2]), found[3] or ""


class Tail:
    """Reads on where it stopped, over the revisions of a run. What a writer left half is not read yet."""

    def __init__(self, run: Path, *, after: str = "") -> None:
        self.run = run
        self._revision, self._seen, told = parse_cursor(after)
        self._tag = run.name[-6:]
        if told and told != self._tag:  # of a run that came to nothing: this one began anew
            self._revision, self._seen = 1, 0
        self._offset = self._number = 0  # of the present file: bytes and lines read
        self._latest, self._changed = 1, -1

    def read(self) -> list[tuple[str, Event]]:
        """What was written since the last call, in order."""
        found: list[tuple[str, Event]] = []
        changed = (self.run / "run.json").stat().st_mtime_ns
        if changed != self._changed:
            self._changed, self._latest = changed, int(RunStore(self.run).meta().get("revision", 1))
        while self._revision <= self._latest:
            found += self._lines()
            if self._revision == self._latest:
                break
            self._revision, self._seen, self._offset, self._number = self._revision + 1, 0, 0, 0
        return found

    def _lines(self) -> list[tuple[str, Event]]:
        moved = self.run / "revisions" / str(self._revision) / "events.jsonl"
        path = moved if moved.exists() else self.run / "events.jsonl"
        if not path.exists():
            return []
        with path.open("rb") as file:
            file.seek(self._offset)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        found = []
        for line in whole.splitlines():
            self._number += 1
            if self._number > self._seen and (event := _event(line)) is not None:
                found.append((f"{self._revision}-{self._number}-{self._tag}", event))
        return found


def _event(line: bytes) -> Event | None:
    try:
        return EVENT.validate_json(line)
    except ValidationError:  # half a line, left by a kill; the next one stands on its own
        return None
