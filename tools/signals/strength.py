"""The strength of a signal's fact: the share of findings of its kind and size that were true on recordings with answers.

Each kind of fact has a formula that orders its findings by how plain they are. A curve that was fitted to development
recordings (`benchmarks/signals/fit_strength.py`) turns what the formula makes into that share. It never falls, so the order of
findings of one kind stays as it was. A kind without a curve keeps what its formula makes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Final, Self

import numpy as np
from pydantic import model_validator

from aitia.core.words import Evidence, Result, Unit01, Word

FILE: Final = Path(__file__).with_name("strength.json")
DEFECT: Final = frozenset({"line.alone", "line.past", "line.races"})
SHAFT: Final = frozenset({"vibration.1x", "vibration.2x", "vibration.harmonics"})


class Curve(Word):
    """The knots of one kind's curve, linear between them and level beyond; how many findings of how many groups made it."""

    raw: tuple[Unit01, ...]
    share: tuple[Unit01, ...]
    findings: int = 0
    groups: int = 0

    @model_validator(mode="after")
    def _rises(self) -> Self:
        rises = all(a < b for a, b in pairwise(self.raw)) and all(a <= b for a, b in pairwise(self.share))
        if len(self.raw) != len(self.share) or len(self.raw) < 2 or not rises:
            raise ValueError(
                "a curve needs at least two knots, with rising values and shares that never fall"
            )
        return self

    def __call__(self, raw: float) -> float:
        """The share of true findings at a formula's value."""
        return float(np.interp(raw, self.raw, self.share))


class Curves(Word):
    """The curves by kind, and what they were fitted to; `split` says in words which windows, and which were left out to judge."""

    curves: dict[str, Curve] = {}
    made_by: str = ""
    split: str = ""
    data: dict[str, str | int] = {}


@lru_cache(maxsize=1)
def bundled_curves() -> Curves:
    """The curves that come with aitia."""
    return Curves.model_validate(json.loads(FILE.read_text(encoding="utf-8")))


def calibrated(kind: str, raw: float) -> float:
    """The share of true findings of a kind at a formula's value; the value itself where the kind has no curve."""
    curve = bundled_curves().curves.get(kind)
    return raw if curve is None else round(curve(raw), 3)


def kind_of(fact: Evidence) -> str:
    """Whose formula made a fact's strength: finer than the fact's kind."""
    if fact.kind == "signal.anomaly":
        return "anomaly.single" if fact.values.get("channels") == 1 else "anomaly.joint"
    if fact.kind != "vibration.line":
        return fact.kind
    if fact.aspect in SHAFT:
        return "line.shaft"
    if "bpfi_snr_db" in fact.values:
        return "line.races"
    return "line.past" if "baseline_snr_db" in fact.values else "line.alone"


def kinds_of(facts: Sequence[Evidence]) -> list[str]:
    """The kind of each fact of a result; a defect's line beside a plainer one of the same channel is a kind of its own."""
    kinds = [kind_of(e) for e in facts]
    plainest: set[tuple[str, object]] = set()
    for n in sorted(range(len(facts)), key=lambda n: -facts[n].strength):
        if kinds[n] in DEFECT:
            channel = (facts[n].component, facts[n].values.get("channel"))
            if channel in plainest:
                kinds[n] = "line.beside"
            plainest.add(channel)
    return kinds


def calibrate(result: Result) -> Result:
    """The result with the strengths of its facts calibrated, in the order that they had."""
    facts = result.evidence
    told = tuple(
        e.model_copy(update={"strength": calibrated(kind, e.strength)})
        for e, kind in zip(facts, kinds_of(facts), strict=True)
    )
    return result.model_copy(update={"evidence": told}) if told else result
