"""Which of strangers' tools are asked first in an incident, and about what: a learned ranking, without a language model.

Two listwise logistic regressions (Cao et al. 2007, "Learning to rank"): one over the components that a tool may be asked
about, one over the tools of a registry, by how near their texts are (words, and meaning where there is an embedding model), by
hashed words of the tool (Weinberger et al. 2009) and by how its argument fits what the incident speaks of. Within an incident
only differences count. The weights (`weights.npz`, by benchmarks/model/fit_plan.py) hold no text. What a tool says of itself
is cut and each word counts once, so that saying it again gains nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from aitia.agent.planning.strangers import words
from aitia.agent.planning.strangers.about import (
    FIT,
    SPOKEN,
    Asked,
    Matrix,
    Meaning,
    Stranger,
    fits,
    parts_of,
    salience,
    together,
)
from aitia.models.lexical import likeness

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
Way = Literal["meaning", "words"]
WAYS: Final[tuple[Way, ...]] = ("meaning", "words")
SAID: Final = 240  # characters of a description
TEXT: Final = 1500  # of what was said, and of what was seen
NAME: Final = 80  # of a name
MOST: Final = 64  # components or values that are weighed
PAIRED: Final = 2 * SPOKEN + 3 * FIT  # columns of (tool, component), as `about.together` gives them
WORTH: Final = 16 + 2 * FIT  # columns of a tool, as `_told` and `_of_components` give them


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Of the columns of a pair, of a tool, and of hashed words (`words.COLUMNS`,), of which `known` were learned."""

    paired: Matrix
    worth: Matrix
    hashed: Matrix
    known: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Columns:
    """What is weighed: pairs (tools, components, `PAIRED`), tools by their texts (tools, 13), the hashed words of each.

    `fit` and `spoken` are what `about` gives. `allowed` (tools, components) says who may be asked about what; where a tool takes
    none, it holds everywhere.
    """

    paired: Matrix
    told: Matrix
    fit: Matrix
    spoken: Matrix
    hashed: tuple[tuple[int, ...], ...]
    allowed: NDArray[np.bool_]
    takes: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """Log-probabilities: of each tool (n,) to be asked first, of each component given the tool (n, components).

    Where a tool takes none (`takes`) they mean nothing; about what it may not be asked they are -inf.
    """

    tools: Matrix
    components: Matrix
    takes: NDArray[np.bool_]

    def order(self) -> list[int]:
        """Tools, best first."""
        return [int(i) for i in np.argsort(-self.tools, kind="stable")]

    def about(self, tool: int) -> list[int]:
        """The components that a tool may be asked about, best first; none where it takes none."""
        shares = self.components[tool]
        order = np.argsort(-shares, kind="stable") if self.takes[tool] else ()
        return [int(c) for c in order if np.isfinite(shares[c])]

    def calls(self, most: int) -> list[tuple[int, int]]:
        """The best (tool, component), -1 for none; a tool's second component counts less, by how likely it is."""
        found: list[tuple[float, int, int]] = []
        for tool, takes in enumerate(self.takes):
            if not takes:
                found.append((float(self.tools[tool]), tool, -1))
                continue
            for place, c in enumerate(self.about(tool)[:most]):
                further = float(self.components[tool, c]) if place else 0.0
                found.append((float(self.tools[tool]) + further, tool, c))
        return [(tool, c) for _, tool, c in sorted(found, key=lambda f: -f[0])[:most]]


def ranked(asked: Asked, tools: Sequence[Stranger], embed: Embed | None) -> Ranking:
    """What to ask first; by meaning where there is an embedding model, else by words."""
    asked, tools = cut(asked), [cut_tool(t) for t in tools]
    weights = bundled()["words" if embed is None else "meaning"]
    return weighed(columns_of(asked, tools, embed), weights)


def weighed(found: Columns, weights: Weights) -> Ranking:
    """Columns by their weights."""
    pairs = np.where(found.allowed, found.paired @ weights.paired, -np.inf)
    worth = tool_columns(found, pairs) @ weights.worth
    for i, own in enumerate(found.hashed):
        known = [c for c in own if weights.known[c]]
        worth[i] += weights.hashed[known].sum() / max(len(known), 1) ** 0.5
    shares = _log_shares(pairs) if pairs.shape[1] else pairs
    return Ranking(tools=_log_shares(worth[None, :])[0], components=shares, takes=found.takes)


def tool_columns(found: Columns, pairs: Matrix) -> Matrix:
    """Of each tool what its texts and its components tell, less the mean over its registry, shape (tools, `WORTH`)."""
    table = np.concatenate([found.told, _of_components(found, pairs), found.takes[:, None]], axis=1)
    return np.asarray(table - table.mean(axis=0), dtype=np.float64)


def columns_of(asked: Asked, tools: Sequence[Stranger], embed: Embed | None) -> Columns:
    """The columns of an incident and a registry; texts are taken as they come."""
    vectors = _Vectors(asked, tools, embed) if embed is not None else None
    spoken = salience(asked)
    fit = fits(asked, tools, spoken, vectors.meaning if vectors else None)
    may = [[t.values is None or c in t.values for c in asked.components] for t in tools]
    allowed = np.array(may, dtype=np.bool_).reshape(len(tools), len(asked.components))
    takes = np.array([bool(t.arguments) for t in tools], dtype=np.bool_) & allowed.any(axis=1)
    return Columns(
        paired=together(spoken, fit, asked.components),
        told=_told(asked, tools, vectors),
        fit=fit,
        spoken=spoken,
        hashed=tuple(tuple(words.columns(t.name, t.said, t.arguments)) for t in tools),
        allowed=allowed | ~takes[:, None],
        takes=takes,
    )


