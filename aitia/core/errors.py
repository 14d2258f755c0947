"""Errors whose message says what is wrong and what the user can change; `exit_code` is what a shell sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aitia.core.deadline import given_up

EXIT_CAUSE, EXIT_INTERNAL, EXIT_BAD_INPUT, EXIT_HEALTHY, EXIT_UNKNOWN = 0, 1, 2, 10, 11
EXIT_REFUSED = 12  # a question asked to change something: nothing was done
EXIT_NOT_STORED = 3  # the report was printed, whatever its verdict, and could not be stored
EXIT_INTERRUPTED = 130


class AitiaError(Exception):
    """The root of every error that aitia raises on purpose."""

    exit_code = EXIT_INTERNAL


class BadInput(AitiaError):
    """A file, option or configuration that the user can mend."""

    exit_code = EXIT_BAD_INPUT


class NotWatched(BadInput):
    """A component that is known has no telemetry of the kind that was asked for: no error of a run, there is nothing to read."""


class Untrusted(BadInput):
    """Foreign data that names more than files below its own folder, or a found configuration nobody has agreed to."""


class SourceError(AitiaError):
    """A telemetry source that cannot be read: dead server, corrupt file, refused credentials."""

    exit_code = EXIT_BAD_INPUT


class OutOfTime(SourceError):
    """A source that did not answer in its time. What it would have shown is noted as given up."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        given_up(message)


class ModelError(AitiaError):
    """A model that cannot be used: not fetched, wrong hash, runtime not installed."""

    exit_code = EXIT_BAD_INPUT


class HashMismatch(ModelError):
    """A model file whose sha256 is not the catalogue's; nothing of it is kept."""


class RunNotFound(BadInput):
    """No run of that id in the store."""


class StoreError(BadInput):
    """What aitia keeps on disk cannot be read or written."""


class NoRoom(StoreError):
    """The disk or the quota is full."""


class NoAccess(StoreError):
    """A folder or file that may not be read or written, or that is of the wrong kind."""


class DatabaseAway(StoreError):
    """The database server does not answer, or refuses: what was begun can be tried again."""


class StoreDamaged(StoreError):
    """A stored file that does not hold what was written: empty, cut short, overwritten, or of a newer schema."""


class WaitsForPerson(BadInput):
    """A run that stopped at steps which a person must approve: `asked` holds tool and arguments by their hash."""

    def __init__(self, run: str, asked: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__(f"Run {run} is waiting for approval. Answer its approvals and resume it.")
        self.run, self.asked = run, dict(asked)


class NotRecorded(AitiaError):
    """A rerun asked for a model call or a tool result that the recording does not hold."""
