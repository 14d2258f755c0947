"""A report as Slack messages: the result with its buttons, and the evidence behind it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from aitia.agent.asking.answer import Answer
from aitia.core.words import Report
from aitia.jobs import Approval, Job
from aitia.render.document import APPENDIX, build
from aitia.render.items import Section
from aitia.render.text import clip
from aitia.slack import blocks as b
from aitia.tools.query.behind import behind_check

_QUOTED: Final = 120  # characters of a correction above what it changed
LOOKS: Final = 3  # next checks with a button: as many as a result lists
LONGEST_CALL: Final = (
    2_500  # characters of a call's arguments: what a person cannot read whole cannot be approved here
)


def value(job: Job, **more: str) -> str:
    """What a button brings back: which job and revision it was shown for."""
    return json.dumps({"job": job.id, "revision": job.revision, **more})


def result(report: Report, job: Job, artifacts: Mapping[str, bytes] | None = None) -> list[b.Block]:
    """The result: verdict, why with the curves of what it cites, what to do; and the buttons.

    artifacts  what the run keeps: without it there are no curves, and next checks stand as their sources write them
    """
    document = build(report, amount="short", artifacts=artifacts, curves=artifacts is not None)
    head = document.headline
    sections = {s.title: s for s in document.sections}
    top = [
        b.header(f"{head.told}: {head.subject}"),
        b.context(
            head.incident,
            *([head.understood] if head.understood else []),
            *head.context,
            *([f"revision {job.revision}"] if job.revision > 1 else []),
        ),
    ]
    summary = [[b.words(i.text), *_cites(i.cites)] for i in document.summary[:6]]
    told = [b.rich(b.lines(*summary))] if summary else []
    body = [*told, *(b.section(s) for s in document.sections if s.title not in APPENDIX)]
    cost = sections.get("Cost")
    tail = [b.context(*(i.text for i in cost.items))] if cost else []
    return b.fit(top, body, [*tail, *looks(report, job, artifacts or {}), buttons(report, job)])


def corrected(
    changed: Answer, report: Report, job: Job, artifacts: Mapping[str, bytes] | None = None
) -> list[b.Block]:
    """The result of a correction: what it changed, in a few lines; the whole report stands in the file."""
    said = changed.question or (report.incident.corrections[-1].text if report.incident.corrections else "")
    rows = [[b.words(r.text), *_cites(r.cites)] for r in changed.replies]
    top = [
        b.header(headline(report)),
        b.context(f"after “{clip(said, _QUOTED)}”", f"revision {job.revision}"),
    ]
    return b.fit(top, [b.rich(b.lines(*rows))], [*looks(report, job, artifacts or {}), buttons(report, job)])


def looks(report: Report, job: Job, artifacts: Mapping[str, bytes]) -> list[b.Block]:
    """A button for each of the first next checks that is a look at the live sources. It only reads."""
    numbers = [
        n
        for n, check in enumerate(report.next_checks[:LOOKS], 1)
        if behind_check(check, report, artifacts) is not None
    ]
    row = [b.button(f"Check next {n}", f"look {n}", value(job, line=f"next {n}")) for n in numbers]
    return [b.actions(*row)] if row else []


def buttons(report: Report, job: Job) -> b.Block:
    """What can be done with a result. An open verdict cannot be confirmed, only be told."""
    given = value(job)
    confirm = [] if report.verdict == "unknown" else [b.button("Confirm", "confirm", given, style="primary")]
    wrong = "Give the real cause" if report.verdict == "unknown" else "Wrong"
    return b.actions(
        *confirm,
        b.button(wrong, "wrong", given),
        b.button("Show evidence", "evidence", given),
        b.button("Ask", "ask", given),
        b.button("Look again", "again", given),
    )


def headline(report: Report) -> str:
    """The verdict in a line."""
    head = build(report, amount="screen").headline
    return f"{head.told}: {head.subject}"


def evidence(report: Report) -> dict[str, Any]:
    """The evidence as a modal: cited facts first, each with where it can be read again."""
    found = next((s for s in build(report, amount="full").sections if s.title == "Evidence"), None)
    items = found.items if found else ()
    parts = [
        Section(title=f"Evidence {n + 1}-{min(n + 8, len(items))}", items=items[n : n + 8])
        for n in range(0, len(items), 8)
    ]
    note = b.context("Cited facts first; the number of a fact is followed by its strength from 0 to 1.")
    body = [b.section(replace(p, numbered=False)) for p in parts]
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Evidence"},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": b.fit([note], body, [], most=b.VIEW, room=b.VIEW_ROOM),
    }


def approval(job: Job, asked: Approval) -> list[b.Block]:
    """A call that waits for a person, whole. One that is too long to be read here can only be denied here."""
    arguments = asked.shown
    short = len(arguments) <= LONGEST_CALL
    given = value(job, hash=asked.hash)
    yes = [b.button("Approve", f"approve {asked.hash[:16]}", given, style="primary")] if short else []
    return [
        b.header("A step is waiting for approval"),
        b.said(b.words("It may change something: "), b.words(asked.tool, "code")),
        b.rich(b.pre(arguments, limit=LONGEST_CALL)),
        b.context(
            "The answer applies to this tool with exactly these arguments"
            + (
                ""
                if short
                else f"; they have {len(arguments)} characters and are cut here, so it can only be denied here"
            )
            + f" ({asked.hash[:16]})."
        ),
        b.actions(*yes, b.button("Deny", f"deny {asked.hash[:16]}", given, style="danger")),
    ]


def settled(asked: Approval, *, said: str, by: str) -> list[b.Block]:
    """The same call after it was answered."""
    who = [b.words(" by "), b.person(by)] if by else []
    return [
        b.said(b.words(asked.tool, "code"), b.words(f": {said}"), *who),
        b.rich(b.pre(asked.shown, limit=LONGEST_CALL)),
    ]


def _cites(cites: tuple[str, ...]) -> list[b.Inline]:
    return [b.words(f" [{', '.join(cites)}]", limit=b.LEAD)] if cites else []
