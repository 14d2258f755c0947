"""How much each tool of a stranger would tell about an incident, by a model with an adapter for `plan` (not in the product).

A pointwise reranker: incident and findings are read once, then one tool after the other, and what counts is the log-probability
of `first`, `maybe` and `no`. Nothing is written but the name of a component, under a grammar of those that are known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aitia.core.llm import Prompt
from aitia.models.chat import defuse
from aitia.models.curriculum.plan import ABOUT, LABELS, SYSTEM, head, question
from aitia.models.llama import LlamaCpp
from aitia.models.toolgrammar import literal

_MAYBE: Final = 0.3  # what `maybe` counts beside `first`
_NAME: Final = 48  # tokens that the name of a component may take


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A tool as it is told: its name, the names of its arguments, and what it says of itself."""

    name: str
    arguments: tuple[str, ...]
    said: str


@dataclass(frozen=True, kw_only=True)
class Asking:
    """An incident with its first findings and the components that are known, as every tool is asked with."""

    told: str
    seen: str
    known: tuple[str, ...]

    def prompt(self, offer: Offer) -> Prompt:
        """The question about one tool. What others wrote cannot end a line or a turn."""
        line = question(_plain(offer.name), [_plain(a) for a in offer.arguments], _plain(offer.said))
        return Prompt(
            system=SYSTEM,
            user=head(_plain(self.told), _plain(self.seen), [_plain(k) for k in self.known]) + line,
        )


def helpful(model: LlamaCpp, asking: Asking, offers: Sequence[Offer]) -> list[float]:
    """0..1 for each tool: the probability that it is asked first and a share of that of `maybe`. Raises ModelError."""
    return [_worth(model.scores(asking.prompt(o), LABELS)) for o in offers]


def about(model: LlamaCpp, asking: Asking, offer: Offer) -> str:
    """The component, of those that are known, that a tool is asked about. Raises ModelError."""
    prompt = asking.prompt(offer)
    names = {_plain(k): k for k in asking.known}
    grammar = "root ::= " + " | ".join(literal(f" {name}\n") for name in names)
    said = model.continued(
        Prompt(system=prompt.system, user=f"{prompt.user} {LABELS[0]}{ABOUT}"),
        max_tokens=_NAME,
        grammar=grammar,
    )
    return names.get(said.text.strip(), asking.known[0])


def _worth(scores: Sequence[float]) -> float:
    first, maybe, no = (math.exp(s - max(scores)) for s in scores)
    return (first + _MAYBE * maybe) / (first + maybe + no)


def _plain(text: str) -> str:
    """On one line, without what could end a turn."""
    return defuse(" ".join(text.split()))
