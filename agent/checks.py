"""What a person should measure next: what would part the likeliest suspects, what must go back, what is not connected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from aitia.agent.gated import look_at
from aitia.agent.planning.separate import Missing, missing, two_best
from aitia.agent.taxonomy import Taxonomy
from aitia.agent.topology import Topology
from aitia.agent.weigher import Weighed
from aitia.core.aspects import CHANGE, LOG, MEMORY, METRIC, RANK, VIBRATION
from aitia.core.commands import spoken
from aitia.core.words import Evidence, Inventory, NextCheck, Suspect

MOST: Final = 5
_APART, _WATCHED, _UNSEEN = 2, 2, 3  # checks of each sort
_PLAIN_CASE: Final = 0.9  # probability of a cause from which on its rival is not asked about
_WEIGHTY: Final = 1.0  # log-odds that a measurement must be able to move
_WORDS: Final = {
    "io": "disk I/O", "cpu": "CPU use", "disk": "free disk space", "errors": "share of failed requests",
    "latency": "response time", "network": "network errors", "queue": "queue length", "restart": "number of restarts",
    "connections": "open connections", "availability": "availability", "file_descriptors": "open files",
}  # fmt: skip


def next_checks(
    weighed: Weighed, evidence: Sequence[Evidence], inventory: Inventory, taxonomy: Taxonomy
) -> list[NextCheck]:
    """What to measure or mend next, most useful first; of a plain cause what must go back once a step was taken."""
    names = {n for c in inventory.components for n in (c.id, *c.aliases)}
    names |= {n for e in evidence for n in (e.component, e.peer) if n}
    broken = [
        NextCheck(text=f"Fix source {h.source}: {h.note}", command="aitia doctor")
        for h in inventory.holdings
        if h.note and not h.count
    ]
    apart = list(_apart(weighed, evidence, inventory, taxonomy))
    cause = weighed.verdict == "cause"
    seen = [look_at(f, names, _lead(f, cause)) for f in _facts_of_top(weighed, evidence)]
    if cause:
        return [*apart, *seen, *broken][:MOST]
    return [*broken, *apart, *_unseen(evidence, inventory), *seen][:MOST]


def _apart(
    weighed: Weighed, evidence: Sequence[Evidence], inventory: Inventory, taxonomy: Taxonomy
) -> Iterable[NextCheck]:
    """Measurements that nobody made and that would tell the two likeliest suspects from each other."""
    if weighed.verdict == "healthy" or (weighed.verdict == "cause" and weighed.probability >= _PLAIN_CASE):
        return
    pair = two_best([s for s in weighed.suspects if s.fault != "unspecified"])
    read = {c for h in inventory.holdings if h.kind == "logs" for c in h.components}
    wanted = missing(pair, taxonomy, evidence, Topology(inventory.components))
    made: dict[tuple[str, str], NextCheck] = {}
    for m in sorted(wanted, key=lambda m: (-m.weight, m.aspect)):
        place = _place(m, pair)
        if m.weight < _WEIGHTY or (m.aspect in LOG and m.places & read):
            continue  # of logs that were read it is known that they do not say so
        if how := _measuring(m.aspect, place):
            text = (
                f"{how}: this would distinguish {_named(pair[0], pair, taxonomy)} from "
                f"{_named(pair[1], pair, taxonomy)}"
            )
            made.setdefault((place, m.aspect), NextCheck(text=text))
    yield from list(made.values())[:_APART]


def _place(wanted: Missing, pair: Sequence[Suspect]) -> str:
    """Where to measure: at a suspect, else at the first by name of those where it would show."""
    return next((s.component for s in pair if s.component in wanted.places), min(wanted.places))


def _measuring(aspect: str, place: str) -> str:
    """How a person makes a fact of this aspect; "" for what is not measured."""
    if aspect in METRIC or aspect in VIBRATION:
        what = aspect.replace("_", " ").replace("vibration.", "vibration at ")
        return f"Measure the {_WORDS.get(aspect, what)} of {spoken(place)}"
    if aspect in LOG:
        return f"Search the logs of {spoken(place)} for “{aspect.removeprefix('log.').replace('_', ' ')}”"
    return ""


def _named(suspect: Suspect, pair: Sequence[Suspect], taxonomy: Taxonomy) -> str:
    title = taxonomy.title(suspect.fault)
    if len({s.component for s in pair}) == 1:
        return title
    return f"{spoken(suspect.component)} ({title})"


def _lead(fact: Evidence, cause: bool) -> str:
    if not cause:
        return "Look here first"
    return (
        f"After the step, check that this {'stops' if fact.kind.startswith('log.') else 'returns to normal'}"
    )


def _facts_of_top(weighed: Weighed, evidence: Sequence[Evidence]) -> list[Evidence]:
    """What was observed that speaks most for the cause, or for the likeliest suspect where there is no cause."""
    by_id = {
        e.id: e
        for e in evidence
        if e.aspect not in RANK | CHANGE | MEMORY and e.direction not in ("steady", "none")
    }
    named = [s for s in weighed.suspects if s.component and s.component == (weighed.component or s.component)]
    facts = [by_id[i] for i in named[0].supporting if i in by_id] if named else []
    facts.sort(key=lambda f: f.kind.startswith("log."))  # a number tells sooner than the absence of a line
    return list({(f.component, f.aspect): f for f in reversed(facts)}.values())[::-1][:_WATCHED]


def _unseen(evidence: Sequence[Evidence], inventory: Inventory) -> list[NextCheck]:
    """Components of which no telemetry was seen, the first three by name."""
    seen = {e.component for e in evidence if e.component}
    unseen = [c.id for c in inventory.components if c.id not in seen][:_UNSEEN]
    return [
        NextCheck(text=f"Add metrics or logs for {spoken(c)}: none were found", command="aitia init")
        for c in unseen
    ]
