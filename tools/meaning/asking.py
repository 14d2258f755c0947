"""What a model says a name means: a small question with distinct answers, by log-probability, less a content-free baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

from aitia.core.bounds import own_yaml
from aitia.core.llm import Classifier, Prompt, Tuned
from aitia.models.curriculum import names as curriculum
from aitia.models.scoring import Terms, pick, pool
from aitia.tools.meaning.dictionary import Entry
from aitia.tools.meaning.names import UNKNOWN, lexicon

TERMS: Final = Terms(prior=0.3, temperature=1.0)
"""Of the content-free baseline .3 is taken off. Set on other names than those of benchmarks/meaning, and not fitted to these."""
MODEL_WEIGHT: Final = 0.5
"""Of a model beside the words; by hand. Where few may be wrong, vendors left out in turn choose 0 or .25 (benchmarks/meaning)."""
OTHER: Final = "other"  # none of the quantities
LONGEST: Final = 160  # characters of a name that are read; what is longer is no name
TUNED: Final = Terms(prior=0.0)
"""A model that was tuned on names says nothing of them without a name: there is no baseline to take off."""


@cache
def name_examples() -> str:
    """The text in front of every name."""
    raw: dict[str, Any] = dict(
        own_yaml(files("aitia.tools.meaning").joinpath("examples.yaml").read_text("utf-8"))
    )
    lines = [
        f"Measurement: {name}\nQuantity, bad direction: {answer}\n" for name, answer in raw["names"].items()
    ]
    return (
        "What a measurement's name means: its quantity and the direction that means trouble.\n\n"
        + "\n".join(lines)
        + "\nMeasurement:"
    )


def read_name(name: str, model: Classifier | None, model_name: str = "") -> Entry:
    """What a name means by its words, and by the model where there is one. Raises ModelError."""
    words, by = lexicon().shares(name), "words"
    if model is not None:
        said = ask_quantity(model, name, [*lexicon().asked, OTHER])
        words, by = pooled(words, said, MODEL_WEIGHT), f"model {model_name}"
    quantity = max(sorted(words), key=lambda q: words[q])
    if quantity == OTHER:
        quantity = UNKNOWN
    return Entry(
        quantity=quantity,
        direction=lexicon().direction_of(name, quantity),
        by=by,
        confidence=0.0 if quantity == UNKNOWN else round(words[quantity], 3),
    )


def ask_quantity(model: Classifier, name: str, quantities: Sequence[str]) -> dict[str, float]:
    """The model's probability of each quantity for a name; one that was tuned on names needs no examples."""
    tuned = isinstance(model, Tuned) and model.role == "names"
    prompt = Prompt(
        system=curriculum.SYSTEM if tuned else name_examples(),
        user=f" {' '.join(name.split())[:LONGEST]}{curriculum.QUESTION}",
    )
    choice = model.classify(prompt, [curriculum.label_of(q) for q in quantities])
    _, shares = pick(choice.log_probs, choice.baselines, TUNED if tuned else TERMS)
    return dict(zip(quantities, shares, strict=True))


def pooled(words: Mapping[str, float], model: Mapping[str, float], weight: float) -> dict[str, float]:
    """Words and model together: log-odds added, the model's times `weight`; what the words leave open is spread evenly."""
    options = sorted(model)
    rest = (1.0 - sum(words.get(q, 0.0) for q in options)) / len(options)
    shares = pool([words.get(q, 0.0) + rest for q in options], [model[q] for q in options], weight)
    return dict(zip(options, shares, strict=True))
