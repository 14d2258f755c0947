"""What series are by how they behave: settings that somebody changed, and states of which one holds at a time."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from aitia.tools.meaning.names import lexicon
from aitia.tools.series.aspects import Aspect, Bad
from aitia.tools.sources.base import Series
from aitia.tools.sources.rows import Floats

STATE: Final = ("state", "status", "phase", "condition")  # labels that name a state
Labels = tuple[tuple[str, str], ...]
SETTING: Final = Aspect(aspect="other", say="", floor=1e18, relative=False, by="behaviour")
"""What somebody has set differently is no sign of damage, so no change of it is one."""
_HELD, _KEPT = 10, 3  # samples before and after the one step of a setting, at least
# Of a state: a sentence that an exporter writes into a label is none.
_WORD: Final = re.compile(r"[\w.-]{1,40}")
_CODE: Final = re.compile(r"[1-5](\d\d|xx)", re.IGNORECASE)  # of requests, not of a state
# Phases of a pod and of a claim, which the lexicon reads as states only.
_WELL: Final = frozenset({"running", "bound"})
_YES: Final = {"true": True, "false": False, "unknown": False}
_MOVED: Final = 0.3  # of a state that is 0 or 1; where states share a sum, of one member
_KEEPS: Final = frozenset({"connections", "queue", "lag", "locks", "threads", "cpu", "memory", "disk"})


def is_setting(v: Floats) -> bool:
    """Whether a series holds a value, takes one step and keeps the new one. With a 0 it is rather a state or a count."""
    known = v[np.isfinite(v)]
    steps = np.flatnonzero(np.diff(known))
    if steps.size != 1 or known[0] == 0.0 or known[-1] == 0.0:
        return False
    first = int(steps[0]) + 1
    return first >= _HELD and known.size - first >= _KEPT


def state_labels(members: Sequence[Series]) -> tuple[str, ...]:
    """The labels that name the state each series of a component's metric is of; empty where they are no states.

    Series are states where they are 0 or 1, or where those that differ in the label alone always add up to the same.
    """
    metric, kind = members[0].metric, members[0].metadata.kind
    wanted = (metric, *STATE) if kind == "stateset" else STATE
    return tuple(label for label in wanted if _tells_states(label, members))


def _tells_states(label: str, members: Sequence[Series]) -> bool:
    values = {m.labels.get(label, "") for m in members}
    if len(values) < 2 or not all(map(_WORD.fullmatch, values)) or any(map(_CODE.fullmatch, values)):
        return False
    beside: dict[Labels, list[Series]] = defaultdict(list)
    for one in members:
        beside[tuple(sorted((k, v) for k, v in one.labels.items() if k != label))].append(one)
    return all(_zero_or_one(of) or _add_up(of) for of in beside.values())


def _zero_or_one(members: Sequence[Series]) -> bool:
    known = np.concatenate([m.v[np.isfinite(m.v)] for m in members])
    return known.size > 0 and bool(np.all((known == 0.0) | (known == 1.0)))


def _add_up(members: Sequence[Series]) -> bool:
    """Whether several series, of which some change, have a constant sum."""
    first = members[0].t
    if len(members) < 2 or any(not np.array_equal(m.t, first) for m in members):
        return False
    values = np.stack([m.v for m in members])
    values = values[:, np.all(np.isfinite(values), axis=0)]
    if values.shape[1] < _HELD or not bool(np.any(np.ptp(values, axis=1) > 0)):
        return False
    total = values.sum(axis=0)
    return float(np.ptp(total)) <= 1e-9 * max(float(np.max(np.abs(total))), 1.0)


def state_of(one: Series, labels: Sequence[str]) -> Labels:
    """The state that a series is of."""
    return tuple((label, one.labels[label]) for label in labels)


def trouble_of(state: Labels) -> Bad | None:
    """Which way trouble lies for a state by its own name: `phase=Running` down, `phase=Failed` up; None where it tells none."""
    told = [value for _, value in state if value.lower() not in _YES]
    holds = all(_YES[value.lower()] for _, value in state if value.lower() in _YES)
    meaning = lexicon().read(told[-1]) if told else None
    if told and told[-1].lower() in _WELL:
        return "down" if holds else "up"
    if meaning is None or meaning.quantity not in ("availability", "errors"):
        return None
    up = meaning.quantity == "errors" or meaning.direction == "up"
    return "up" if up == holds else "down"


def about_state(about: Aspect, state: Labels) -> Aspect:
    """What a family's aspect is for one of its states: whether somebody feels it depends on the state, not on the family."""
    trouble = trouble_of(state)
    aspect = about.aspect if about.aspect in _KEEPS else "availability" if trouble else "other"
    bad: Bad = trouble or "both"
    return replace(
        about,
        aspect=aspect,
        say="",
        unit="",
        bad=bad,
        floor=_MOVED,
        relative=False,
        by="behaviour",
        understood=True,
    )
