"""stdin and stdout for the protocol alone."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper


def claim() -> tuple[TextIOWrapper, TextIOWrapper]:
    """Take this process's stdin and stdout. From now on nothing else reads the one, and what prints to the other goes to stderr:
    libraries and child processes too.
    """
    sys.stdout.flush()
    given, told = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return (
        TextIOWrapper(given, encoding="utf-8", errors="replace"),
        TextIOWrapper(told, encoding="utf-8", errors="replace"),
    )
