"""The words of incidents: FTS5 finds candidates, a smoothed BM25 says how much of a query each of them holds."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeVar

from aitia.core.lexical import K1, B, bm25_idf
from aitia.core.state import Session
from aitia.tools.memory.schema import meta, set_meta
from aitia.tools.memory.terms import terms

T = TypeVar("T")
STRONG: Final = 2.0  # a word of title, symptoms or component counts twice
MAX_TERMS: Final = 40  # of a query, the rarest ones
POSTINGS: Final = (
    6_000  # that one query reads: its rarest terms come first, which bounds the time at any size
)
OTHERS: Final = 50


def add(db: Session, rows: Sequence[tuple[int, str, str]]) -> None:
    """Index (number, strong text, rest) of new incidents; within the caller's transaction."""
    made = [(number, terms(strong), terms(rest)) for number, strong, rest in rows]
    db.executemany(
        "INSERT INTO words (rowid, strong, rest) VALUES (?, ?, ?)",
        ((number, " ".join(strong), " ".join(rest)) for number, strong, rest in made),
    )
    _count(db, (set(strong) | set(rest) for _, strong, rest in made), 1)
    _lengthen(db, sum(len(strong) + len(rest) for _, strong, rest in made))


def drop(db: Session, numbers: Sequence[int]) -> None:
    """Take incidents out of the index; within the caller's transaction."""
    held = _held(db, numbers)
    _count(db, (set(strong) | set(rest) for strong, rest in held.values()), -1)
    _lengthen(db, -sum(len(strong) + len(rest) for strong, rest in held.values()))
    db.executemany("DELETE FROM words WHERE rowid = ?", ((number,) for number in numbers))


def merge(db: Session) -> None:
    """Make one segment of all: quicker to ask, and what was dropped is no longer anywhere in it."""
    if isinstance(db, sqlite3.Connection):
        db.execute("INSERT INTO words (words) VALUES ('optimize')")


def empty(db: Session) -> None:
    """Forget all; within the caller's transaction."""
    db.execute("DELETE FROM words")
    db.execute("DELETE FROM frequency")
    set_meta(db, "terms", "0")


def candidates(
    db: Session,
    weights: Mapping[str, float],
    counts: Mapping[str, int],
    before: float | None,
    top: int,
) -> list[int]:
    """The best incidents by FTS5's bm25. Terms are quoted: nothing of a text is taken for a query's syntax."""
    asked = _affordable(weights, counts)
    if not asked:
        return []
    if not isinstance(db, sqlite3.Connection):
        return _on_server(db, {term: weights[term] for term in asked}, before, top)
    match = " OR ".join(f'"{term}"' for term in asked)
    rank = f"bm25(words, {STRONG}, 1.0)"
    if before is None:
        query = f"SELECT rowid FROM words WHERE words MATCH ? ORDER BY {rank}, rowid LIMIT ?"
        return [int(n) for (n,) in db.execute(query, (match, top))]
    query = (
        "SELECT i.number FROM words JOIN incidents AS i ON i.number = words.rowid WHERE words MATCH ?"
        f" AND (i.ended IS NULL OR i.ended < ?) ORDER BY {rank}, i.number LIMIT ?"
    )
    return [int(n) for (n,) in db.execute(query, (match, before, top))]


def _on_server(db: Session, weights: Mapping[str, float], before: float | None, top: int) -> list[int]:
    """The same where there is no FTS5: rows that hold a term by its index, ranked by our own BM25."""
    query = (
        "SELECT w.rowid, w.strong, w.rest FROM words AS w JOIN incidents AS i ON i.number = w.rowid"
        " WHERE string_to_array(w.strong || ' ' || w.rest, ' ') && ?::text[] AND (i.ended IS NULL OR i.ended < ?)"
    )
    found = db.execute(query, (list(weights), 1e18 if before is None else before)).fetchall()
    size = int(db.execute("SELECT count(*) FROM incidents").fetchone()[0])
    usual = max(1.0, float(meta(db, "terms", "0")) / max(1, size))
    told = {number: _told(weights, strong.split(), rest.split(), usual) for number, strong, rest in found}
    return sorted(told, key=lambda number: (-told[number], number))[:top]


