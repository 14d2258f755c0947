"""The webhook's door takes what other tools than Alertmanager send."""

from __future__ import annotations

import json
import logging

import pytest

from tests.alerts.payloads import CONFIRMATION, JSON_FILES, payload, resolved, text

from .test_listen_door import opened


@pytest.mark.parametrize("name", JSON_FILES)
def test_each_tools_alert_is_one_job_and_is_closed(name: str) -> None:
    with opened() as door:
        assert door.post(resolved(name))[1] == {"status": "nothing fires"}
        status, told, _ = door.post(payload(name))
        assert (status, told["status"]) == (202, "queued")
        assert door.post(payload(name))[1] == {"status": "queued again", "job": told["job"]}
        assert door.post(resolved(name))[1] == {"status": "nothing fires", "job": told["job"]}
        (job,) = door.jobs.list()
        assert (job.origin in name, job.alert) == (True, "resolved")


def test_what_is_acknowledged_neither_begins_nor_ends() -> None:
    acknowledged = payload("pagerduty-webhook.json")
    acknowledged["event"]["event_type"] = "incident.acknowledged"
    with opened() as door:
        assert door.post(acknowledged)[1] == {"status": "nothing fires"}
        door.post(payload("pagerduty-webhook.json"))
        assert door.post(acknowledged)[1] == {"status": "nothing fires"}
        assert [job.alert for job in door.jobs.list()] == ["firing"]


def test_sns_as_plain_text_and_its_subscription(caplog: pytest.LogCaptureFixture) -> None:
    plain = {"Content_Type": "text/plain; charset=UTF-8"}
    with opened() as door, caplog.at_level(logging.WARNING, "aitia.listen"):
        sns = plain | {"x_amz_sns_message_type": "Notification"}
        assert door.post(text("cloudwatch-sns.json").encode(), **plain)[0] == 415
        assert door.post(text("cloudwatch-sns.json").encode(), **sns)[0] == 202
        status, told, _ = door.post(json.dumps(CONFIRMATION).encode(), **sns)
        assert (status, "must confirm it" in told["error"]) == (400, True)
        assert len(door.jobs.list()) == 1
    assert "aws sns confirm-subscription" in caplog.text


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"a": 1}', "no known alert format"),
        (b'{"a": NaN}', "NaN is not a JSON number"),
        (b'{"a":' * 50 + b"1" + b"}" * 50, "at most 40 levels deep"),
    ],
)
def test_what_is_of_no_format_is_refused(body: bytes, says: str) -> None:
    with opened() as door:
        status, told, _ = door.post(body)
        assert (status, says in told["error"]) == (400, True)
