"""Alerts of every known tool at the HTTP door and in the page's form: one alert is one diagnosis, and over when it is over."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from aitia.jobs import Jobs
from aitia.settings import Settings
from tests.alerts.payloads import CONFIRMATION, FILES, JSON_FILES, inside, payload, resolved, text
from tests.shop import small_settings

from .served import opened
from .test_api_door import is_problem, post

pytestmark = pytest.mark.server
SNS = {"Content-Type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": "Notification"}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx.Client]:
    with opened(tmp_path, small_settings()) as made:
        yield made


def later(name: str) -> Any:
    """The same alert, fired anew."""
    changes = {
        "grafana.json": ("alerts.0.startsAt", "2026-11-25T01:09:57Z"),
        "datadog.json": ("date", "1795568997000"),
        "opsgenie.json": ("alert.createdAt", 1795568997000),
        "pagerduty-event.json": ("payload.timestamp", "2026-11-25T01:09:57Z"),
        "pagerduty-webhook.json": ("event.event_type", "incident.reopened"),
        "zabbix.json": ("event_time", "01:09:57"),
        "cloudwatch-sns.json": ("StateChangeTime", "2026-11-25T01:09:57Z"),
        "cloudwatch-eventbridge.json": ("detail.state.timestamp", "2026-11-25T01:09:57Z"),
        "azure-monitor.json": ("data.essentials.firedDateTime", "2026-11-25T01:09:57Z"),
    }
    return inside(name, *changes[name])


@pytest.mark.parametrize("name", JSON_FILES)
def test_an_alert_is_one_diagnosis_until_it_is_over(client: httpx.Client, name: str) -> None:
    assert post(client, resolved(name)).status_code == 204, "what nobody knows is not begun by its end"
    first, again = post(client, payload(name)), post(client, payload(name))
    assert [a.status_code for a in (first, again)] == [202, 200], first.text
    assert first.json()["id"] == again.json()["id"]
    assert first.json()["origin"] in name
    over = post(client, resolved(name))
    assert (over.status_code, over.json()["alert"], over.json()["id"]) == (
        200,
        "resolved",
        first.json()["id"],
    )
    fresh = post(client, later(name))
    assert fresh.status_code == 202
    assert fresh.json()["id"] != first.json()["id"]
    assert len(client.get("/v1/diagnoses").json()["diagnoses"]) == 2


def test_sns_and_eventbridge_tell_of_the_same_alarm(client: httpx.Client) -> None:
    first = post(client, payload("cloudwatch-sns.json"))
    assert post(client, payload("cloudwatch-eventbridge.json")).json()["id"] == first.json()["id"]


@pytest.mark.parametrize("name", FILES)
def test_a_pasted_alert_is_the_alert(client: httpx.Client, name: str) -> None:
    pasted = post(client, {"text": text(name)})
    assert pasted.status_code == 202
    if name.endswith(".json"):
        assert post(client, payload(name)).json()["id"] == pasted.json()["id"]
        assert post(client, {"text": json.dumps(resolved(name))}).json()["alert"] == "resolved"


@pytest.mark.parametrize("name", FILES)
def test_the_form_of_the_page_takes_a_pasted_alert(client: httpx.Client, tmp_path: Path, name: str) -> None:
    form = {"text": text(name), "since": ""}
    answer = client.post("/diagnoses", data=form, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 303, answer.text
    jobs = Jobs(tmp_path, Settings())
    (job,) = jobs.list()
    incident = jobs.incident(job.id)
    assert incident.started_at.isoformat().startswith("2026-11-25T01:09:27")
    assert incident.hints[0] == "gateway"


def test_the_form_says_what_a_message_lacks(client: httpx.Client) -> None:
    for told, says in (
        ('{"a": 1}', "no known alert format"),
        (json.dumps(resolved("datadog.json")), "when it began"),
        (json.dumps(CONFIRMATION), "must confirm it"),
    ):
        answer = client.post("/diagnoses", data={"text": told}, headers={"Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == 422
        assert says in answer.text


def test_sns_sends_json_as_plain_text_with_a_header_of_its_own(client: httpx.Client) -> None:
    body = text("cloudwatch-sns.json")
    assert client.post("/v1/diagnoses", content=body, headers=SNS).status_code == 202
    plain = {"Content-Type": "text/plain; charset=UTF-8"}
    is_problem(client.post("/v1/diagnoses", content=body, headers=plain), 415, "Send Content-Type")
    is_problem(client.post("/v1/diagnoses", content="x", headers=SNS), 400, "Send valid JSON")


def test_a_subscription_is_told_to_a_person_in_the_log(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "aitia.web"):
        answer = client.post("/v1/diagnoses", content=json.dumps(CONFIRMATION), headers=SNS)
    is_problem(answer, 422, "so a person must confirm it")
    assert f"aws sns confirm-subscription --topic-arn {CONFIRMATION['TopicArn']}" in caplog.text
    assert client.get("/v1/diagnoses").json()["diagnoses"] == []


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"a": 1}, "no known alert format. Send one of these"),
        (inside("pagerduty-webhook.json", "event.data.id", None), "does not tell which alert it is of. Send its id"),
        (inside("grafana.json", "groupKey", None), "Fix 'groupKey'"),
        (inside("grafana.json", "alerts", []), "Fix 'alerts'"),
        (inside("azure-monitor.json", "data.essentials.firedDateTime", "soon"), "Fix 'data.essentials.firedDateTime'"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_what_to_change(client: httpx.Client, body: Any, says: str) -> None:
    is_problem(post(client, body), 422, says)
    assert client.get("/v1/diagnoses").json()["diagnoses"] == []


def test_ten_megabytes_are_refused(client: httpx.Client) -> None:
    is_problem(post(client, payload("datadog.json") | {"body": "x" * 10_000_000}), 413, "Send at most")


def test_a_secret_of_a_message_is_not_kept(client: httpx.Client, tmp_path: Path) -> None:
    message = payload("pagerduty-event.json")
    message["payload"]["custom_details"] = {"password": "hunter2hunter2"}
    assert post(client, message).status_code == 202
    for file in tmp_path.glob("jobs.sqlite*"):
        held = file.read_bytes()
        assert b"hunter2" not in held
        assert message["routing_key"].encode() not in held
