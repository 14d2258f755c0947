"""A job is corrected and stopped while its worker carries it out, and stays what it was told to be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from aitia.core.errors import BadInput
from aitia.core.events import Event, TaskDone
from aitia.jobs.work import Work
from tests.shop import shop_alert

from .test_jobs import carry_out, jobs

CALL = 2


@pytest.fixture
def at_call(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Does something once, when so many calls of the next run have returned."""

    def arm(do: Callable[[], object]) -> None:
        real, left = Work._hear, [CALL]

        def hear(self: Work, event: Event) -> None:
            real(self, event)
            if isinstance(event, TaskDone):
                left[0] -= 1
                if left[0] == 0:
                    do()

        monkeypatch.setattr(Work, "_hear", hear)

    return arm


def test_a_correction_is_heard_at_once_and_stays_with_the_job(
    tmp_path: Path, at_call: Callable[[Callable[[], object]], None]
) -> None:
    made = jobs(tmp_path)
    job = made.submit(shop_alert(), origin="api").job
    at_call(lambda: made.correct(job.id, "not the database, we checked", by="ann"))
    carry_out(made)
    done = made.get(job.id)
    assert (done.state, done.revision) == ("done", 1)
    (said,) = made.run_store(job.id).report().incident.corrections
    assert (said.excluded, said.by) == (("postgres",), "ann")
    assert made.incident(job.id).corrections == (said,)


def test_a_stopped_job_is_carried_on_when_it_is_looked_at_again(
    tmp_path: Path, at_call: Callable[[Callable[[], object]], None]
) -> None:
    made = jobs(tmp_path)
    job = made.submit(shop_alert(), origin="api").job
    with pytest.raises(BadInput, match="Only one that runs"):
        made.stop(job.id, by="ann")
    at_call(lambda: made.stop(job.id, by="ann"))
    carry_out(made)
    stopped = made.get(job.id)
    assert (stopped.state, stopped.verdict) == ("failed", "")
    assert "stopped by ann" in stopped.message
    made.again(job.id, by="ben")
    carry_out(made)
    assert made.get(job.id).state == "done"
    assert made.get(job.id).run == stopped.run
