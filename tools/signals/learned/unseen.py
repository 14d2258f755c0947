"""What a classifier says of faults that it never saw: each class of process signals left out whole, one at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from aitia.tools.signals.learned.faults import STRANGEST, FaultModel, Forest
from aitia.tools.signals.learned.open_set import Ints, Truths, precision
from aitia.tools.signals.learned.windows import Windows
from aitia.tools.signals.learned.words import Diagnosis, Figures, is_well
from aitia.tools.sources.rows import Floats


def with_unseen(
    model: FaultModel, windows: Windows, rows: Floats, y: Ints, told: Floats, fit: Callable[[Truths], Forest]
) -> Figures:
    """The model's figures with the share of left-out classes that were named, and how far a name is to be trusted.

    `told` are held-out probabilities (windows, classes), `fit` gives the trees of some of the windows. A name counts as
    a diagnosis takes it: one class in the set, not that of health, and few features outside the training range.
    """
    healthy = model.about.healthy
    truth = dict(zip(windows.records, windows.labels, strict=True))
    known = [d for d in model.told(windows, rows, told) if not is_well(truth[d.record], healthy)
             and truth[d.record] not in model.about.figures.untested]  # fmt: skip
    right = sum(_names(d, healthy) and d.label == truth[d.record] for d in known)
    wrong = sum(_names(d, healthy) and d.label != truth[d.record] for d in known)
    shares = []
    for c, label in enumerate(model.about.classes):
        if not is_well(label, healthy):
            learn = y != c
            some = replace(model, forest=fit(learn), low=_end(rows[learn], 0.0), high=_end(rows[learn], 1.0))
            unknown = some.told(windows.pick(~learn), rows[~learn])
            shares.append(float(np.mean([_names(d, healthy) for d in unknown])))
    return model.about.figures.model_copy(
        update={
            "unseen": float(np.mean(shares)) if shares else None,
            "precision": precision(right, wrong, len(known), sum(shares), len(shares)),
        }
    )


def _names(told: Diagnosis, healthy: str) -> bool:
    return bool(told.label) and not is_well(told.label, healthy) and told.strange < STRANGEST


def _end(rows: Floats, q: float) -> NDArray[np.float64]:
    return np.asarray(np.quantile(rows, q, axis=0), dtype=np.float64)
