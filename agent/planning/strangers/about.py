"""What speaks for asking a tool about a component: how the incident speaks of it, and how its name fits the tool's argument.

All numbers are of (tool, component) within one incident. Kin are components whose names differ in digits alone (`web-1`,
`web-2`): what kind of thing they are is the same, so that only what the incident says of each tells them apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aitia.agent.planning.strangers import words

NOTHING: Final = "nothing yet"  # what stands for first findings where there are none
_NEAR: Final = 25  # signs before a mention in which its kind may be said
_BEHIND: Final = 20
_OF: Final = re.compile(r"\b(?:of|for|on|in) (?:(?:an?|one|the|this|each|every|all) )?([a-z]+)")
_PART: Final = re.compile(r"[.;:!?。，；：！？]\s*|,\s+|\s[-–—]\s|\n")
PARTS: Final = 10  # of a text that are compared one by one
SPOKEN: Final = 14  # columns of `salience`
FIT: Final = 17  # and of `fits`
_HOLDS, _HELD = 7, 8  # of `salience`: names of others begin with its name, its name with theirs
Matrix = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Stranger:
    """A tool as it is told: its name, what it says of itself, its arguments, of which the first takes a component.

    `values` are those of the components or values that it may be asked about; None for any.
    """

    name: str
    said: str
    arguments: tuple[str, ...]
    values: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Asked:
    """An incident: what was said, what was seen first (`NOTHING` for nothing), and the components or values to ask about."""

    text: str
    seen: str
    components: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """Vectors of length 1, a row each: of tools, of their arguments' names, of components, of the incident's clauses."""

    tools: Matrix
    arguments: Matrix
    components: Matrix
    parts: Matrix


def parts_of(text: str) -> list[str]:
    """The clauses of a text, at most `PARTS`."""
    return [p.strip() for p in _PART.split(text) if len(p.strip()) > 2][:PARTS]


def salience(asked: Asked) -> Matrix:
    """How the incident speaks of each component, shape (components, `SPOKEN`)."""
    text, seen, known = asked.text, asked.seen, asked.components
    in_text, in_seen = [_places(text, c) for c in known], [_places(seen, c) for c in known]
    by_seen = _order(in_seen)
    named = [set(words.letters(c)) for c in known]
    said, told = set(words.tokens_of(text)), set(words.tokens_of(seen))
    rows = []
    for i, c in enumerate(known):
        own = words.tokens(c)
        low = c.lower()
        others = [o.lower() for o in known if o != c]
        rows.append([
            bool(in_text[i]), bool(in_seen[i]), by_seen.get(i) == 0, by_seen.get(i) == 1, min(len(in_seen[i]), 3),
            sum(t in said for t in own) / max(len(own), 1), sum(t in told for t in own) / max(len(own), 1),
            any(o.startswith(low) for o in others), any(low.startswith(o) for o in others),
            sum(bool(named[i] & n) for j, n in enumerate(named) if j != i) / max(len(known) - 1, 1),
            any(shape(o) == shape(c) for o in others), len(own), any(t.isdigit() for t in own),
            1 / (1 + in_seen[i][0] / 60) if in_seen[i] else 0.0,
        ])  # fmt: skip
    return np.array(rows, dtype=np.float64).reshape(len(known), SPOKEN)


def fits(asked: Asked, tools: Sequence[Stranger], spoken: Matrix, meaning: Meaning | None) -> Matrix:
    """How each component fits each tool by name and context, (tools, components, `FIT`); three are 0 without vectors."""
    known = asked.components
    parts = [words.letters(c) for c in known]
    beside = [_beside(asked, c) for c in known]
    table = np.zeros((len(tools), len(known), FIT))
    for j, tool in enumerate(tools):
        kinds = words.kind_words(tool.arguments[0]) if tool.arguments else []
        own = words.tokens(tool.name)
        long = [w for w in own if len(w) > 2]
        said = words.said_words(tool.said)
        of = set(_OF.findall(tool.said.lower()))
        wide = words.holds_others(kinds)
        for i, part in enumerate(parts):
            table[j, i] = [
                words.likest(part, kinds), words.likest(part, long),
                words.likest([w for w in part if len(w) > 2], set(said)),
                any(k[:5] == w[:5] for k in kinds for w in beside[i]), any(k[:5] == w[:5] for k in long for w in beside[i]),
                0.0, 0.0, wide * spoken[i, _HOLDS], wide * spoken[i, _HELD], words.likest(part, of),
                (not wide) * spoken[i, _HOLDS],
                any(words.ends_with(p, k) for p in part for k in kinds),
                any(words.ends_with(p, k) for p in part for k in long),
                0.5 * any(words.ends_abbreviated(p, k) for p in part for k in kinds),
                any(words.initials(p, k) for p in part for k in (kinds, own, said)),
                0.0, not kinds,
            ]  # fmt: skip
    if meaning is not None:
        table[:, :, 5] = meaning.arguments @ meaning.components.T
        table[[j for j, t in enumerate(tools) if not t.arguments], :, 5] = 0.0
        table[:, :, 6] = meaning.tools @ meaning.components.T
        table[:, :, 15] = _where_named(asked, meaning)
    return table


def together(spoken: Matrix, fit: Matrix, known: Sequence[str]) -> Matrix:
    """The columns that are weighed: both, among kin, and beyond other tools; (tools, components, 2 `SPOKEN` + 3 `FIT`)."""
    n, c, _ = fit.shape
    shapes = [shape(k) for k in known]
    kin = np.array([[a == b for b in shapes] for a in shapes], dtype=np.float64).reshape(c, c)
    kin /= np.maximum(kin.sum(axis=1, keepdims=True), 1.0)
    of_kin = np.einsum("ic,jcf->jif", kin, fit)
    of_each = [spoken, spoken - kin @ spoken]
    return np.concatenate(
        [*(np.broadcast_to(s, (n, *s.shape)) for s in of_each), fit, of_kin, of_kin - of_kin.mean(axis=0)],
        axis=2,
    )


def shape(name: str) -> str:
    """A name without what its digits are."""
    return re.sub(r"\d+", "0", name.lower())


def _where_named(asked: Asked, meaning: Meaning) -> Matrix:
    """How near the clauses that name a component are to a tool, shape (tools, components)."""
    parts = [*parts_of(asked.text), *parts_of(asked.seen)]
    near = meaning.tools @ meaning.parts.T
    found = np.full((len(meaning.tools), len(asked.components)), -0.05)
    for i, c in enumerate(asked.components):
        if held := [k for k, p in enumerate(parts) if _places(p, c)]:
            found[:, i] = near[:, held].max(axis=1)
    return found


def _places(text: str, name: str) -> list[int]:
    return [m.start() for m in re.finditer(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text, re.IGNORECASE)]


def _order(places: Sequence[Sequence[int]]) -> dict[int, int]:
    """The rank of each component by where it is named first."""
    firsts = sorted((p[0], i) for i, p in enumerate(places) if p)
    return {i: rank for rank, (_, i) in enumerate(firsts)}


def _beside(asked: Asked, name: str) -> list[str]:
    """Words right before and after its mentions: `replica` of "replica db-2 is behind"."""
    found: set[str] = set()
    for text in (asked.text, asked.seen):
        for at in _places(text, name):
            found |= set(re.findall(r"[a-z]+", text[max(0, at - _NEAR) : at].lower())[-2:])
            end = at + len(name)
            found |= set(re.findall(r"[a-z]+", text[end : end + _BEHIND].lower())[:1])
    return sorted(w for w in found if len(w) > 2)
