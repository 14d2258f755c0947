"""A trained classifier at work: NumPy and SciPy only, the embedding model where the mixture has it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from aitia.core.errors import BadInput, ModelError
from aitia.tools.logs.classify.features import Embed, beside, embedded, sparse, weighed
from aitia.tools.logs.classify.hints import rows as hint_rows
from aitia.tools.logs.classify.softmax import sharpened, softmax
from aitia.tools.logs.classify.views import View, grams
from aitia.tools.logs.classify.words import Model, Named, Part

_BATCH = 2000


class Classifier:
    """Names the class of log lines by a model file."""

    def __init__(self, model: Model, *, embed: Embed | None = None, embedder: str = "") -> None:
        """Without `embed` (whose model has the sha256 `embedder`) a mixture goes by its other parts.

        Raises ModelError where it has none, or where models that it was trained beside have changed.
        """
        self.model = model
        kept = [p for p in model.parts if p.kind != "minilm" or embed is not None]
        if not kept:
            raise ModelError(
                f"Fetch the embedding model (aitia models fetch minilm-l6-v2): {model.name!r} needs it."
            )
        if embed is not None and embedder and model.embedder not in ("", embedder):
            raise ModelError(
                f"The embedding model has changed since {model.name!r} was trained. Train it again."
            )
        if model.prior:
            from aitia.tools.logs.classify import prior

            if prior.sha256() != model.prior:
                raise ModelError(
                    f"The bundled models have changed since {model.name!r} was trained. Train it again."
                )
        self.left_out = len(kept) < len(model.parts)
        self._parts = [(p, {term: n for n, term in enumerate(p.terms)}, np.array(p.weights)) for p in kept]
        self._embed = embed

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Shape (texts, classes), calibrated on held-out training lines."""
        made = np.zeros((len(texts), len(self.model.classes)))
        for start in range(0, len(texts), _BATCH):
            batch = texts[start : start + _BATCH]
            told = [self._told(batch, *part) for part in self._parts]
            made[start : start + _BATCH] = sharpened(np.mean(told, axis=0), self.model.temperature)
        return made

    def name(self, texts: Sequence[str]) -> list[Named]:
        """The class of each line, none where the model is not sure."""
        found = []
        for row in self.probabilities(texts):
            at = int(row.argmax())
            best, sure = self.model.classes[at], row[at] >= self.model.threshold
            found.append(Named(label=best if sure else "", best=best, probability=min(1.0, float(row[at]))))
        return found

    def _told(
        self,
        texts: Sequence[str],
        part: Part,
        column: dict[str, int],
        weights: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        if part.kind == "minilm" and self._embed is not None:
            rows = embedded(texts, self._embed, part.embedded)
        else:
            view: View = "chars" if part.kind == "chars" else "words"
            found = [grams(text, view) for text in texts]
            counts = [{column[t]: c for t, c in row.items() if t in column} for row in found]
            rows = weighed(sparse(counts, len(column)), np.array(part.idf))
        others = [hint_rows(texts, part.hints)]
        if part.prior:
            from aitia.tools.logs.classify import prior

            others.append(prior.rows(texts, part.kind, self._embed))
        return softmax(np.asarray(beside(rows, *others) @ weights) + np.array(part.bias))


def save(model: Model, path: Path) -> None:
    """Write a model file whole, or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        part.write_text(model.model_dump_json() + "\n", encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise BadInput(
            f"Cannot write {str(path)!r} ({error.strerror}). Check the path and its permissions."
        ) from None


def load(path: Path) -> Model:
    """Read a model file; raises ModelError that says what is wrong with it."""
    try:
        return Model.model_validate(json.loads(path.read_bytes()))
    except OSError as error:
        raise ModelError(
            f"Cannot read {str(path)!r} ({error.strerror}). Give a readable model file."
        ) from None
    except (ValueError, ValidationError) as error:
        raise ModelError(
            f"{str(path)!r} is not a log class model ({_first(error)}). Train it again."
        ) from None


def _first(error: ValueError) -> str:
    return str(error).splitlines()[0]
