"""Detectors of pyod, scikit-learn, stumpy and ruptures behind `Detector`, by names such as `pyod:ECOD`.

All see robust z-scores of the reference (`Scaler`) and are built with their own defaults, seeded where they draw.
"""

from __future__ import annotations

import importlib
import inspect
import io
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from difflib import get_close_matches
from functools import partial
from typing import Any, Final, Self

import numpy as np

from aitia.core.errors import BadInput, ModelError
from aitia.tools.change.scale import Scaler
from aitia.tools.signals.detectors.base import checked
from aitia.tools.sources.rows import Floats

WINDOW: Final = (
    50  # rows that a detector of shapes or of changes looks back on: pyod's default for time series
)
MOST: Final = (
    2000  # rows of a reference that are learned, evenly: some detectors take the square of it in memory
)
EXTRA: Final = {"pyod": "detectors", "sklearn": "learn", "stumpy": "detectors"}  # ruptures is in the core
_SKLEARN: Final = ("covariance", "decomposition", "ensemble", "linear_model", "mixture", "neighbors", "svm")
_PROFILES: Final = {"stump": True, "aamp": False}  # whether sub-sequences are z-normalised
# What libraries raise on data or options that they do not take.
_REFUSED: Final = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RuntimeError)
_SHOWN: Final = 12  # names that an error lists


class LibraryDetector(ABC):
    """A library's detector as a `Detector` that can run online.

    The score of a row needs no later row, is the same whatever other rows are scored with it, and looks back on
    `lookback` rows, its own included.
    """

    def __init__(self, name: str, model: Any, *, lookback: int = 1) -> None:
        self.name, self.lookback, self._model = name, lookback, model

    def fit(self, x: Floats) -> Self:
        """Learn from a reference (samples, channels). Raises BadInput where the library refuses it."""
        x = checked(x, least=max(8, 2 * self.lookback))
        self._scaler = Scaler().fit(x)
        self._reference = self._scaler.transform(x)
        with _asked(f"{self.name} cannot learn from {x.shape[0]} rows of {x.shape[1]} columns"):
            self._learn()
        return self

    def decision_function(self, x: Floats) -> Floats:
        """One score per row; the first `lookback` - 1 rows take that of the first row with enough before it."""
        if x.shape[0] < self.lookback:
            raise BadInput(f"{self.name} needs {self.lookback} rows to score one: there are {x.shape[0]}.")
        with _asked(f"{self.name} cannot score {x.shape[0]} rows"):
            score = np.asarray(self._score(self._scaler.transform(x)), dtype=np.float64)
        return np.nan_to_num(np.pad(score, (x.shape[0] - score.size, 0), mode="edge"))

    def _learn(self) -> None:
        self._model.fit(self._reference)

    @abstractmethod
    def _score(self, z: Floats) -> Floats:
        """The scores of the rows from the `lookback`-th on."""


