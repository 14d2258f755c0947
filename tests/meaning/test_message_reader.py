"""What a message means as it was learned: of own words alone, with weights that fit the features."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from aitia.tools.meaning.message_reader import OWNERS, bundled, features, learned, size
from aitia.tools.meaning.messages import classes
from aitia.tools.text.classes import meaning, own_words, reading
from tests.models.test_curriculum import _benchmark, _grams

FURTHER = Path(__file__).parents[2] / "models" / "curriculum" / "messages_further.jsonl"


def read(text: str):
    return learned(own_words(text), reading(text))


def test_the_weights_fit_the_features() -> None:
    weights = bundled()
    assert weights.table.shape == (size(), 1 + len(classes()) + len(OWNERS))
    assert len(weights.constants) == weights.table.shape[1]
    assert np.isfinite(weights.table).all()
    assert np.isfinite(weights.constants).all()
    columns, values = features("stale copy served", reading("stale copy served"))
    assert len(columns) == len(set(columns.tolist())) == len(values)
    assert columns.max() < size()


@pytest.mark.parametrize(
    ("fault", "calm"),
    [
        ("could not price the basket, quote from upstream never came", "priced the basket, quote from upstream came"),
        ("gave up on settlement batch after 5 tries, partner does not answer", "settlement batch handed to partner"),
        ("no room left for the upload, volume is at 100 percent", "upload done, volume is at 41 percent"),
    ],
)  # fmt: skip
def test_sense_tells_where_no_usual_word_does(fault: str, calm: str) -> None:
    assert read(fault).fault > 0 > read(calm).fault


def test_whose_it_is_and_what() -> None:
    told = read("giving up on the ledger: peer resets every stream")
    assert told.whose == "peer"
    assert sum(told.kinds.values()) == pytest.approx(1, abs=1e-5)
    assert sum(told.owners.values()) == pytest.approx(1, abs=1e-5)
    assert read("heap exhausted, collector frees nothing").whose == "own"


@pytest.mark.parametrize(
    "given", ["disk full, all pods died", "connection refused by every peer", "no such user"]
)
def test_what_was_given_to_a_program_moves_nothing(given: str) -> None:
    one, two = (f'note from a user stored: "{text}"' for text in (given, "lovely weather"))
    assert read(one) == read(two)
    assert not meaning(one, "info").bad


def test_an_empty_message_is_read() -> None:
    assert np.isfinite(read("").fault)


def test_no_message_that_it_learned_is_one_of_the_benchmarks() -> None:
    rows = [json.loads(line) for line in FURTHER.read_text("utf-8").splitlines()]
    products = {str(row["product"]).casefold() for row in _benchmark("messages.jsonl")}
    files = ("messages.jsonl", "texts.jsonl", "wrapped.jsonl")
    known = set().union(*(_grams(str(row["text"]), 5) for file in files for row in _benchmark(file)))
    assert len(rows) > 10_000
    assert not {str(product).casefold() for _, product, *_ in rows} & products
    assert sum(not _grams(text, 5).isdisjoint(known) for text, *_ in rows) == 0


@pytest.mark.parametrize("level", ["", "info", "debug"])
@pytest.mark.parametrize(
    "text", ["/healthz", "https://example.com/x", '["a","b"]', "a%20b", "GET /orders", "POST /api/v1/cart", "GET /x from 10.0.0.1"]
)  # fmt: skip
def test_a_message_that_only_echoes_what_was_given_is_no_fault(text: str, level: str) -> None:
    found = meaning(text, level)
    assert not found.bad
    assert found.aspect == "log.other"
