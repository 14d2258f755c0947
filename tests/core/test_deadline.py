"""Work with a time limit: what it costs on a quiet machine, and that a busy one does not end it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from aitia.core import deadline
from aitia.core.deadline import TookTooLong, all_within, within


def busy(seconds: float) -> float:
    """Use the processor for so many seconds of this thread."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass
    return seconds


@pytest.fixture
def crowd() -> Iterator[None]:
    """Four programs for each processor, each of which would use one whole."""
    many = 4 * len(os.sched_getaffinity(0))
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(many)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def test_waiting_counts_whole() -> None:
    began = time.monotonic()
    with pytest.raises(TookTooLong):
        within(0.4, lambda: time.sleep(5), name="sleep")
    assert time.monotonic() - began < 3


def test_work_that_computes_ends_too() -> None:
    over = threading.Event()

    def compute() -> None:
        while not over.is_set():
            busy(0.01)

    try:
        with pytest.raises(TookTooLong):
            within(0.4, compute, name="busy")
    finally:
        over.set()


@pytest.mark.skipif(sys.platform != "linux", reason="the share of the processor is read from /proc")
def test_who_else_runs_does_not_end_it(crowd: None) -> None:
    began = time.monotonic()
    assert within(0.6, lambda: busy(0.4), name="busy") == 0.4
    assert time.monotonic() - began > 0.6, "the machine was not busy: the test shows nothing"


def test_it_ends_on_any_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "_share", lambda *_: 0.0)
    began = time.monotonic()
    with pytest.raises(TookTooLong):
        within(0.1, lambda: time.sleep(12), name="sleep")
    assert 1.5 < time.monotonic() - began < 7


def test_several_share_one_limit() -> None:
    futures = all_within(0.4, {"quick": lambda: 1, "slow": lambda: time.sleep(5)})
    assert futures["quick"].result() == 1
    assert not futures["slow"].done()


def test_the_share_is_of_what_was_asked_for() -> None:
    before = {"1": (0, 0), "2": (0, 0), "gone": (9, 9)}
    after = {"1": (250_000_000, 750_000_000), "2": (0, 0), "new": (50_000_000, 150_000_000)}
    assert deadline._share(before, after, 1.0) == 0.25
    assert deadline._share(before, {"1": (1_000_000, 9_000_000)}, 1.0) == 1.0
    assert deadline._share({}, {}, 1.0) == 1.0
