"""After the answer: what was recorded, what aitia says, and which of the facts behind both the person had looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from aitia.agent.taxonomy import Taxonomy
from aitia.core.errors import BadInput
from aitia.core.percent import chance
from aitia.core.scenario import Expected, Needed, Scenario
from aitia.core.words import Component, Report
from aitia.drill.folders import made_of
from aitia.drill.words import Answered, Ground, Look, Record, could_know
from aitia.graphs.replay import Replayed, accepted
from aitia.render.text import at, cited_ids, clean, count, duration


def is_right(given: Answered, scenario: Scenario, components: Sequence[Component]) -> bool:
    """By the rule that a replay is scored with."""
    if given.verdict != scenario.expected.verdict:
        return False
    return given.verdict != "cause" or accepted(scenario.expected, components, given.component, given.fault)


def of_aitia(done: Replayed) -> Answered:
    """What aitia says of the incident."""
    report = done.report
    return Answered(
        verdict=report.verdict,
        component=report.component,
        fault=report.fault,
        right=bool(done.score["correct"]),
        probability=report.probability,
        seconds=report.cost.seconds,
        looks=report.cost.calls,
        run=report.run,
    )


def recorded(expected: Expected) -> Answered:
    """The answer that the scenario holds."""
    return Answered(verdict=expected.verdict, component=expected.component, fault=expected.fault)


def grounds(scenario: Scenario, report: Report | None, looks: tuple[Look, ...]) -> tuple[Ground, ...]:
    """The facts that the recorded answer and aitia's verdict rest on."""
    found = [
        Ground(of="answer", text=_needed(need, report), looked_at=_looked_at(need, looks))
        for need in scenario.expected.evidence
    ]
    cited = set(cited_ids(report)) if report else set()
    found += [
        Ground(of="aitia", text=clean(e.statement), looked_at=could_know(looks, e))
        for e in (report.evidence if report else ())
        if e.id in cited
    ]
    return tuple(found)


def _looked_at(need: Needed, looks: tuple[Look, ...]) -> bool:
    return any(s.shows(need.component, need.kind, need.aspect) for look in looks for s in look.seen)


def _needed(need: Needed, report: Report | None) -> str:
    """The fact in the words of the report, where that has it."""
    wanted = {f: v for f in ("component", "kind", "aspect") if (v := getattr(need, f))}
    for fact in sorted(report.evidence if report else (), key=lambda e: -e.strength):
        if all(getattr(fact, f) == v for f, v in wanted.items()):
            return clean(fact.statement)
    return " ".join(wanted.values())


def told(
    record: Record, scenario: Scenario, folder: Path, report: Report | None, taxonomy: Taxonomy
) -> Iterator[str]:
    """The debrief, line by line."""
    expected = scenario.expected
    yield ""
    yield f"Recorded answer: {_cause(recorded(expected), taxonomy)}  ({scenario.id})"
    if expected.alternatives:
        yield f"  also right: {'; '.join(f'{a.component} {a.fault}' for a in expected.alternatives)}"
    if expected.why:
        yield f"  {clean(expected.why)}"
    yield from _made(folder)
    person = record.person
    gave = "gave up" if record.state == "gave_up" else _cause(person, taxonomy)
    hints = sum(look.hint for look in record.looks)
    helped = f", {count(hints, 'hint')}" if hints else ""
    yield f"You:    {gave}{_mark(person)}  {duration(person.seconds)}, {count(person.looks, 'look')}{helped}"
    if record.aitia is not None and report is not None:
        sure = f" {chance(report.probability)}"
        calls = count(record.aitia.looks, "look")
        yield f"aitia:  {_cause(record.aitia, taxonomy)}{sure}{_mark(record.aitia)}  {duration(record.aitia.seconds)}, {calls}"
        for sentence in report.chain:
            yield f"  {clean(sentence.text)} [{', '.join(sentence.cites)}]"
    for of, title in (("answer", "The recorded answer rests on"), ("aitia", "aitia cites")):
        mine = [g for g in record.grounds if g.of == of]
        if mine:
            yield f"{title} ({sum(g.looked_at for g in mine)} of {len(mine)} looked at by you):"
            yield from (f"  {'✓' if g.looked_at else '–'} {g.text}" for g in mine)
    if record.aitia is not None:
        yield f"The whole report: aitia report {record.aitia.run} --full"


def _made(folder: Path) -> Iterator[str]:
    """What the lab wrote down of how the incident came to be, where it was made by the lab."""
    try:
        made = made_of(folder)
    except BadInput as error:
        yield f"  {error}"
        return
    if made is None:
        return
    if made.onset:
        yield f"  it began at {at(made.onset)} UTC"
    for decoy in made.decoys:
        yield f"  harmless: {clean(decoy)}"


def _cause(given: Answered, taxonomy: Taxonomy) -> str:
    if given.verdict != "cause":
        return {"healthy": "nothing is wrong", "unknown": "it cannot be told", None: "no answer"}[
            given.verdict
        ]
    return clean(f"{given.component}: {taxonomy.title(given.fault)} ({given.fault})")


def _mark(given: Answered) -> str:
    return "" if given.right is None else "  ✓ right" if given.right else "  ✗ wrong"
