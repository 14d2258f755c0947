"""After the answer: what was recorded, what aitia says, and which of the facts behind both the person had looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, kw_only=True)
class Sides:
    """What stands side by side after the answer; of each the first line is the cause."""

    scenario: str
    recorded: tuple[str, ...]
    person: str
    aitia: tuple[str, ...]  # empty where it could not be asked
    run: str
    grounds: tuple[Ground, ...]

    def of(self, whose: str) -> list[Ground]:
        """The facts that an answer rests on."""
        return [ground for ground in self.grounds if ground.of == whose]


def sides(
    record: Record, scenario: Scenario, folder: Path, report: Report | None, taxonomy: Taxonomy
) -> Sides:
    """The debrief."""
    person = record.person
    gave = "gave up" if record.state == "gave_up" else _cause(person, taxonomy)
    sure = "" if person.probability is None else f" {chance(person.probability)}"
    hints = sum(look.hint for look in record.looks)
    helped = f", {count(hints, 'hint')}" if hints else ""
    return Sides(
        scenario=scenario.id,
        recorded=(_cause(recorded(scenario.expected), taxonomy), *_about(scenario.expected), *_made(folder)),
        person=f"{gave}{sure}{_mark(person)}  {duration(person.seconds)}, {count(person.looks, 'look')}{helped}",
        aitia=tuple(_of_aitia(record.aitia, report, taxonomy)) if record.aitia and report else (),
        run=record.aitia.run if record.aitia else "",
        grounds=record.grounds,
    )


def _about(expected: Expected) -> Iterator[str]:
    if expected.alternatives:
        yield f"also right: {'; '.join(f'{a.component} {a.fault}' for a in expected.alternatives)}"
    if expected.why:
        yield clean(expected.why)


def _of_aitia(given: Answered, report: Report, taxonomy: Taxonomy) -> Iterator[str]:
    took = f"{duration(given.seconds)}, {count(given.looks, 'look')}"
    yield f"{_cause(given, taxonomy)} {chance(report.probability)}{_mark(given)}  {took}"
    for sentence in report.chain:
        yield f"{clean(sentence.text)} [{', '.join(sentence.cites)}]"


def told(both: Sides) -> Iterator[str]:
    """The debrief as text, line by line."""
    cause, *more = both.recorded
    yield ""
    yield f"Recorded answer: {cause}  ({both.scenario})"
    yield from (f"  {line}" for line in more)
    yield f"You:    {both.person}"
    if both.aitia:
        cause, *more = both.aitia
        yield f"aitia:  {cause}"
        yield from (f"  {line}" for line in more)
    for of, title in (("answer", "The recorded answer rests on"), ("aitia", "aitia cites")):
        if mine := both.of(of):
            yield f"{title} ({sum(g.looked_at for g in mine)} of {len(mine)} looked at by you):"
            yield from (f"  {'✓' if g.looked_at else '–'} {g.text}" for g in mine)
    if both.run:
        yield f"The whole report: aitia report {both.run} --full"


def _made(folder: Path) -> Iterator[str]:
    """What the lab wrote down of how the incident came to be, where it was made by the lab."""
    try:
        made = made_of(folder)
    except BadInput as error:
        yield str(error)
        return
    if made is None:
        return
    if made.onset:
        yield f"it began at {at(made.onset)} UTC"
    for decoy in made.decoys:
        yield f"harmless: {clean(decoy)}"


def _cause(given: Answered, taxonomy: Taxonomy) -> str:
    if given.verdict != "cause":
        return {"healthy": "nothing is wrong", "unknown": "it cannot be told", None: "no answer"}[
            given.verdict
        ]
    return clean(f"{given.component}: {taxonomy.title(given.fault)} ({given.fault})")


def _mark(given: Answered) -> str:
    return "" if given.right is None else "  ✓ right" if given.right else "  ✗ wrong"
