"""What is learned from past events: transfer to components that never failed, determinism, the file."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys

import numpy as np
import pytest

from aitia.core.errors import BadInput
from aitia.tools.library.check import cross_validated, weighted_f1
from aitia.tools.library.events import Case, Library
from aitia.tools.library.features import Lens
from aitia.tools.library.folds import parts_of
from aitia.tools.library.kinds import kinds_of, servers_of
from aitia.tools.library.mix import Mix
from aitia.tools.library.model import LibraryModel, train
from aitia.tools.library.trees import grow

from .world import FAULTS, NODES, asked, case_of, cases, library


@pytest.fixture(scope="module")
def model() -> LibraryModel:
    return train(library(), mix=Mix())


def test_held_out_incidents_are_named_far_above_chance() -> None:
    scores = cross_validated(cases(), folds=3)
    assert scores["incidents"] == len(NODES) * len(FAULTS) * 3
    assert scores["HR@1"] > 0.85  # chance .1
    assert scores["HR@3"] >= scores["HR@1"]
    assert scores["fault"] > 0.85  # chance .33
    assert scores["fault F1"] > 0.85


def test_what_was_learned_at_others_holds_for_a_component_that_never_failed() -> None:
    new = "index-1"
    learned = train(library(but=new), mix=Mix())
    for number, fault in enumerate(FAULTS):
        ranking = learned.rank(asked(case_of(900 + number, new, fault)))
        assert ranking.candidates[0].component == new
        assert ranking.candidates[0].fault == fault


def test_names_carry_no_meaning() -> None:
    names = {n: f"{chr(ord('a') + k)}x-{n.rsplit('-', 1)[1]}" for k, n in enumerate(sorted(NODES))}
    pairs = {n.rsplit("-", 1)[0]: f"g{k}" for k, n in enumerate(sorted({n.rsplit("-", 1)[0] for n in NODES}))}
    names = {
        n: f"{pairs[n.rsplit('-', 1)[0]]}-{n.rsplit('-', 1)[1]}" for n in names
    }  # replicas stay replicas

    def renamed(case: Case) -> Case:
        text = case.model_dump_json()
        for old, new in names.items():
            text = text.replace(f'"{old}"', f'"{new}"')
        return Case.model_validate_json(text)

    before = train(library(), mix=Mix())
    after = train(Library(cases=tuple(renamed(c) for c in cases()), sha256=""), mix=Mix())
    case = asked(case_of(950, "ledger-0", "hog"))
    one = {names[c.component]: c.probability for c in before.rank(case).candidates}
    two = {c.component: c.probability for c in after.rank(renamed(case)).candidates}
    assert one.keys() == two.keys()
    assert all(abs(one[c] - two[c]) < 1e-3 for c in one)


def test_the_order_of_the_library_and_the_hash_seed_change_nothing() -> None:
    mixed = list(cases(rounds=1))
    text = train(Library(cases=tuple(mixed), sha256="s"), mix=Mix()).dumps()
    random.Random(3).shuffle(mixed)
    assert train(Library(cases=tuple(mixed), sha256="s"), mix=Mix()).dumps() == text
    code = (
        "from tests.library.world import cases; from aitia.tools.library.events import Library;"
        "from aitia.tools.library.mix import Mix; from aitia.tools.library.model import train; import hashlib;"
        "t = train(Library(cases=tuple(cases(rounds=1)), sha256='s'), mix=Mix()).dumps();"
        "print(hashlib.sha256(t.encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(digests) == 1


def test_a_written_model_ranks_as_the_trained_one_does(model: LibraryModel) -> None:
    read = LibraryModel.loads(model.dumps())
    for case in cases(seed=5, rounds=1)[:6]:
        one, two = model.rank(asked(case)), read.rank(asked(case))
        assert [c.component for c in one.candidates] == [c.component for c in two.candidates]
        assert one.fault == two.fault
        assert [n.id for n in one.nearest] == [n.id for n in two.nearest]
    body = json.loads(model.dumps())
    assert body["sha256"] == "0" * 64
    assert body["cases"] == len(cases())
    assert body["component features"]


def test_the_answer_of_what_is_asked_is_not_read(model: LibraryModel) -> None:
    case = case_of(960, "basket-0", "hog")
    told = case.model_copy(update={"component": "search-1", "fault": "slow"})
    assert model.rank(asked(case)) == model.rank(told)


@pytest.mark.parametrize("spoil", ["", "{", "[]", '{"schema": 9}', "\udc80"])
def test_a_file_that_is_no_model_is_refused(spoil: str) -> None:
    with pytest.raises(BadInput, match=r"Train the library model again|Train it again"):
        LibraryModel.loads(spoil)


def test_a_model_with_a_tree_that_turns_in_a_ring_is_refused(model: LibraryModel) -> None:
    body = json.loads(model.dumps())
    body["forest"][0]["low"] = [0] * len(body["forest"][0]["low"])
    with pytest.raises(BadInput):
        LibraryModel.loads(json.dumps(body))


def test_a_model_whose_rates_are_a_list_is_refused(model: LibraryModel) -> None:
    body = json.loads(model.dumps())
    body["lens"]["rate_at"] = []
    with pytest.raises(BadInput, match=r"Train the library model again|Train it again"):
        LibraryModel.loads(json.dumps(body))


@pytest.mark.parametrize("number", [10, 12])
def test_a_check_of_too_few_incidents_says_how_many_it_needs(number: int) -> None:
    with pytest.raises(BadInput, match=rf"only {number} past incidents.*at least 13"):
        cross_validated(cases()[:number], folds=5)


def test_a_library_that_teaches_nothing_is_refused() -> None:
    with pytest.raises(BadInput, match="past incidents"):
        train(Library(cases=tuple(cases()[:4]), sha256=""))
    with pytest.raises(BadInput, match="Give events that name components"):
        train(library(), mix=Mix()).rank(Case(id="empty"))


def test_a_clients_slow_span_points_at_the_server_of_its_operation() -> None:
    learned = servers_of(cases())
    assert learned["call/ledger"] == ("ledger-0", "ledger-1")
    table = kinds_of(case_of(970, "ledger-1", "slow"), learned)
    assert (
        table["ledger-1"]["trace client only slow"] == 2
    )  # both baskets see it, the ledger's own span does not
    assert table["basket-0"]["trace calling only slow"] == 1
    quick = kinds_of(case_of(971, "ledger-1", "hog"), learned)
    assert not quick["ledger-1"]["trace client only slow"]


def test_features_are_finite_and_named() -> None:
    lens = Lens.learn(cases())
    for case in (*cases()[:5], Case(id="x", nodes=("web-0", "stranger")), Case(id="y", nodes=("stranger",))):
        matrix = lens.matrix(case)
        assert matrix.shape == (len(case.candidates), len(lens.names))
        assert np.isfinite(matrix).all()


def test_trees_learn_what_no_linear_model_can() -> None:
    chance = np.random.default_rng(0)
    x = chance.random((200, 4))
    y = [int((a > 0.5) != (b > 0.5)) for a, b, *_ in x]
    forest = grow(x, y, count=2, trees=60)
    fresh = chance.random((200, 4))
    truth = [int((a > 0.5) != (b > 0.5)) for a, b, *_ in fresh]
    p = np.exp(forest.log_p(fresh))
    assert np.allclose(p.sum(axis=1), 1.0)
    assert np.mean(p.argmax(axis=1) == np.array(truth)) > 0.85
    assert forest.importance[:2].sum() > 0.6


def test_folds_differ_by_one_and_spread_each_answer() -> None:
    every = cases()
    part = parts_of(every, folds=3, seed=1)
    assert max(part.count(f) for f in range(3)) - min(part.count(f) for f in range(3)) <= 1
    for answer in {(c.component, c.fault) for c in every}:
        own = [p for p, c in zip(part, every, strict=True) if (c.component, c.fault) == answer]
        assert sorted(own) == [0, 1, 2]


def test_weighted_f1_by_hand() -> None:
    pairs = [("a", "a"), ("a", "b"), ("b", "b"), ("b", "b")]
    assert weighted_f1(pairs) == pytest.approx(0.5 * (2 / 3) + 0.5 * (4 / 5))
