"""The evidence of incidents: which facts moved, found by token and compared by a cosine in which rare tokens weigh most."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from aitia.core.state import Session
from aitia.tools.memory.words_index import chunks, idf

ELSEWHERE: Final = (
    0.4  # of a token's weight: the same kind, aspect and direction (a sign), whatever the component
)
OWN: Final = (
    0.2  # of the likeness: what moved at the past cause itself; fitted on TVDiag, each system by the other
)
POSTINGS: Final = 6_000  # that one query reads, rarest tokens first
_ANY: Final = "|*"  # stands for the component in a sign


def add(db: Session, rows: Sequence[tuple[int, Sequence[str]]]) -> None:
    """Index (number, fingerprint) of new incidents; within the caller's transaction."""
    found = {number: features(tokens) for number, tokens in rows}
    counts = Counter(token for tokens in found.values() for token in tokens)
    db.executemany(
        "INSERT INTO tokens (token, n) VALUES (?, ?) ON CONFLICT (token) DO UPDATE SET n = tokens.n + excluded.n",
        sorted(counts.items()),
    )
    numbers = {token: number for token, (number, _) in _known(db, list(counts)).items()}
    db.executemany(
        "INSERT INTO moved (token, incident) VALUES (?, ?) ON CONFLICT DO NOTHING",
        sorted((numbers[token], incident) for incident, tokens in found.items() for token in tokens),
    )


def drop(db: Session, numbers: Sequence[int]) -> None:
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


def empty(db: Session) -> None:
    """Forget all; within the caller's transaction."""
    db.execute("DELETE FROM moved")
    db.execute("DELETE FROM tokens")


def candidates(
    db: Session, fingerprint: Sequence[str], before: float | None, top: int, size: int
) -> list[int]:
    """The incidents that share most of what moved, by the idf of the shared tokens and signs."""
    known = sorted(_known(db, sorted(features(fingerprint))).items(), key=lambda pair: (pair[1][1], pair[0]))
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


def likenesses(
    db: Session, asked: Sequence[str], held: Mapping[int, tuple[Sequence[str], str]], size: int
) -> dict[int, float]:
    """How alike the evidence is, 0..1, of the incidents that have any: by number their fingerprint and their component."""
    signs = {sign_of(token) for token in asked}
    found = {number: 0.0 for number, (own, _) in held.items() if own and asked}
    near = {n: held[n] for n in found if any(sign_of(token) in signs for token in held[n][0])}
    every = {f for own, _ in near.values() for f in features(own)} | features(asked) if near else set[str]()
    counts = {feature: n for feature, (_, n) in _known(db, sorted(every)).items()}
    weights = {feature: idf(counts.get(feature, 0), size) for feature in every}
    return found | {n: likeness(asked, own, weights, component) for n, (own, component) in near.items()}


def likeness(
    asked: Sequence[str], held: Sequence[str], weights: Mapping[str, float], component: str = ""
) -> float:
    """How alike what moved is, 0..1: the cosine of tokens and signs as vectors, and what moved at the past cause itself.

    `weights` holds the idf of every token and of its sign (`|*`). The second part is the overlap (Jaccard) of the signs at
    `component`, where the past incident's cause was; it is left out where nothing had moved there.
    """
    whole = _cosine(_vector(asked, weights), _vector(held, weights))
    own = _signs_at(held, component)
    return (1.0 - OWN) * whole + OWN * _overlap(_signs_at(asked, component), own, weights) if own else whole


def _vector(fingerprint: Sequence[str], weights: Mapping[str, float]) -> dict[str, float]:
    """A token's idf; of a sign that of the sign times ELSEWHERE times the root of how many components have it."""
    signs = Counter(f"{sign_of(token)}{_ANY}" for token in set(fingerprint))
    made = {sign: ELSEWHERE * math.sqrt(count) * weights[sign] for sign, count in signs.items()}
    return made | {token: weights[token] for token in fingerprint}


def _cosine(left: Mapping[str, float], right: Mapping[str, float]) -> float:
    """Sums are exact, whatever the order of a set."""
    shared = math.fsum(left[f] * right[f] for f in left.keys() & right.keys())
    whole = math.fsum(v * v for v in left.values()) * math.fsum(v * v for v in right.values())
    return min(1.0, shared / math.sqrt(whole)) if whole > 0 else 0.0


def _overlap(left: set[str], right: set[str], weights: Mapping[str, float]) -> float:
    united = math.fsum(weights[f] for f in left | right)
    return math.fsum(weights[f] for f in left & right) / united if united else 0.0


def _signs_at(fingerprint: Iterable[str], component: str) -> set[str]:
    whose = component.casefold()
    return {f"{sign_of(t)}{_ANY}" for t in fingerprint if whose and t.rpartition("|")[2].casefold() == whose}


def sign_of(token: str) -> str:
    """`kind|aspect|direction` of a token, whatever the component."""
    return "|".join(token.split("|")[:3])


def features(fingerprint: Iterable[str]) -> set[str]:
    """The tokens and their signs, as they are indexed."""
    return {t for token in fingerprint for t in (token, f"{sign_of(token)}{_ANY}")}


def _known(db: Session, tokens: Sequence[str]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for some in chunks(tokens):
        marks = ",".join("?" * len(some))
        for token, number, n in db.execute(
            f"SELECT token, number, n FROM tokens WHERE token IN ({marks})", some
        ):
            found[token] = (number, n)
    return found
