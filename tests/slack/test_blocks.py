"""Whatever a report holds, what is shown of it is within Slack's limits, and nothing of it acts."""

from __future__ import annotations

import json
import string
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aitia.agent.taxonomy import bundled
from aitia.core.words import (
    Component,
    Contribution,
    Cost,
    Evidence,
    Exclusion,
    Incident,
    Inventory,
    Mitigation,
    ModelUse,
    NextCheck,
    Report,
    Sentence,
    SourceRef,
    Suspect,
    TimelineEntry,
    Window,
)  # fmt: skip
from aitia.jobs import Approval, Job
from aitia.slack import forms, mrkdwn, result
from aitia.slack.blocks import COMMAND

from .limits import Refused, characters, check_message, check_view

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
HOSTILE = "<!channel> <@U1> <https://evil.example|ok> *b* _i_ ~s~ `c` ```x``` @here &amp; \x1b[31mred\x1b[0m \u202etxet\u200b :tada: http://evil.example"
ODD = st.one_of(
    st.text(max_size=60),
    st.sampled_from([HOSTILE, "", " ", "\n\t", "\x00\x07"]),
    st.builds(str.__mul__, st.sampled_from(["x", "ab ", "ß", "é́"]), st.sampled_from([200, 5_000])),
)
SHARE = st.floats(0, 1)


def _many(found: list[Any]) -> tuple[Any, ...]:
    """Some, or very many: the first of an odd number decides."""
    return tuple(found * 30 if len(found) > 3 else found)


CITES = st.lists(st.sampled_from(["E1", "E2", "E77", "E999"]), max_size=3).map(tuple)


def _sentences(role: str) -> st.SearchStrategy[tuple[Sentence, ...]]:
    one = st.builds(Sentence, text=ODD, cites=CITES, by=st.just("template"), role=st.just(role))
    return st.lists(one, max_size=5).map(_many)


SUSPECTS = st.lists(
    st.builds(
        Suspect, component=ODD, fault=st.one_of(ODD, st.sampled_from([f.id for f in bundled()])), score=SHARE, probability=SHARE,
        ledger=st.just((Contribution(evidence="E1", log_odds=1.0, why="x"),)),
    ), max_size=6,
).map(_many)  # fmt: skip
EVIDENCE = st.lists(
    st.builds(
        Evidence, id=st.sampled_from(["E1", "E2", "E77"]), component=ODD, kind=st.just("log.new"), aspect=st.just("log.error"),
        statement=ODD.filter(bool), strength=SHARE, source=st.builds(SourceRef, source=ODD, query=ODD),
    ), max_size=6,
).map(_many)  # fmt: skip
REPORTS = st.builds(
    Report,
    run=ODD,
    incident=st.builds(
        Incident, id=st.just("i"), title=ODD, text=ODD, started_at=st.just(NOW),
        window=st.just(Window(start=NOW, end=NOW.replace(hour=13))),
    ),
    verdict=st.sampled_from(["cause", "healthy", "unknown"]),
    probability=SHARE,
    component=ODD,
    fault=ODD,
    fault_title=ODD,
    summary=_sentences("summary"),
    chain=_sentences("chain"),
    suspects=SUSPECTS,
    further=SUSPECTS,
    ruled_out=st.lists(
        st.builds(Exclusion, component=ODD, fault=ODD, probability=SHARE, sentence=_sentences("ruled_out").filter(bool).map(lambda s: s[0])),
        max_size=4,
    ).map(_many),
    timeline=st.lists(st.builds(TimelineEntry, at=st.just(NOW), component=ODD, text=ODD, evidence=st.just("E2")), max_size=6).map(_many),
    mitigations=st.lists(
        st.builds(
            Mitigation, text=ODD, when=st.sampled_from(["now", "prevent"]), effect=st.sampled_from(["read-only", "changing"]),
            source=ODD, command=ODD,
        ), max_size=6,
    ).map(_many),
    next_checks=st.lists(st.builds(NextCheck, text=ODD, command=ODD), max_size=5).map(_many),
    evidence=EVIDENCE,
    inventory=st.builds(Inventory, components=st.lists(st.builds(Component, id=ODD), max_size=6).map(_many)),
    model=st.builds(ModelUse, name=ODD, note=ODD),
    cost=st.just(Cost(seconds=1.0)),
)  # fmt: skip


def job(**fields: Any) -> Job:
    return Job.model_validate(
        {
            "id": "20261125-120000-abcd1234",
            "origin": "slack",
            "title": "t",
            "state": "done",
            "created_at": NOW,
        }
        | fields
    )


