"""The real small model reads: one evaluation after static examples, the same answer in any order."""

from __future__ import annotations

from pathlib import Path

import pytest

from aitia.core.errors import ModelError
from aitia.core.llm import Classifier, Prompt
from aitia.models.llama import LlamaCpp
from aitia.models.load import load_llm
from aitia.tools.meaning.asking import ask_quantity

pytestmark = pytest.mark.model
QUANTITIES = ("latency", "memory", "temperature", "errors")


def test_a_real_model_reads_the_same_in_any_order(smollm: LlamaCpp) -> None:
    assert isinstance(smollm, Classifier)
    names = ["host_ram_used_bytes", "boiler outlet degC", "host_ram_used_bytes"]
    first, other, again = (ask_quantity(smollm, name, QUANTITIES) for name in names)
    assert first == again != other
    assert sum(first.values()) == pytest.approx(1.0)
    smollm.complete(Prompt(system="Say.", user="Hello."), max_tokens=3)  # takes the context for itself
    assert ask_quantity(smollm, names[0], QUANTITIES) == first


def test_labels_that_begin_alike_are_refused(smollm: LlamaCpp) -> None:
    with pytest.raises(ModelError, match="differ in their first token"):
        smollm.classify(Prompt(system="", user="a\nb:"), ["the one", "the other"])


def test_a_further_question_keeps_the_text_and_depends_on_nothing_before(smollm: LlamaCpp) -> None:
    system = "Animals.\n\nWord: dog\nSign: animal Legs: four\n\nWord:"
    first, second = (" cat\nSign:", ["animal", "plant"]), (" cat\nSign: animal Legs:", ["four", "two"])

    def ask(user: str, labels: list[str]) -> tuple[float, ...]:
        return smollm.classify(Prompt(system=system, user=user), labels).log_probs

    one, two = ask(*first), ask(*second)
    ask(" rose\nSign:", ["animal", "plant"])
    assert ask(*second) == two  # the text is evaluated anew
    assert ask(*first) == one
    kept = smollm.classify(Prompt(system=system, user=second[0]), second[1])
    assert kept.log_probs == two
    assert kept.restored_tokens > smollm.count(system)


def test_another_process_restores_the_examples_and_answers_the_same(
    smollm_path: Path, tmp_path: Path
) -> None:
    prompt = Prompt(system="Colour or shape.\n\nThing: red\nIt is: colour\n\nThing:", user=" round\nIt is:")
    found = []
    for _ in range(2):
        model = load_llm(str(smollm_path), threads=1, home=tmp_path)
        assert isinstance(model, Classifier)
        found.append(model.classify(prompt, ["colour", "shape"]))
        model.close()  # type: ignore[attr-defined]
    first, again = found
    assert again.log_probs == first.log_probs
    assert again.baselines == first.baselines
    assert again.prompt_tokens < first.prompt_tokens
    assert list((tmp_path / "prefixes").glob("*.state"))
