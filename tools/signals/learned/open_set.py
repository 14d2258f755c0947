"""Naming where unknown classes occur: the nearest known one or none, by a limit from classes that were left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aitia.tools.sources.rows import Floats

Ints = NDArray[np.intp]
Truths = NDArray[np.bool_]
_RIGHT_ANGLE: Final = 0.5 * np.pi  # what is no nearer is simply another


def nearest(angles: Floats, fault: Ints, classes: int) -> Floats:
    """The angle of each asked direction to the nearest known one of each class: (asked, classes), inf for none.

    `angles` is (asked, known), `fault` the class of each known one.
    """
    made = np.full((angles.shape[0], classes), np.inf)
    for c in np.unique(fault):
        made[:, c] = angles[:, fault == c].min(axis=1)
    return made


def leads(near: Floats) -> Floats:
    """How far the nearest class leads, 0..1: 1 less the ratio of its angle to the next class's (asked,).

    The nearest neighbours' distance ratio (Mendes Júnior et al. 2017). The next class counts as a right angle at most.
    """
    two = np.sort(np.column_stack((near, np.full(near.shape[0], np.inf))), axis=1)
    first, second = two[:, 0], np.minimum(two[:, 1], _RIGHT_ANGLE)
    return np.asarray(np.maximum(0.0, 1.0 - first / np.maximum(second, 1e-9)), dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Known directions: the angles between them (known, known), and the class and the run of each."""

    angles: Floats
    fault: Ints
    run: Ints

    def asked(self, rows: Truths, known: Truths) -> tuple[Ints, Floats]:
        """The nearest class of some directions among others, and its lead."""
        near = nearest(self.angles[rows][:, known], self.fault[known], int(self.fault.max()) + 1)
        return near.argmin(axis=1), leads(near)

    def limit(self, known: Truths, error: float) -> tuple[float, float]:
        """The lead over which a class is named, and how often a class that is none of them passes it (split conformal).

        Each class is left out in turn; its score is the highest lead of all its directions among the other classes.
        k classes cannot hold an error under 1/(k + 1): then that is held. With one class nothing is named.
        """
        highest = np.sort([lead for _, _, lead in self.left_out(known)])
        if highest.size < 2:
            return 1.0, 0.0
        held = max(error, 1.0 / (highest.size + 1))
        rank = int(np.ceil((highest.size + 1) * (1.0 - held) - 1e-9))
        return float(highest[rank - 1]), held

    def left_out(self, known: Truths) -> list[tuple[int, int, float]]:
        """Each class that is left out, what its plainest direction is taken for among the others, and that lead."""
        made = []
        for c in np.unique(self.fault[known]):
            own, others = known & (self.fault == c), known & (self.fault != c)
            if others.any():
                taken, lead = self.asked(own, others)
                made.append((int(c), int(taken[np.argmax(lead)]), float(lead.max())))
        return made


@dataclass(frozen=True, kw_only=True)
class Counted:
    """Of runs left out (by run) the shares of their lengths that were named right and wrong; of classes left out (by class),
    the share that was named.
    """

    right: dict[int, float]
    wrong: dict[int, float]
    unseen: dict[int, float]

    @property
    def precision(self) -> float:
        """The share of names that are right where known and unknown classes are equally frequent."""
        return precision(
            sum(self.right.values()), sum(self.wrong.values()), len(self.right),
            sum(self.unseen.values()), len(self.unseen),
        )  # fmt: skip


def counted(pool: Pool, error: float) -> Counted:
    """What is named when each run, and each class, is left out of the known ones and of the limit."""
    right: dict[int, float] = {}
    wrong: dict[int, float] = {}
    unseen: dict[int, float] = {}
    for r in np.unique(pool.run):
        own = pool.run == r
        fault = int(pool.fault[own][0])
        if np.any(pool.fault[~own] == fault):
            found, named = _named(pool, own, ~own, error)
            right[int(r)] = float(np.mean(named & (found == fault)))
            wrong[int(r)] = float(np.mean(named & (found != fault)))
    for c in np.unique(pool.fault):
        own = pool.fault == c
        if not own.all():
            unseen[int(c)] = float(np.mean(_named(pool, own, ~own, error)[1]))
    return Counted(right=right, wrong=wrong, unseen=unseen)


def _named(pool: Pool, own: Truths, known: Truths, error: float) -> tuple[Ints, Truths]:
    found, lead = pool.asked(own, known)
    return found, np.asarray(lead > pool.limit(known, error)[0], dtype=np.bool_)


def precision(right: float, wrong: float, seen: float, named: float, unseen: float) -> float:
    """The share of names that are right where known and unknown classes are equally frequent.

    `right` and `wrong` names of `seen` cases of known classes, `named` of `unseen` cases of unknown ones, each share with
    half a case more on both sides (Jeffreys).
    """
    hit, miss = (right + 0.5) / (seen + 1.0), (wrong + 0.5) / (seen + 1.0)
    return hit / (hit + miss + (named + 0.5) / (unseen + 1.0))
