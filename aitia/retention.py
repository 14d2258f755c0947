"""Which finished runs are kept."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from aitia.core.archive import is_unsent
from aitia.core.disk import need_room, tell_once
from aitia.core.errors import RunNotFound, StoreError
from aitia.core.store import list_runs, remove_run, sweep, take_in
from aitia.settings import Retention


def retain(home: Path, rules: Retention, *, now: datetime) -> list[str]:
    """Delete finished runs beyond the retention; the ids deleted. Runs that were kept in memory move into the store first.

    Damaged runs stay until a person removes them.
    """
    with suppress(StoreError, OSError):  # still no room
        need_room(home / "runs")
        for run_id in take_in(home):
            tell_once(f"Run {run_id} was kept in memory and is in the store now.")
    finished = [run for run in list_runs(home) if run.get("state") not in ("running", "waiting")]
    oldest = (now - timedelta(days=rules.days)).isoformat()
    gone = [
        str(run["id"])
        for place, run in enumerate(finished)
        if place >= rules.runs or str(run.get("created_at", "")) < oldest
    ]
    gone = [run_id for run_id in gone if not is_unsent(home, run_id)]
    for run_id in gone:
        with suppress(
            StoreError, RunNotFound
        ):  # another process deletes it too: no diagnosis fails over that
            remove_run(home, run_id)
    sweep(home, before=now - timedelta(hours=1))
    return gone
