"""The tasks of fit_store.py, each split into folds: what is learned from, what it is tested with, and what is right."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aitia.core.errors import BadInput
from benchmarks.adapters.tvdiag.events import events_of, read_answers, systems
from benchmarks.contract import chosen
from benchmarks.memory.events import folds
from benchmarks.memory.store_fit import Right
from benchmarks.memory.store_parts import Asked, Vectors, compared, event_parts, generated, text_parts
from benchmarks.memory.tasks import answers_of, postmortems

FOLDS: Final = 5


@dataclass(frozen=True, kw_only=True)
class Task:
    """Each fold's queries to learn from and queries to test with, all queries, and what is right. `right` is the scorer's."""

    name: str
    learn: list[list[Asked]]
    test: list[list[Asked]]
    every: list[Asked]
    right: Right


def text_task(name: str, asked: list[Asked], right: Right, seed: int) -> Task:
    """The library stays, the queries are split."""
    part = folds([a.name for a in asked], count=FOLDS, seed=seed)
    return Task(
        name=name,
        learn=[[a for a, p in zip(asked, part, strict=True) if p != fold] for fold in range(FOLDS)],
        test=[[a for a, p in zip(asked, part, strict=True) if p == fold] for fold in range(FOLDS)],
        every=asked,
        right=right,
    )


def event_task(folder: Path, vectors: Vectors | None, seed: int) -> Task:
    """Each fold is asked of the others; to learn from, each of these is asked of the rest of them."""
    told = read_answers(folder)
    cases = sorted((c for i, c in events_of(folder).items() if i in told), key=lambda c: c.id)
    culprits = {i: component for i, (component, _) in told.items()}
    part = folds([c.id for c in cases], count=FOLDS, seed=seed)
    learn, test = [], []
    for fold in range(FOLDS):
        kept = [c for c, p in zip(cases, part, strict=True) if p != fold]
        held = [c for c, p in zip(cases, part, strict=True) if p == fold]
        learn.append(event_parts(kept, kept, culprits, vectors))
        test.append(event_parts(kept, held, culprits, vectors))
    return Task(
        name=folder.name,
        learn=learn,
        test=test,
        every=event_parts(cases, cases, culprits, vectors),
        right=lambda query, id: told[query][1] == told[id][1],
    )


def tasks(data: Path, pattern: str, vectors: Vectors | None, seed: int) -> list[Task]:
    """Those that the folder and the pattern have."""
    events, knowledge = data / "rca" / "tvdiag", data / "knowledge"
    ways: dict[str, Callable[[], Task]] = {"generated": lambda: _generated(vectors, seed)}
    if knowledge.is_dir():
        ways["postmortems"] = lambda: _postmortems(knowledge, vectors, seed)
    for folder in systems(events) if events.is_dir() else ():
        ways[folder.name] = functools.partial(event_task, folder, vectors, seed)
    names = chosen(ways, pattern)
    if not names:
        raise BadInput(f"Give --cases a glob over {', '.join(sorted(ways))}: {pattern!r}.")
    made = []
    for name in names:
        made.append(ways[name]())
        print(f"{name}: {len(made[-1].every)} queries compared", flush=True)
    return made


def _postmortems(knowledge: Path, vectors: Vectors | None, seed: int) -> Task:
    task = postmortems(knowledge, every=True)
    right = {q: task.ids[n] for q, n in answers_of(task, knowledge).items()}
    return text_task("postmortems", text_parts(task, vectors), lambda q, i: right[q] == i, seed)


def _generated(vectors: Vectors | None, seed: int) -> Task:
    known, queries, right = generated(seed)
    return text_task("generated", compared(known, queries, vectors), lambda q, i: i in right[q], seed)
