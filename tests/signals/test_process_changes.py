"""Changes of level of several channels while the data arrive, and names of faults by their directions."""

from __future__ import annotations

import numpy as np
import pytest

from aitia.core.errors import BadInput
from aitia.tools.change.changepoints import bootstrap_error
from aitia.tools.signals.sequential import DriftScale, OnlineCusum
from aitia.tools.signals.signatures import Signatures

CHANGES = (500, 640, 900)


def recording(seed: int, size: float = 3.0) -> np.ndarray:
    """A wandering channel, and three quiet ones of which one steps up, one down, and the first back."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 1, (1100, 4))
    x[:, 0] = np.cumsum(rng.normal(0, 0.3, 1100)) + rng.normal(0, 0.2, 1100)
    x[500:900, 1] += size
    x[640:, 2] -= size
    return x


def test_online_alarms_come_soon_after_each_change_and_seldom_else() -> None:
    hit, false, delay = 0, 0, []
    for seed in range(10):
        x = recording(seed)
        found = OnlineCusum().run(DriftScale().fit(x[:400]).transform(x))
        for change in CHANGES:
            later = [f - change for f in found if 0 <= f - change <= 30]
            hit += bool(later)
            delay += later[:1]
        false += sum(all(not 0 <= f - c <= 30 for c in CHANGES) for f in found)
    assert hit >= 27
    assert np.mean(delay) < 10
    assert false <= 30  # three in 1100 samples


def test_an_online_alarm_uses_no_later_sample() -> None:
    x = DriftScale().fit(recording(1)[:400]).transform(recording(1))
    whole = OnlineCusum().run(x)
    assert [i for i in whole if i < 700] == OnlineCusum().run(x[:700])


@pytest.mark.parametrize("size", [1.0, 2.0, 4.0])
def test_the_bootstrapped_error_covers_the_true_change(size: float) -> None:
    inside = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        v = rng.normal(0, 1, 160) + size * (np.arange(160) >= 80)
        cost = [np.var(v[:k]) * k + np.var(v[k:]) * (160 - k) for k in range(3, 157)]
        edge = 3 + int(np.argmin(cost))
        inside.append(abs(edge - 80) <= max(bootstrap_error(v, edge), 1.0))
    assert 0.82 <= np.mean(inside) <= (0.99 if size < 2 else 1.0)


def test_a_larger_step_is_located_better() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 1, 120)
    small, large = (bootstrap_error(noise + s * (np.arange(120) >= 60), 60) for s in (0.8, 4.0))
    assert large < small
    assert bootstrap_error(noise[:4], 1) == 3.0


def test_changes_need_samples() -> None:
    assert OnlineCusum().run(np.zeros((0, 2))) == []
    with pytest.raises(BadInput, match=r"Give at least"):
        DriftScale().fit(np.zeros((2, 3)))
    flat = DriftScale().fit(np.full((100, 2), 3.0)).transform(np.full((10, 2), 3.0))
    assert (flat == 0).all()


def faulty(seed: int, name: str) -> np.ndarray:
    """Five coupled channels under one of four faults; the size differs from run to run."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 1, (200, 1)) * np.array([1.0, 0.8, -0.5, 0.3, 0.6]) + rng.normal(0, 0.4, (200, 5))
    size = rng.uniform(2, 4)
    if name == "leak":
        x[:, 1] -= size
    elif name == "block":
        x[:, 1] += size
    elif name == "sensor":
        x[:, 3] += rng.normal(0, 2 * size, 200)
    elif name == "valve":
        x[:, [0, 4]] += [size, -size]
    return x


def test_a_fault_is_named_by_the_nearest_direction() -> None:
    faults = ("leak", "block", "sensor", "valve")
    model = Signatures(limit=False).fit(faulty(0, "none"))
    for i, fault in enumerate(faults):
        model.learn(fault, faulty(i + 1, fault))
    for i, fault in enumerate(faults):
        order = model.rank(faulty(20 + i, fault))
        assert order[0][0] == fault
        assert order[0][1] > 0.9 > order[1][1]
    assert [name for name, _ in model.rank(faulty(30, "leak"))].index("block") == 3


def test_signatures_without_labelled_runs_name_nothing() -> None:
    assert Signatures().fit(faulty(0, "none")).rank(faulty(1, "leak")) == []