def _affordable(weights: Mapping[str, float], counts: Mapping[str, int]) -> list[str]:
    asked: list[str] = []
    read = 0
    for term in sorted(weights, key=lambda t: (counts.get(t, 0), t)):
        read += counts.get(term, 0)
        if counts.get(term, 0) and (not asked or read <= POSTINGS):
            asked.append(term)
    return asked


def query_terms(db: Session, text: str, size: int) -> tuple[dict[str, float], dict[str, int]]:
    """The query's rarest terms with their idf, and in how many incidents each of them is."""
    asked = sorted(set(terms(text)))
    counts: dict[str, int] = {}
    for some in chunks(asked):
        marks = ",".join("?" * len(some))
        counts |= dict(db.execute(f"SELECT term, n FROM frequency WHERE term IN ({marks})", some))
    weights = {term: idf(counts.get(term, 0), size) for term in asked}
    kept = sorted(asked, key=lambda t: (-weights[t], t))[:MAX_TERMS]
    return {t: weights[t] for t in kept}, counts


def idf(n: int, size: int) -> float:
    """How much is said by a term that `n` of `size` incidents have, as if `OTHERS` more had been seen without it.

    In a young store that holds one kind of incident its words would otherwise say nothing.
    """
    return bm25_idf(n, size + OTHERS)


def shares(db: Session, weights: Mapping[str, float], numbers: Sequence[int], size: int) -> dict[int, float]:
    """How much of what the query says each incident holds: 0..1, the saturated BM25 over its most."""
    whole = sum(weights.values())
    if not whole or not size:
        return {}
    usual = max(1.0, float(meta(db, "terms", "0")) / size)
    return {
        number: min(1.0, _told(weights, strong, rest, usual) / whole)
        for number, (strong, rest) in _held(db, numbers).items()
    }


def _told(weights: Mapping[str, float], strong: list[str], rest: list[str], usual: float) -> float:
    often: dict[str, float] = {**Counter(rest)}
    for term in strong:
        often[term] = often.get(term, 0.0) + STRONG
    damped = K1 * (1.0 - B + B * (len(strong) + len(rest)) / usual)
    told = 0.0
    for term, weight in weights.items():
        if count := often.get(term):
            told += weight * min(1.0, (K1 + 1.0) * count / (count + damped))
    return told


def _held(db: Session, numbers: Sequence[int]) -> dict[int, tuple[list[str], list[str]]]:
    found: dict[int, tuple[list[str], list[str]]] = {}
    for some in chunks(numbers):
        marks = ",".join("?" * len(some))
        for number, strong, rest in db.execute(
            f"SELECT rowid, strong, rest FROM words WHERE rowid IN ({marks})", some
        ):
            found[number] = (strong.split(), rest.split())
    return found


def _count(db: Session, documents: Iterable[set[str]], by: int) -> None:
    changed = Counter(term for document in documents for term in document)
    db.executemany(
        "INSERT INTO frequency (term, n) VALUES (?, ?) ON CONFLICT (term) DO UPDATE SET n = frequency.n + excluded.n",
        ((term, by * n) for term, n in sorted(changed.items())),
    )
    if by < 0:
        db.executemany("DELETE FROM frequency WHERE term = ? AND n <= 0", ((term,) for term in changed))


def _lengthen(db: Session, by: int) -> None:
    set_meta(db, "terms", str(max(0, int(meta(db, "terms", "0")) + by)))


def chunks(values: Sequence[T], size: int = 500) -> Iterable[list[T]]:
    """The values in lists that one SQL statement can take."""
    return (list(values[start : start + size]) for start in range(0, len(values), size))
