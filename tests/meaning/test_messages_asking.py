"""What a model is asked of a message, and how its word is joined with the rules'."""

from __future__ import annotations

from collections.abc import Sequence

from aitia.core.llm import Choice, Prompt
from aitia.models.scoring import choice_of
from aitia.tools.meaning.messages import classes
from aitia.tools.meaning.messages_asking import SAID, WHOSE, Weights, ask_message, examples, pooled
from aitia.tools.text.classes import reading


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
    fault, kind, whose = pooled(reading("bay 4\nclicks"), said)
    assert fault > 0
    assert (kind, whose) == ("disk_hardware", "own")  # of owners the model knows little: it counts a quarter


def test_what_the_model_takes_for_normal_is_asked_no_further() -> None:
    model = Reader("normal")
    said = ask_message(model, "all is well")
    assert len(model.asked) == 1
    assert pooled(reading("all is well"), said)[0] < 0


def test_a_class_that_words_name_outweighs_a_faint_model() -> None:
    said = ask_message(Reader("fault", "quota", "client"), "x")
    found = reading("deadlock detected")
    faint = Weights(fault=1.0, kind=0.1, whose=0.1, prior=0.0)
    assert pooled(found, said, faint)[1:] == ("deadlock", "own")
    assert pooled(found, said, Weights(fault=1.0, kind=3.0, whose=3.0, prior=0.0))[1:] == ("quota", "client")


def test_every_class_has_examples_and_a_word_for_the_model() -> None:
    assert set(SAID) == set(classes())
    text = examples()
    assert all(f"Kind: {word} " in text for word in SAID.values())
    assert all(f"Whose: {who}\n" in text for who in WHOSE)
    assert text.count("Sign: normal") > 15
