"""Questions about a run that name a time, that suppose a cause, or whose things another language names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from aitia.agent.asking.question.spans import Span
from aitia.agent.asking.questions import Topic, understood
from aitia.agent.asking.record import Record
from aitia.agent.asking.reply_facts import changes
from aitia.agent.asking.yes_no import yes_no
from aitia.agent.taxonomy import bundled
from aitia.core.words import Evidence, Report, SourceRef
from aitia.graphs.ask import AskContext, ask

from ..conftest import Diagnosed


@pytest.fixture(scope="module")
def report(diagnosed: Callable[[str], Diagnosed]) -> Report:
    return diagnosed("connection-exhaustion").report


def change(report: Report, id: str, minutes: float, said: str, component: str = "orders") -> Evidence:
    """A change, minutes before the end of the run's window."""
    return Evidence(
        id=id,
        component=component,
        kind="change.deploy",
        aspect="change",
        statement=said,
        strength=0.8,
        onset=report.incident.window.end - timedelta(minutes=minutes),
        source=SourceRef(source="changes", query="changes"),
        taint=True,
    )


@pytest.fixture
def changed(report: Report) -> Report:
    own = [e for e in report.evidence if not e.kind.startswith("change.")]
    made = [
        change(report, "E901", 40, "orders: deploy of the old release."),
        change(report, "E902", 4, "orders: deploy of the new release."),
    ]
    return report.model_copy(update={"evidence": (*own, *made), "change": None})


def test_changes_of_the_time_that_is_asked_about(changed: Report) -> None:
    record = Record(changed, bundled())
    late = understood("what changed in the last ten minutes?", changed)
    assert late.span is not None
    assert [r.cites for r in changes(late, record).replies] == [("E902",)]
    every = understood("what changed?", changed)
    assert every.span is None
    assert [r.cites for r in changes(every, record).replies] == [("E901",), ("E902",)]
    none = changes(understood("what changed in the last two minutes?", changed), record)
    assert all("No change in the time that is asked about" in r.text for r in none.replies)


def test_a_fact_without_an_onset_is_of_no_other_time(changed: Report) -> None:
    fact = changed.evidence[-1]
    end = changed.incident.window.end
    topic = Topic(span=Span(since=end - timedelta(minutes=1)))
    assert not topic.within(fact)
    assert topic.within(fact.model_copy(update={"onset": None}))
    assert Topic().within(fact)


def test_what_a_question_supposes_is_not_of_who_was_spoken_of_before(report: Report) -> None:
    before = understood("why not a lock in postgres?", report)
    assert before.components == ("postgres",)
    assert understood("was it the deploy?", report, before).components == ()
    assert understood("why not the deploy?", report, before).kind == "why_not"


def test_who_is_suspected_of_another_fault_is_not_called_unsuspected(report: Report) -> None:
    record = Record(report, bundled())
    top = report.suspects[0]
    topic = Topic(components=(top.component,), aspects=("clock",))
    reply = yes_no(f"could it be the clock of {top.component}?", topic, record)
    assert reply is not None
    assert "is not suspected" not in reply.text
    assert "suspected of another fault" in reply.text


def test_since_when_another_thing_lasts_is_not_when_the_alarm_began(report: Report) -> None:
    answer = ask("seit wann ist das Zertifikat abgelaufen?", AskContext(record=Record(report, bundled())))
    assert answer.status == "not_known"
    known = ask("seit wann?", AskContext(record=Record(report, bundled())))
    assert known.status == "answered"


def test_an_alarm_is_told_once(report: Report) -> None:
    title = report.incident.title
    twice = report.incident.model_copy(update={"text": f"{title}. It is loud."})
    line = Record(report.model_copy(update={"incident": twice}), bundled()).lines["I1"]
    assert line.statement.count(title) == 1


@pytest.mark.parametrize("question", ["is a disk full?", "which filesystem is full?"])
def test_a_full_filesystem_that_the_run_saw_is_told(report: Report, question: str) -> None:
    full = change(report, "E903", 5, "host: free disk space {mountpoint=/spool} stands at 0 B.", "host")
    full = full.model_copy(update={"kind": "metric.limit", "aspect": "disk", "direction": "down"})
    made = report.model_copy(update={"evidence": (*report.evidence, full)})
    answer = ask(question, AskContext(record=Record(made, bundled())))
    assert answer.status == "answered"
    assert answer.replies[0].text == f"Yes: {full.statement}"
    without = ask(question, AskContext(record=Record(report, bundled())))
    assert not without.text.startswith("Yes")
