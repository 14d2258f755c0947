"""Training of a fault classifier: cross-validated by machine, with conformal sets from the held-out probabilities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from aitia.core.errors import BadInput
from aitia.tools.signals.learned.conformal import class_quantiles
from aitia.tools.signals.learned.faults import STRANGEST, FaultModel, Forest, labels_of
from aitia.tools.signals.learned.features import rows_of
from aitia.tools.signals.learned.open_set import Ints, Truths, precision
from aitia.tools.signals.learned.store import versions
from aitia.tools.signals.learned.trees import Trees
from aitia.tools.signals.learned.windows import Windows
from aitia.tools.signals.learned.words import About, Data, Diagnosis, Figures, Measured, Unit, is_well
from aitia.tools.sources.rows import Floats

TREES: Final = 300
MOST_FOLDS: Final = 10  # with fewer machines each is left out once
_DRAWS: Final = 1000


def train(windows: Windows, *, healthy: str = "", error: float = 0.1, seed: int = 0) -> FaultModel:
    """A model from labelled windows; needs scikit-learn (`learn`).

    Raises BadInput for one class or one machine, for a window without label, and where `healthy` is no class.
    """
    classes, groups = _usable(windows, healthy)
    rows, names, usual = rows_of(windows, healthy=healthy)
    y = labels_of(windows, classes)
    told = held_out(windows, rows, y, len(classes), groups, seed)
    unit, units = _unit(windows, y, groups, len(classes), error)
    quantiles, missed = class_quantiles(told, y, units, error=error)
    fitted = _fitted(windows, rows, y, len(classes), seed)
    about = About(
        classes=classes, features=names, channels=windows.channels, window=windows.x.shape[1],
        fs=windows.fs if np.isfinite(windows.fs) else None, healthy=healthy, error=error, unit=unit, seed=seed,
        quantiles=tuple(quantiles.tolist()),
        missed=dict(zip(classes, missed.tolist(), strict=True)),
        data=Data(sha256=windows.sha256, windows=len(y), skipped=windows.skipped, machines=len(set(windows.groups)),
                  windows_of=dict(sorted(Counter(windows.labels).items()))),
        figures=figures(windows, told, y, classes, groups, quantiles, seed), versions=versions(),
    )  # fmt: skip
    low, high = (np.quantile(rows, q, axis=0) for q in (0.0, 1.0))
    model = FaultModel(about=about, forest=fitted, usual=usual, low=low, high=high)
    if about.fs is not None:
        return model

    def fit(some: NDArray[np.bool_]) -> Forest:
        return _fitted(windows.pick(some), rows[some], y[some], len(classes), seed)

    measured = with_unseen(model, windows, rows, y, told, fit)
    return replace(model, about=about.model_copy(update={"figures": measured}))


def _usable(windows: Windows, healthy: str) -> tuple[tuple[str, ...], Ints]:
    if "" in windows.labels:
        raise BadInput(
            f"{windows.labels.count('')} windows have no label. Label every window, or leave it out."
        )
    classes = tuple(sorted(set(windows.labels)))
    machines = sorted(set(windows.groups))
    if len(classes) < 2 or len(machines) < 2:
        raise BadInput(
            f"There are {len(classes)} classes and {len(machines)} machines. Give at least 2 of each, to "
            "learn and to test."
        )
    if healthy and healthy not in classes:
        raise BadInput(f"{healthy!r} is not a class. Name one of these with --healthy: {', '.join(classes)}.")
    return classes, np.array([machines.index(g) for g in windows.groups], dtype=np.intp)


def held_out(windows: Windows, rows: Floats, y: Ints, classes: int, groups: Ints, seed: int) -> Floats:
    """Each window's probabilities by trees that saw no window of its machine."""
    machines = np.unique(groups)
    count = min(MOST_FOLDS, machines.size)
    fold = np.random.default_rng(seed).permutation(np.arange(machines.size) % count)[
        np.searchsorted(machines, groups)
    ]
    told = np.zeros((len(y), classes))
    for f in range(count):
        learn = fold != f
        forest = _fitted(windows.pick(learn), rows[learn], y[learn], classes, seed)
        told[~learn] = forest.probabilities(rows[~learn])
    return told


