"""Factors that were learned from diagnoses whose answer is known, as they lie in a file beside the code that weighs by them."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from aitia.core.words import Word


class Factors(Word):
    """Factors by name, and where they come from. What one that is not named counts as, whoever reads them says."""

    factors: dict[str, float] = {}
    made_by: str = ""
    data: dict[str, str | int] = {}  # what they were learned from: cases, systems, sha256
    left_out: dict[str, float] = {}  # each system weighed by what was learned from the others


@lru_cache
def bundled_factors(name: str) -> Factors:
    """The factors that come with aitia, by their file's name without ending."""
    file = Path(__file__).with_name(f"{name}.json")
    return Factors.model_validate(json.loads(file.read_text(encoding="utf-8")))
