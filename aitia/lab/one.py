"""Makes one incident in a process of its own: `python -m aitia.lab.one` with a `Job` as the first line of its input.

It prints progress, a line each. When its input ends, whoever started it is gone: it stops what it started and leaves.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from aitia.core.errors import EXIT_INTERRUPTED, AitiaError
from aitia.core.words import Word
from aitia.lab.catalog import system_of, systems
from aitia.lab.servers.record import Spans, Visit
from aitia.lab.servers.system import ServerSystem
from aitia.lab.words import LAB, Order


class Job(Word):
    """An order, where it is made, and where it goes when it is done."""

    order: Order
    making: Path
    out: Path
    own: Path | None = None
    baseline_s: float
    fault_s: float


def make(job: Job, visit: Visit | None = None) -> None:
    """Make it aside, then give it its place. Real servers can be visited before they are stopped."""
    system = system_of(
        job.order.system, systems(job.own, Spans(baseline_s=job.baseline_s, fault_s=job.fault_s))
    )
    if isinstance(system, ServerSystem):
        system.visit = visit
    shutil.rmtree(job.making, ignore_errors=True)
    job.making.parent.mkdir(parents=True, exist_ok=True)
    made = system.make(job.order, job.making, _tell)
    if not (job.making / LAB).exists():
        (job.making / LAB).write_text(made.model_dump_json(indent=1) + "\n", encoding="utf-8")
    job.out.parent.mkdir(parents=True, exist_ok=True)
    job.making.rename(job.out)
    _tell(f"done in {made.seconds:.0f} s" + (f", symptom: {made.symptom}" if made.symptom else ""))


def _tell(text: str) -> None:
    print(text, flush=True)


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def _follow_parent() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


def main(visitor: Callable[[Job], Visit] | None = None) -> int:
    """Exit code: 0, that of an error, 130 when stopped."""
    job = Job.model_validate_json(sys.stdin.readline())
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    threading.Thread(target=_follow_parent, daemon=True).start()
    try:
        make(job, visitor(job) if visitor else None)
    except AitiaError as error:
        _tell(f"error: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        return EXIT_INTERRUPTED
    finally:
        shutil.rmtree(job.making, ignore_errors=True)
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # the thread that reads the input would hold the interpreter
