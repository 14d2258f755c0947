"""What begins and ends in a thread: alerts, mentions, results, other channels."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from aitia import outcomes

from .canned import Canned
from .fake import BOT_ID, BOT_USER, FakeSlack
from .site import ANN, BEN, EVE, OPS, Site, provokes, until
from .threads import alert, diagnosed, result_of, texts


def test_a_mention_in_an_alerts_thread_diagnoses_the_alert(site: Site, slack: FakeSlack, run: Path) -> None:
    with Canned(site.jobs, run), site.door():
        shown = diagnosed(site, slack)
    (job,) = site.jobs.list()
    assert job.title == "Gateway 5xx ratio above 5 % <prod>"
    row = json.loads(site.jobs.table.row(job.id)["incident"])
    assert row["labels"] == {"service": "gateway", "severity": "page", "alertname": "GatewayErrorRatioHigh"}
    assert row["hints"] == ["gateway"]
    assert "Dashboard" in row["text"]
    assert row["started_at"].startswith("2026-11-25T01:10:07")
    assert shown["thread_ts"] == slack.messages[0]["ts"]
    assert not slack.messages[0].get("edits"), "the alert is not ours to change"


def test_two_mentions_and_the_shortcut_are_one_diagnosis(site: Site, slack: FakeSlack, run: Path) -> None:
    with Canned(site.jobs, run, pause_s=0.02) as worker, site.door():
        root = alert(slack)
        slack.say(OPS, ANN, f"<@{BOT_USER}>", thread=root["ts"])
        slack.say(OPS, BEN, f"<@{BOT_USER}>", thread=root["ts"])
        slack.shortcut(root, EVE)
        until(site.over, 30)
    assert worker.claims == 1
    assert len(site.jobs.list()) == 1
    assert len([m for m in slack.messages if m.get("files")]) == 1


def test_a_message_is_diagnosed_where_the_shortcut_chose_it(site: Site, slack: FakeSlack, run: Path) -> None:
    with Canned(site.jobs, run), site.door():
        words = slack.say(OPS, BEN, "checkout is slow, gateway gives 502", deliver=False)
        slack.shortcut(words, ANN)
        until(site.over, 30)
    assert site.jobs.list()[0].title == "checkout is slow, gateway gives 502"
    assert result_of(slack, words["ts"])


def test_a_mention_outside_of_a_thread_is_the_report_itself(site: Site, slack: FakeSlack, run: Path) -> None:
    with Canned(site.jobs, run), site.door():
        said = slack.say(OPS, ANN, f"<@{BOT_USER}> checkout is slow since 10:00 &amp; gateway gives 5xx")
        until(site.over, 30)
    assert site.jobs.list()[0].title == "checkout is slow since 10:00 & gateway gives 5xx"
    assert result_of(slack, said["ts"])


def test_confirm_keeps_who_said_it_and_a_correction_takes_its_place(
    site: Site, slack: FakeSlack, run: Path
) -> None:
    with Canned(site.jobs, run), site.door():
        shown = diagnosed(site, slack)
        slack.press(shown, "confirm", ANN)
        until(lambda: "confirmed the cause" in texts(slack.messages[-1]), 20)
        (kept,) = outcomes.outcomes(home=site.home)
        assert (kept.right, kept.by) == (True, f"slack:{ANN}")
        slack.press(shown, "wrong", BEN)
        view = until(lambda: slack.views, 10)[-1]
        components = next(b["element"] for b in view["blocks"] if b["block_id"] == "component")
        faults = next(b["element"] for b in view["blocks"] if b["block_id"] == "fault")
        assert components["options"][0]["text"]["text"] == "orders"
        assert faults["option_groups"][0]["label"]["text"] == "Likely here"
        other = next(o["text"]["text"] for o in components["options"] if o["text"]["text"] == "postgres")
        slack.submit(
            view,
            BEN,
            {
                "component": other,
                "fault": faults["option_groups"][0]["options"][0]["value"],
                "note": "token=hunter2hunter2hunter2",
            },
        )
        until(lambda: "gave the real cause: postgres" in texts(slack.messages[-1]), 20)
    (kept,) = outcomes.outcomes(home=site.home)
    assert (kept.right, kept.component, kept.by) == (False, "postgres", f"slack:{BEN}")
    assert "hunter2" not in kept.note


def test_look_again_shows_a_revision_beside_the_first_result(site: Site, slack: FakeSlack, run: Path) -> None:
    with Canned(site.jobs, run), site.door():
        shown = diagnosed(site, slack)
        slack.press(shown, "again", ANN)
        until(lambda: site.jobs.list()[0].revision == 2 and site.over(), 30)
        assert result_of(slack, shown["thread_ts"])["ts"] != shown["ts"]
        slack.press(shown, "confirm", ANN)
        told = until(lambda: slack.ephemerals, 10)[-1]
    assert "latest result" in told["text"]
    assert len([m for m in slack.messages if m.get("files")]) == 2


def test_a_failed_diagnosis_says_why_and_can_be_begun_again(site: Site, slack: FakeSlack, run: Path) -> None:
    with Canned(site.jobs, run, fails="Name a source that can be reached: prom is down."), site.door():
        slack.command(OPS, ANN, "gateway answers with 5xx")
        until(lambda: site.over(("failed",)), 30)
        (failure,) = [m for m in slack.messages if "prom is down" in texts(m["blocks"])]
        slack.press(failure, "again", ANN)
        until(lambda: len([m for m in slack.messages if "prom is down" in texts(m["blocks"])]) == 2, 30)
    assert len([m for m in slack.messages if "stream" in m]) <= 1


def test_help_and_status_are_answered_at_once_and_start_nothing(site: Site, slack: FakeSlack) -> None:
    with site.door():
        assert "/aitia TEXT" in slack.command(OPS, ANN, "")["text"]
        assert "/aitia TEXT" in slack.command(OPS, ANN, " help ")["text"]
        assert slack.command(OPS, ANN, "status")["text"].startswith("Diagnoses: 0 running")
    assert site.jobs.list() == []
    assert slack.messages == []


def test_other_channels_are_refused_or_not_heard(make_site: Callable[..., Site], slack: FakeSlack) -> None:
    site = make_site(slack={"channels": ["C000ELSE"]})
    with site.door():
        assert (
            "aitia is not set up for this channel. Use one"
            in slack.command(OPS, ANN, "gateway is slow")["text"]
        )
        slack.say(OPS, ANN, f"<@{BOT_USER}> gateway is slow")
    assert site.jobs.list() == []
    assert [m for m in slack.messages if m["user"] == BOT_USER] == []


@provokes("not_in_channel")
def test_a_channel_that_the_app_is_not_in_is_told_to_who_asked(
    site: Site, slack: FakeSlack, run: Path
) -> None:
    slack.faults.deaf_posts = True
    with Canned(site.jobs, run), site.door():
        root = alert(slack)
        slack.shortcut(root, ANN)
        told = until(lambda: slack.responses, 20)[-1]
    assert "/invite" in told["text"]
    assert site.jobs.list() == []


def test_its_own_messages_start_nothing(site: Site, slack: FakeSlack, run: Path) -> None:
    """The fake tells the app of each of its posts, as Slack does."""
    with Canned(site.jobs, run) as worker, site.door():
        shown = diagnosed(site, slack)
        slack.say(OPS, BOT_USER, f"<@{BOT_USER}> why orders?", thread=shown["thread_ts"], bot_id=BOT_ID)
        slack.say(OPS, ANN, "why orders?", thread=shown["thread_ts"])
        answers = until(
            lambda: [m for m in slack.messages if "[E" in m.get("text", "") or "reply event" in texts(m)], 20
        )
    assert worker.claims == 1
    assert len(answers) == 1


@pytest.mark.parametrize("text", ["<@U0AITIA> again", "please look again", "Again!"])
def test_asking_again_is_understood(text: str) -> None:
    from aitia.slack.commands import _AGAIN

    assert _AGAIN.fullmatch(text.replace("<@U0AITIA>", "").strip())
