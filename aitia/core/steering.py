"""What a person says to a run that is under way: to stop, or that its incident is otherwise. The run reads it between its steps.

Every door writes it in the same way, the run reads it wherever it is carried out: on a thread, in a worker, in another process.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from pydantic import ValidationError

from aitia.core.disk import write_whole
from aitia.core.errors import AitiaError
from aitia.core.store import RunStore
from aitia.core.words import Incident, Word

FILE: Final = "said.json"
UNDER_WAY: Final = "running"  # the state of a run that reads what is said


class Said(Word):
    """What was said and not yet read: the incident as it is by now, and whether the run is to stop; `text` and `by` are shown."""

    stop: bool = False
    incident: Incident | None = None
    text: str = ""
    by: str = ""


class Stopped(AitiaError):
    """A person stopped the run; it can be resumed."""


class Interjected(Exception):
    """Ends the steps of a run that was told something."""

    def __init__(self, said: Said) -> None:
        super().__init__(said.text)
        self.said = said


def say(store: RunStore, change: Callable[[Said], Said]) -> bool:
    """Tell a run something on top of what it has not read yet; False where it is not under way. Raises StoreError."""
    with store.alone():
        if store.meta().get("state") != UNDER_WAY:
            return False
        said = store.redactor.word(change(waiting(store) or Said()))
        write_whole(store.path / FILE, said.model_dump_json().encode())
    return True


def waiting(store: RunStore) -> Said | None:
    """What was said and not yet read; one that is damaged was never said."""
    try:
        return Said.model_validate_json((store.path / FILE).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def heard(store: RunStore) -> Said | None:
    """Take what was said: it is read once."""
    if not os.path.lexists(store.path / FILE):  # asked after every event of a run
        return None
    with store.alone():
        said = waiting(store)
        with suppress(FileNotFoundError):
            (store.path / FILE).unlink()
    return said


def unstopped(store: RunStore) -> None:
    """Before a run is carried on: that it was to stop is over, what was said of its incident is not."""
    with store.alone():
        if (said := waiting(store)) is not None:
            write_whole(store.path / FILE, said.model_copy(update={"stop": False}).model_dump_json().encode())
