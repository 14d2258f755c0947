"""stdout for the document alone: what a run's tools, and programs that they start, print goes to stderr."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any, TextIO, cast

_claimed: dict[str, TextIO] = {}


class _Own:
    """The stream of the main thread; any other thread writes to stderr."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def close(self) -> None:
        """Nobody closes it: who prints next would fail."""

    def __getattr__(self, name: str) -> Any:
        mine = threading.current_thread() is threading.main_thread()
        return getattr(self._stream if mine else sys.stderr, name)


def claim() -> None:
    """Keep stdout for what the main thread prints, from now on. Once is enough; a stream that a program put there stays."""
    out = sys.__stdout__
    if out is None or sys.stdout is not out:
        return
    out.flush()
    kept = os.fdopen(os.dup(1), "w", 1 if out.isatty() else -1, encoding=out.encoding, errors=out.errors)
    os.dup2(2, 1)
    sys.stdout = _claimed["stdout"] = cast("TextIO", _Own(kept))


def again() -> None:
    """Put it back where other code took it away. Does nothing where it was never claimed."""
    sys.stdout = _claimed.get("stdout", sys.stdout)


def release() -> None:
    """The document is written: what other code still prints as the process ends is none of it."""
    if isinstance(sys.stdout, _Own):
        sys.stdout = sys.stderr
