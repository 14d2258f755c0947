"""What a model is asked of a message, and how its word is joined with the rules'."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from aitia.core.llm import Choice, Prompt
from aitia.models.llama import LlamaCpp
from aitia.models.load import load_llm
from aitia.models.scoring import choice_of
from aitia.tools.meaning.messages import classes, read
from aitia.tools.meaning.messages_asking import SAID, WHOSE, Weights, ask_message, examples, pooled


class Reader:
    """Says the given answers; records what it was asked."""

    def __init__(self, *likely: str) -> None:
        self.asked: list[str] = []
        self._likely = likely

    def classify(self, prompt: Prompt, labels: Sequence[str]) -> Choice:
        self.asked.append(prompt.user)
        return choice_of([0.0 if n in self._likely else -6.0 for n in labels], [-1.0] * len(labels))


def test_three_questions_each_after_the_answers_before() -> None:
    model = Reader("fault", "disk", "host")
    said = ask_message(model, "bay 4\nclicks")
    assert model.asked == [
        " bay 4 clicks\nSign:",
        " bay 4 clicks\nSign: fault Kind:",
        " bay 4 clicks\nSign: fault Kind: disk Whose:",
    ]
    fault, kind, whose = pooled(read("bay 4\nclicks"), said)
    assert fault > 0
    assert (kind, whose) == ("disk_hardware", "host")


def test_what_the_model_takes_for_normal_is_asked_no_further() -> None:
    model = Reader("normal")
    said = ask_message(model, "all is well")
    assert len(model.asked) == 1
    assert pooled(read("all is well"), said)[0] < 0


def test_a_class_that_words_name_outweighs_a_faint_model() -> None:
    said = ask_message(Reader("fault", "quota", "client"), "x")
    found = read("deadlock detected")
    faint = Weights(fault=1.0, kind=0.1, whose=0.1, prior=0.0)
    assert pooled(found, said, faint)[1:] == ("deadlock", "own")
    assert pooled(found, said, Weights(fault=1.0, kind=3.0, whose=3.0, prior=0.0))[1:] == ("quota", "client")


def test_every_class_has_examples_and_a_word_for_the_model() -> None:
    assert set(SAID) == set(classes())
    text = examples()
    assert all(f"Kind: {word} " in text for word in SAID.values())
    assert all(f"Whose: {who}\n" in text for who in WHOSE)
    assert text.count("Sign: normal") > 15


@pytest.mark.model
def test_an_answer_depends_on_no_question_before() -> None:
    model = load_llm("smollm2-135m", threads=1, keep_prefixes=False)
    assert isinstance(model, LlamaCpp)
    system = "Animals.\n\nWord: dog\nSign: animal Legs: four\n\nWord:"
    first, second = (" cat\nSign:", ["animal", "plant"]), (" cat\nSign: animal Legs:", ["four", "two"])

    def ask(user: str, labels: list[str]) -> tuple[float, ...]:
        return model.classify(Prompt(system=system, user=user), labels).log_probs

    one, two = ask(*first), ask(*second)
    ask(" rose\nSign:", ["animal", "plant"])
    assert ask(*second) == two  # its text is evaluated anew
    assert ask(*first) == one
    kept = model.classify(Prompt(system=system, user=second[0]), second[1])
    assert kept.log_probs == two
    assert kept.restored_tokens > model.count(system)
