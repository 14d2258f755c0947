"""Replay a scenario: diagnose it with its recorded clock, then score the report against the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aitia.agent.sentences.blamed import shown
from aitia.agent.sentences.verifier import Grounds, check, supported
from aitia.agent.taxonomy import covers
from aitia.agent.topology import Topology
from aitia.core.clock import RecordedClock
from aitia.core.events import Event
from aitia.core.llm import NO_READERS, Llm, Readers
from aitia.core.scenario import Expected, Needed, Scenario, load_scenario
from aitia.core.store import RunStore
from aitia.core.trust import confined
from aitia.core.words import Blame, Component, Evidence, Report, Sentence
from aitia.graphs.diagnose import diagnose
from aitia.graphs.state import Options, names_of
from aitia.tools.sources import open_sources


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """A scenario, the report that was made of it, and its score."""

    scenario: Scenario
    report: Report
    score: dict[str, Any]


def replay(
    folder: Path,
    *,
    home: Path,
    llm: Llm | None,
    options: Options,
    on_event: Callable[[Event], None] | None = None,
    model_note: str = "",
    readers: Readers = NO_READERS,
    trusted: bool = False,
) -> Replayed:
    """Diagnose a scenario folder anew and score it. The diagnosis never sees the answer.

    A scenario comes from elsewhere: unless it is `trusted` it may only name files below its folder. Raises Untrusted.
    """
    scenario = load_scenario(folder)
    root = folder if folder.is_dir() else folder.parent
    sources = scenario.sources if trusted else confined(scenario.sources, root)
    recorded = [s.model_dump(mode="json") for s in sources]
    sources_of = open_sources(sources, root)
    store = RunStore.create(home, meta={"sources": recorded, "root": str(root.resolve()), "trusted": trusted})
    report = diagnose(
        scenario.as_incident(),
        sources_of,
        store=store,
        llm=llm,
        readers=readers,
        options=options,
        clock=RecordedClock(scenario.now),
        components=scenario.components,
        on_event=on_event,
        model_note=model_note,
    )
    return Replayed(scenario=scenario, report=report, score=score(scenario, report))


def score(scenario: Scenario, report: Report) -> dict[str, Any]:
    """Right or wrong, the answer's rank, needed facts found, grounded sentences, calls and cost."""
    expected = scenario.expected
    found = [any(_is(e, need) for e in report.evidence) for need in expected.evidence]
    return {
        "id": scenario.id,
        "correct": _is_right(expected, report),
        "rank": _rank(expected, report),
        "verdict": report.verdict,
        "expected": expected.verdict,
        "component": report.component,
        "fault": report.fault,
        "probability": report.probability,
        "needed_found": f"{sum(found)}/{len(found)}",
        "grounded": grounded(report),
        "by_model": sum(s.by == "model" for s in (*report.summary, *report.chain)),
        "calls": report.cost.calls,
        "repeated_calls": report.cost.repeated_calls,
        "tokens": report.cost.prompt_tokens + report.cost.generated_tokens,
        "prompt_tokens": report.cost.prompt_tokens,
        "restored_tokens": report.cost.restored_tokens,
        "generated_tokens": report.cost.generated_tokens,
        "seconds": report.cost.seconds,
        "first_findings_s": report.cost.first_findings_s,
        "given_up": [g.why for g in report.given_up],
        "run": report.run,
    }


def _answers(expected: Expected) -> list[tuple[str, str]]:
    return [(expected.component, expected.fault), *((a.component, a.fault) for a in expected.alternatives)]


def _is_right(expected: Expected, report: Report) -> bool:
    if report.verdict != expected.verdict:
        return False
    components = report.inventory.components
    return expected.verdict != "cause" or accepted(expected, components, report.component, report.fault)


def accepted(expected: Expected, components: Sequence[Component], component: str, fault: str) -> bool:
    """Whether a pair names an accepted answer; a part and its whole are one component, a parent path must be listed."""
    topology = Topology(components)
    return any(component in topology.family(c) and covers(f, fault) for c, f in _answers(expected))


def _rank(expected: Expected, report: Report) -> int | None:
    """The place of the first accepted answer (or of `healthy`, `unknown`) among the report's suspects, from 1."""
    for place, suspect in enumerate(report.suspects, 1):
        if expected.verdict == "cause":
            components = report.inventory.components
            if suspect.component and accepted(expected, components, suspect.component, suspect.fault):
                return place
        elif not suspect.component and suspect.fault == expected.verdict:
            return place
    return None


def _is(evidence: Evidence, need: Needed) -> bool:
    return all(
        not wanted or wanted == got
        for wanted, got in (
            (need.component, evidence.component),
            (need.kind, evidence.kind),
            (need.aspect, evidence.aspect),
        )
    )


def grounded(report: Report) -> float:
    """The share of sentences whose every name, number and time is in the facts that they cite.

    A model's sentence is held against the facts as the verifier does it (its words were checked before print); the
    code's own wording may use words that no fact holds, so of it only quotes, citations, names, numbers and times are.
    """
    by_id = {e.id: e for e in report.evidence}
    sentences = [(s, "") for s in (*report.chain, *report.summary) if s.role != "verdict"]
    sentences += [(x.sentence, x.component) for x in report.ruled_out]
    held = [_grounded(s, by_id, report, subject) for s, subject in sentences]
    if report.change is not None:
        held.append(
            _identified(report.change, by_id)
            and _grounded(_without_ids(report.change, by_id), by_id, report, "")
        )
    return round(sum(held) / len(held), 4) if held else 1.0


def _identified(blame: Blame, by_id: dict[str, Evidence]) -> bool:
    """Whether each change that is named is one of a cited fact."""
    cited = {str(by_id[i].values.get("change_id") or i) for i in blame.sentence.cites if i in by_id}
    return set(blame.ids) <= cited


def _without_ids(blame: Blame, by_id: dict[str, Evidence]) -> Sentence:
    """The sentence without the ids and the dates of its facts, whose digits are no numbers."""
    text = blame.sentence.text
    for onset in (by_id[i].onset for i in blame.sentence.cites if i in by_id):
        text = text.replace(f" {onset:%Y-%m-%d} ", " ") if onset else text
    for change in blame.ids:
        text = text.replace(f" {shown(change)} ", " ")
    return blame.sentence.model_copy(update={"text": text})


def _grounded(sentence: Sentence, by_id: dict[str, Evidence], report: Report, subject: str) -> bool:
    """A ruled-out sentence may name its subject: the fact that rules it out can be another component's."""
    if not sentence.cites or not set(sentence.cites) <= set(by_id):
        return False
    facts: Sequence[Evidence] = [by_id[i] for i in sentence.cites]
    grounds = Grounds(facts=facts, names=names_of(report.inventory), excludes=subject)
    if sentence.by == "template":
        return not [r for r in supported(sentence.text, grounds) if r != f"names {subject}"]
    return not [r for r in check(sentence.text, grounds) if not r.startswith("the word")]
