"""The rules-only pipeline with one free summary: the model is asked for the whole report at once from the evidence."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aitia.agent.sentences.verifier import Grounds, check, supported
from aitia.agent.taxonomy import bundled
from aitia.agent.text import words
from aitia.core.llm import Completion, Llm, Prompt
from aitia.core.words import Evidence, Incident, Inventory, Report, SourceRef
from aitia.graphs.state import names_of

MAX_TOKENS, FACTS, LINE_CHARS = 260, 16, 200
SYSTEM = (
    "You are a site reliability engineer who writes incident reports. You are given the verdict and the numbered facts that "
    "were measured. Write the report: a summary of two sentences, then how one fact led to the next, then what is ruled "
    "out. Every sentence cites its facts in brackets, such as [E3]. Use only what the facts say, and plain sentences "
    "without headings or lists."
)


def write(report: Report, llm: Llm) -> tuple[str, Sequence[Evidence], Completion]:
    """The free summary of a report made without a model, the facts it was given, and its cost."""
    facts = _facts(report)
    lines = [f"Incident: {report.incident.title}. {report.incident.text}"]
    if report.verdict == "cause":
        lines.append(
            f"Verdict: {report.component}, {report.fault_title} ({round(100 * report.probability)} %)."
        )
    else:
        lines.append(f"Verdict: {report.verdict} ({round(100 * report.probability)} %).")
    lines += [f"[{e.id}] {e.statement[:LINE_CHARS]}" for e in facts]
    done = llm.complete(Prompt(system=SYSTEM, user="\n".join([*lines, "Report:"])), max_tokens=MAX_TOKENS)
    return done.text, facts, done


def _facts(report: Report) -> list[Evidence]:
    """What the verdict stands on first, then the strongest of the others, in the evidence's order."""
    top = next((s for s in report.suspects if s.component == report.component), None)
    cited = {c for s in (*report.summary, *report.chain) for c in s.cites}
    cited |= {c for x in report.ruled_out for c in x.sentence.cites} | set(top.supporting[:5] if top else ())
    ordered = sorted(report.evidence, key=lambda e: (e.id not in cited, -e.strength, e.id))
    kept = {e.id for e in ordered[:FACTS]}
    return [e for e in report.evidence if e.id in kept]


def alarm(incident: Incident) -> Evidence:
    """What was reported, as a fact: a summary may repeat it."""
    return Evidence(
        id="E0",
        component=incident.hints[0] if incident.hints else "",
        kind="incident.reported",
        aspect="other",
        statement=f"{incident.title}. {incident.text}",
        strength=0.0,
        source=SourceRef(source="alarm", query=""),
    )


def sentences(text: str) -> list[str]:
    """The sentences of a text, without list marks and labels; an unfinished last one is none."""
    found = []
    for line in text.splitlines():
        line = re.sub(r"^\s*(?:[-*#]+|\d+\.)\s*", "", line).replace("**", "").strip()
        found += [
            s.strip() for s in re.findall(r"[^.!?]+(?:[.!?](?![\s\"\])]|$)[^.!?]*)*[.!?][\"\])]*", line)
        ]
    return [s for s in found if len(s.split()) > 2]


def judged(text: str, facts: Sequence[Evidence], inventory: Inventory, fault: str = "") -> dict[str, object]:
    """How many sentences the verifier would print (`accepted`), and how many have each name, number and time in the facts.

    A sentence that cites is held against what it cites, any other against all the facts.
    """
    by_id, entry = {e.id: e for e in facts}, bundled().get(fault)
    # A summary must name the fault: it may use all words of its entry.
    lent = frozenset([*entry.words, *words(entry.title), *words(entry.explanation)] if entry else [])
    told: list[dict[str, object]] = []
    for sentence in sentences(text):
        cited = [by_id[i] for i in dict.fromkeys(re.findall(r"\bE\d+\b", sentence)) if i in by_id]
        grounds = Grounds(facts=cited or facts, names=names_of(inventory), vocabulary=lent)
        told.append(
            {
                "text": sentence,
                "refused": check(sentence, grounds),
                "unsupported": supported(sentence, grounds),
            }
        )
    return {
        "sentences": len(told),
        "accepted": sum(not t["refused"] for t in told),
        "supported": sum(not t["unsupported"] for t in told),
        "told": told,
    }
