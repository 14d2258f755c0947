"""Boxes in rows and the lines between them: where each goes. Only geometry; `around` draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

Pair = tuple[str, str]
"""The upper and the lower component of a line."""
WIDTH, HIGH, GAP = 340, 44, 40
_PER_ROW: Final = 3
_THIN: Final = 0.25  # the room of a passing line, as a share of a box's


@dataclass(frozen=True, kw_only=True)
class Place:
    """Centre, top and width of a box; a bend of a line that passes a row has no width."""

    x: float
    y: float
    wide: float


def place(shown: list[str], pairs: list[Pair]) -> tuple[dict[str, Place], dict[Pair, list[Place]], int]:
    """Callers above what they call, at most three boxes in a row; a line that passes a row goes between its boxes."""
    rank = _ranks(shown, pairs)
    boxes = [[c for c in shown if rank[c] == level] for level in sorted(set(rank.values()))]
    rows = [row[n : n + _PER_ROW] for row in boxes for n in range(0, len(row), _PER_ROW)]
    line = {c: n for n, row in enumerate(rows) for c in row}
    places: dict[str, Place] = {}
    bends: dict[Pair, list[Place]] = {pair: [] for pair in pairs}
    for n, row in enumerate(rows):
        passing = [pair for pair in pairs if line[pair[0]] < n < line[pair[1]]]
        items: list[tuple[float, str, Pair | None]]
        items = [(_above(c, pairs, places, bends), c, None) for c in row]
        items += [((bends[p][-1] if bends[p] else places[p[0]]).x, "", p) for p in passing]
        cell = WIDTH / (len(row) + len(passing) * _THIN)
        left = 0.0
        for _, c, pair in sorted(items, key=lambda i: i[0]):
            share = cell * (_THIN if pair else 1.0)
            wide = 0.0 if pair else min(share - 10, 132)
            at = Place(x=left + share / 2, y=1.0 + n * (HIGH + GAP), wide=wide)
            left += share
            if pair:
                bends[pair].append(at)
            else:
                places[c] = at
    return places, bends, len(rows) * (HIGH + GAP) - GAP + 2


def _above(
    c: str, pairs: list[Pair], places: Mapping[str, Place], bends: Mapping[Pair, list[Place]]
) -> float:
    """Where the lines from above come in, on average."""
    xs = [(bends[p][-1] if bends[p] else places[p[0]]).x for p in pairs if p[1] == c and p[0] in places]
    return sum(xs) / len(xs) if xs else WIDTH / 2


def _ranks(shown: list[str], pairs: list[Pair]) -> dict[str, int]:
    """Each below all that are above it; an arrow that would close a circle is not counted."""
    below: dict[str, list[str]] = {c: [] for c in shown}
    for a, b in pairs:
        if not _reaches(below, b, a):
            below[a].append(b)
    rank = dict.fromkeys(shown, 0)
    for _ in shown:
        for a in shown:
            for b in below[a]:
                rank[b] = max(rank[b], rank[a] + 1)
    return rank


def _reaches(below: dict[str, list[str]], start: str, goal: str) -> bool:
    seen, todo = {start}, [start]
    while todo:
        here = todo.pop()
        if here == goal:
            return True
        todo += [c for c in below[here] if c not in seen]
        seen |= set(below[here])
    return False


def route(pairs: Sequence[Pair], a: str, b: str, liked: Sequence[str]) -> list[Pair]:
    """The shortest way from one to the other along the drawn lines, by way of the chain's components where it can."""
    came: dict[str, str] = {a: a}
    todo = [a]
    while todo and b not in came:
        here = todo.pop(0)
        near = [y if x == here else x for x, y in pairs if here in (x, y)]
        for c in sorted(near, key=lambda c: (c not in liked, c)):
            if c not in came:
                came[c] = here
                todo.append(c)
    way: list[Pair] = []
    while b in came and b != a:
        way.append((came[b], b))
        b = came[b]
    return way
