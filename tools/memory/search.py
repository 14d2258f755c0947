"""The search of the store: candidates by words, meaning and evidence, cut by time, then one fused similarity each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from aitia.core.state import Session
from aitia.tools.memory import evidence_index, fusion, words_index
from aitia.tools.memory.meaning import Meaning
from aitia.tools.memory.words import Match, PastIncident, Query, Why, known_by

CANDIDATES: Final = 200  # of each way of finding them
FIRST: Final = 50  # of each way are compared in full, and those that two ways found
COMPARED: Final = 24  # of those that meaning did not find itself are compared by meaning
WIDER: Final = 2000  # nearest texts that are asked for where the time cut leaves few
_COLUMNS: Final = "number, id, run, at, ended, component, moved, text_hash"


@dataclass(kw_only=True)
class _Candidate:
    """What the fusion needs of an incident, without its texts."""

    number: int
    id: str
    run: str
    at: float | None
    ended: float | None
    component: str
    moved: tuple[str, ...]
    text_hash: str
    why: dict[Why, float] = field(default_factory=dict)


def search(db: Session, meaning: Meaning, query: Query, *, top: int) -> list[Match]:
    """The similar incidents, best first; [] where none is similar enough."""
    size = int(db.execute("SELECT count(*) FROM incidents").fetchone()[0])
    if not size or top < 1:
        return []
    before = _cut(db, query.before)
    weights, counts = words_index.query_terms(db, query.text, size)
    ways = [
        words_index.candidates(db, weights, counts, before, CANDIDATES),
        evidence_index.candidates(db, query.fingerprint, before, CANDIDATES, size),
    ]
    near = meaning.nearest(query.text, CANDIDATES) if query.text.strip() else None
    cosines = near[1] if near else {}
    close = _load(db, "text_hash", list(cosines))
    if near and before is not None and sum(_early(c, before) for c in close.values()) < CANDIDATES // 4:
        wider = meaning.nearest(query.text, WIDER)
        cosines = wider[1] if wider else cosines
        close = _load(db, "text_hash", list(cosines))
    close = {n: c for n, c in close.items() if _early(c, before)}
    ways.append(sorted(close, key=lambda n: (-cosines[close[n].text_hash], n)))
    kept = _shortlist(ways)
    pool = {n: close[n] for n in kept if n in close} | _load(
        db, "number", [n for n in kept if n not in close]
    )
    apart = {*query.exclude} - {""}
    pool = {n: c for n, c in sorted(pool.items()) if not {c.id, c.run} & apart}
    _compare(db, pool, query, weights, size)
    facts = len(query.fingerprint)
    if near:
        far = [c for c in pool.values() if c.text_hash not in cosines]
        far = sorted(far, key=lambda c: (-fusion.content(c.why, facts), c.number))
        cosines = {**cosines, **meaning.cosines(near[0], [c.text_hash for c in far[:COMPARED]])}
        for c in far[COMPARED:]:  # the weaker ones by words and evidence, and not near by meaning
            del pool[c.number]
        for c in pool.values():
            if c.text_hash in cosines:
                c.why["meaning"] = fusion.meaning(cosines[c.text_hash])
    return _best(db, pool, query, top)


def _shortlist(ways: Sequence[Sequence[int]]) -> list[int]:
    """The first of each way, and whatever two ways found."""
    times = Counter(n for way in ways for n in way)
    return sorted({n for way in ways for place, n in enumerate(way) if place < FIRST or times[n] > 1})


def _cut(db: Session, before: datetime | None) -> float | None:
    """The moment as epoch seconds; None where all incidents are over by then, so that no query has to ask."""
    if before is None:
        return None
    newest = db.execute("SELECT max(ended) FROM incidents").fetchone()[0]
    return None if newest is None or newest < before.timestamp() else before.timestamp()


def _early(candidate: _Candidate, before: float | None) -> bool:
    return before is None or candidate.ended is None or candidate.ended < before


def _load(db: Session, column: str, keys: Sequence[int | str]) -> dict[int, _Candidate]:
    found: dict[int, _Candidate] = {}
    for some in words_index.chunks(keys):
        marks = ",".join("?" * len(some))
        for number, id, run, at, ended, component, moved, text_hash in db.execute(
            f"SELECT {_COLUMNS} FROM incidents WHERE {column} IN ({marks})", some
        ):
            found[number] = _Candidate(
                number=number,
                id=id,
                run=run,
                at=at,
                ended=ended,
                component=component,
                moved=tuple(moved.split("\n")) if moved else (),
                text_hash=text_hash,
            )
    return found


def _compare(
    db: Session,
    pool: Mapping[int, _Candidate],
    query: Query,
    weights: Mapping[str, float],
    size: int,
) -> None:
    """Every part but meaning, of every candidate."""
    words = words_index.shares(db, weights, list(pool), size)
    held = {n: (c.moved, c.component) for n, c in pool.items()}
    evidence = evidence_index.likenesses(db, query.fingerprint, held, size)
    now = query.before or datetime.now(tz=UTC)
    for number, c in pool.items():
        if weights:
            c.why["words"] = words.get(number, 0.0)
        if number in evidence:
            c.why["evidence"] = evidence[number]
        if query.component:
            c.why["component"] = fusion.component(query.component, c.component, c.moved)
        if c.at is not None:
            c.why["recent"] = fusion.recent(datetime.fromtimestamp(c.at, tz=UTC), now)


def _best(db: Session, pool: Mapping[int, _Candidate], query: Query, top: int) -> list[Match]:
    facts = len(query.fingerprint)
    scored = [(round(fusion.fused(c.why, facts), 4), c) for c in pool.values()]
    ordered = sorted(
        (pair for pair in scored if pair[0] > 0), key=lambda p: (-p[0], -(p[1].at or 0.0), p[1].id)
    )
    best: list[Match] = []
    for similarity, c in ordered:
        (body,) = db.execute("SELECT body FROM incidents WHERE number = ?", (c.number,)).fetchone()
        incident = PastIncident.model_validate_json(body)
        began = incident.at is None or query.before is None or incident.at < query.before
        if began and known_by(incident, query.before):
            why: dict[Why, float] = {part: round(score, 3) for part, score in c.why.items()}
            best.append(Match(incident=incident, similarity=similarity, why=why))
        if len(best) == top:
            break
    return best
