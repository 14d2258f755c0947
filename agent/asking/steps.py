"""Steps for "mémoire épuisée, que faire ?": the runbook whose title and symptoms a question speaks of, in five languages."""

from __future__ import annotations

import math
from typing import Final

from aitia.agent.asking.lookup import Hit, Lookup, roots
from aitia.agent.asking.question.tables import hits, table, words_of
from aitia.agent.asking.question.word_by_word import english as in_english
from aitia.tools.meaning.incidents.words import plain

LEAST: Final = 0.5
"""Share of the question's words, by how rare they are, that title and symptoms must hold; by hand."""
PARTS: Final = ("check", "mitigation", "step", "fix", "resolution")  # headings that hold steps
MOST: Final = 4  # passages that are quoted
_TABLES: Final = ("concepts", "states", "topics")


def asks_for_steps(question: str) -> bool:
    """Whether somebody asks what to do."""
    return any(h.key == "documents" for h in hits("verbs", plain(in_english(question))))


def translated(question: str) -> list[str]:
    """The roots of a question's telling words, and of the English word for each thing that it names in another language."""
    low = plain(in_english(question))
    taken = [(h.begin, h.end) for h in hits("verbs", low) if h.key in ("documents", "list", "when", "exists")]
    kept = "".join(" " if any(a <= i < b for a, b in taken) else c for i, c in enumerate(low))
    things = [h for name in _TABLES for h in hits(name, kept)]
    english = [str(table(name)[h.key][0]).strip("*") for name in _TABLES for h in hits(name, kept)]
    covered = {i for h in things for i in range(h.begin, h.end)}
    own = " ".join(
        w
        for w in "".join(" " if i in covered else c for i, c in enumerate(kept)).split()
        if w not in words_of("stop")
    )
    return list(dict.fromkeys([*roots(" ".join(english)), *roots(own)]))


def steps_for(question: str, shelf: Lookup) -> tuple[float, list[Hit]]:
    """How much of the question the best runbook is about (0..1), and its passages that hold steps."""
    wanted = translated(question)
    texts = {d.id: set(roots(f"{d.title} {d.meta.get('symptoms', '')}")) for d in shelf.documents}
    titles = {d.id: set(roots(d.title)) for d in shelf.documents}
    weight = {w: math.log(1 + len(texts) / (1 + sum(w in t for t in texts.values()))) for w in wanted}
    total = sum(weight.values())
    if not total:
        return 0.0, []
    about = {i: set(wanted) & titles[i] for i in texts}
    shares = {
        i: sum(weight[w] for w in wanted if w in t) / total + 0.2 * len(about[i]) for i, t in texts.items()
    }
    best = max((i for i in shares if about[i]), key=lambda i: (shares[i], i), default="")
    if not best or shares[best] < LEAST:
        return 0.0, []
    own = [p for p in shelf.passages if p.document == best and any(h in p.heading.casefold() for h in PARTS)]
    return min(1.0, shares[best]), [Hit(passage=p, score=1.0, features={}) for p in own[:MOST]]
