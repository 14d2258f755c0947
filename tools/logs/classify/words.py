"""The words of the classifier: its file (plain JSON), its parts, what it says of a line."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from aitia.core.words import Unit01, Word

PartKind = Literal["chars", "words", "minilm"]
Embedded = Literal["words", "template"]


class Part(Word):
    """One linear model. Its features: the terms (TF-IDF) or the embedding, the hints of the rule table, the prior."""

    kind: PartKind
    embedded: tuple[Embedded, ...] = Field(
        ("words",), description="which parts of a line are embedded, side by side"
    )
    c: float
    terms: tuple[str, ...] = ()
    idf: tuple[float, ...] = ()
    hints: tuple[str, ...]
    prior: tuple[str, ...] = ()
    weights: tuple[tuple[float, ...], ...]
    bias: tuple[float, ...]

    @model_validator(mode="after")
    def _fits(self) -> Part:
        if len(self.terms) != len(self.idf) or any(len(row) != len(self.bias) for row in self.weights):
            raise ValueError("terms and idf, or weights and bias, differ in length")
        return self


class Data(Word):
    """What a model was trained on; nothing of the text is kept but the n-grams of redacted lines."""

    sha256: str
    rows: int
    skipped: int = 0
    texts: int
    templates: int
    conflicts: int = Field(0, description="texts that have more than one label")
    lines: dict[str, int] = Field(description="lines of each class")


class Figures(Word):
    """Cross-validated on the training lines; near copies (equal templates) were never in both parts."""

    weighted_f1: float
    accuracy: float
    log_loss: float = Field(description="nats, after calibration")
    ece: float = Field(description="expected calibration error in 10 bins, after calibration")
    candidates: dict[str, float] = Field(description="weighted F1 of each mixture that was tried")
    named: Unit01 = Field(description="share of lines over the threshold")
    named_right: float | None = Field(description="accuracy among them; null if there are none")


class Model(Word):
    """A trained classifier, as its file holds it."""

    schema_version: Literal[1] = 1
    name: str
    classes: tuple[str, ...] = Field(min_length=2)
    parts: tuple[Part, ...] = Field(min_length=1)
    temperature: float = Field(gt=0)
    threshold: float = Field(ge=0, description="below it a line is left without a class; over 1: always")
    precision: Unit01 = Field(description="the accuracy that the threshold was chosen for")
    embedder: str = Field("", description="sha256 of the embedding model; empty if none is used")
    prior: str = Field("", description="sha256 of the bundled models, if it depends on them")
    data: Data
    figures: Figures

    @property
    def mixture(self) -> str:
        """The parts that are averaged, `words+minilm`."""
        return "+".join(part.kind for part in self.parts)


class Named(Word):
    """What a line is: `label` is empty where `best` is not sure enough."""

    label: str
    best: str
    probability: Unit01
