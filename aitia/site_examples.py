"""Examples for tuning from one's own site: what persons said in its dictionary and of its runs. Redacted; only if asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from aitia.agent.taxonomy import Taxonomy
from aitia.core.errors import BadInput, NotRecorded, RunNotFound, StoreDamaged, Untrusted
from aitia.core.redact import Redactor
from aitia.core.store import RunStore
from aitia.core.words import Report
from aitia.graphs.judgement import taxonomy_of
from aitia.graphs.outcome import outcomes
from aitia.models.adapters import Role
from aitia.models.curriculum import judge, messages, names
from aitia.models.curriculum.items import Item, Split, split_of
from aitia.models.curriculum.roles import item_of
from aitia.tools.meaning.dictionary import Dictionary
from aitia.tools.memory.words import Outcome

AUTHOR: Final = "a person at this site"
_FACTS: Final = 10  # of a run, the strongest
_LONGEST: Final = 160  # characters of a fact: an example must fit into a tuning's 768 tokens


def site_items(roles: Sequence[Role], found: Dictionary | None, home: Path, redactor: Redactor) -> list[Item]:
    """What persons of this site said that one of `roles` can learn. Raises BadInput where there is nothing.

    A tenth, by the hash of the text, is for the checks of a tuning. What a model read is left out: it would be taught its own
    mistakes.
    """
    made: list[Item] = []
    if "names" in roles and found:
        made += _names(found, redactor)
    if "messages" in roles and found:
        made += _messages(found, redactor)
    if "judge" in roles:
        made += _judgements(home, redactor)
    if not made:
        raise BadInput(
            "Leave out --from-site, or set entries of the dictionary (`aitia dictionary set`) and confirm runs (`aitia confirm`) "
            f"first: no person of this site said anything that {' or '.join(roles)} could be learned from."
        )
    return made


def _split(text: str) -> Split:
    return "check" if split_of(text) == "check" else "train"


def _names(found: Dictionary, redactor: Redactor) -> Iterator[Item]:
    known = set(names.quantities())
    for name, entry in found.names.items():
        if entry.by == "person" and entry.quantity in known:
            told = names.Named(name=redactor.text(name), quantity=entry.quantity, direction=entry.direction)
            yield item_of(told, _split(name)).model_copy(update={"author": AUTHOR})


def _messages(found: Dictionary, redactor: Redactor) -> Iterator[Item]:
    """Only whether they tell of a fault: a person of the site says no more."""
    for text, entry in found.messages.items():
        if entry.by == "person":
            calm = messages.answer_of("normal", messages.CALM)
            sign = calm if not entry.fault else messages.answer_of("other", "own")[:1]
            yield Item(
                role="messages",
                system=messages.SYSTEM,
                prompt=f" {' '.join(redactor.text(text).split())}{messages.QUESTION}",
                answer=sign,
                split=_split(text),
                author=AUTHOR,
            )


def _judgements(home: Path, redactor: Redactor) -> Iterator[Item]:
    for outcome in outcomes(home):
        try:
            store = RunStore.open(home, outcome.run)
            report = store.report()
        except (
            RunNotFound,
            NotRecorded,
            StoreDamaged,
            Untrusted,
        ):  # swept, or made by somebody else: not learned from
            continue
        made = judgement(report, outcome, taxonomy_of(store.meta()), redactor)
        if made is not None:
            yield made


def judgement(report: Report, outcome: Outcome, taxonomy: Taxonomy, redactor: Redactor) -> Item | None:
    """A run's strongest facts and its suspects with what a person said it was; None where that cannot be told among them."""
    suspects = [(s.component, taxonomy.title(s.fault)) for s in report.suspects if s.component]
    if outcome.fault:
        cause = (outcome.component, taxonomy.title(outcome.fault))
    else:
        cause = next((s for s in suspects if s[0] == outcome.component), ("", ""))
    kept = list(dict.fromkeys(suspects))[: judge.MOST]
    if not cause[0] or len(kept) < 2:
        return None
    if cause not in kept:
        kept[-1] = cause
    strong = sorted(report.evidence, key=lambda e: -e.strength)[:_FACTS]
    facts = [e.statement for e in report.evidence if e in strong]
    return judge.item_of(
        judge.Case(
            facts=tuple(redactor.text(" ".join(f.split()))[:_LONGEST] for f in facts),
            suspects=tuple((redactor.text(c), t) for c, t in sorted(kept)),
            cause=(redactor.text(cause[0]), cause[1]),
            began=f"{report.incident.started_at:%H:%M}",
            vendor=redactor.text(outcome.component),
            author=AUTHOR,
        ),
        _split(report.run),
    )
