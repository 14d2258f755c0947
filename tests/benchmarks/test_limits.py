"""Limits judged on sets left out: what is chosen comes from the other sets, and a rule raises the product's own alarms."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from aitia.tools.signals.multivariate import departure_from
from aitia.tools.signals.watch import PatternWatch

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from benchmarks.signals import limit_rules, limits  # noqa: E402
from benchmarks.signals.limit_cases import Floats, Judged, by_hash  # noqa: E402

RULE = limit_rules.RULES["ensemble"]


def looked(dataset: str, usual: float, *peaks: tuple[float, bool]) -> limit_rules.Looked:
    return limit_rules.Looked(
        name="x",
        dataset=dataset,
        usual=usual,
        bad=tuple(bad for _, bad in peaks),
        alarms=lambda limit: [peak > limit for peak, _ in peaks],
    )


def judged(reference: Floats, x: Floats, labelled: Sequence[slice] = (), **more: object) -> Judged:
    labels = np.zeros(x.shape[0], dtype=np.bool_)
    for rows in labelled:
        labels[rows] = True
    return Judged(name="one", dataset="a", reference=reference, x=x, labels=labels, **more)  # type: ignore[arg-type]


def noise(rows: int, channels: int = 1, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(0.0, 1.0, (rows, channels))


def test_a_limit_is_chosen_on_the_other_sets_alone() -> None:
    """Set `a` needs a limit of 1.1 to 1.4, set `b` one over 2: each gets what suits the other."""
    found = [looked("a", 1.0, (1.5, True), (1.05, False)), looked("b", 2.0, (3.0, True), (2.1, False))]
    table, cases = limits.scored(found, RULE)
    value = {(r["system"], r["metric"]): r["value"] for r in table}
    chosen = {(c["left_out"], c["system"]): c["chosen"] for c in cases}
    assert chosen["a", "no_model one number"] > 2
    assert chosen["b", "no_model one number"] < 1.5
    assert value["no_model one number", "a: found"] == 0.0
    assert value["no_model one number", "b: false"] == 1.0
    assert value["ours held out", "all sets: found"] == 1.0
    assert value["ours held out", "all sets: false"] == 0.0
    assert value["ours held out", "all sets: gain less the shipped one's"] == 1.0
    assert value["ours", "a: found"] == 0.0
    assert value["ours", "b: false"] == 1.0
    assert (value["trivial always", "all sets: false"], value["trivial never", "all sets: found"]) == (
        1.0,
        0.0,
    )


def test_a_difference_between_cases_has_an_interval() -> None:
    found = [looked("a", 1.0, (2.5 if n % 2 else 1.5, True), (1.0, False)) for n in range(20)]
    shipped, other = limits.counted(found, least=2.0), limits.counted(found, least=1.2)
    value, (low, high) = limits.less(other, shipped)
    assert value == 0.5
    assert 0.2 < low < value < high < 0.8


def test_clean_windows_keep_away_from_an_anomaly() -> None:
    x = noise(700)
    one = judged(x, x, [slice(350, 440)])
    assert [a for a, _, bad in one.windows() if not bad] == [0, 100, 200, 600]
    assert [a for a, _, bad in one.windows() if bad] == [300, 400]
    assert [a for a, _, bad in one.windows(ahead=100) if not bad] == [0, 100, 600]
    assert [a for a, _, _ in judged(x, x, [slice(350, 440)], partly=True, first=20).windows()] == [320, 420]


def test_what_is_left_out_depends_on_names_alone() -> None:
    every = {f"case {n}": n for n in range(50)}
    kept = by_hash(every, 7)
    assert len(kept) == 7
    assert kept == [n for n in every if n in kept]
    assert set(by_hash({n: every[n] for n in reversed(every)}, 7)) == set(kept)
    assert set(kept) < set(by_hash(every, 8))


def test_the_ensemble_raises_an_alarm_where_the_product_tells_a_departure() -> None:
    x = noise(400, 3, seed=1)
    x[100:200] += 6.0
    one = judged(noise(600, 3), x, [slice(100, 200)])
    [told] = limit_rules.ensemble([one])
    joined = np.concatenate([one.reference, x])
    alarms = dict(zip(one.windows(), told.alarms(RULE.shipped), strict=True))
    for (a, b, bad), alarm in alarms.items():
        left = departure_from(one.reference, joined[: 600 + b], 600 + a)
        assert alarm is bad is (left is not None)
    assert 0.3 < told.usual < RULE.shipped
    assert not list(
        limit_rules.ensemble([judged(noise(100, 3), x)])
    )  # the product takes another detector there


@pytest.mark.parametrize("limit", [1.5, 3.0])
def test_the_pattern_rule_raises_the_watch_s_own_alarms(limit: float) -> None:
    wave = np.sin(np.arange(1300) / 8)[:, None] + 0.1 * noise(1300, seed=2)
    wave[900:960] += 3.0
    one = judged(wave[:600], wave[600:], [slice(300, 360)])
    watch = PatternWatch(one.reference, limit=limit)
    raised = np.array([watch.update(row) is not None for row in one.x])
    [told] = limit_rules.pattern([one])
    assert raised.any()
    assert list(told.alarms(limit)) == [bool(raised[a:b].any()) for a, b, _ in one.windows()]


def test_a_departure_decides_between_what_both_choices_find() -> None:
    """The series lies five deviations away from its reference: six more count only against its own first part."""
    x = 5.0 + noise(2000, seed=3)
    x[1200:1300] += 6.0
    one = judged(noise(1500), x, [slice(1200, 1300)])
    [told] = limit_rules.departed([one])
    assert told.usual < 0.3
    assert told.alarms(0.5) == [bad for _, _, bad in one.windows(ahead=100)]
    assert not any(told.alarms(1.0))
    assert not list(
        limit_rules.departed([judged(noise(1500), x[:900])])
    )  # too short for a first part of its own
