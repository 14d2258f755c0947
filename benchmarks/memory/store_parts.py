"""What the store's fusion weighs: the parts of every query with every past incident, on three kinds of incident.

events       TVDiag's alert events: the past ones know their culprit, the new ones name the component with most alerts;
             right is an incident of the same fault
postmortems  blurb -> body, names masked as in tasks.py: words and meaning alone
generated    recurrences of the incidents of scale.py, nine in ten within 20 days: words, evidence, component and time at
             once, a third of either side without a fingerprint; right is the same fault at the same component before
"""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from aitia.tools.memory import evidence_index, fusion, words_index
from aitia.tools.memory.rows import embedded_text
from aitia.tools.memory.schema import connect
from aitia.tools.memory.store import MemoryStore
from aitia.tools.memory.vectors import Embeds, Rows
from aitia.tools.memory.words import PastIncident, Query, Why, known_by
from benchmarks.adapters.tvdiag.events import Case
from benchmarks.memory.events import fingerprint
from benchmarks.memory.fusing import Floats
from benchmarks.memory.scale import START, VOCABULARY, incident, words
from benchmarks.memory.tasks import Task as Texts

PARTS: Final[tuple[Why, ...]] = ("words", "meaning", "evidence", "component", "recent")
GENERATED, ASKED, DAYS = 600, 160, 180
WITHIN: Final = 20.0 / np.log(10.0)  # days, mean of an exponential of which nine in ten are within 20


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A query with the ids of what it may find and their parts (n, 5), NaN where one cannot be compared.

    `facts`: how many it asks by.
    """

    name: str
    ids: tuple[str, ...]
    parts: Floats
    facts: int = fusion.FACTS

    @property
    def held(self) -> Floats:
        """How much of its weight each part has (n, 5): 0 where it cannot be compared, a share where few facts are asked by."""
        made = (~np.isnan(self.parts)).astype(float)
        made[:, PARTS.index("evidence")] *= fusion.full(self.facts)
        return made


class Vectors:
    """Unit vectors by text, each made once."""

    def __init__(self, model: Embeds) -> None:
        self._model = model
        self._rows: dict[str, Rows] = {}

    def of(self, texts: Iterable[str]) -> Rows:
        """One row a text."""
        every = list(texts)
        new = [text for text in dict.fromkeys(every) if text not in self._rows]
        for start in range(0, len(new), 32):
            some = new[start : start + 32]
            self._rows |= dict(zip(some, self._model.embed(some), strict=True))
        return np.array([self._rows[text] for text in every])


def compared(
    known: Sequence[PastIncident], queries: Sequence[tuple[str, Query]], vectors: Vectors | None
) -> list[Asked]:
    """Every part of every query, over a store of the known incidents, by the store's own indexes."""
    with tempfile.TemporaryDirectory() as folder, MemoryStore(Path(folder), embedder=None) as store:
        store.put(known, by="benchmark")
        with closing(connect(store.path)) as db:
            numbers = dict(db.execute("SELECT id, number FROM incidents").fetchall())
            rows = vectors.of(embedded_text(i) for i in known) if vectors is not None else None
            made = []
            for name, query in queries:
                places = [
                    n
                    for n, i in enumerate(known)
                    if i.id not in query.exclude
                    and known_by(i, query.before)
                    and (query.before is None or i.at is None or i.at < query.before)
                ]
                found = [known[n] for n in places]
                held = {numbers[i.id]: (i.fingerprint, i.component) for i in found}
                weights, _ = words_index.query_terms(db, query.text, len(known))
                told = words_index.shares(db, weights, list(held), len(known))
                moved = evidence_index.likenesses(db, query.fingerprint, held, len(known))
                parts = np.full((len(found), len(PARTS)), np.nan)
                for row, past in zip(parts, found, strict=True):
                    number = numbers[past.id]
                    row[0] = told.get(number, 0.0) if weights else np.nan
                    row[2] = moved.get(number, np.nan)
                    if query.component:
                        row[3] = fusion.component(query.component, past.component, past.fingerprint)
                    if past.at is not None and query.before is not None:
                        row[4] = fusion.recent(past.at, query.before)
                if rows is not None and vectors is not None and query.text.strip():
                    cosines = rows[places] @ vectors.of([query.text])[0]
                    parts[:, 1] = [fusion.meaning(float(c)) for c in cosines]
                ids = tuple(i.id for i in found)
                made.append(Asked(name=name, ids=ids, parts=parts, facts=len(query.fingerprint)))
    return made


