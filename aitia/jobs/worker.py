"""A worker process: `python -m aitia.jobs.worker`. It reads how to work from stdin, and ends when stdin is closed."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Final

from aitia.core.archive import use_archive
from aitia.core.disk import tell_once
from aitia.core.errors import DatabaseAway, StoreError
from aitia.core.redact import use
from aitia.core.redaction.speech import guard_speech
from aitia.core.state import use_database
from aitia.core.telemetry import use_telemetry
from aitia.engine import Engine, choose_engine
from aitia.jobs.owner import owner_of
from aitia.jobs.table import JobTable
from aitia.jobs.work import Work
from aitia.jobs.worker_options import Orders

IDLE_S: Final = 0.2
YIELDS: Final = 5  # niceness: a door must answer in seconds, a diagnosis may wait for that moment
JOBS: Final = (
    50  # after so many a worker is replaced by a fresh one: its memory stays flat whatever a library keeps
)


def main() -> None:
    """Claim and carry out jobs until told to stop."""
    guard_speech()
    os.nice(YIELDS)
    orders = Orders.model_validate_json(sys.stdin.readline())
    # No Event: a handler that sets one while it interrupts the waiting for it would wait for itself.
    told: list[int] = []
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the door, which decides
    signal.signal(signal.SIGTERM, lambda number, _: told.append(number))
    threading.Thread(target=_watch_door, name="aitia-door", daemon=True).start()
    settings, home = orders.settings, Path(orders.home)
    use(settings.redaction)
    use_database(settings.service.database)
    use_telemetry(settings.telemetry)
    use_archive(settings.runs)
    engine = _engine(orders)
    try:
        table, owner = JobTable(home), owner_of(os.getpid())
    except DatabaseAway as error:  # the next one is started in a while
        tell_once(str(error))
        sys.exit(1)
    work = Work(table, home, settings, engine)
    done = 0
    while not told and done < JOBS:
        claim = None
        try:
            claim = table.claim(owner, lease_s=settings.service.lease_s, attempts=settings.service.attempts)
        except StoreError as error:  # a full disk, told once: there may be room again
            tell_once(str(error))
        if claim is None:
            time.sleep(IDLE_S)
            continue
        work.run(claim, lost=_leave)
        done += 1


def _engine(orders: Orders) -> Engine:
    return choose_engine(
        None if orders.model == "none" else orders.model,
        settings=orders.settings,
        planner=orders.planner,
        narrator=orders.narrator,
        threads=orders.threads,
        on_event=None,
    )


def _watch_door() -> None:
    """The door holds the other end of stdin: when it is gone, so is this process. The run can be resumed."""
    while sys.stdin.read(1):
        time.sleep(0)
    _leave()


def _leave() -> None:
    os._exit(0)


if __name__ == "__main__":
    main()