@settings(max_examples=50, suppress_health_check=list(HealthCheck))
@given(report=REPORTS, revision=st.integers(1, 3))
def test_whatever_the_report_its_messages_and_modals_are_accepted(report: Report, revision: int) -> None:
    about = job(revision=revision)
    shown = result.result(report, about)
    check_message({"text": mrkdwn.fallback(result.headline(report)), "blocks": shown})
    assert shown[-1]["type"] == "actions"
    json.dumps(shown).encode("utf-8")
    check_view(result.evidence(report))
    if forms.components_of(report):
        check_view(forms.correction(report, bundled(), result.value(about)))
    check_view(forms.question(result.value(about)))


@settings(max_examples=60)
@given(tool=ODD, args=st.dictionaries(ODD, st.one_of(ODD, st.integers()), max_size=8))
def test_whatever_the_call_its_approval_is_accepted_and_shown_whole_or_not_approvable(
    tool: str, args: dict[str, Any]
) -> None:
    asked = Approval(hash="a" * 64, tool=tool, args=args)
    shown = result.approval(job(), asked)
    check_message({"text": "x", "blocks": shown})
    check_message({"text": "x", "blocks": result.settled(asked, said="approved", by="U1")})
    names = [e["action_id"].split()[0] for e in shown[-1]["elements"]]
    assert json.loads(asked.shown) == args
    assert names == (["approve", "deny"] if len(asked.shown) <= result.LONGEST_CALL else ["deny"])


@given(text=ODD)
def test_nothing_in_a_fallback_text_acts(text: str) -> None:
    shown = mrkdwn.fallback(text)
    assert not set("<>*_~`") & set(shown)
    assert "://" not in shown
    assert "@here" not in shown
    assert "\x1b" not in shown
    shown.encode()


@given(text=ODD)
def test_nothing_in_a_streamed_step_acts(text: str) -> None:
    shown = mrkdwn.streamed(text, 200)
    assert not set("<>*_~`[]|\\&@!\x1b") & set(shown)
    assert "://" not in shown
    assert 0 < len(shown) <= 200


def test_a_long_command_is_not_cut_but_left_out() -> None:
    report = Report(
        run="r", incident=Incident(id="i", title="t", started_at=NOW, window=Window(start=NOW, end=NOW.replace(hour=13))),
        verdict="unknown", probability=0.5,
        mitigations=(
            Mitigation(text="long", when="now", effect="changing", source="s", command="echo " + "x" * COMMAND),
            Mitigation(text="short", when="now", effect="changing", source="s", command="echo one; echo two"),
            Mitigation(text="none", when="now", effect="changing", source="s"),
        ),
    )  # fmt: skip
    shown = json.dumps(result.result(report, job()))
    assert "xxxx" not in shown
    assert "echo one; echo two" in shown
    assert "too long for Slack" in shown
    lists = [
        e
        for b in result.result(report, job())
        for e in b.get("elements", ())
        if e["type"] == "rich_text_list"
    ]
    assert [found.get("offset") for found in lists if found["style"] == "ordered"] == [None, 1, 2]


def test_the_limits_are_those_that_slack_has() -> None:
    """The judge refuses what Slack refuses: else what it accepts would prove nothing."""
    text = {"type": "plain_text", "text": "x"}
    for blocks, error in (
        ([{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}], "invalid_blocks"),
        ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "invalid_blocks"),
        ([{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}], "invalid_blocks"),
        ([{"type": "section", "fields": [text] * 11}], "invalid_blocks"),
        ([{"type": "section", "text": {"type": "mrkdwn", "text": ""}}], "invalid_blocks"),
        ([{"type": "divider"}] * 51, "invalid_blocks"),
        ([{"type": "context", "elements": [text] * 11}], "invalid_blocks"),
        ([{"type": "actions", "elements": [{"type": "button", "text": text, "action_id": "a", "value": "x" * 2001}]}], "invalid_blocks"),
        ([{"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "x" * 76}, "action_id": "a"}]}], "invalid_blocks"),
        ([{"type": "actions", "elements": [{"type": "button", "text": text, "action_id": "a"}] * 2}], "invalid_blocks"),
        ([{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2900}}] * 5, "msg_blocks_too_long"),
        ([{"type": "input", "label": text, "element": {"type": "plain_text_input", "action_id": "a"}}], "invalid_blocks"),
        ([{"type": "rich_text", "elements": [{"type": "rich_text_list", "style": "dashed", "elements": []}]}], "invalid_blocks"),
        ([{"type": "carousel_of_mine"}], "invalid_blocks"),
    ):  # fmt: skip
        with pytest.raises(Refused) as refused:
            check_message({"text": "x", "blocks": blocks})
        assert refused.value.error == error, blocks
    with pytest.raises(Refused, match="msg_too_long"):
        check_message({"text": "x" * 4001})
    with pytest.raises(Refused, match="title"):
        check_view({"type": "modal", "title": {"type": "plain_text", "text": "x" * 25}, "blocks": []})
    assert characters([{"type": "section", "text": {"type": "mrkdwn", "text": string.digits}}]) == 10
