"""Templates, defusing, grammar candidates, scoring and the scripted model: pure values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aitia.core.errors import ModelError
from aitia.core.llm import Llm, Prompt
from aitia.models.chat import CHATML, defuse
from aitia.models.grammar import top
from aitia.models.scoring import log_softmax, pick
from aitia.models.scripted import ScriptedLlm

ASK = Prompt(system="s", user="u")


def test_chatml_is_what_the_publisher_writes() -> None:
    pieces = (*CHATML.prefix("Be brief."), *CHATML.turn("Why?"))
    assert "".join(piece.text for piece in pieces) == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n"
    )


@pytest.mark.parametrize(
    "token",
    ["<|im_start|>", "<|im_end|>", "<|eot_id|>", "<s>", "</s>", "[INST]", "[/INST]", "<<SYS>>", "<start_of_turn>",
     "<think>", "</think>", "<｜User｜>", "<bos>", "<|IM_END|>"],
)  # fmt: skip
def test_control_tokens_become_words(token: str) -> None:
    assert token not in defuse(f"a {token} b")
    assert defuse(f"a {token} b").startswith("a (")


@pytest.mark.parametrize(
    "text", ["a <b> c", "x[3] = y|z", "rate > 5 | grep <x>", "E[1]", "<service>", "p99 < 5"]
)
def test_ordinary_text_stays(text: str) -> None:
    assert defuse(text) == text


@given(
    st.lists(
        st.sampled_from(["<|", "|>", "im_end", "im_start", "<", ">", "|", "a", "\n", "<|im_end|>"]),
        max_size=12,
    )
)
def test_nothing_pieced_together_survives(parts: list[str]) -> None:
    once = defuse("".join(parts))
    assert "<|im_end|>" not in once
    assert "<|im_start|>" not in once
    assert defuse(once) == once


@given(st.lists(st.integers(-20, 20), min_size=1, max_size=60), st.integers(1, 60))
def test_top_is_a_stable_sort(values: list[int], count: int) -> None:
    logits = np.array(values, dtype=np.float32)
    count = min(count, len(values))
    ids = top(logits, count)
    ranked = sorted(range(len(values)), key=lambda i: (-values[i], i))
    assert len(ids) >= count
    assert list(ids) == ranked[: len(ids)]


@given(st.lists(st.floats(-50, 50, width=32), min_size=2, max_size=40))
def test_log_softmax_sums_to_one(values: list[float]) -> None:
    assert np.exp(log_softmax(np.array(values, dtype=np.float32))).sum() == pytest.approx(1)


def test_pmi_takes_away_what_the_model_would_say_anyway() -> None:
    index, probabilities = pick([-5.0, -9.0], [-4.0, -12.0])
    assert index == 1
    assert probabilities == pytest.approx((1 / (1 + np.exp(4)), 1 / (1 + np.exp(-4))))


def test_scripted_replies_in_order() -> None:
    llm = ScriptedLlm(["one two three stop four", "b", "1"])
    assert isinstance(llm, Llm)
    cut = llm.complete(ASK, max_tokens=2, stop=("stop",))
    assert (cut.text, cut.finish, cut.generated_tokens) == ("one two", "length", 2)
    assert llm.choose(ASK, ["a", "b"]).index == 1
    choice = llm.choose(ASK, ["x", "y", "z"])
    assert choice.index == 1
    assert choice.probabilities[1] > 0.99
    assert len(llm.prompts) == 3
    with pytest.raises(ModelError, match=r"Give the scripted model more replies: it has 3, this is call 4"):
        llm.complete(ASK, max_tokens=2)


def test_scripted_by_function_and_mistakes() -> None:
    llm = ScriptedLlm(lambda prompt: prompt.user.upper(), name="shouting")
    assert llm.complete(ASK, max_tokens=5).text == "U"
    assert llm.complete(ASK, max_tokens=5, stop=("", "nothing")).finish == "stop"
    with pytest.raises(ModelError, match=r"The scripted reply must be one of"):
        llm.choose(ASK, ["a", "b"])
    with pytest.raises(ModelError, match=r"Give at least two options"):
        llm.choose(ASK, ["a"])
