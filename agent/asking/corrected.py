"""What a correction changed: two reports of one run, told in three lines rather than as the whole report again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from aitia.agent.asking.answer import Answer, Reply
from aitia.agent.asking.record import Record
from aitia.agent.corrections import without_done
from aitia.agent.taxonomy import Taxonomy
from aitia.core.aspects import RANK
from aitia.core.percent import chance
from aitia.core.words import Incident, Report, Suspect

_MOST: Final = 3  # suspects that are told
_LEAST: Final = 0.05  # of a probability: a suspect that never had it is not told
_MOVED: Final = 0.005  # by how much a probability must differ to be told as moved


def what_changed(before: Report, after: Report, taxonomy: Taxonomy) -> Answer:
    """The answer to a correction: who is first now and who was, what still speaks for it, what is to do next."""
    record = Record(after, taxonomy)
    replies = (*_ranks(before, after, taxonomy), *_still(after), *_next(before, after))
    cites = dict.fromkeys(c for r in replies for c in r.cites)
    said = after.incident.corrections[-1].text if after.incident.corrections else ""
    return Answer(
        run=after.run,
        question=said,
        status="answered",
        sure=1.0,
        replies=replies,
        citations=tuple(record.citation(c) for c in cites if c in record.lines),
    )


def is_corrected(before: Incident, after: Incident) -> bool:
    """Whether a revision differs by a correction from the one before."""
    return len(after.corrections) > len(before.corrections)


def _ranks(before: Report, after: Report, taxonomy: Taxonomy) -> Iterator[Reply]:
    said = tuple(e.id for e in after.evidence if e.kind.startswith("person.") and not e.tool)[-1:]
    if not after.suspects:
        yield Reply(text="After your correction nothing is suspected any more.", cites=said or ("V1",))
        return
    first, *rest = after.suspects
    old = before.suspects[0] if before.suspects else None
    stays = old is not None and (old.component, old.fault) == (first.component, first.fault)
    head = f"{_named(first, taxonomy)}: {_moved(first, before)}, {'still first' if stays else 'now first'}"
    lost = next(
        (s for s in rest if old and not stays and (s.component, s.fault) == (old.component, old.fault)), None
    )
    others = [s for s in rest if s is not lost and max(s.probability, _was(s, before) or 0.0) >= _LEAST]
    told = [*([lost] if lost else []), *others][: _MOST - 1]
    more = "; ".join([head, *(f"{_named(s, taxonomy)}: {_moved(s, before)}" for s in told)])
    verdict = (
        ""
        if before.verdict == after.verdict
        else f" The verdict is {after.verdict} now, {before.verdict} before."
    )
    yield Reply(text=f"{more}.{verdict}", cites=("V1", *said))


def _still(after: Report) -> Iterator[Reply]:
    """What still speaks for the first suspect: its strongest fact that is no word of a person."""
    facts = {e.id: e for e in after.evidence}
    first = after.suspects[0] if after.suspects else None
    told = [facts[i] for i in first.supporting if i in facts] if first and first.component else []
    best = next((e for e in told if e.aspect not in RANK), None) or next(iter(told), None)
    if best is not None:
        yield Reply(text=f"For it still: {best.statement}", cites=(best.id,))


def _next(before: Report, after: Report) -> Iterator[Reply]:
    """What to do now, or to check where nothing is; and what is no longer proposed, since it was done or would undo nothing."""
    now = next((m for m in after.mitigations if m.when == "now"), None)
    if now is not None:
        yield Reply(text=f"Now: {now.text}", cites=("M1",))
    elif after.next_checks:
        yield Reply(text=f"Check next: {after.next_checks[0].text}", cites=("N1",))
    kept = {m.text for m in without_done(before.mitigations, after.incident)}
    dropped = [m.text for m in before.mitigations if m.text not in kept]
    if dropped:
        yield Reply(text=f"No longer proposed: {dropped[0]}", cites=("V1",))


def _named(suspect: Suspect, taxonomy: Taxonomy) -> str:
    return (
        f"{suspect.component} ({taxonomy.title(suspect.fault)})"
        if suspect.component
        else "a cause that is not seen here"
    )


def _moved(suspect: Suspect, before: Report) -> str:
    was = _was(suspect, before)
    if was is None or abs(was - suspect.probability) < _MOVED:
        return chance(suspect.probability)
    return f"{chance(was)} → {chance(suspect.probability)}"


def _was(suspect: Suspect, before: Report) -> float | None:
    return next(
        (
            s.probability
            for s in before.suspects
            if (s.component, s.fault) == (suspect.component, suspect.fault)
        ),
        None,
    )
