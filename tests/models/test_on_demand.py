"""A model that is loaded when it is first asked."""

from __future__ import annotations

import pytest

from aitia.core.errors import ModelError
from aitia.core.llm import Choice, Classifier, Prompt
from aitia.models.on_demand import OnDemand
from aitia.models.scripted import ScriptedLlm


class Reader(ScriptedLlm):
    def classify(self, prompt: Prompt, labels: list[str]) -> Choice:
        return Choice(index=0, log_probs=(0.0,), baselines=(0.0,), probabilities=(1.0,), confidence=1.0)


def test_it_is_loaded_once_and_not_before_it_is_asked() -> None:
    loads: list[str] = []

    def load() -> Reader:
        loads.append("x")
        return Reader(["yes"], name="reader")

    model = OnDemand("reader", "hash", load)
    assert (model.name, model.sha256, loads) == ("reader", "hash", [])
    assert isinstance(model, Classifier)
    assert model.classify(Prompt(system="", user="x"), ["a"]).confidence == 1.0
    assert model.complete(Prompt(system="", user="x"), max_tokens=3).text == "yes"
    assert model.count("one two") > 0
    assert loads == ["x"]


def test_a_model_without_probabilities_says_so() -> None:
    with pytest.raises(ModelError, match="gives no probabilities"):
        OnDemand("m", "h", lambda: ScriptedLlm([])).classify(Prompt(system="", user="x"), ["a"])
