"""Whether a passage answers a question: a calibrated probability from what speaks for it, and what is then quoted."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from aitia.agent.asking.answer import Citation, Reply
from aitia.agent.asking.lookup import Hit, Mix, roots
from aitia.core.commands import effect
from aitia.core.words import Word
from aitia.tools.incidents.steps import commands_in

MAX_QUOTES: Final = 4
MAX_WORDS: Final = 240  # of all quotes together; the first is quoted whatever its length
NEAR: Final = 0.7  # share of the best score from which on a further passage of the same document is quoted
TIED: Final = 0.95  # and one of another document


class Fit(Word):
    """Weights of the features, standardised, for one way of looking up (by words alone, or by meaning as well)."""

    features: tuple[str, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float
    threshold: float
    mix: dict[str, float] = {}
    model: str = (
        ""  # sha256 of the model that reads, for the fit `read`; of its adapter, for question/sure.json
    )

    def odds(self, features: Mapping[str, float]) -> float:
        """The log-odds that what has these features answers the question."""
        return self.bias + sum(
            w * (features.get(name, 0.0) - m) / s
            for name, m, s, w in zip(self.features, self.means, self.scales, self.weights, strict=True)
        )

    def probability(self, features: Mapping[str, float]) -> float:
        """How likely what has these features answers the question."""
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, self.odds(features)))))


@lru_cache(maxsize=1)
def fits() -> dict[str, Fit]:
    """`words` and `meaning` (benchmarks/memory/questions_fit.py), and `read`, which stands on `meaning` (reading_fit.py)."""
    return {name: Fit.model_validate(value) for name, value in raw_fits("answerable.json").items()}


def raw_fits(name: str) -> dict[str, Any]:
    """A file of fits beside this one."""
    raw: dict[str, Any] = json.loads(files("aitia.agent.asking").joinpath(name).read_text(encoding="utf-8"))
    return raw


def fit_of(*, meaning: bool) -> Fit:
    """The fit for a way of looking up."""
    return fits()["meaning" if meaning else "words"]


def mix_of(fit: Fit) -> Mix:
    """How the parts of a passage's score are weighed."""
    return Mix(**fit.mix)


def features(hits: Sequence[Hit]) -> dict[str, float]:
    """What speaks for the best passage, and the most that any of those looked at has of meaning."""
    return hits[0].features | {"meaning_max": max(h.features.get("meaning", 0.0) for h in hits)}


def chosen(hits: Sequence[Hit]) -> list[Hit]:
    """The passages to quote: the best, others of its document that come near it, and those of another that all but tie."""
    best, taken, words = hits[0], [hits[0]], len(hits[0].passage.text.split())
    for hit in hits[1:]:
        least = NEAR if hit.passage.document == best.passage.document else TIED
        size = len(hit.passage.text.split())
        near = hit.score >= least * best.score and len(taken) < MAX_QUOTES and words + size <= MAX_WORDS
        if near and not any(_alike(hit, other) for other in taken):
            taken.append(hit)
            words += size
    return taken


def _alike(one: Hit, other: Hit) -> bool:
    """Whether two passages say the same: nine tenths of the words of the shorter one are in the other."""
    a, b = set(roots(one.passage.text)), set(roots(other.passage.text))
    return len(a & b) >= 0.9 * max(1, min(len(a), len(b)))


def quoted(hits: Sequence[Hit]) -> tuple[list[Reply], list[Citation]]:
    """Quotes with their citations D1, D2, …"""
    replies, citations = [], []
    for n, hit in enumerate(hits, 1):
        p = hit.passage
        replies.append(Reply(text=p.text, cites=(f"D{n}",), by="quote"))
        citations.append(
            Citation(
                id=f"D{n}",
                text=p.text,
                source=p.source,
                document=p.document,
                title=p.title,
                heading=p.heading,
                path=p.path or p.document,
                lines=p.lines,
            )
        )
    return replies, citations


_CODE: Final = re.compile(r"`[^`]*`")


def not_quoted(reply: Reply, citations: Sequence[Citation]) -> list[str]:
    """Why a quote may not stand: it is not, letter for letter, the span that it cites."""
    texts = [c.text for c in citations if c.id in reply.cites]
    return [] if reply.text in texts else ["does not match the cited lines"]


def of_commands(replies: Iterable[Reply]) -> list[str]:
    """A note where what is quoted holds commands that may change something: they stand as their author wrote them."""
    told = [
        ", ".join(r.cites)
        for r in replies
        if r.by == "quote" and any(effect(c) == "changing" for c in commands_in(r.text))
    ]
    if not told:
        return []
    return [f"{'; '.join(told)}: quoted as in the document, with commands that may change something"]