def event_incident(case: Case, component: str = "") -> PastIncident:
    """Alert events as a past incident of the store; `component` is what a person said."""
    told = list(dict.fromkeys(f"{e.signal} {e.direction} of {e.component}" for e in case.events))
    return PastIncident(
        id=case.id, title=told[0] if told else case.id, text="; ".join(told), component=component, fingerprint=fingerprint(case)
    )  # fmt: skip


def event_query(case: Case) -> Query:
    """The same as a query, at the component that most of its events name."""
    past = event_incident(case)
    named = Counter(e.component for e in case.events)
    most = min(named, key=lambda c: (-named[c], c), default="")
    return Query(text=past.text, component=most, fingerprint=past.fingerprint, exclude=(case.id,))


def event_parts(
    known: Sequence[Case], held: Sequence[Case], culprits: Mapping[str, str], vectors: Vectors | None
) -> list[Asked]:
    """The held events asked of the known ones, of which alone `culprits` are read."""
    library = [event_incident(c, culprits[c.id]) for c in known]
    return compared(library, [(c.id, event_query(c)) for c in held], vectors)


def text_parts(task: Texts, vectors: Vectors | None) -> list[Asked]:
    """Blurbs asked of a store of bodies."""
    known = [
        PastIncident(id=id, kind="postmortem", title="-", text=document.text)
        for id, document in zip(task.ids, task.documents, strict=True)
    ]
    return compared(known, [(q.name, Query(text=q.text)) for q in task.questions], vectors)


def generated(seed: int) -> tuple[list[PastIncident], list[tuple[str, Query]], dict[str, frozenset[str]]]:
    """Past incidents, alarms of which each is one of them again, and the ids of those that are the same."""
    chance = random.Random(f"store {seed}")
    known = [_past(n, chance) for n in range(GENERATED)]
    queries, right = [], dict[str, frozenset[str]]()
    for turn in range(ASKED):
        past = chance.choice(known)
        assert past.at is not None
        now = past.at + timedelta(hours=6, days=chance.expovariate(1.0 / WITHIN))
        queries.append((f"q{turn}", _again(past, chance.choice(known), now, chance)))
        right[f"q{turn}"] = frozenset(
            i.id for i in known if (i.fault, i.component) == (past.fault, past.component) and known_by(i, now)
        )
    return known, queries, right


def _past(n: int, chance: random.Random) -> PastIncident:
    drawn = incident(n)
    area = chance.choice(("checkout", "payment", "search", "stock"))
    where = f"{area}-{chance.choice(('api', 'db', 'worker'))}"  # few enough for the same one to fail in other ways
    at = START + timedelta(days=chance.uniform(0, DAYS))
    renamed = drawn.model_dump_json().replace(drawn.component, where)
    return PastIncident.model_validate_json(renamed).model_copy(
        update={
            "at": at.astimezone(UTC),
            "resolved_at": at + timedelta(hours=chance.uniform(0.1, 5)),
            "fingerprint": () if chance.random() < 1 / 3 else tuple(
                token.replace(drawn.component, where) for token in drawn.fingerprint
            ),
        }
    )  # fmt: skip


def _again(past: PastIncident, other: PastIncident, now: datetime, chance: random.Random) -> Query:
    """The alarm of a recurrence: some of its words, other ones, some of what moved and some of what did elsewhere."""
    said = [word for word in f"{past.symptoms[0]} {past.symptoms[1]}".split() if chance.random() < 0.6]
    own = incident(int(past.id.removeprefix("INC-")))
    tokens = [t.replace(own.component, past.component) for t in own.fingerprint if chance.random() < 0.6]
    tokens += [t for t in other.fingerprint if chance.random() < 0.3]
    caller = past.fingerprint[1].rpartition("|")[2] if past.fingerprint else chance.choice(VOCABULARY)
    return Query(
        text=f"{' '.join(said)} {words(chance, 8)}",
        component=past.component if chance.random() < 0.8 else caller,
        fingerprint=() if chance.random() < 1 / 3 else tuple(sorted(set(tokens))),
        before=now,
    )
