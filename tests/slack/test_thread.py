"""What people do in a thread: alerts, mentions, questions, buttons, forms."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aitia import outcomes
from aitia.core.steering import waiting
from aitia.jobs import Approval

from .canned import Canned
from .fake import BOT_ID, BOT_USER, FakeSlack
from .site import ANN, BEN, EVE, OPS, Site, provokes, until

ALERTMANAGER = {
    "text": "",
    "bot_id": "BALERT000",
    "subtype": "bot_message",
    "attachments": [
        {
            "color": "a30200",
            "fallback": "[FIRING:1] GatewayErrorRatioHigh",
            "title": "[FIRING:1] Gateway 5xx ratio above 5 % &lt;prod&gt;",
            "title_link": "http://alertmanager.shop:9093",
            "text": "*Alert:* More than 5 % of the answers are 5xx. <http://grafana.shop|Dashboard>\n • *service:* `gateway`\n • *severity:* `page`",
            "fields": [{"title": "alertname", "value": "GatewayErrorRatioHigh", "short": True}],
        }
    ],
}


def alert(slack: FakeSlack, **more: Any) -> dict[str, Any]:
    return slack.say(OPS, "UALERT000", deliver=False, **{**ALERTMANAGER, **more})


def result_of(slack: FakeSlack, thread: str) -> dict[str, Any]:
    """The thread's latest result."""
    found = [
        m
        for m in slack.thread(thread)
        if any(
            e["action_id"] == "evidence"
            for b in m.get("blocks") or ()
            if b["type"] == "actions"
            for e in b["elements"]
        )
    ]
    return found[-1]


def texts(message: Any) -> str:
    """All text of a message."""
    return json.dumps(message, ensure_ascii=False)


def diagnosed(site: Site, slack: FakeSlack) -> dict[str, Any]:
    """The result of an alert that was diagnosed for Ann."""
    root = alert(slack)
    slack.say(OPS, ANN, f"<@{BOT_USER}> please look into this", thread=root["ts"])
    until(site.over, 30)
    return result_of(slack, root["ts"])


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


def test_questions_in_the_thread_are_answered_with_citations_and_talk_is_not(
    site: Site, slack: FakeSlack, run: Path
) -> None:
    with Canned(site.jobs, run), site.door():
        thread = diagnosed(site, slack)["thread_ts"]
        before = len(slack.messages)
        slack.say(OPS, BEN, "I restarted the pod", thread=thread)
        slack.say(OPS, BEN, f"<@{ANN}> did you deploy anything?", thread=thread)
        slack.say(OPS, BEN, "elsewhere, why is that?")
        slack.say(OPS, "UBOT", "why is that?", thread=thread, bot_id="BOTHER")
        slack.say(OPS, BEN, "why orders?", thread=thread)
        answer = until(lambda: [m for m in slack.messages[before:] if m["user"] == BOT_USER], 30)[0]
        slack.say(OPS, BEN, f"<@{BOT_USER}> and postgres?", thread=thread)
        until(lambda: len([m for m in slack.messages[before:] if m["user"] == BOT_USER]) == 2, 30)
    assert answer["thread_ts"] == thread
    assert "orders" in texts(answer["blocks"])
    assert any(f"[{kind}" in texts(answer["blocks"]) for kind in "ES")
    said = [m for m in slack.messages[before:] if m["user"] == BOT_USER]
    assert len(said) == 2, [texts(m["blocks"])[:200] for m in said]
    asked = list((site.home / "runs").glob("*/asks/*"))
    assert len(asked) == 1, "one conversation a thread"


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
        assert faults["option_groups"][0]["label"]["text"] == "Suspects of this report"
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