class _Vectors:
    """Everything embedded at once, each text once."""

    def __init__(self, asked: Asked, tools: Sequence[Stranger], embed: Embed) -> None:
        names = [" ".join(words.tokens(t.name)) for t in tools]
        parts = [*parts_of(asked.text), *parts_of(asked.seen)] or [asked.text]
        clauses = [parts_of(t.said) or [t.name] for t in tools]
        groups = {
            "tools": [f"{n} {t.said}" for n, t in zip(names, tools, strict=True)],
            "names": names,
            "arguments": [" ".join(words.tokens(t.arguments[0])) if t.arguments else "" for t in tools],
            "components": [" ".join(words.tokens(c)) for c in asked.components],
            "parts": parts,
            "clauses": [c for own in clauses for c in own],
            "incident": [f"{asked.text} {asked.seen}", asked.text, asked.seen],
        }
        every = list(dict.fromkeys(t for texts in groups.values() for t in texts))
        rows = np.asarray(embed(every), dtype=np.float64)
        place = {text: i for i, text in enumerate(every)}
        of = {g: rows[np.array([place[t] for t in texts], dtype=np.intp)] for g, texts in groups.items()}
        self.names, self.incident = of["names"], of["incident"]
        ends = np.cumsum([len(own) for own in clauses])
        self.clauses = [of["clauses"][end - len(own) : end] for own, end in zip(clauses, ends, strict=True)]
        self.meaning = Meaning(
            tools=of["tools"], arguments=of["arguments"], components=of["components"], parts=of["parts"]
        )


def _told(asked: Asked, tools: Sequence[Stranger], vectors: _Vectors | None) -> Matrix:
    """How near a tool's texts are to the incident's: thirteen columns."""
    texts = [f"{t.name} {' '.join(words.tokens(t.name))} {t.said}" for t in tools]
    both = f"{asked.text} {asked.seen}"
    shared = [likeness(q, texts) for q in (asked.text, asked.seen, both)]
    if vectors is None:
        return np.stack([*shared, *[np.zeros(len(tools))] * 10], axis=1)
    own = vectors.meaning.tools
    near = [clauses @ vectors.meaning.parts.T for clauses in vectors.clauses]
    parts = [[n.max(), n.max(axis=1).mean(), n.max(axis=0).mean()] for n in near]
    whole = [(own @ vectors.incident.T).T, (vectors.names @ vectors.incident.T).T, np.array(parts).T]
    return np.stack([*shared, *np.concatenate(whole), own @ own.mean(axis=0)], axis=1)


def _of_components(found: Columns, pairs: Matrix) -> Matrix:
    """How well any component fits a tool, and any that the incident names: 2 + 2 `FIT` columns."""
    n, c, _ = found.fit.shape
    if not c:
        return np.zeros((n, 2 + 2 * FIT))
    high = pairs.max(axis=1)
    summed = np.log(np.exp(pairs - high[:, None]).sum(axis=1)) + high
    named = (found.spoken[:, 0] + found.spoken[:, 1] > 0)[None, :, None]
    may = found.allowed[:, :, None]
    best = [np.where(may, each, -1.0).max(axis=1) for each in (found.fit, found.fit * named)]
    return np.concatenate([np.stack([high, summed], axis=1), *best], axis=1)


def cut(asked: Asked) -> Asked:
    """Within bounds: whoever writes long gains nothing."""
    return Asked(
        text=asked.text[:TEXT],
        seen=asked.seen[:TEXT],
        components=tuple(c[:NAME] for c in asked.components[:MOST]),
    )


def cut_tool(tool: Stranger) -> Stranger:
    """Within bounds, on one line."""
    return Stranger(
        name=tool.name[:NAME],
        said=" ".join(tool.said[: 4 * SAID].split())[:SAID],
        arguments=tuple(a[:NAME] for a in tool.arguments[:8]),
        values=None if tool.values is None else tuple(v[:NAME] for v in tool.values),
    )


@cache
def bundled() -> Mapping[Way, Weights]:
    """The weights that come with aitia, with and without an embedding model."""
    with (
        as_file(files("aitia.agent.planning.strangers").joinpath("weights.npz")) as path,
        np.load(path) as kept,
    ):
        return {way: _unpacked(kept, way) for way in WAYS}


def _unpacked(kept: Mapping[str, NDArray[np.float64]], way: Way) -> Weights:
    columns = kept[f"{way}_columns"]
    hashed, known = np.zeros(words.COLUMNS), np.zeros(words.COLUMNS, dtype=np.bool_)
    hashed[columns], known[columns] = kept[f"{way}_hashed"], True
    return Weights(
        paired=kept[f"{way}_paired"].astype(np.float64),
        worth=kept[f"{way}_worth"].astype(np.float64),
        hashed=hashed,
        known=known,
    )


def _log_shares(scores: Matrix) -> Matrix:
    """Logarithms of shares along the last axis."""
    high = scores.max(axis=-1, keepdims=True)
    return np.asarray(scores - high - np.log(np.exp(scores - high).sum(axis=-1, keepdims=True)))
