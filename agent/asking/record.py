"""What a run's report holds, as lines that an answer may cite: its facts, and what was concluded from them."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Final

from aitia.agent.asking.answer import Citation
from aitia.agent.asking.lookup import roots
from aitia.agent.sentences.verifier import Grounds, supported
from aitia.agent.taxonomy import Taxonomy
from aitia.agent.topology import Topology
from aitia.core.percent import chance
from aitia.core.words import NOT_SEEN, Contribution, Evidence, Report, SourceRef, Suspect

_OF_FACT: Final = re.compile(r"\bsee E\d+\b")
_MARKS: Final = dict.fromkeys(map(ord, '"\u201c\u201d\u201e\u201f`'), "'")
_MEASURED: Final = ("metric.", "log.", "vibration.", "signal.", "trace.")


class Record:
    """The lines of one report by id: E facts, S suspects, X ruled out, M mitigations, N next checks, C calls, H sources,
    T timeline, V the verdict, I the alarm.
    """

    def __init__(self, report: Report, taxonomy: Taxonomy) -> None:
        self.report, self.taxonomy = report, taxonomy
        self.topology = Topology(report.inventory.components)
        self.names = frozenset(n for c in report.inventory.components for n in (c.id, *c.aliases))
        self.lines: dict[str, Evidence] = {e.id: e for e in (*report.evidence, *_concluded(report, taxonomy))}
        seen = Counter(t for e in self.lines.values() for t in set(roots(e.statement)))
        self._rarity = {t: math.log(1 + len(self.lines) / n) for t, n in seen.items()}
        self.suspects = dict(
            zip((f"S{n}" for n in range(1, 1 + len(report.suspects))), report.suspects, strict=True)
        )

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """All terms that the report has ever heard of: its lines, the kinds of faults that were weighed, the names."""
        titles = " ".join(
            f"{self.taxonomy.title(s.fault)} {s.fault.replace('.', ' ')}" for s in self.report.suspects
        )
        text = " ".join(line.statement for line in self.lines.values())
        return frozenset(roots(f"{text} {titles} {' '.join(self.names)}"))

    def measured(self, components: Iterable[str]) -> bool:
        """Whether any telemetry of one of these components itself was seen."""
        family = {f for c in components for f in self.topology.family(c)}
        return any(e.component in family and e.kind.startswith(_MEASURED) for e in self.report.evidence)

    def of(self, letter: str) -> list[Evidence]:
        """The lines of one sort, in order."""
        return [line for id, line in self.lines.items() if id[0] == letter]

    def rarity(self, term: str) -> float:
        """How rare a term is among the lines; 0 for one that none holds."""
        return self._rarity.get(term, 0.0)

    def refused(self, text: str, cites: Iterable[str]) -> list[str]:
        """Why a sentence may not be said with these citations: a quote, number, time or name that none of them holds."""
        facts = [self.lines[i] for i in cites if i in self.lines]
        if not facts:
            return ["cites nothing"]
        # A line of the report names whom it is about; so do the facts that it rests on.
        return supported(text, Grounds(facts=facts, names=self.names))

    def citation(self, id: str) -> Citation:
        """A line as it is shown under an answer."""
        line = self.lines[id]
        return Citation(
            id=id,
            text=line.statement,
            source=line.source.source,
            query=line.source.query,
            path=line.source.path,
            lines=line.source.lines,
        )


def _line(
    id: str,
    statement: str,
    *,
    component: str = "",
    strength: float = 0.5,
    where: str = "report",
    fact: Evidence | None = None,
) -> Evidence:
    return Evidence(
        id=id,
        component=component,
        kind="report",
        aspect="report",
        statement=statement,
        strength=strength,
        source=fact.source if fact else SourceRef(source="report", query=where),
        onset=fact.onset if fact else None,
        taint=True,
    )


def _said(text: str) -> str:
    """What an alarm says, in quotation marks that nothing within can close: it is none of ours."""
    return '"' + " ".join(text.translate(_MARKS).split()) + '"'


def _concluded(report: Report, taxonomy: Taxonomy) -> Iterator[Evidence]:
    by_id = {e.id: e for e in report.evidence}
    said = next((s.text for s in report.summary if s.role == "verdict"), report.verdict)
    yield _line("V1", f"{said} The verdict is {report.verdict} with a probability of {chance(report.probability)}.",
                component=report.component, strength=report.probability, where="verdict")  # fmt: skip
    incident = report.incident
    labels = ", ".join(f"{k} {_said(v)}" for k, v in sorted(incident.labels.items()))
    title, told = incident.title.strip().rstrip("."), incident.text.strip().rstrip(".")
    text = told if told.casefold().startswith(title.casefold()) else f"{title}. {told}".strip(". ")
    yield _line("I1", f"The alarm began at {incident.started_at:%H:%M:%S} UTC on {incident.started_at:%Y-%m-%d}: {_said(text)}."
                + (f" Its labels: {labels}." if labels else ""), where="incident")  # fmt: skip
    for n, s in enumerate(report.suspects, 1):
        yield _line(
            f"S{n}",
            _suspect(s, taxonomy),
            component=s.component,
            strength=s.probability,
            where=f"suspects[{n - 1}]",
        )
    for n, x in enumerate(report.ruled_out, 1):
        yield _line(f"X{n}", x.sentence.text, component=x.component, where=f"ruled_out[{n - 1}]",
                    fact=by_id.get(x.sentence.cites[-1]) if x.sentence.cites else None)  # fmt: skip
    for n, m in enumerate(report.mitigations, 1):
        does = "changes something" if m.effect == "changing" else "only looks"
        command = f" Command: {m.command}." if m.command else ""
        when = "Now" if m.when == "now" else "To prevent a recurrence"
        yield _line(
            f"M{n}",
            f"{when}: {m.text.rstrip('.')}.{command} ({m.source}; {does})",
            where=f"mitigations[{n - 1}]",
        )
    for n, c in enumerate(report.next_checks, 1):
        text = _OF_FACT.sub("see the fact", c.text).rstrip(".")  # an id in a line would be a citation of it
        look = f" To look: next {n}" if c.query else ""
        by = f" Check with: {c.command}" if c.command else look
        yield _line(f"N{n}", f"{text}.{by}", where=f"next_checks[{n - 1}]")
    for n, call in enumerate(report.calls, 1):
        args = " ".join(f"{k}={v}" for k, v in sorted(call.args.items()))
        what = "" if call.status == "ok" else f" ({call.status.replace('_', ' ')})"
        told = f": {call.message.rstrip('.')}" if call.message else ""
        yield _line(
            f"C{n}",
            f"{call.tool} {args}".strip() + f"{what}{told}. Query: {call.query}",
            where=f"calls[{n - 1}]",
        )
    for n, h in enumerate(report.inventory.holdings, 1):
        note = f"; {h.note}" if h.note else ""
        yield _line(
            f"H{n}",
            f"Source {h.source} ({h.kind}) has {h.count} entries{note}.",
            where=f"inventory.holdings[{n - 1}]",
        )
    for n, t in enumerate(report.timeline, 1):
        yield _line(
            f"T{n}",
            f"{t.at:%H:%M:%S} UTC: {t.text}",
            component=t.component,
            where=f"timeline[{n - 1}]",
            fact=by_id.get(t.evidence),
        )


def _suspect(suspect: Suspect, taxonomy: Taxonomy) -> str:
    title = taxonomy.title(suspect.fault)
    if not suspect.component:
        what = "“Nothing is wrong”" if suspect.fault == "healthy" else "“An unknown cause”"
        return f"{what} has a probability of {chance(suspect.probability)}."
    spoken = [
        f"{'For' if sign > 0 else 'Against'} it: {'; '.join(_told(c) for c in lines)}."
        for sign in (1, -1)
        if (lines := weighed(suspect, sign))
    ]
    return " ".join(
        [f"{suspect.component} ({title}) has a probability of {chance(suspect.probability)}.", *spoken]
    )


def weighed(suspect: Suspect, sign: int, least: float = 0.3) -> list[Contribution]:
    """The lines of a suspect's ledger that speak for (+1) or against (-1) it, the heaviest first; the prior left out."""
    mine = [c for c in suspect.ledger if c.log_odds * sign > least and c.term != "prior"]
    return sorted(mine, key=lambda c: -abs(c.log_odds))


def _told(line: Contribution) -> str:
    cites = ", ".join(i for i in (line.evidence, line.other) if i)
    return f"{line.why} ({cites})" if cites else line.why


def unseen(report: Report) -> list[str]:
    """What could not be seen, as calls and sources say it."""
    return [c.message.partition(NOT_SEEN)[2] for c in report.calls if NOT_SEEN in c.message]
