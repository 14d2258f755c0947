"""What of a site is put before a model that reads a question: the nearest components and measurements, a handful of each."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from aitia.agent.asking.question.about import relatives
from aitia.agent.asking.question.measure import fits
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.translated import parts_of, table, words_of
from aitia.models.curriculum.question_written import MOST_COMPONENTS, MOST_METRICS
from aitia.tools.meaning.incidents.words import plain
from aitia.tools.query.measured import Measured, families, measured
from aitia.tools.query.words import Query

# Points beside those of `translated`: of the component that is named, of what belongs to it, for letters alike, of the rules' fit
# (the last two by authors left out, `benchmarks/ask/translations_fit.py`; the others by hand).
OWNED, RELATED, LIKE, FITS = 3.0, 1.4, 6.0, 0.3
_CLOSE: Final = 0.74  # of two words: a slip or another language's form
_OTHERS: Final = 6  # names of other components where the one that is meant is not named by its name
_LONGEST: Final = 80  # characters of a name that is shown


@dataclass(frozen=True, kw_only=True)
class AtHand:
    """Names that a line may hold; `lead` is by how many points the first measurement is nearer than the second."""

    components: tuple[str, ...]
    metrics: tuple[str, ...]
    lead: float = 0.0


def at_hand(p: Pieces, before: Query | None = None) -> AtHand:
    """The components that a question names or nearly names, then others; and the measurements that fit its words best."""
    components = _components(p)
    kept = str(getattr(before, "metric", "")) if p.follows else ""
    found, lead = _metrics(p)
    metrics = dict.fromkeys([*([kept] if kept and shown(kept) else []), *found])
    return AtHand(
        components=tuple(components),
        metrics=tuple(metrics)[:MOST_METRICS],
        lead=0.0 if kept else lead,
    )


def _components(p: Pieces) -> list[str]:
    every = [c.id for c in p.site.inventory.components if shown(c.id)]
    named = [c for c in (p.component, *p.about.components, p.given) if c in every]
    words = re.findall(r"[a-zà-ÿ0-9]{4,}", p.low)
    near = [c for c in every if _near(c, words)]
    known = {m.component for m in measured(p.site)}
    return list(dict.fromkeys([*named, *near, *sorted(every, key=lambda c: c not in known)]))[
        :MOST_COMPONENTS
    ]


def _near(name: str, words: Sequence[str]) -> bool:
    parts = [x for x in re.split(r"[-_./:\s]", plain(name)) if len(x) > 3]
    return any(_like(w, part) for part in parts for w in words)


def _metrics(p: Pieces) -> tuple[list[str], float]:
    """The nearest names, and the lead of the first."""
    named, related = p.asked_of, related_to(p)
    every = [m for m in families(measured(p.site)) if shown(m.family)]
    own = _of_named(every, named, related)
    surely = bool(p.about.surest or p.given)  # else by what it does, or a word of something else
    held = own if surely else every
    points = {(f.of.component, f.of.family): f.score for f in fits(p.terms, held)} if p.terms else {}
    words = spoken_words(p)
    translated, spoken = table(), words_of(p.as_put, p.low)
    best: dict[str, float] = {}
    for m in held:
        score = FITS * points.get((m.component, m.family), 0.0)
        score += OWNED if m.component in named else RELATED if m.component in related else 0.0
        score += LIKE * (likeness(m.family, words) + 0.5 * labelled(m, words))
        score += translated.score(spoken, parts_of(m.family, m.unit, m.help))
        best[m.family] = max(best.get(m.family, score), score)
    order = sorted(best, key=lambda name: (-best[name], name))
    first = {m.family for m in own}
    lead = best[order[0]] - best[order[1]] if len(order) > 1 else 0.0
    return (_mixed(order, first) if len(first) < len(order) else order[:MOST_METRICS]), lead


def spoken_words(p: Pieces) -> list[str]:
    """The words of a question that may be of a measurement's name."""
    return [w for w in re.findall(r"[a-zà-ÿ0-9]{3,}", p.low) if w not in p.component.casefold()]


def _mixed(order: Sequence[str], own: Collection[str]) -> list[str]:
    """The best of a component's own names, and some of others behind or among them, best first."""
    others = [name for name in order if name not in own][: max(_OTHERS, MOST_METRICS - len(own))]
    kept = {*others, *[name for name in order if name in own][: MOST_METRICS - len(others)]}
    return [name for name in order if name in kept]


def related_to(p: Pieces) -> set[str]:
    """What belongs to the components that a question names."""
    return {r for c in p.asked_of for r in relatives(c, p.site)}


def _of_named(held: Sequence[Measured], named: Iterable[str], related: Iterable[str]) -> Sequence[Measured]:
    """What is measured of the components that a question names, where anything is: another's measurement answers none of it."""
    whose = {*named, *related}
    own = [m for m in held if m.component in whose or any(v in whose for _, v in m.labels)]
    return own or held


def likeness(name: str, words: Iterable[str]) -> float:
    """The share of a name's words that a question has in some form."""
    parts = [
        x for x in re.split(r"[^a-zà-ÿ0-9]+", plain(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name))) if len(x) > 2
    ]
    told = [*words]
    return sum(any(_like(w, part) for w in told) for part in parts) / max(1, len(parts))


def labelled(m: Measured, words: Iterable[str]) -> bool:
    """Whether the question names a value of its labels."""
    told = {*words}
    return any(v.casefold() in told for _, v in m.labels if len(v) > 2)


def _like(word: str, part: str) -> bool:
    if word == part:
        return True
    if len(word) < 4 or len(part) < 4 or word[0] != part[0]:
        return False
    if word.startswith(part[:5]) or part.startswith(word[:5]):
        return True
    return difflib.SequenceMatcher(None, word, part).ratio() >= _CLOSE


def shown(name: str) -> bool:
    """Whether a name can stand in a prompt and in a line: one short line, without what ends a name there."""
    return (
        0 < len(name) <= _LONGEST
        and name.isprintable()
        and not any(s in name for s in (" @ ", ", ", " / ", '"'))
    )
