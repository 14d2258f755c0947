"""Alerts of other tools in Slack: pasted by a person, or posted as they are by an integration."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aitia.core.words import Incident
from tests.alerts.payloads import CONFIRMATION, FILES, payload, resolved, text

from .canned import Canned
from .fake import BOT_USER, FakeSlack
from .site import ANN, OPS, Site, until


def as_slack_sends(words: str) -> str:
    """Entities for signs, and addresses as links."""
    words = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    start = words.find("https://")
    if start < 0:
        return words
    end = next(n for n in range(start, len(words) + 1) if n == len(words) or words[n] in '" \n')
    return f"{words[:start]}<{words[start:end]}>{words[end:]}"


def the_incident(site: Site) -> Incident:
    (job,) = until(site.jobs.list, 20)
    return site.jobs.incident(job.id)


@pytest.mark.parametrize("name", FILES)
def test_a_pasted_alert_is_diagnosed_as_the_alert(site: Site, slack: FakeSlack, run: Path, name: str) -> None:
    with Canned(site.jobs, run), site.door():
        slack.say(OPS, ANN, f"<@{BOT_USER}> ```{as_slack_sends(text(name))}```")
        incident = the_incident(site)
        until(site.over, 30)
    assert incident.hints[0] == "gateway"
    assert incident.started_at.isoformat().startswith("2026-11-25T01:09:27")
    assert incident.title in ("Gateway 5xx ratio above 5 %", "GatewayErrorRatioHigh")


@pytest.mark.parametrize("name", ["zabbix.txt", "opsgenie.json"])
def test_the_message_of_an_integration_is_read_as_its_tool_means_it(
    site: Site, slack: FakeSlack, run: Path, name: str
) -> None:
    with Canned(site.jobs, run), site.door():
        root = slack.say(OPS, "UALERT000", as_slack_sends(text(name)), deliver=False, bot_id="BALERT000")
        slack.shortcut(root, ANN)
        incident = the_incident(site)
        until(site.over, 30)
    assert (incident.hints[0], incident.origin) == ("gateway", "slack")
    assert incident.started_at.isoformat().startswith("2026-11-25T01:09:27")


def test_the_command_takes_a_pasted_alert(site: Site, slack: FakeSlack, run: Path) -> None:
    with Canned(site.jobs, run), site.door():
        slack.command(OPS, ANN, as_slack_sends(json.dumps(payload("datadog.json"))))
        incident = the_incident(site)
        until(site.over, 30)
    assert incident.title == "Gateway 5xx ratio above 5 %"
    assert incident.labels["severity"] == "P2"


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"a": 1}, "no known alert format"),
        (resolved("datadog.json"), "when it began"),
        (CONFIRMATION, "must confirm it"),
    ],
)
def test_what_is_no_new_alert_is_told_to_who_asked(
    site: Site, slack: FakeSlack, told: object, says: str
) -> None:
    with site.door():
        slack.say(OPS, ANN, f"<@{BOT_USER}> {as_slack_sends(json.dumps(told))}")
        until(lambda: says in json.dumps([slack.ephemerals, slack.messages[1:], slack.responses]), 20)
    assert site.jobs.list() == []
