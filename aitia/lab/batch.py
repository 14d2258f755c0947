"""Many incidents, some at a time, each in a process of its own; what is finished is skipped."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from aitia.core.errors import BadInput
from aitia.core.spread import Crew, spread
from aitia.lab.away import Away, Brought
from aitia.lab.one import Job
from aitia.lab.plan import name_of
from aitia.lab.servers.record import Spans
from aitia.lab.words import Order

MAKING, TWINS, DROPPED = ".making", "twins", "dropped"
STOP_S: Final = 40.0  # servers may take this long to stop
LAST: Final = 1000  # characters of an error that are told


@dataclass(kw_only=True)
class Outcome:
    """What came of a batch."""

    made: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


class Batch:
    """Makes orders into a folder. Stopped by KeyboardInterrupt it ends its processes and leaves no half folder."""

    def __init__(
        self,
        out: Path,
        *,
        parallel: int,
        spans: Spans,
        own: Path | None,
        tell: Callable[[str], None],
        maker: Sequence[str] = ("-m", "aitia.lab.one"),
    ) -> None:
        self._maker = maker
        self._out, self._parallel, self._spans, self._own, self._tell = out, parallel, spans, own, tell
        self._running: dict[str, subprocess.Popen[str]] = {}
        self._took: list[float] = []
        self._lock = threading.Lock()
        self._stopped = False

    def run(self, planned: Sequence[Order], *, ray: str = "") -> Outcome:
        """Twins go to `twins/`. Raises BadInput where another batch writes into the folder.

        ray  the address of a cluster that makes them
        """
        outcome = Outcome()
        todo = [order for order in planned if not self._finished(order, outcome)]
        if ray:
            with self._alone():
                self._on_cluster(todo, ray, outcome)
            return outcome
        with self._alone(), ThreadPoolExecutor(self._parallel) as pool:
            try:
                waiting = {pool.submit(self._one, order): order for order in todo}
                for number, (order, said) in enumerate(_done(waiting), 1):
                    name = name_of(order)
                    if said is None:
                        outcome.made.append(name)
                    else:
                        outcome.failed[name] = said
                    self._tell(f"{number} of {len(todo)}{self._left(len(todo) - number)}")
            except KeyboardInterrupt:
                self._stop()
                pool.shutdown(cancel_futures=True)
                raise
        return outcome

    def _on_cluster(self, todo: Sequence[Order], ray: str, outcome: Outcome) -> None:
        """Each is made on a node, in a folder there, and brought here whole."""
        work = Away(
            own=self._own.absolute() if self._own else None, baseline_s=self._spans.baseline_s, fault_s=self._spans.fault_s
        )  # fmt: skip
        lost = lambda order, why: Brought(why=why)  # noqa: E731
        done = spread(work, dict(enumerate(todo)), crew=Crew(ray=ray), need=work.need, lost=lost)
        for number, (n, told) in enumerate(done, 1):
            name = name_of(todo[n])
            if told.why:
                outcome.failed[name] = told.why
            else:
                told.put(self._out / MAKING / name, self._place(todo[n]))
                outcome.made.append(name)
            self._tell(f"{number} of {len(todo)}")

    def _place(self, order: Order) -> Path:
        return (self._out / TWINS if order.twin else self._out) / name_of(order)

    def _finished(self, order: Order, outcome: Outcome) -> bool:
        place = self._place(order)
        there = (place / "scenario.yaml").exists() or (self._out / DROPPED / place.name).exists()
        if there:
            outcome.skipped.append(place.name)
        return there

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        making = self._out / MAKING
        making.mkdir(parents=True, exist_ok=True)
        with (making / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise BadInput(
                    f"Another `aitia lab make` writes into {str(self._out)!r}: wait for it."
                ) from None
            try:
                yield
            finally:
                shutil.rmtree(making, ignore_errors=True)

    def _one(self, order: Order) -> str | None:
        """None when made, else why not."""
        name, begun, said = name_of(order), time.monotonic(), ""
        job = Job(
            order=order, making=(self._out / MAKING / name).absolute(), out=self._place(order).absolute(),
            own=self._own.absolute() if self._own else None, baseline_s=self._spans.baseline_s, fault_s=self._spans.fault_s,
        )  # fmt: skip
        with self._lock:
            if self._stopped:
                return "stopped"
            process = subprocess.Popen(
                [sys.executable, *self._maker], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, start_new_session=True,
            )  # fmt: skip
            self._running[name] = process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(job.model_dump_json() + "\n")
        process.stdin.flush()  # stays open: that it ends tells the process that this one is gone
        for line in process.stdout:
            said = f"{said}{line}"[-LAST:]
            self._tell(f"{name}: {line.strip()}")
        code = process.wait()
        process.stdin.close()
        with self._lock:
            del self._running[name]
        if code == 0:
            self._took.append(time.monotonic() - begun)
            return None
        errors = [line for line in said.splitlines() if line.startswith("error: ")]
        return errors[-1].removeprefix("error: ") if errors else f"exit code {code}: {said.strip()}"

    def _left(self, todo: int) -> str:
        if not todo or not self._took:
            return ""
        seconds = sum(self._took) / len(self._took) * todo / min(self._parallel, todo)
        return f", about {seconds / 60:.0f} min left" if seconds >= 90 else f", about {seconds:.0f} s left"

    def _stop(self) -> None:
        with self._lock:
            self._stopped = True
            running = list(self._running.values())
        for process in running:
            process.send_signal(signal.SIGINT)
        until = time.monotonic() + STOP_S
        for process in running:
            try:
                process.wait(timeout=max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()


def _done(waiting: dict[Future[str | None], Order]) -> Iterator[tuple[Order, str | None]]:
    """The finished ones, as they finish; the wait is short so that Ctrl-C is heard."""
    while waiting:
        done, _ = wait(waiting, timeout=0.5, return_when=FIRST_COMPLETED)
        for future in done:
            yield waiting.pop(future), future.result()
