"""Questions as people would write them, by language models that had seen no benchmark, with the line that answers each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Final

from aitia.models.curriculum import written
from aitia.models.curriculum.items import Item, Segment, Split, split_of

SYSTEM: Final = "Components:"
REAL: Final = "questions of sites, language models"
MOST_COMPONENTS, MOST_METRICS = 12, 20  # that a prompt shows
_FIRST: Final = 0.4  # how often what a question is of stands first: at a site the nearest measurements do
_MORE, _MIXED = (
    0.6,
    0.5,
)  # shares of sites with things of another one beside their own, and of those in any order among them


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One question with its line, its language, and the line of the question before it, "" for none."""

    question: str
    line: str
    language: str
    before: str

    @property
    def told(self) -> str:
        """What is read in front of the line."""
        before = f"Before: {self.before}\n" if self.before else ""
        return f"{before}Question: {self.question}\nQuery:"


@dataclass(frozen=True, kw_only=True)
class Visited:
    """A site with what was asked there."""

    name: str
    components: tuple[str, ...]
    metrics: tuple[str, ...]
    asks: tuple[Ask, ...]


@cache
def visited(split: Split) -> tuple[Visited, ...]:
    """The sites of a split."""
    return tuple(s for s in map(_visited, written.questions()) if split_of(s.name.lower()) == split)


def further() -> tuple[Visited, ...]:
    """Sites of other authors, of which no adapter learned."""
    return tuple(map(_visited, written.further_questions()))


def _visited(row: tuple[str, list[str], list[str], list[list[str]]]) -> Visited:
    name, components, metrics, asks = row
    return Visited(
        name=name,
        components=tuple(components),
        metrics=tuple(metrics),
        asks=tuple(
            Ask(question=q, line=line, language=lang, before=before) for q, line, lang, before in asks
        ),
    )


def written_items(random: Random, split: Split, together: int, passes: int) -> list[Item]:
    """Every question of a split's sites `passes` times, `together` of a site in an item, in another order each time."""
    made, sites = [], visited(split)
    for _ in range(passes):
        for site in sites:
            asks = random.sample(site.asks, len(site.asks))
            for at in range(0, len(asks), together):
                other = random.choice(sites) if random.random() < _MORE else site
                made.append(_item(random, site, other, asks[at : at + together], split))
    random.shuffle(made)
    return made


def _item(random: Random, site: Visited, other: Visited, asks: Sequence[Ask], split: Split) -> Item:
    metrics = _ordered(random, site.metrics, other.metrics, MOST_METRICS, asks[0].line)
    components = _ordered(random, site.components, other.components, MOST_COMPONENTS, asks[0].line)
    front = f" {', '.join(components)}\nMetrics: {', '.join(metrics) or 'none'}\n"
    answer = [Segment(text=f" {asks[0].line}\n", name="query")]
    for ask in asks[1:]:
        answer += [Segment(text=ask.told, weight=0.0), Segment(text=f" {ask.line}\n", name="query")]
    return Item(
        role="questions",
        system=SYSTEM,
        prompt=front + asks[0].told,
        answer=tuple(answer),
        split=split,
        vendor=site.name,
        author=f"{REAL}, {asks[0].language}",
    )


def _ordered(random: Random, own: Sequence[str], others: Sequence[str], most: int, line: str) -> list[str]:
    """A site's names in any order, some of another site's behind or among them; sometimes those that the line is of in front."""
    more = [n for n in others if n not in own]
    room = max(0, most - len(own))
    order = random.sample(own, len(own))[:most] + random.sample(more, min(room, random.randint(0, len(more))))
    if random.random() < _MIXED:
        random.shuffle(order)
    if random.random() < _FIRST:
        order.sort(key=lambda name: name not in line)
    return order