def test_live_systems_are_asked_in_the_thread_and_a_line_is_looked_at_again(
    site: Site, slack: FakeSlack, run: Path
) -> None:
    with Canned(site.jobs, run), site.door():
        thread = diagnosed(site, slack)["thread_ts"]

        def told(text: str) -> str:
            before = len(slack.messages)
            slack.say(OPS, BEN, text, thread=thread)
            found = until(lambda: [m for m in slack.messages[before:] if m["user"] == BOT_USER], 30)[0]
            return str(texts(found["blocks"]))

        counted = told("how many components are there?")
        assert "count(of=" in counted
        again = told(f"<@{BOT_USER}> E1")
        assert "series(component=" in again
        assert "▁" in again
        assert "SELECT" not in again
        row = next(
            b
            for b in result_of(slack, thread)["blocks"]
            if "Check next" in texts(b) and b["type"] == "actions"
        )
        before = len(slack.messages)
        slack.press(result_of(slack, thread), row["elements"][0]["action_id"], BEN)
        looked = until(lambda: [m for m in slack.messages[before:] if m["user"] == BOT_USER], 30)[0]
        assert "query " in texts(looked["blocks"])
        assert "no correction" in told(f"<@{BOT_USER}> not the deploy, we rolled it back")
        refused = told(f"<@{BOT_USER}> restart postgres")
        assert "nothing was run or changed" in refused
        before = len(slack.messages)
        slack.say(OPS, BEN, "not the database, we checked", thread=thread)  # to a colleague: no correction
        slack.say(OPS, BEN, "why orders?", thread=thread)
        until(lambda: [m for m in slack.messages[before:] if m["user"] == BOT_USER], 30)
        assert site.jobs.list()[0].revision == 1
        assert "Taken as a correction" in told(f"<@{BOT_USER}> not the database, we checked")
        until(lambda: site.jobs.list()[0].revision == 2, 30)
    (said,) = site.jobs.incident(site.jobs.list()[0].id).corrections
    assert said.excluded == ("postgres",)
    assert said.by == f"slack:{BEN}"


@provokes(
    "message_not_in_streaming_state"
)  # its steps were shown to the end, and it is set back for the test
def test_a_diagnosis_that_runs_is_asked_corrected_and_stopped_in_its_thread(
    site: Site, slack: FakeSlack, run: Path
) -> None:
    with Canned(site.jobs, run), site.door():
        thread = diagnosed(site, slack)["thread_ts"]
        job = site.jobs.list()[0]
        store = site.jobs.run_store(job.id)  # as it was before its report, in the hands of a worker
        (store.path / "report.json").unlink()
        store.update_meta(state="running")
        far = (datetime.now(tz=UTC) + timedelta(minutes=5)).isoformat()
        site.jobs.table.set(job.id, state="running", owner="tests/1/1", lease_until=far, begun=1)

        def told(text: str, wanted: str) -> None:
            before = len(slack.messages)
            slack.say(OPS, BEN, text, thread=thread)
            until(lambda: [m for m in slack.messages[before:] if wanted in texts(m.get("blocks"))], 60)

        told(f"<@{BOT_USER}> how far are you?", "still running")
        told("why not the database?", "postgres")  # to nobody by name
        told(f"<@{BOT_USER}> not the database, we checked", "Taken as a correction")
        said = waiting(store)
        assert said is not None
        assert said.incident is not None
        assert [c.excluded for c in said.incident.corrections] == [("postgres",)]
        told(f"<@{BOT_USER}> stop", "stops after the present step")
        assert waiting(store) == said.model_copy(update={"stop": True})


def test_evidence_and_ask_open_forms_and_the_answer_comes_to_the_thread(
    site: Site, slack: FakeSlack, run: Path
) -> None:
    with Canned(site.jobs, run), site.door():
        shown = diagnosed(site, slack)
        slack.press(shown, "evidence", ANN)
        view = until(lambda: slack.views, 10)[-1]
        assert "E1 " in texts(view)
        slack.press(shown, "ask", ANN)
        view = until(lambda: [v for v in slack.views if v.get("callback_id") == "ask"], 10)[-1]
        slack.submit(view, ANN, {"question": "why not postgres?"})
        until(lambda: "why not postgres?" in texts(slack.messages[-1]), 20)
    assert slack.messages[-1]["thread_ts"] == shown["thread_ts"]


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


