"""Learning sizes of lines: a planted one is found, and what is left out is not learned from."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.rca.fit_stacks import FEATURES, MOST, Floats, Table, learn, left_out, loss_of, named

LOG, METRIC = FEATURES.index("primary.log"), FEATURES.index("primary.metric")
SYMPTOM = FEATURES.index("symptom.software.latency")


def tables(seed: int, *, log: float, symptom: float, n: int = 400) -> list[Table]:
    """Cases whose right row is drawn by these sizes; metrics count as they did."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(n):
        rows = np.zeros((5, len(FEATURES)))
        rows[:, LOG], rows[:, METRIC] = rng.uniform(0, 2, (2, 5))
        rows[:2, SYMPTOM] = 1
        score = log * rows[:, LOG] + rows[:, METRIC] + symptom * rows[:, SYMPTOM]
        p = np.exp(score - score.max())
        made.append(Table(rows, np.arange(5) == rng.choice(5, p=p / p.sum())))
    return made


def test_planted_sizes_are_found_and_others_stay() -> None:
    found = named(learn(tables(1, log=1.7, symptom=-2.0), ["a"] * 400, 2.0))
    assert found["primary.log"] == pytest.approx(1.7, abs=0.25)
    assert found["symptom.software.latency"] == pytest.approx(-2.0, abs=0.4)
    assert found.get("primary.metric", 1.0) == pytest.approx(1.0, abs=0.25)
    assert "coverage" not in found


def test_data_may_not_turn_a_sign_round_nor_make_a_symptom_likelier() -> None:
    found = named(learn(tables(2, log=5.0, symptom=2.0), ["a"] * 400, 2.0))
    assert found["primary.log"] == MOST
    assert "symptom.software.latency" not in found


def test_a_system_is_weighed_without_itself_and_a_family_without_its_like() -> None:
    odd = tables(3, log=0.0, symptom=0.0, n=200)
    usual = tables(4, log=1.8, symptom=0.0, n=200)
    systems = ["odd"] * 200 + ["usual"] * 200
    held = left_out([*odd, *usual], systems, systems, 2.0)
    assert held["odd"][LOG] > 1.4 > 0.6 > held["usual"][LOG]
    keys = [("odd", "disk")] * 200 + [("usual", "disk")] * 100 + [("usual", "none")] * 100
    by_family = left_out([*odd, *usual], systems, keys, 2.0)
    assert by_family["odd", "disk"][LOG] == pytest.approx(
        learn(usual[100:], ["usual"] * 100, 2.0)[LOG], abs=0.01
    )


def test_the_ridge_keeps_what_few_cases_say_near_to_what_it_was() -> None:
    few = tables(5, log=1.9, symptom=0.0, n=20)
    strong, weak = (learn(few, ["a"] * 20, ridge)[LOG] for ridge in (200.0, 2.0))
    assert abs(strong - 1) < abs(weak - 1)


def test_log_loss_is_of_the_right_rows() -> None:
    rows = np.zeros((2, len(FEATURES)))
    factors: Floats = np.ones(len(FEATURES))
    assert loss_of([Table(rows, np.array([True, False]))], [factors]) == pytest.approx(np.log(2))
