"""The words of learned diagnosis: what a model file says of itself, and what is said of a record."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from aitia.core.words import Unit01, Word

Unit = Literal["machine", "record", "window"]
_WELL: Final = frozenset({"healthy", "normal", "ok"})


def is_well(label: str, healthy: str) -> bool:
    """Whether a class is that of machines that are well: the configured one, or by its name."""
    return label == healthy or label.strip().casefold() in _WELL


class Measured(Word):
    """A figure with its 95 % interval (bootstrap over machines) and how many machines it is of."""

    value: float
    low: float
    high: float
    machines: int


class Figures(Word):
    """Cross-validated: no machine was in both parts."""

    folds: int
    accuracy: Measured = Field(description="of windows")
    balanced: Measured = Field(description="mean over classes of the share of their windows that are correct")
    record: Measured = Field(description="of records, by the mean of their windows")
    named: Unit01 = Field(description="share of records whose set is one class")
    named_right: float | None = Field(description="how many of these are correct; null if none is named")
    recall: dict[str, Unit01] = Field(description="of windows, by class")
    unseen: Unit01 | None = Field(
        None,
        description=(
            "share of classes of process signals, each held out completely, that were named as another fault"
        ),
    )
    precision: Unit01 | None = Field(
        None, description="share of correct names when known and unknown faults are equally frequent"
    )
    untested: tuple[str, ...] = Field(
        (), description="classes of one machine only: no fold could learn and test them"
    )


class Data(Word):
    """What a model was trained on."""

    sha256: str
    windows: int
    skipped: int
    machines: int
    windows_of: dict[str, int] = Field(description="by class")


class About(Word):
    """The description in a model file; the arrays beside it are the learner's."""

    schema_version: Literal[1] = 1
    kind: Literal["fault"] = "fault"
    learner: Literal["trees"] = "trees"
    classes: tuple[str, ...] = Field(min_length=2)
    features: tuple[str, ...]
    channels: tuple[str, ...]
    window: int
    fs: float | None = Field(description="Hz; null for process signals")
    healthy: str = Field(
        "", description="the class that each machine is standardised against; empty for none"
    )
    error: Unit01 = Field(description="how often a set may miss the true class, as asked")
    missed: dict[str, Unit01] = Field(description="how often it may with the units there are, by class")
    quantiles: tuple[Unit01, ...] = Field(
        description="by class: the largest 1 - probability at which it is in the set"
    )
    unit: Unit = Field(description="what counted once in these quantiles")
    seed: int
    data: Data
    figures: Figures
    versions: dict[str, str]


class Reason(Word):
    """A feature that spoke for the class, in a record's mean."""

    feature: str
    value: float
    usual: float = Field(description="median of the training windows")
    share: float = Field(description="what it added to the class's probability")


class Diagnosis(Word):
    """What is said of a record: `label` is empty where the set is not one class ("cannot tell")."""

    record: str
    group: str
    windows: int
    label: str
    best: str
    after: str = Field("", description="the class with the next highest probability")
    probability: Unit01
    set: tuple[str, ...]
    strange: Unit01 = Field(description="share of features outside the training range")
    reasons: tuple[Reason, ...] = ()