def _fitted(windows: Windows, rows: Floats, y: Ints, classes: int, seed: int) -> Forest:
    return fit_forest(rows, y, weights(windows, y), classes=classes, seed=seed)


def weights(windows: Windows, y: Ints) -> Floats:
    """Every class weighs the same, and in it every record, however long; the mean is 1."""
    key = [(label, record) for label, record in zip(y.tolist(), windows.records, strict=True)]
    length, records = Counter(key), Counter(label for label, _ in set(key))
    made = np.array([1.0 / (length[k] * records[k[0]]) for k in key])
    return np.asarray(made / made.mean(), dtype=np.float64)


def fit_forest(rows: Floats, y: Ints, share: Floats, *, classes: int, seed: int, **options: Any) -> Forest:
    """Extremely randomised trees with scikit-learn's defaults but their number; columns of `classes` that y lacks are 0."""
    try:
        from sklearn.ensemble import ExtraTreesClassifier
    except ImportError:
        raise BadInput("Install scikit-learn (pip install '.[learn]') to train.") from None
    made = ExtraTreesClassifier(**({"n_estimators": TREES} | options), random_state=seed)
    made.fit(rows, y, sample_weight=share)
    trees = Trees.of(made.estimators_, weight=1.0 / len(made.estimators_), bias=np.zeros(len(made.classes_)))
    return Forest(trees=trees.spread(made.classes_, classes))


def _unit(windows: Windows, y: Ints, groups: Ints, classes: int, error: float) -> tuple[Unit, Ints]:
    """What counts once in a quantile: the machine, or a finer unit where a class has too few for the error asked."""
    records = np.unique(np.array(windows.records), return_inverse=True)[1].reshape(-1)
    wanted = int(np.ceil(1.0 / error - 1.0))
    for unit, numbers in (("machine", groups), ("record", records)):
        if min(np.unique(numbers[y == c]).size for c in range(classes)) >= wanted:
            return ("machine" if unit == "machine" else "record"), numbers
    return "record", records


def figures(
    windows: Windows,
    told: Floats,
    y: Ints,
    classes: Sequence[str],
    groups: Ints,
    quantiles: Floats,
    seed: int,
) -> Figures:
    """What held-out probabilities are worth. Sets use the quantiles of all machines, so that their shares are a little kind."""
    right = (told.argmax(axis=1) == y).astype(float)
    records = np.unique(
        np.array([f"{r}\0{n}" for r, n in zip(windows.records, y, strict=True)]), return_inverse=True
    )[1].reshape(-1)
    first = np.array([np.flatnonzero(records == r)[0] for r in range(records.max() + 1)])
    mean = np.stack([told[records == r].mean(axis=0) for r in range(first.size)])
    hit = (mean.argmax(axis=1) == y[first]).astype(float)
    inside = 1.0 - mean <= quantiles
    named = inside.sum(axis=1) == 1
    named_right = inside[named, y[first][named]]
    tested = [np.unique(groups[y == c]).size for c in range(len(classes))]

    def balanced(rows: Ints) -> float:
        return float(np.mean([right[rows][y[rows] == c].mean() for c in np.unique(y[rows])]))

    return Figures(
        folds=min(MOST_FOLDS, np.unique(groups).size),
        accuracy=measured(groups, lambda rows: float(right[rows].mean()), seed),
        balanced=measured(groups, balanced, seed),
        record=measured(groups[first], lambda rows: float(hit[rows].mean()), seed),
        named=float(named.mean()),
        named_right=float(named_right.mean()) if named_right.size else None,
        recall={name: float(right[y == c].mean()) for c, name in enumerate(classes)},
        untested=tuple(name for name, machines in zip(classes, tested, strict=True) if machines < 2),
    )


def measured(groups: Ints, of: Callable[[Ints], float], seed: int) -> Measured:
    """A figure over all rows, and its 95 % interval by drawing whole machines."""
    machines = np.unique(groups)
    own = [np.flatnonzero(groups == g) for g in machines]
    chance = np.random.default_rng(seed)
    drawn = [
        of(np.concatenate([own[k] for k in chance.integers(0, machines.size, machines.size)]))
        for _ in range(_DRAWS)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Measured(
        value=of(np.arange(len(groups))), low=float(low), high=float(high), machines=machines.size
    )


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
