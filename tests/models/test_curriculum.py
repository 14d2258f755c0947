"""Generated names: the same for a seed, of every quantity, and none that the benchmark asks for."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from aitia.models.curriculum import names as curriculum
from aitia.models.llama import LlamaCpp
from aitia.tools.meaning.names import lexicon

BENCHMARK = Path(__file__).parents[2] / "benchmarks/meaning/data/names.jsonl"
HELD_OUT = 320


def test_names_are_distinct_and_follow_from_the_seed() -> None:
    made = curriculum.names(0)
    assert len({n.name for n in made}) == len(made) == curriculum.SIZE >= 4000
    assert curriculum.digest(made) == curriculum.digest(curriculum.names(0))
    assert curriculum.digest(made) != curriculum.digest(curriculum.names(1))


def test_every_quantity_has_names_and_forty_phrases() -> None:
    wanted = {*lexicon().asked, "other"}
    assert set(curriculum.quantities()) == wanted
    phrases = Counter(p.quantity for p in curriculum.phrases())
    assert min(phrases.values()) >= 40
    assert {n.quantity for n in curriculum.names(0)} == wanted


def test_what_is_held_out_shares_no_subject_and_no_phrase() -> None:
    seen, kept = (curriculum.Parts(0, held_out) for held_out in (False, True))
    assert kept.texts
    assert kept.texts.isdisjoint(seen.texts)
    assert {n.name for n in curriculum.names(0)}.isdisjoint(
        n.name for n in curriculum.names(0, HELD_OUT, held_out=True)
    )


def test_no_name_is_one_of_the_benchmarks() -> None:
    asked = {json.loads(line)["name"] for line in BENCHMARK.read_text("utf-8").splitlines() if line}
    made = [
        n
        for seed in (0, 1)
        for n in (*curriculum.names(seed), *curriculum.names(seed, HELD_OUT, held_out=True))
    ]
    count = sum(n.name in asked for n in made)
    assert len(asked) > 1000
    assert count == 0, count  # a number only: nobody is to see which


@pytest.mark.model
def test_the_answers_differ_in_their_first_token(smollm: LlamaCpp) -> None:
    firsts = {smollm._session.plain_tokens(f" {curriculum.label_of(q)}")[0] for q in curriculum.quantities()}
    assert len(firsts) == len(curriculum.quantities())
