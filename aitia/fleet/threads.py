"""How many threads numerics take in a process of a fleet: one, since the processes are the parallelism."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_NAMES: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def one_thread() -> None:
    """For this process: before numpy is imported. What the user set stands."""
    for name in _NAMES:
        os.environ.setdefault(name, "1")


@contextmanager
def one_thread_a_child() -> Iterator[None]:
    """For the processes that are started in the block."""
    before = {name: os.environ.get(name) for name in _NAMES}
    one_thread()
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
