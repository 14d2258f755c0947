"""The evidence of incidents: which facts moved, found by token and compared by an overlap that rare tokens weigh in."""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from aitia.tools.memory.words_index import chunks, idf

ELSEWHERE: Final = 0.4  # of a match: the same kind, aspect and direction, at another component
POSTINGS: Final = 6_000  # that one query reads, rarest tokens first
_ANY: Final = "|*"  # stands for the component in the token of a sign that is looked for anywhere


def add(db: sqlite3.Connection, rows: Sequence[tuple[int, Sequence[str]]]) -> None:
    """Index (number, fingerprint) of new incidents; within the caller's transaction."""
    found = {number: _with_signs(tokens) for number, tokens in rows}
    counts = Counter(token for tokens in found.values() for token in tokens)
    db.executemany(
        "INSERT INTO tokens (token, n) VALUES (?, ?) ON CONFLICT (token) DO UPDATE SET n = n + excluded.n",
        sorted(counts.items()),
    )
    numbers = {token: number for token, (number, _) in _known(db, list(counts)).items()}
    db.executemany(
        "INSERT OR IGNORE INTO moved (token, incident) VALUES (?, ?)",
        sorted((numbers[token], incident) for incident, tokens in found.items() for token in tokens),
    )


def drop(db: sqlite3.Connection, numbers: Sequence[int]) -> None:
    """Take incidents out of the index; within the caller's transaction, before their rows are deleted."""
    for some in chunks(numbers):
        marks = ",".join("?" * len(some))
        counts = Counter(
            token for (token,) in db.execute(f"SELECT token FROM moved WHERE incident IN ({marks})", some)
        )
        db.execute(f"DELETE FROM moved WHERE incident IN ({marks})", some)
        db.executemany(
            "UPDATE tokens SET n = n - ? WHERE number = ?", ((n, token) for token, n in counts.items())
        )
        db.executemany("DELETE FROM tokens WHERE number = ? AND n <= 0", ((token,) for token in counts))


def empty(db: sqlite3.Connection) -> None:
    """Forget all; within the caller's transaction."""
    db.execute("DELETE FROM moved")
    db.execute("DELETE FROM tokens")


def candidates(
    db: sqlite3.Connection, fingerprint: Sequence[str], before: float | None, top: int, size: int
) -> list[int]:
    """The incidents that share most of what moved, by the idf of the shared tokens and signs."""
    known = sorted(
        _known(db, sorted(_with_signs(fingerprint))).items(), key=lambda pair: (pair[1][1], pair[0])
    )
    scores: dict[int, float] = {}
    read = 0
    for token, (number, n) in known:
        read += n
        if scores and read > POSTINGS:
            break
        weight = idf(n, size) * (ELSEWHERE if token.endswith(_ANY) else 1.0)
        query = "SELECT incident FROM moved WHERE token = ?"
        given: tuple[float, ...] = (number,)
        if before is not None:
            query = (
                "SELECT m.incident FROM moved AS m JOIN incidents AS i ON i.number = m.incident"
                " WHERE m.token = ? AND (i.ended IS NULL OR i.ended < ?)"
            )
            given = (number, before)
        for (incident,) in db.execute(query, given):
            scores[incident] = scores.get(incident, 0.0) + weight
    return sorted(scores, key=lambda n: (-scores[n], n))[:top]


def overlaps(
    db: sqlite3.Connection, asked: Sequence[str], held: Mapping[int, Sequence[str]], size: int
) -> dict[int, float]:
    """How alike the evidence is, 0..1, of the incidents that have any."""
    signs = {sign_of(token) for token in asked}
    found = {number: 0.0 for number, own in held.items() if own and asked}
    near = {n: held[n] for n in found if any(sign_of(token) in signs for token in held[n])}
    tokens = sorted({t for own in near.values() for t in own} | set(asked)) if near else []
    counts = {token: n for token, (_, n) in _known(db, tokens).items()}
    weights = {token: idf(counts.get(token, 0), size) for token in tokens}
    return found | {number: overlap(asked, own, weights) for number, own in near.items()}


def overlap(asked: Sequence[str], held: Sequence[str], weights: Mapping[str, float]) -> float:
    """Shared over united weight (Jaccard); a pair with the same sign at two components shares a part of the lighter."""
    left, right = set(asked), set(held)
    shared = math.fsum(weights[t] for t in left & right)  # exact, whatever the order of a set
    rest: dict[str, list[float]] = {}
    for token in sorted(right - left, key=lambda t: (weights[t], t)):
        rest.setdefault(sign_of(token), []).append(weights[token])
    for token in sorted(left - right, key=lambda t: (-weights[t], t)):
        if others := rest.get(sign_of(token)):
            shared += ELSEWHERE * min(weights[token], others.pop())
    united = math.fsum(weights[t] for t in (*left, *right)) - shared
    return min(1.0, shared / united) if united > 0 else 0.0


def sign_of(token: str) -> str:
    """`kind|aspect|direction` of a token, whatever the component."""
    return "|".join(token.split("|")[:3])


def _with_signs(fingerprint: Iterable[str]) -> set[str]:
    return {t for token in fingerprint for t in (token, f"{sign_of(token)}{_ANY}")}


def _known(db: sqlite3.Connection, tokens: Sequence[str]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for some in chunks(tokens):
        marks = ",".join("?" * len(some))
        for token, number, n in db.execute(
            f"SELECT token, number, n FROM tokens WHERE token IN ({marks})", some
        ):
            found[token] = (number, n)
    return found
