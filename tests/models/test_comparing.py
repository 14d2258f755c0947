"""Comparing: what is right of each item, and the interval of the difference."""

from __future__ import annotations

from pathlib import Path

import pytest

from aitia.comparing import contender, figures, interval, metrics
from aitia.core.errors import BadInput, ModelError
from aitia.models.curriculum.items import Item, Segment

SAID = ("fault", "normal")


def _item(*answers: Segment) -> Item:
    return Item(role="messages", system="Message:", prompt=" x\nSign:", answer=answers, split="held_out")


def _sign(text: str) -> Segment:
    return Segment(text=f" {text}", name="sign", labels=SAID)


def test_a_label_is_right_by_its_share_and_two_labels_have_an_area() -> None:
    kind = Segment(text=" disk", name="kind", labels=("full", "disk", "dns"))
    items = [
        _item(_sign("fault"), kind),
        _item(_sign("fault"), kind),
        _item(_sign("normal")),
        _item(_sign("normal")),
    ]
    said = [
        {"sign": (0.9, 0.1), "kind": (0.1, 0.6, 0.3)},
        {"sign": (0.4, 0.6), "kind": (0.7, 0.2, 0.1)},
        {"sign": (0.4, 0.6)},
        {"sign": (0.2, 0.8)},
    ]
    found = metrics(items, said)
    assert found["sign right"] == [1.0, 0.0, 1.0, 1.0]
    assert found["sign area"] == [1.0, 0.75, None, None]
    assert found["kind right"] == [1.0, 0.0, None, None]


def test_what_is_written_is_right_where_it_is_the_same() -> None:
    query = Segment(text=' get(component="a")\n', name="query")
    assert metrics([_item(query)] * 2, [{"query": (1.0,)}, {"query": (0.0,)}]) == {"query right": [1.0, 0.0]}


def test_the_base_counts_by_its_better_way_and_differences_case_by_case() -> None:
    base = {"bare": {"m": [0.0, 0.0, None]}, "examples": {"m": [1.0, 0.0, None]}}
    (figure,) = figures(base, {"m": [1.0, 1.0, None]})
    assert (figure.way, figure.base, figure.adapter, figure.n) == ("examples", 0.5, 1.0, 2)
    assert figure.low == 0.0
    assert figure.high == 1.0


def test_an_interval_is_the_same_for_the_same_cases() -> None:
    values = [1.0, 0.0, 1.0, 1.0, -1.0, 0.0] * 10
    low, high = interval(values)
    assert (low, high) == interval(values)
    assert low < sum(values) / len(values) < high


def test_an_adapter_of_another_base_is_refused(tmp_path: Path) -> None:
    adapter = Path(__file__).parents[2] / "models/adapters/names-qwen2.5-coder-0.5b.gguf"
    base = tmp_path / "other.gguf"
    base.write_bytes(adapter.read_bytes())
    pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed: pip install '.[llm]'")
    with pytest.raises(
        ModelError, match=r"Give the base of .*it was made on the model with sha256 1d9614638d18…, other has"
    ):
        contender(f"{base}#chatml+{adapter}")


def test_items_of_several_roles_are_refused() -> None:
    from aitia.comparing import role_of

    with pytest.raises(
        BadInput,
        match="Give one of the roles names, messages, questions, lines, texts, passages, plan, judge, not 'plans'",
    ):
        role_of("plans")