ASKED = (
    Approval(hash="a1" * 32, tool="restart", args={"service": "orders"}),
    Approval(hash="b2" * 32, tool="drain", args={"node": "n1"}),
)


def test_only_approvers_answer_once_and_what_was_asked(
    make_site: Callable[..., Site], slack: FakeSlack, run: Path
) -> None:
    site = make_site(slack={"approvers": [ANN, BEN]})
    with Canned(site.jobs, run, asks=ASKED) as worker, site.door():
        slack.command(OPS, EVE, "gateway answers with 5xx")
        asks = until(
            lambda: (
                found
                if len(found := [m for m in slack.messages if "is waiting for approval" in m["text"]]) == 2
                else None
            ),
            30,
        )
        first = next(m for m in asks if "restart" in texts(m))
        assert '\\"service\\": \\"orders\\"' in texts(first["blocks"])
        slack.press(first, "approve", EVE)
        assert "slack.approvers" in until(lambda: slack.ephemerals, 10)[-1]["text"]
        assert slack.ephemerals[-1]["user"] == EVE
        slack.press(first, "deny", ANN)
        until(lambda: "restart: denied" in first["text"], 20)
        assert not any(b["type"] == "actions" for b in first["blocks"])
        second = next(m for m in asks if m is not first)
        slack.press(
            {**first, "blocks": second["blocks"]}, "approve", BEN
        )  # another message than it was asked in
        assert "below the step itself" in until(lambda: slack.ephemerals[1:], 10)[-1]["text"]
        slack.press(second, "approve", BEN)
        until(site.over, 30)
        until(lambda: second["text"].endswith(": approved"), 20)
    assert worker.answers == [{ASKED[0].hash: False, ASKED[1].hash: True}]
    assert {"type": "user", "user_id": ANN} in [
        e for b in first["blocks"] for r in b["elements"] for e in r["elements"]
    ]


def test_a_second_click_is_told_so(make_site: Callable[..., Site], slack: FakeSlack, run: Path) -> None:
    site = make_site(slack={"approvers": [ANN, BEN]})
    with Canned(site.jobs, run, asks=ASKED[:1]) as worker, site.door():
        slack.command(OPS, ANN, "gateway answers with 5xx")
        ask = dict(
            until(lambda: [m for m in slack.messages if "is waiting for approval" in m["text"]], 30)[0]
        )
        slack.press(ask, "approve", ANN)
        slack.press(ask, "deny", BEN)
        until(lambda: any(e["user"] == BEN and "already approved" in e["text"] for e in slack.ephemerals), 20)
        until(site.over, 30)
        slack.press(ask, "deny", BEN)
        until(lambda: len(slack.ephemerals) == 2, 20)
    assert worker.answers == [{ASKED[0].hash: True}]


def test_a_step_of_two_persons_waits_for_the_second(
    make_site: Callable[..., Site], slack: FakeSlack, run: Path
) -> None:
    site = make_site(slack={"approvers": [ANN, BEN]})
    two = (ASKED[0].model_copy(update={"persons": 2}),)
    with Canned(site.jobs, run, asks=two) as worker, site.door():
        slack.command(OPS, ANN, "gateway answers with 5xx")
        ask = until(lambda: [m for m in slack.messages if "is waiting for approval" in m["text"]], 30)[0]
        slack.press(ask, "approve", ANN)
        until(lambda: any("second person must approve" in m["text"] for m in slack.messages), 20)
        slack.press(ask, "approve", ANN)
        until(lambda: any("You have approved this step already" in e["text"] for e in slack.ephemerals), 20)
        assert site.jobs.list()[0].state == "waiting"
        slack.press(ask, "approve", BEN)
        until(site.over, 30)
        until(lambda: ask["text"].endswith(": approved"), 20)
    assert worker.answers == [{two[0].hash: True}]
    said = [(line.what, line.who) for line in site.jobs.table.trail() if line.what.startswith("approve")]
    assert [what for what, _ in said] == ["approve first of two", "approve"]
    assert said[0][1] != said[1][1]


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
