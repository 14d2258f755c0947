"""Each vendor's message gives title, start, components, severity, state, link and key, and says what is wrong with it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aitia.alerts import as_webhook, formats, read_message, read_text
from aitia.core.errors import BadInput
from aitia.incoming import make_incident
from aitia.settings import WindowRules

from .payloads import BEGAN, FILES, JSON_FILES, NOW, inside, payload, resolved, text

TITLE = "Gateway 5xx ratio above 5 %"
NAME = "GatewayErrorRatioHigh"
ALARM = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:GatewayErrorRatioHigh"
EXPECTED: dict[str, tuple[str, str, str, str, str]] = {
    # title, severity, link, group, origin
    "azure-monitor.json": (NAME, "Sev1", "", payload("azure-monitor.json")["data"]["essentials"]["alertId"], "azure"),
    "cloudwatch-eventbridge.json": (NAME, "", "", ALARM, "cloudwatch"),
    "cloudwatch-sns.json": (NAME, "", "", ALARM, "cloudwatch"),
    "datadog.json": (TITLE, "P2", "https://app.datadoghq.com/monitors/1234?group=service%3Agateway", "7153459288654012389", "datadog"),
    "grafana.json": (TITLE, "page", "https://grafana.example.com/alerting/grafana/fe1a/view?orgId=1", '{}:{alertname="GatewayErrorRatioHigh"}', "grafana"),
    "opsgenie.json": (TITLE, "P1", "", "052652ac-5d1c-464a-812a-7dd18bbfba8c", "opsgenie"),
    "pagerduty-event.json": (TITLE, "critical", "https://monitoring.example.com/alerts/17", "gateway/5xx", "pagerduty"),
    "pagerduty-webhook.json": (TITLE, "P1", "https://acme.pagerduty.com/incidents/PGR0VU2", "PGR0VU2", "pagerduty"),
    "zabbix.json": (TITLE, "High", "", "4711", "zabbix"),
    "zabbix.txt": (TITLE, "High", "", "4711", "zabbix"),
}  # fmt: skip


TELL_NO_START = (
    "cloudwatch-eventbridge.json",
    "cloudwatch-sns.json",
    "datadog.json",
    "pagerduty-event.json",
)


def test_each_message_has_its_expectation() -> None:
    assert sorted(EXPECTED) == FILES


@pytest.mark.parametrize("name", FILES)
def test_a_message_gives_all_that_an_incident_needs(name: str) -> None:
    notice, incident = read_text(text(name)), make_incident(text(name), now=NOW)
    assert notice is not None
    assert notice.state == "firing"
    told = (incident.title, incident.labels.get("severity", ""), incident.link, notice.group, incident.origin)
    assert told == EXPECTED[name]
    assert incident.hints[0] == "gateway"
    assert abs(incident.started_at - BEGAN) < timedelta(seconds=1)
    assert incident.window.end == NOW


@pytest.mark.parametrize("name", JSON_FILES)
def test_what_is_over_has_the_key_of_what_began(name: str) -> None:
    began, over = as_webhook(payload(name)), as_webhook(resolved(name))
    assert (began.state, over.state) == ("firing", "resolved")
    assert over.whose == began.whose


@pytest.mark.parametrize("name", JSON_FILES)
def test_what_is_over_is_no_incident_that_begins_now(name: str) -> None:
    if name in TELL_NO_START:
        with pytest.raises(BadInput, match="does not say when it began"):
            make_incident(resolved(name), now=NOW)
    start = BEGAN if name in TELL_NO_START else None
    incident = make_incident(resolved(name), now=NOW, started_at=start)
    assert abs(incident.started_at - BEGAN) < timedelta(seconds=1)
    ends = {"grafana.json", "datadog.json", "pagerduty-webhook.json", "azure-monitor.json"}
    if name in ends or name.startswith("cloudwatch"):
        assert incident.window.end < NOW


@pytest.mark.parametrize(
    ("name", "path", "status"),
    [
        ("datadog.json", "alert_transition", "Null of its own"),
        ("pagerduty-webhook.json", "event.event_type", "incident.acknowledged"),
        ("pagerduty-event.json", "event_action", "acknowledge"),
        ("opsgenie.json", "action", "AddNote"),
        ("cloudwatch-sns.json", "NewStateValue", "INSUFFICIENT_DATA"),
        ("cloudwatch-eventbridge.json", "detail.state.value", "INSUFFICIENT_DATA"),
    ],
)
def test_what_neither_begins_nor_ends_is_told_so(name: str, path: str, status: str) -> None:
    message = inside(name, path, status)
    assert as_webhook(message).state == "other"
    with pytest.raises(BadInput, match=f"{status!r}: nothing began. Give the one of the alert itself"):
        make_incident(message, now=NOW)


def test_a_datadog_template_may_use_any_case_and_a_level_of_its_own() -> None:
    own = {
        "title": "[P2] [Triggered on {host:web-1}] CPU high",
        "metadata": {"ALERT_TRANSITION": "Triggered", "ALERT_CYCLE_KEY": "77", "HOSTNAME": "web-1", "TAGS": "env:prod,service:shop",
                     "DATE": "1795568967000", "LINK": "https://app.datadoghq.com/m/1", "ALERT_PRIORITY": "$ALERT_PRIORITY"},
    }  # fmt: skip
    notice, incident = as_webhook(own), make_incident(own, now=NOW)
    assert (notice.group, incident.hints, incident.started_at) == ("77", ("shop", "web-1"), BEGAN)
    assert "severity" not in incident.labels, "a variable that was not filled in is no value"


def test_datadogs_default_payload_is_told_apart_by_its_title() -> None:
    default = {"id": "1", "event_type": "query_alert_monitor", "date": "1795568967000", "last_updated": "1795568967000", "body": "b", "org": {"id": "1", "name": "x"}}  # fmt: skip
    began = as_webhook(default | {"title": "[Triggered on {host:a}] CPU"})
    other = as_webhook(default | {"title": "[Triggered on {host:b}] CPU"})
    over = as_webhook(default | {"title": "[Recovered on {host:a}] CPU", "date": "1795569000000"})
    assert (began.state, over.state) == ("firing", "resolved")
    assert began.whose == over.whose != other.whose


def test_zabbix_speaks_in_its_own_zone() -> None:
    rules = WindowRules(timezone="Europe/Riga")
    there = text("zabbix.txt").replace("01:09:27", "03:09:27")
    assert make_incident(there, now=NOW, rules=rules).started_at == BEGAN
    with pytest.raises(BadInput, match=r"is in the future.*set window\.timezone: the message names no zone"):
        make_incident(there, now=NOW)


@pytest.mark.parametrize(
    "names", [("To", "Subject", "Message"), ("sendto", "alert_subject", "alert_message")]
)
def test_zabbix_subject_and_message_of_a_webhooks_default_parameters(names: tuple[str, str, str]) -> None:
    subject, body = text("zabbix.txt").split("\n\n", 1)
    incident = make_incident(dict(zip(names, ("ops", subject, body), strict=True)), now=NOW)
    assert (incident.title, incident.hints, incident.started_at) == (TITLE, ("gateway",), BEGAN)
    over = as_webhook(dict(zip(names, ("ops", f"Resolved in 40s: {TITLE}", "own words"), strict=True)))
    own = as_webhook(dict(zip(names, ("ops", f"Problem: {TITLE}", "own words"), strict=True)))
    assert (own.state, over.state, own.whose == over.whose) == ("firing", "resolved", True)


def test_zabbix_recovery_mail_is_over() -> None:
    mail = (
        f"Problem has been resolved at 01:10:00 on 2026.11.25\nProblem name: {TITLE}\nProblem duration: 33s\n"
        "Host: gateway\nSeverity: High\nOriginal problem ID: 4711\n"
    )
    notice = read_text(mail)
    assert notice is not None
    assert (notice.state, notice.whose) == ("resolved", "zabbix 4711")
    incident = make_incident(mail, now=NOW, started_at=BEGAN)
    assert incident.window.end == datetime(2026, 11, 25, 1, 10, tzinfo=UTC)


def test_the_alarm_of_sns_may_come_without_its_envelope_and_with_metric_maths() -> None:
    alarm = json.loads(payload("cloudwatch-sns.json")["Message"])
    maths = {
        "MetricStat": {
            "Metric": {"Dimensions": [{"name": "FunctionName", "value": "charge"}], "MetricName": "Errors"}
        }
    }
    alarm["Trigger"] = {"Metrics": [{"Expression": "m1 / m2", "Id": "e1"}, maths]}
    incident = make_incident(alarm, now=NOW)
    assert (incident.hints, incident.labels["metric"]) == (("charge",), "Errors")


def test_pasted_json_may_stand_in_a_fence_among_words() -> None:
    pasted = f"what is this?\n```json\n{text('opsgenie.json')}```\nthanks"
    assert make_incident(pasted, now=NOW).origin == "opsgenie"
    assert read_text("[12:00] checkout is slow") is None
    assert read_text('it logs ```{"level": "error"}``` since then') is None, "a line of a log among words"
    with pytest.raises(BadInput, match="no known alert format"):
        read_text('```{"level": "error"}```')
    assert read_text("Host: gateway\nit is slow") is None


def test_each_format_names_the_pages_that_its_fields_are_from() -> None:
    for one in formats():
        assert all(page.startswith("https://") for page in one.docs)
        assert one.marks


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ({"a": 1}, r"no known alert format\. Send one of these, or describe .*: Alertmanager, Amazon CloudWatch, Azure Monitor"),
        ([1], "Fix 'alerts'"),
        ({"alerts": [{"status": "over"}]}, "Fix 'status' of an alert: firing or resolved, not 'over'"),
        (inside("opsgenie.json", "alert.message", {"a": 1}), r"Fix 'alert\.message' of the message: it is an object, not text"),
        (inside("opsgenie.json", "alert.message", ""), r"has no title\. Send 'alert\.message'"),
        (inside("opsgenie.json", "alert.createdAt", "soon"), r"'soon' is not a time\. Fix 'alert\.createdAt'"),
        (inside("opsgenie.json", "alert.createdAt", "99991231"), r"in the future|not a time"),
        (payload("cloudwatch-sns.json") | {"Message": "hello"}, "'Message' of this Amazon CloudWatch message is no JSON"),
        (payload("cloudwatch-sns.json") | {"Message": 7}, "'Message' of this Amazon CloudWatch message is no JSON"),
        (payload("cloudwatch-sns.json") | {"Message": '{"a": 1}'}, "is of no known alert format"),
        (payload("cloudwatch-sns.json") | {"Message": text("cloudwatch-sns.json")}, "is of no known alert format"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(message: Any, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        make_incident(message, now=NOW)


def test_a_message_without_what_tells_its_alert_is_no_webhooks() -> None:
    nameless = payload("pagerduty-webhook.json")
    nameless["event"]["data"].pop("id")
    with pytest.raises(BadInput, match="does not tell which alert it is of"):
        as_webhook(nameless)
    assert read_message(nameless).key == ""