class _Rows(LibraryDetector):
    """pyod and scikit-learn: each row for itself.

    Some detectors of pyod score a row by the rows that are scored with it. They get rows one by one, and those that cannot
    score a single row get the reference with it.
    """

    def _learn(self) -> None:
        self._reference = self._reference[:: -(-len(self._reference) // MOST)]
        super()._learn()
        rows = np.concatenate((self._reference[:3], self._reference[:3] + 8.0))
        together = self._raw(rows)
        try:
            alone = self._one_by_one(rows)
        except _REFUSED:
            alone = np.full(len(rows), np.nan)
        single = bool(np.isfinite(alone).all()) and float(np.ptp(alone)) > 0.0
        same = single and np.allclose(alone, together, rtol=1e-6, atol=1e-9)
        self._score_rows = self._raw if same else self._one_by_one if single else self._beside_the_reference

    def _score(self, z: Floats) -> Floats:
        return self._score_rows(z)

    def _raw(self, z: Floats) -> Floats:
        if self.name.startswith("sklearn:"):
            return np.asarray(
                -self._model.score_samples(z), dtype=np.float64
            )  # its larger ones are more usual
        return np.asarray(self._model.decision_function(z), dtype=np.float64)

    def _one_by_one(self, z: Floats) -> Floats:
        return np.concatenate([self._raw(row[None]) for row in z])

    def _beside_the_reference(self, z: Floats) -> Floats:
        return np.array([self._raw(np.vstack((self._reference, row)))[-1] for row in z])


class _Sequence(LibraryDetector):
    """pyod's detectors of time series: the last score of the rows up to each row."""

    def _score(self, z: Floats) -> Floats:
        ends = range(self.lookback, len(z) + 1)
        return np.array([self._model.decision_function(z[e - self.lookback : e])[-1] for e in ends])


class _MatrixProfile(LibraryDetector):
    """stumpy: the distance of the last sub-sequence to the nearest one of the reference, a row of the matrix profile."""

    def _learn(self) -> None:
        if self._reference.shape[1] != 1:
            raise ValueError("it takes one column (--drop the others)")
        self._usual = np.ascontiguousarray(self._reference[:, 0])

    def _score(self, z: Floats) -> Floats:
        v = np.ascontiguousarray(z[:, 0])
        every = np.lib.stride_tricks.sliding_window_view(v, self.lookback)
        return np.array([np.min(self._model(last, self._usual)) for last in every])


class _Discrepancy(LibraryDetector):
    """ruptures: what a change in the middle of the last rows would save of the cost of one segment (its `Window`)."""

    def _learn(self) -> None:
        self._score(self._reference[: self.lookback])

    def _score(self, z: Floats) -> Floats:
        half, whole = self.lookback // 2, self.lookback
        costs = (self._model().fit(z[e - whole : e]) for e in range(whole, len(z) + 1))
        return np.array([c.error(0, whole) - c.error(0, half) - c.error(half, whole) for c in costs])


def library_detector(name: str) -> LibraryDetector:
    """A new detector by `LIBRARY:NAME`. Raises BadInput for an unknown name, ModelError where its package is not installed."""
    library, _, detector = name.partition(":")
    if library not in _MAKE or not detector:
        raise BadInput(f"There is no detector {name!r}. Name a library and its detector, such as pyod:ECOD: "
                       f"{', '.join(f'{each}:NAME' for each in _MAKE)}.")  # fmt: skip
    try:
        with _silent():
            return _MAKE[library](detector)
    except ImportError as error:
        missing = (error.name or library).partition(".")[0]
        told = f"'.[{EXTRA[library]}]'" if missing == library in EXTRA else missing
        raise ModelError(
            f"{name} needs {missing}, which is not installed. Install it: pip install {told}."
        ) from None


def _pyod(name: str) -> LibraryDetector:
    from pyod.utils.knowledge import KnowledgeBase

    known = {
        n: a for n, a in KnowledgeBase().algorithms.items() if {"tabular", "time_series"} & {*a["data_types"]}
    }
    named = _named(name, [n for n, a in known.items() if a["status"] != "planned"], "pyod")
    told, about = f"pyod:{named}", known[named]
    module, _, cls = about["class_path"].rpartition(".")
    try:
        model = _built(told, getattr(importlib.import_module(module), cls))
    except ImportError as error:  # of what pyod leaves to extras of its own
        if about["requires"]:
            raise ModelError(f"{told} needs {error.name}, which is not installed. Install it: pip install "
                             f"'pyod[{about['requires'][0]}]'.") from None  # fmt: skip
        raise
    if "time_series" in about["data_types"]:
        return _Sequence(told, model, lookback=int(getattr(model, "window_size", WINDOW)))
    return _Rows(told, model)


def _sklearn(name: str) -> LibraryDetector:
    modules = [importlib.import_module(f"sklearn.{m}") for m in _SKLEARN]
    known = {n: getattr(m, n) for m in modules for n in m.__all__ if hasattr(getattr(m, n), "score_samples")}
    named = _named(name, known, "sklearn")
    return _Rows(f"sklearn:{named}", _built(f"sklearn:{named}", known[named]))


def _stumpy(name: str) -> LibraryDetector:
    import stumpy

    named = _named(name, _PROFILES, "stumpy")
    return _MatrixProfile(
        f"stumpy:{named}", partial(stumpy.mass, normalize=_PROFILES[named]), lookback=WINDOW
    )


def _ruptures(name: str) -> LibraryDetector:
    from ruptures.base import BaseCost
    from ruptures.costs import cost_factory

    costs = [str(cost.model) for cost in BaseCost.__subclasses__() if cost.model is not None]
    named = _named(name, costs, "ruptures")
    return _Discrepancy(f"ruptures:{named}", partial(cost_factory, named), lookback=WINDOW)


_MAKE: Final[dict[str, Callable[[str], LibraryDetector]]] = {
    "pyod": _pyod, "sklearn": _sklearn, "stumpy": _stumpy, "ruptures": _ruptures
}  # fmt: skip


def _named(name: str, known: Iterable[str], library: str) -> str:
    """The name as the library spells it; letters' case does not matter. Raises BadInput that lists near names."""
    by_lower = {each.lower(): each for each in known}
    if name.lower() in by_lower:
        return by_lower[name.lower()]
    near = [by_lower[n] for n in get_close_matches(name.lower(), by_lower, n=5, cutoff=0.5)]
    some = near or sorted(by_lower.values())[:_SHOWN]
    raise BadInput(f"{library} has no detector {name!r}. {'Near names' if near else 'Some names'}: "
                   f"{', '.join(f'{library}:{n}' for n in some)}.")  # fmt: skip


def _built(name: str, cls: type) -> Any:
    """An instance with the defaults, but seeded, and able to score rows that it was not fitted on."""
    wanted = {"random_state": 0, "novelty": True}
    takes = inspect.signature(cls).parameters
    try:
        return cls(**{k: v for k, v in wanted.items() if k in takes})
    except TypeError as error:
        raise BadInput(
            f"{name} cannot be built with its defaults ({error}). Name another detector."
        ) from None


@contextmanager
def _silent() -> Iterator[None]:
    """Without a library's warnings and prints, which would stand between the lines of an answer."""
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _asked(what: str) -> Iterator[None]:
    """A call of a library: silent, its draws seeded, and what it refuses as BadInput."""
    state = np.random.get_state()
    np.random.seed(0)  # libraries that take no seed draw from here
    try:
        with _silent():
            yield
    except ImportError as error:
        raise ModelError(f"{what}: install {error.name} (pip install {error.name}).") from None
    except _REFUSED as error:
        raise BadInput(f"{what}: {str(error).rstrip('.')}. Name another detector.") from None
    finally:
        np.random.set_state(state)
