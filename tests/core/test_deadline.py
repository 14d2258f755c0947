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
from aitia.core.deadline import Look, TookTooLong, all_within, collecting, given_up, stopping, used, within
from aitia.core.errors import OutOfTime


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


class Kernel:
    """A machine that gives the work a share of a processor, by a clock of its own that the work moves."""

    def __init__(self, share: float) -> None:
        self.share, self.seconds = share, 0

    def look(self, process: int | str = "self") -> Look:
        at = float(self.seconds)
        ids = [t.native_id for t in threading.enumerate() if t.name == "aitia-starved" and t.native_id]
        return Look(
            at=at, cpu=self.share * at, threads=dict.fromkeys(ids, (self.share * at, (1 - self.share) * at))
        )


def starved(monkeypatch: pytest.MonkeyPatch, kernel: Kernel, *, until: float) -> float:
    """What work was given of a processor that ends after so many seconds of this clock; it may use five."""
    monkeypatch.setattr(deadline, "look", kernel.look)
    monkeypatch.setattr(deadline, "_LOOK_S", 0.0)
    monkeypatch.setattr(deadline, "_FRESH_S", 0.001)
    over = threading.Event()

    def work() -> float:
        while kernel.seconds < until and not over.is_set():
            kernel.seconds += 1
            time.sleep(0.0001)
        return kernel.share * kernel.seconds

    try:
        return within(5.0, work, name="starved")
    finally:
        over.set()


def test_a_hundredth_of_a_processor_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (
        starved(monkeypatch, Kernel(0.01), until=400) == 4.0
    )  # of the five: eighty times the limit by the clock


def test_what_it_was_given_it_may_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(0.05)
    with pytest.raises(TookTooLong):
        starved(monkeypatch, kernel, until=float("inf"))
    assert kernel.seconds >= 100  # five seconds of its own, at a twentieth


def threads(**seen: tuple[float, float]) -> dict[int, tuple[float, float]]:
    return {int(name[1:]): value for name, value in seen.items()}


@pytest.mark.parametrize(
    ("after", "counts"),
    [
        pytest.param(threads(_1=(10.0, 0.0)), 10.0, id="it ran all the time"),
        pytest.param(threads(_1=(0.5, 9.5)), 0.5, id="it stood ready and was given little"),
        pytest.param(threads(_1=(0.0, 0.0)), 10.0, id="it waited and nobody here ran: for others"),
        pytest.param(
            threads(_1=(1.0, 0.0), _2=(4.0, 5.0)), 1.2, id="it waited for a thread that was given little"
        ),
        pytest.param(
            threads(_1=(0.0, 0.0), _2=(3.0, 0.0)), 7.15, id="it waited for others while another part ran"
        ),
        pytest.param(threads(_2=(1.0, 0.0)), 4.0, id="the kernel does not tell: what the process ran"),
    ],
)
def test_what_counts_of_ten_seconds(after: dict[int, tuple[float, float]], counts: float) -> None:
    before = Look(at=0.0, cpu=0.0, threads=dict.fromkeys((1, 2), (0.0, 0.0)))
    assert used(1, before, Look(at=10.0, cpu=4.0, threads=after)) == pytest.approx(counts)


def test_where_nobody_tells_a_process_at_rest_waits() -> None:
    assert used(1, Look(at=0.0, cpu=0.0, threads={}), Look(at=10.0, cpu=0.1, threads={})) == 10.0


def test_what_was_given_up_holds_up_nobody() -> None:
    """Work that goes on after its end does not make the next one's waiting free."""
    over = threading.Event()
    try:
        with pytest.raises(TookTooLong):
            within(0.2, lambda: [busy(0.01) for _ in iter(over.is_set, True)], name="runaway")
        (runaway,) = [t for t in threading.enumerate() if t.name == "aitia-runaway"]
        assert runaway.native_id not in deadline.look().threads
        assert threading.get_native_id() in deadline.look().threads or sys.platform != "linux"
    finally:
        over.set()


def test_several_share_one_limit() -> None:
    futures = all_within(0.4, {"quick": lambda: 1, "slow": lambda: time.sleep(5)})
    assert futures["quick"].result() == 1
    assert not futures["slow"].done()


def test_each_has_a_limit_of_its_own() -> None:
    over = threading.Event()
    futures = all_within(0.3, {"late": over.wait, "in time": lambda: busy(0.2)})
    assert futures["in time"].result() == 0.2
    assert not futures["late"].done()
    over.set()


def test_a_child_is_stopped_by_what_it_used() -> None:
    with subprocess.Popen(["sleep", "30"]) as child, stopping(0.3, child.kill, child=child.pid) as late:
        child.wait()
    assert late.is_set()


def test_what_is_given_up_is_collected_where_it_happens() -> None:
    notes: list[str] = []

    def work() -> None:
        with collecting(notes):
            OutOfTime("the server did not answer")
            given_up("a list was not read")
            given_up("a list was not read")
        given_up("nobody listens")

    within(5.0, work, name="notes")
    assert notes == ["the server did not answer", "a list was not read"]
