"""What the bundled models say of a line: general knowledge beside what a site's own labelled lines teach.

Each part asks the bundled parts of its own sort, so that a model that was trained with embeddings also works without.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aitia.tools.logs.classify.classifier import Classifier
from aitia.tools.logs.classify.features import Embed
from aitia.tools.logs.classify.words import Model, PartKind

TARGETS: Final = ("signal", "category")


@functools.cache
def bundled(target: str) -> Model:
    """The model that comes with aitia: `signal` (golden signal) or `category` (fault category)."""
    return Model.model_validate_json(_file(target))


@functools.cache
def sha256() -> str:
    """Of the bundled models; a model that leans on others has to be trained anew."""
    return hashlib.sha256(b"".join(_file(target) for target in TARGETS)).hexdigest()


def names() -> tuple[str, ...]:
    """The columns of `rows`: `signal.latency`, …, `category.network`, …"""
    return tuple(f"{target}.{label}" for target in TARGETS for label in bundled(target).classes)


def rows(texts: Sequence[str], kind: PartKind, embed: Embed | None) -> NDArray[np.float64]:
    """Shape (texts, names): the bundled models' probabilities."""
    sort: PartKind = "minilm" if kind == "minilm" else "chars"
    return np.hstack([_alone(target, sort, embed).probabilities(texts) for target in TARGETS])


@functools.lru_cache(maxsize=8)
def _alone(target: str, kind: PartKind, embed: Embed | None) -> Classifier:
    model = bundled(target)
    kept = tuple(part for part in model.parts if part.kind == kind)
    return Classifier(model.model_copy(update={"parts": kept}), embed=embed)


def _file(target: str) -> bytes:
    return files("aitia.tools.logs.classify").joinpath(f"default_{target}.json").read_bytes()
