"""Alerts that belong together are one diagnosis at the HTTP door: one id, one run, revised as more comes in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from aitia.jobs import Jobs
from tests.shop import small_settings, small_yaml

from .served import Served, opened
from .test_api_door import post

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("database")]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx.Client]:
    with opened(tmp_path, small_settings(join_minutes=15)) as made:
        yield made


def alert(name: str, at: str = "01:09:27", status: str = "firing", **labels: str) -> dict[str, Any]:
    """A notification of Alertmanager for a group of its own."""
    told = {
        "status": status,
        "labels": {"alertname": name, "severity": "page", **labels},
        "startsAt": f"2026-11-25T{at}Z",
    }
    told["annotations"] = {"summary": f"{name} fires"}
    if status == "resolved":
        told["endsAt"] = "2026-11-25T01:10:00Z"
    return {"version": "4", "groupKey": f"{{}}:{name}:{sorted(labels.items())}", "alerts": [told]}


def ids(client: httpx.Client) -> list[str]:
    return [d["id"] for d in client.get("/v1/diagnoses").json()["diagnoses"]]


def test_three_alerts_of_one_incident_are_one_run_and_one_report_revised(tmp_path: Path) -> None:
    with Served(tmp_path, small_yaml(tmp_path, join_minutes=15)) as served:
        first = served.ask(alert("GatewayErrors", service="gateway"))
        done = served.ended(first["id"])
        assert (done["state"], done["revision"]) == ("done", 1)
        second = served.ask(alert("OrdersSlow", "01:09:30", service="orders"))  # gateway calls orders
        third = served.ask(alert("PostgresConnections", "01:09:33", instance="postgres"))
        assert {second["id"], third["id"]} == {first["id"]}
        done = served.ended(first["id"])
        revised = done["revision"]
        assert done["run"] == served.client.get(f"/v1/diagnoses/{first['id']}").json()["run"]
        assert revised >= 2
        report = served.client.get(f"/v1/diagnoses/{first['id']}/report").json()
        assert {a["name"] for a in report["incident"]["alerts"]} == {
            "GatewayErrors",
            "OrdersSlow",
            "PostgresConnections",
        }
        assert len(served.client.get("/v1/diagnoses").json()["diagnoses"]) == 1
        again = served.ask(alert("OrdersSlow", "01:09:30", service="orders"))  # repeated: nothing new
        assert (again["id"], served.ended(first["id"])["revision"]) == (first["id"], revised)


def test_alerts_of_neighbours_join_before_anything_ran(client: httpx.Client) -> None:
    first = post(client, alert("GatewayErrors", service="gateway"))
    second = post(client, alert("OrdersSlow", service="orders"))
    assert (first.status_code, second.status_code) == (202, 200)
    assert ids(client) == [first.json()["id"]]


@pytest.mark.parametrize(
    ("name", "at", "labels"),
    [
        ("PumpHot", "01:09:30", {"asset": "pump-7", "namespace": "shop"}),  # of nothing that they share
        ("OrdersSlow", "00:20:00", {"service": "orders"}),  # long before
    ],
)
def test_what_does_not_belong_stays_apart(
    client: httpx.Client, name: str, at: str, labels: dict[str, str]
) -> None:
    first = post(client, alert("GatewayErrors", service="gateway", namespace="shop"))
    other = post(client, alert(name, at, **labels))
    assert other.status_code == 202
    assert other.json()["id"] != first.json()["id"]


def test_an_incident_is_over_when_all_its_alerts_are(client: httpx.Client) -> None:
    first = post(client, alert("GatewayErrors", service="gateway")).json()["id"]
    post(client, alert("OrdersSlow", service="orders"))
    over = post(client, alert("GatewayErrors", status="resolved", service="gateway"))
    assert (over.json()["id"], over.json()["alert"]) == (first, "firing")
    over = post(client, alert("OrdersSlow", status="resolved", service="orders"))
    assert (over.json()["id"], over.json()["alert"]) == (first, "resolved")
    fresh = post(client, alert("GatewayErrors", "01:09:57", service="gateway"))
    assert fresh.status_code == 202


def test_it_can_be_turned_off(tmp_path: Path) -> None:
    with opened(tmp_path, small_settings(join_minutes=0)) as client:
        post(client, alert("GatewayErrors", service="gateway"))
        assert post(client, alert("OrdersSlow", service="orders")).status_code == 202
        assert len(ids(client)) == 2


def test_a_message_of_the_first_group_keeps_what_others_said(client: httpx.Client, tmp_path: Path) -> None:
    first = post(client, alert("GatewayErrors", service="gateway")).json()["id"]
    post(client, alert("OrdersSlow", service="orders"))
    more = alert("GatewayErrors", service="gateway")
    more["alerts"].append(alert("GatewaySlow", service="gateway")["alerts"][0])
    assert post(client, more).json()["id"] == first
    incident = Jobs(tmp_path, small_settings(join_minutes=15)).incident(first)
    assert {a.name for a in incident.alerts} == {"GatewayErrors", "OrdersSlow", "GatewaySlow"}
