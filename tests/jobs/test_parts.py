"""Alerts that join a job: a row each, put into the incident when a worker takes it; none is lost, none costs by those before."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from aitia.alerts import as_webhook
from aitia.core.words import Incident
from aitia.jobs import Job, Jobs
from tests.shop import small_settings

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def made(tmp_path: Path) -> Jobs:
    return Jobs(tmp_path, small_settings(join_minutes=15))


def tell(made: Jobs, name: str, at: str = "01:09:27", **labels: str) -> Job:
    alert = {"status": "firing", "labels": {"alertname": name, **labels}, "startsAt": f"2026-11-25T{at}Z"}
    read = as_webhook(
        {
            "version": "4",
            "groupKey": f"{name} {sorted(labels.items())}",
            "status": "firing",
            "alerts": [alert | {"annotations": {"summary": f"{name} fires"}}],
        }
    )
    assert read.message is not None
    return made.submit(read.message, origin=read.origin, key=read.key, group=read.whose).job


def names(incident: Incident) -> set[str]:
    return {a.name for a in incident.alerts}


def claimed(made: Jobs, lease_s: float = 30.0) -> Any:
    claim = made.table.claim("worker", lease_s=lease_s, attempts=3)
    assert claim is not None
    return claim


def test_what_joined_before_is_in_the_claim_and_what_joins_after_is_the_next_revision(made: Jobs) -> None:
    job = tell(made, "GatewayErrors", service="gateway")
    assert tell(made, "OrdersSlow", service="orders").id == job.id
    first = claimed(made)
    assert names(first.incident) == {"GatewayErrors", "OrdersSlow"}
    assert tell(made, "OrdersDown", service="orders").id == job.id
    assert made.table.settle(first, "done", run="r", reported=1)
    assert (made.get(job.id).state, made.get(job.id).revision) == ("queued", 2)
    assert names(claimed(made).incident) == {"GatewayErrors", "OrdersSlow", "OrdersDown"}


def test_a_worker_that_takes_over_has_the_incident_of_the_run_and_the_rest_comes_after(made: Jobs) -> None:
    job = tell(made, "GatewayErrors", service="gateway")
    claimed(made, lease_s=-1)
    tell(made, "OrdersSlow", service="orders")
    again = claimed(made)
    assert (again.job.attempts, names(again.incident)) == (2, {"GatewayErrors"})
    made.table.settle(again, "done", run="r", reported=1)
    assert made.get(job.id).state == "queued"
    assert names(claimed(made).incident) == {"GatewayErrors", "OrdersSlow"}


def test_giving_up_does_not_give_up_what_joined_since(made: Jobs) -> None:
    job = tell(made, "GatewayErrors", service="gateway")
    for _ in range(3):
        claimed(made, lease_s=-1)
    tell(made, "OrdersSlow", service="orders")
    again = claimed(made)
    assert (again.job.id, again.job.attempts) == (job.id, 1)
    assert names(again.incident) == {"GatewayErrors", "OrdersSlow"}


def test_an_alert_that_says_nothing_new_asks_for_no_look(made: Jobs) -> None:
    job = tell(made, "GatewayErrors", service="gateway")
    tell(made, "OrdersSlow", service="orders")
    made.table.settle(claimed(made), "done", run="r", reported=1)
    tell(made, "OrdersSlow", service="orders")
    assert made.get(job.id).state == "done"
    tell(made, "OrdersSlow", "01:10:05", service="orders")  # it fired anew
    assert made.get(job.id).state == "queued"


def test_another_process_knows_what_joined_at_the_first(made: Jobs) -> None:
    other = Jobs(made.home, made.settings)
    job = tell(made, "GatewayErrors", service="gateway")
    assert tell(other, "OrdersSlow", service="orders", instance="10.0.0.7:9100").id == job.id
    # Of a host that only the alert at the other process named.
    assert tell(made, "DiskFull", instance="10.0.0.7:9200").id == job.id
    assert tell(other, "PumpHot", asset="pump-7").id != job.id


def test_what_a_person_corrected_goes_before_what_joined(made: Jobs) -> None:
    job = tell(made, "GatewayErrors", "01:09:27", service="gateway")
    tell(made, "OrdersSlow", "01:09:20", service="orders")
    incident = made.incident(job.id)
    made.table.settle(claimed(made), "done", run="r", reported=1)
    later = incident.started_at.replace(minute=11)
    told = incident.model_copy(update={"started_at": later})
    made.table.tell_again(job.id, told, content="c", open_end=True, whole=True)
    claim = claimed(made)
    assert (claim.incident.started_at, names(claim.incident)) == (later, {"GatewayErrors", "OrdersSlow"})


def test_one_more_reads_no_more_than_the_first(made: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(made, "GatewayErrors", service="gateway")
    read: list[int] = []
    parse = Incident.model_validate_json
    monkeypatch.setattr(
        Incident, "model_validate_json", lambda text, **how: read.append(len(text)) or parse(text, **how)
    )
    costs = []
    for n in range(12):
        read.clear()
        tell(made, f"Alert{n}", service="orders", instance=f"10.0.0.{n}:9100")
        costs.append((len(read), sum(read)))
    assert max(count for count, _ in costs[2:]) <= 1
    assert max(size for _, size in costs[2:]) < 2 * min(size for _, size in costs[2:]) + 2000


def test_many_that_join_at_once_lose_none(made: Jobs) -> None:
    first = tell(made, "GatewayErrors", service="gateway")
    with ThreadPoolExecutor(8) as threads:
        jobs = list(threads.map(lambda n: tell(made, f"Alert{n}", service="gateway").id, range(24)))
    assert set(jobs) == {first.id}
    assert len(claimed(made).incident.alerts) == 25


def test_what_belongs_to_forgotten_jobs_goes_with_them(made: Jobs) -> None:
    tell(made, "GatewayErrors", service="gateway")
    tell(made, "OrdersSlow", service="orders")
    made.table.settle(claimed(made), "done", run="r", reported=1)
    assert made.table.forget(days=-1) == 1
    assert made.table.parts_since(0) == []
