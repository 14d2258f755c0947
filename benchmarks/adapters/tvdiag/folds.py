"""Seeded folds, stratified by the answer: each (component, fault) is spread over all folds as evenly as it can be."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence

from benchmarks.adapters.tvdiag.events import Case


def parts_of(cases: Sequence[Case], *, folds: int, seed: int) -> list[int]:
    """The fold of each case. Rare answers follow one another, so that the folds differ by one case at most."""
    chance = random.Random(seed)
    groups: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for n, case in enumerate(cases):
        groups[case.component, case.fault].append(n)
    found = [0] * len(cases)
    turn = 0
    for key in sorted(groups):
        members = sorted(groups[key], key=lambda n: cases[n].id)
        chance.shuffle(members)
        for n in members:
            found[n] = turn % folds
            turn += 1
    return found
