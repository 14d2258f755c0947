"""The parts that take values and give values: reading a message, payloads, steps, pace."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.web.async_client import AsyncWebClient

from aitia.core.errors import BadInput
from aitia.core.events import EVENT, Findings, PlanMade, RunStarted, TaskDone
from aitia.core.words import Task
from aitia.incoming import make_incident
from aitia.jobs import Approval, Job
from aitia.slack import actions, dispatcher
from aitia.slack.answers import is_question, wonders
from aitia.slack.context import Door
from aitia.slack.dedupe import TRIES, Entry, Inbox
from aitia.slack.delivery import Delivery
from aitia.slack.dispatcher import Desk
from aitia.slack.entries import entry_of
from aitia.slack.follow import part
from aitia.slack.progress import SHOWN, Steps
from aitia.slack.rate_limits import BURST, Pace
from aitia.slack.thread import report_of, said

from .limits import check_chunks, check_message
from .site import Site

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def read(message: dict[str, Any], **more: Any) -> Any:
    return make_incident(report_of({"ts": "1764000000.000100", **message}, **more), now=datetime.now(tz=UTC))


def test_what_is_seen_of_mrkdwn() -> None:
    assert said(
        "<https://a.example/x|the *dash*> &lt;b&gt; <@U1|ann> <#C1|ops> <!here> <mailto:a@b.c> a &lt; b"
    ) == ("the *dash* <b> @ann #ops @here a@b.c a < b")


def test_an_alert_of_blocks_keeps_its_lines_labels_and_moment() -> None:
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "[FIRING:2] HighLatency"}},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "*Severity:* `page`"}, {"type": "mrkdwn", "text": "*Pod:* checkout-7f9"}]},
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "p99 is "}, {"type": "text", "text": "4 s"}]}]},
        {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Silence"}, "action_id": "x"}]},
    ]  # fmt: skip
    found = read({"text": "HighLatency", "blocks": blocks})
    assert found.title == "HighLatency"
    assert "p99 is 4 s" in found.text
    assert found.labels == {"severity": "page", "pod": "checkout-7f9"}
    assert found.hints == ("checkout-7f9",)
    assert found.started_at == datetime.fromtimestamp(1764000000.0001, tz=UTC)


def test_recorded_telemetry_has_no_later_alert() -> None:
    early = datetime(2025, 1, 1, tzinfo=UTC)
    (alert,) = report_of({"text": "x", "ts": "1764000000.000100"}, latest=early)["alerts"]
    assert alert["startsAt"] == early.isoformat()


def test_json_beside_an_alerts_words_is_one_of_its_words() -> None:
    details = {"text": "HighLatency", "attachments": [{"text": '{"p99": 4.1, "unit": "s"}'}]}
    found = read(details)
    assert found.title == "HighLatency"
    assert "p99" in found.text


def test_a_message_without_text_says_what_to_do() -> None:
    with pytest.raises(BadInput, match="Say what is wrong"):
        report_of({"ts": "1.0", "files": [{"id": "F1"}]})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["type", "text", "blocks", "fields", "elements", "title", "value", "attachments", "fallback"]), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(message=st.dictionaries(st.sampled_from(["text", "blocks", "attachments", "ts", "files"]), JSON))
def test_whatever_a_message_looks_like_it_is_read_or_refused(message: dict[str, Any]) -> None:
    try:
        found = read(message)
    except BadInput:
        return
    assert found.title


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("why orders?", True),
        ("and the cache?", True),
        ("I restarted it", False),
        ("@ben did you deploy?", False),
        ("see a@b.example?", True),
        ("", False),
    ],
)
def test_what_counts_as_a_question(text: str, asks: bool) -> None:
    assert is_question(text) is asks


def event(**fields: Any) -> dict[str, Any]:
    told = {
        "type": "message",
        "channel": "C1",
        "user": "U1",
        "text": "x?",
        "ts": "2.0",
        "thread_ts": "1.0",
        "channel_type": "channel",
    }
    return {"type": "event_callback", "event_id": "Ev1", "team_id": "T1", "event": told | fields}


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({}, "message"),
        ({"thread_ts": ""}, None),
        ({"bot_id": "B1"}, None),
        ({"subtype": "message_changed"}, None),
        ({"subtype": "file_share"}, "message"),
        ({"user": "UME"}, None),
        ({"text": "<@UME> x"}, None),
        ({"text": "<@UME> x", "type": "app_mention"}, "mention"),
        ({"thread_ts": "", "channel_type": "im"}, "mention"),
        ({"type": "reaction_added"}, None),
    ],
)
def test_which_events_are_taken(fields: dict[str, Any], kind: str | None) -> None:
    found = entry_of(event(**fields), me="UME", redact=lambda text: text)
    assert (found.kind if found else None) == kind


@pytest.mark.usefixtures("database")
def test_the_inbox_keeps_what_is_unfinished_and_of_the_rest_the_key(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    entry = Entry(key="event Ev1", kind="mention", channel="C1", text="checkout is slow")
    assert inbox.put(entry)
    assert not Inbox(tmp_path).put(entry)
    inbox.begin(entry.key)
    assert [(e.text, e.tries) for e in Inbox(tmp_path).left()] == [("checkout is slow", 1)]
    for _ in range(TRIES):
        inbox.begin(entry.key)
    assert inbox.left() == []
    inbox.done(entry.key)
    assert not inbox.put(entry)
    with inbox._at.reading() as db:
        assert [tuple(row) for row in db.execute("select entry, done from inbox")] == [("", 1)]


@pytest.mark.usefixtures("database")
def test_the_first_answer_holds(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    assert inbox.answer("j", 1, "h", said=True, by="U1", key="k1").said
    second = inbox.answer("j", 1, "h", said=False, by="U2", key="k2")
    assert (second.said, second.by, second.key) == (True, "U1", "k1")
    assert inbox.answered("j", 2, "h") is None
    inbox.take_back("j", 1, "h")
    assert inbox.answered("j", 1, "h") is None


@pytest.mark.usefixtures("database")
def test_a_thread_keeps_its_conversation_when_it_is_bound_anew(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    inbox.bind("C1", "1.2", "job-1", conversation="talk")
    inbox.bind("C1", "1.2", "job-2")
    assert inbox.thread("C1", "1.2") == ("job-2", "talk")
    inbox.bind("C1", "1.2", "job-2", conversation="other")
    assert inbox.thread("C1", "1.2") == ("job-2", "other")


def test_steps_are_told_once_and_only_what_is_new() -> None:
    steps = Steps()
    steps.add(RunStarted(run="r", title="t", at=NOW))
    first = steps.news()
    check_chunks(first)
    assert steps.news() == first, "not taken yet"
    steps.taken()
    assert steps.news() == []
    steps.add(Findings(statements=("a",), seconds=1.0))
    (changed,) = steps.news()
    assert (changed["id"], changed["status"], changed["output"]) == ("open", "complete", "1 first findings")
    steps.taken()
    steps.add(
        PlanMade(
            round=1,
            by="rules",
            tasks=tuple(
                Task(id=n, tool="logs_diff", args={"component": "<!here>" + "x" * 400})
                for n in range(SHOWN + 5)
            ),
        )
    )
    check_chunks(steps.news())
    steps.add(TaskDone(task=3, tool="logs_diff", status="error", message="*no* <https://evil.example>"))
    check_chunks(steps.news())
    check_message({"text": "x", "blocks": steps.blocks("t" * 500)})
    steps.end("CAUSE 90 %: orders")
    assert {c["status"] for c in steps.news()} == {"complete", "error"}


def test_the_events_of_a_real_run_make_steps(run: Path) -> None:
    steps = Steps()
    for line in (run / "events.jsonl").read_text().splitlines():
        steps.add(EVENT.validate_json(line))
    steps.end("done")
    assert next(iter(steps.steps)) == "open"
    assert list(steps.steps)[-3:] == ["weigh", "explain", "end"]
    assert "orders" in steps.steps["weigh"].outcome
    assert all(s.status == "complete" for s in steps.steps.values())
    check_message({"text": "x", "blocks": steps.blocks("t")})


def test_a_channel_takes_a_burst_and_then_one_a_second() -> None:
    async def go() -> list[float]:
        pace, began = Pace(), time.monotonic()
        took = []
        for _ in range(BURST + 2):
            await pace.turn("chat.postMessage", "C1")
            took.append(time.monotonic() - began)
        assert not pace.free("chat.update", "C1")
        assert pace.free("chat.update", "C2")
        return took

    took = asyncio.run(go())
    assert took[BURST - 1] < 0.3
    assert took[-1] > 1.9


def test_a_rest_that_slack_asks_for_is_kept_by_all_and_not_followed_by_a_burst() -> None:
    async def one(pace: Pace, began: float) -> float:
        await pace.turn("chat.postMessage", "C1")
        return time.monotonic() - began

    async def go() -> list[float]:
        pace, began = Pace(), time.monotonic()
        pace.hold("chat.postMessage", "C1", 1.0)
        return sorted(await asyncio.gather(*(one(pace, began) for _ in range(3))))

    took = asyncio.run(go())
    assert took[0] > 1.9  # the rest, and then a place in the channel
    assert took[1] - took[0] > 0.9
    assert took[2] - took[1] > 0.9


def test_a_form_of_an_unknown_kind_is_not_kept() -> None:
    view = {"id": "V1", "callback_id": "ask", "private_metadata": "{}", "state": {"values": {}}}
    body = {"type": "view_submission", "user": {"id": "U1", "team_id": "T1"}, "view": view}
    assert entry_of(body, me="UME", redact=lambda text: text) is not None
    for other in ({"callback_id": "approve"}, {"callback_id": None}, {"callback_id": ["ask"]}):
        assert entry_of(body | {"view": view | other}, me="UME", redact=lambda text: text) is None


def test_what_is_pressed_about_one_job_is_done_as_it_came(
    make_site: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    site, done = make_site(), list[str]()

    async def press(door: Door, entry: Entry) -> None:
        await asyncio.sleep(0.3 if entry.key == "slow" else 0.0)
        done.append(entry.key)

    async def live() -> None:
        delivery = Delivery(AsyncWebClient(token="xoxb-1"), me="U0")
        desk = Desk(site.home, site.settings, site.jobs, Inbox(site.home), delivery)
        for key, job in (("slow", "a"), ("second", "a"), ("other", "b")):
            desk.take(Entry(key=key, kind="press", values={"job": job}))
        while desk.busy():
            await asyncio.sleep(0.01)

    monkeypatch.setattr(dispatcher, "_HANDLERS", {"press": press})
    asyncio.run(live())
    assert done == ["other", "slow", "second"]


def test_a_click_waits_until_the_message_of_its_step_is_noted(
    make_site: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Approval(hash="a1" * 32, tool="restart", args={})
    waits = Job.model_construct(id="j", state="waiting", asked=(asked,), place={}, revision=1)
    noted = waits.model_copy(update={"place": {f"{part(asked)}.1": "17.2"}})
    looks = iter([waits, waits, noted])

    class Slow:
        async def job_of(self, entry: Entry) -> Job:
            return next(looks)

    entry = Entry(key="p", kind="press", name="approve", values={"job": "j", "hash": asked.hash})
    assert asyncio.run(actions._placed(cast("Door", Slow()), entry)) is noted


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("why did orders fail", True),
        ("when did it begin", True),
        ("wie viele Fehler hat payment", True),
        ("combien d'erreurs depuis neuf heures", True),
        ("what a day", False),
        ("I restarted the pod", False),
        ("<@UBEN> why did you do that", False),
        ("when I am back!", False),
    ],
)
def test_a_question_without_its_mark(text: str, asked: bool) -> None:
    assert wonders(text) is asked
