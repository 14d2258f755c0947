"""Steps that wait for a person in a thread: who may answer, once, and what was asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from aitia.jobs import Approval

from .canned import Canned
from .fake import FakeSlack
from .site import ANN, BEN, EVE, OPS, Site, until
from .threads import texts

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
