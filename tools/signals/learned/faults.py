"""A trained fault classifier at work: probabilities, conformal sets, reasons, and its adaptation to a new machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import ValidationError

from aitia.core.errors import BadInput, ModelError
from aitia.tools.signals.learned import store
from aitia.tools.signals.learned.features import rows_of
from aitia.tools.signals.learned.trees import Trees
from aitia.tools.signals.learned.windows import Windows
from aitia.tools.signals.learned.words import About, Diagnosis, Reason
from aitia.tools.sources.rows import Floats

STRANGEST: Final = 0.1  # share of features outside the training range from which on nothing is said; by hand
FEW: Final = 10.0  # labelled windows of a new machine that weigh as much as the fleet; not tuned
_REASONS: Final = 5
_EXPLAINED: Final = 40  # windows of a record whose reasons are averaged


@dataclass(frozen=True, kw_only=True)
class Forest:
    """Extremely randomised trees (Geurts et al. 2006)."""

    trees: Trees

    def probabilities(self, rows: Floats) -> Floats:
        """The mean of the leaves' class shares."""
        return self.trees.predict(rows)

    def kernel(self, rows: Floats, known: Floats) -> Floats:
        """The share of trees in which two windows end in one leaf (proximity, Breiman 2001)."""
        a, b = self.trees.leaves(rows), self.trees.leaves(known)
        return np.asarray([np.mean(a == leaf, axis=1) for leaf in b], dtype=np.float64).T

    def arrays(self) -> store.Arrays:
        """As arrays of an npz file."""
        return self.trees.arrays("trees.")


@dataclass(frozen=True, kw_only=True)
class Few:
    """A handful of labelled windows of the machine that is asked about."""

    rows: Floats
    classes: Floats  # (windows, classes), one-hot


@dataclass(frozen=True, kw_only=True)
class FaultModel:
    """A classifier as its file holds it. `usual`, `low`, `high` are median and range of the training features."""

    about: About
    forest: Forest
    usual: Floats
    low: Floats
    high: Floats
    few: Few | None = None

    def rows(self, windows: Windows) -> Floats:
        """What the trees see, shape (windows, features). Raises BadInput where the windows are of another kind."""
        self._check(windows)
        return rows_of(windows, healthy=self.about.healthy, usual=self.usual)[0]

    def probabilities(self, rows: Floats) -> Floats:
        """Shape (windows, classes); known windows of the machine vote by their likeness, the more of them the more."""
        told = self.forest.probabilities(rows)
        if self.few is None:
            return told
        alike = self.forest.kernel(rows, self.few.rows) + 1e-6
        per_class = self.few.classes.sum(axis=0)
        votes = alike @ (self.few.classes / np.maximum(per_class, 1.0))
        votes /= votes.sum(axis=1, keepdims=True)
        share = len(self.few.rows) / (len(self.few.rows) + FEW)
        return np.asarray((1.0 - share) * told + share * votes, dtype=np.float64)

    def diagnose(self, windows: Windows) -> list[Diagnosis]:
        """One diagnosis a record, by the mean of its windows' probabilities."""
        return self.told(windows, self.rows(windows))

    def told(self, windows: Windows, rows: Floats, told: Floats | None = None) -> list[Diagnosis]:
        """The same from the windows' features, and their probabilities where they are known."""
        told = self.probabilities(rows) if told is None else told
        names = np.array(windows.records)
        return [
            self._one(name, windows, rows, told, np.flatnonzero(names == name))
            for name in dict.fromkeys(windows.records)
        ]

    def _one(
        self,
        name: str,
        windows: Windows,
        rows: Floats,
        told: Floats,
        at: np.ndarray[tuple[int], np.dtype[np.intp]],
    ) -> Diagnosis:
        mean = told[at].mean(axis=0)
        best, after = (int(c) for c in np.argsort(-mean, kind="stable")[:2])
        inside = tuple(
            c for c, p, q in zip(self.about.classes, mean, self.about.quantiles, strict=True) if 1.0 - p <= q
        )
        reach = 0.05 * (self.high - self.low)
        off = (rows[at] < self.low - reach) | (rows[at] > self.high + reach)
        return Diagnosis(
            record=name, group=windows.groups[at[0]], windows=at.size, set=inside, best=self.about.classes[best],
            after=self.about.classes[after], label=inside[0] if len(inside) == 1 else "",
            probability=min(1.0, float(mean[best])),
            strange=float(np.mean(off)), reasons=self._reasons(rows[at], best),
        )  # fmt: skip

    def _reasons(self, rows: Floats, best: int) -> tuple[Reason, ...]:
        rows = rows[:: -(-len(rows) // _EXPLAINED)]
        added = self.forest.trees.contributions(rows)[:, :, best].mean(axis=0)
        order = [int(n) for n in np.argsort(-added)[:_REASONS] if added[n] > 0]
        return tuple(
            Reason(feature=self.about.features[n], value=float(np.median(rows[:, n])), usual=float(self.usual[n]),
                   share=float(added[n]))
            for n in order
        )  # fmt: skip

    def adapted(self, windows: Windows) -> FaultModel:
        """The model with a few labelled windows of a new machine. Raises BadInput for a class that it does not know."""
        strange = sorted(set(windows.labels) - set(self.about.classes))
        if strange:
            raise BadInput(
                f"The model does not know the label {strange[0]!r}. Label with {', '.join(self.about.classes)}."
            )
        one_hot = np.array([[float(label == c) for c in self.about.classes] for label in windows.labels])
        return replace(self, few=Few(rows=self.rows(windows), classes=one_hot))

    def _check(self, windows: Windows) -> None:
        about = self.about
        if windows.channels != about.channels:
            raise BadInput(
                f"Give the channels {', '.join(about.channels)}: these windows have {', '.join(windows.channels)}."
            )
        if windows.x.shape[1] != about.window:
            raise BadInput(f"Give --window {about.window}: these windows have {windows.x.shape[1]} samples.")
        if (about.fs or 0.0) != (windows.fs if np.isfinite(windows.fs) else 0.0):
            raise BadInput(
                f"Give --rate {about.fs or 0:g}: the model was trained at it, these windows are at {windows.fs:g} Hz."
            )


def save(model: FaultModel, path: Path) -> None:
    """Write a model file (npz, no pickle)."""
    own = {"usual": model.usual, "low": model.low, "high": model.high}
    store.save(path, model.about.model_dump(mode="json"), {**own, **model.forest.arrays()})


def load(path: Path) -> FaultModel:
    """Read a model file; raises ModelError that says what is wrong with it."""
    held, arrays = store.load(path, "fault")
    try:
        about = About.model_validate(held)
        forest = Forest(trees=Trees.from_arrays(arrays, "trees."))
        usual, low, high = (np.asarray(arrays[n], dtype=np.float64) for n in ("usual", "low", "high"))
        return FaultModel(about=about, forest=forest, usual=usual, low=low, high=high)
    except (KeyError, ValueError, ValidationError) as error:
        said = str(error).splitlines()[0]
        raise ModelError(f"{str(path)!r} is not a fault model ({said}). Train it again.") from None


def labels_of(windows: Windows, classes: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """The number of each window's class."""
    return np.array([classes.index(label) for label in windows.labels], dtype=np.intp)
