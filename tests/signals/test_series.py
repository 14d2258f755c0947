"""Detectors of single series: what they find, what they leave alone, and what bad input does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest

from aitia.core.errors import BadInput
from aitia.core.words import Baseline, Window, from_epoch
from aitia.tools.series.aspects import Aspect
from aitia.tools.series.derive import Derived
from aitia.tools.series.gather import Gathered
from aitia.tools.signals.choose import built
from aitia.tools.signals.process import single_evidence
from aitia.tools.signals.series import detect_series
from aitia.tools.signals.streaming import NeighbourStream
from aitia.tools.signals.subsequence import KMeansAD, NearestWindow, SeasonalBaseline
from aitia.tools.signals.tail_probability import Tail, alarms

N = 3000


def wave(n: int = N, *, seed: int = 0, noise: float = 0.1) -> np.ndarray:
    return np.sin(2 * np.pi * np.arange(n) / 50) + np.random.default_rng(seed).normal(0, noise, n)


def broken(v: np.ndarray) -> np.ndarray:
    """The wave stands still for a while: no value leaves its range, only the shape is wrong."""
    made = v.copy()
    made[2000:2060] = 0.3 + np.random.default_rng(9).normal(0, 0.1, 60)
    return made


MAKE: dict[str, Callable[[], object]] = {
    "kmeans": lambda: KMeansAD(window=50),
    "nearest": lambda: NearestWindow(window=50),
    "shape": lambda: NearestWindow(window=50, shape=True),
    "seasonal": lambda: SeasonalBaseline(period=50),
}


@pytest.mark.parametrize("name", MAKE)
def test_a_wrong_shape_is_found_where_it_is(name: str) -> None:
    model = MAKE[name]().fit(wave(seed=1))  # type: ignore[attr-defined]
    score = model.decision_function(broken(wave()))
    assert score.shape == (N,)
    assert 1960 <= int(np.argmax(score)) <= 2100
    limit = np.quantile(model.decision_function(wave(seed=2)), 0.99)
    assert score[2000:2060].max() > 1.2 * limit
    assert (model.decision_function(wave(seed=3)) > limit).mean() < 0.1


@pytest.mark.parametrize("name", MAKE)
def test_one_column_is_a_channel_and_anything_else_is_refused(name: str) -> None:
    model = MAKE[name]()
    column = model.fit(wave()[:, None]).decision_function(wave()[:, None])  # type: ignore[attr-defined]
    assert np.array_equal(column, MAKE[name]().fit(wave()).decision_function(wave()))  # type: ignore[attr-defined]
    for bad in (np.zeros((100, 2)), np.array([1.0]), np.full(N, np.nan)):
        with pytest.raises(BadInput, match=r"(Give|Fill)"):
            MAKE[name]().fit(bad)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", MAKE)
def test_a_reference_that_never_moves_still_lets_a_step_stand_out(name: str) -> None:
    v = np.zeros(1000)
    v[500:] = 1.0
    score = MAKE[name]().fit(np.zeros(800)).decision_function(v)  # type: ignore[attr-defined]
    assert np.all(np.isfinite(score))
    assert score[480:560].max() > 10 * max(score[:440].max(), 1e-3)


def test_a_window_of_one_sample_is_refused() -> None:
    with pytest.raises(BadInput, match="window of at least 2"):
        NearestWindow(window=1)
    with pytest.raises(BadInput, match="at least 2 samples"):
        NeighbourStream(lengths=(1,))
    with pytest.raises(BadInput, match=r"There is no detector 'magic'. Name one of kmeans"):
        built("magic", 50)


def test_the_distance_of_shapes_is_the_matrix_profiles() -> None:
    """Nearest z-normalised sub-sequence, one pair at a time."""
    a, b = wave(300), wave(200, seed=3)
    shapes = lambda v: [(x - x.mean()) / x.std() for x in (v[i : i + 50] for i in range(v.size - 49))]  # noqa: E731
    wanted = [min(float(np.linalg.norm(x - y)) for y in shapes(b)) for x in shapes(a)]
    found = NearestWindow(window=50, shape=True).fit(b).decision_function(a)
    assert np.allclose(found[25 : 25 + len(wanted)], wanted, atol=1e-6)


def test_few_anomalies_in_the_reference_are_no_centre() -> None:
    v = wave()
    v[1000:1060] += 6.0
    score = KMeansAD(window=50).fit(v).decision_function(v)
    assert 950 <= int(np.argmax(score)) <= 1100


def test_a_season_is_scored_by_its_phase() -> None:
    v = 10 + 5 * (np.arange(2880) % 288 > 200) + np.random.default_rng(0).normal(0, 0.2, 2880)
    model = SeasonalBaseline(period=288).fit(v[:2304])
    new = v[2304:].copy()
    new[100] = 15.0  # usual by night, not at this hour
    score = model.decision_function(new)
    assert int(np.argmax(score)) == 100


def test_surprise_is_the_tail_probability() -> None:
    rng = np.random.default_rng(0)
    tail = Tail().fit(rng.exponential(1.0, 20_000))
    for k in (0.5, 1.0, 2.0, 4.0, 6.0):
        assert tail.surprise(np.array([k * np.log(10.0)]))[0] == pytest.approx(k, rel=0.1)
    soiled = np.concatenate([rng.exponential(1.0, 9200), rng.uniform(50, 60, 800)])
    assert Tail(robust=True).fit(soiled).surprise(np.array([50.0]))[0] > 8
    assert np.all(np.diff(tail.surprise(np.linspace(0, 20, 500))) >= 0)
    assert np.all(np.isfinite(Tail().fit(np.zeros(5)).surprise(np.array([0.0, 1.0]))))


def test_alarms_close_to_each_other_are_one() -> None:
    s = np.zeros(100)
    s[[10, 12, 40, 90]] = 9.0
    assert alarms(s, 5.0, 5) == [(10, 12), (40, 40), (90, 90)]
    assert alarms(s, 5.0, 30) == [(10, 40), (90, 90)]
    assert alarms(s, 50.0, 5) == []


def test_a_shape_that_was_never_seen_scores_highest() -> None:
    stream = NeighbourStream()
    score = [stream.update(float(x)) for x in broken(wave())]
    assert 2000 <= int(np.argmax(score)) <= 2070
    assert not any(NeighbourStream().update(1.0) for _ in range(10))


@pytest.mark.parametrize("clean", [True, False])
def test_a_series_in_a_finding_out(clean: bool) -> None:
    v = wave()
    v[2000:2080] += 3.0
    told = detect_series(60.0 * np.arange(N), v, wave(1500, seed=1) if clean else None)
    (found,) = told.found
    assert told.status == "ok"
    assert told.choice is not None
    assert told.choice.reason in told.message
    assert 60 * 1880 <= found.onset <= 60 * 2010
    assert 60 * 2060 <= found.end <= 60 * 2200
    assert found.surprise > told.threshold


def usual(kind: str, rng: np.random.Generator) -> np.ndarray:
    t = np.arange(N)
    return {
        "white": rng.normal(0, 1, N),
        "walk about a level": np.convolve(rng.normal(0, 1, N + 29), 0.9 ** np.arange(30), mode="valid"),
        "season": 10 + 3 * np.sin(2 * np.pi * t / 144) + rng.normal(0, 0.3, N),
        "skewed": rng.exponential(1.0, N),
        "counts": rng.poisson(3, N).astype(float),
        "flat": np.full(N, 7.0),
    }[kind]


@pytest.mark.parametrize("kind", ["white", "walk about a level", "season", "skewed", "counts", "flat"])
def test_usual_series_raise_hardly_an_alarm(kind: str) -> None:
    raised = 0
    for seed in range(3):
        rng = np.random.default_rng(seed)
        v, reference = usual(kind, rng), usual(kind, rng)[:1500]
        raised += sum(bool(detect_series(np.arange(N), v, r).found) for r in (None, reference))
    assert raised <= 1


def test_gaps_resets_and_another_order_change_nothing() -> None:
    t, v = 60.0 * np.arange(N), wave()
    v[2000:2080] += 3.0
    keep = np.sort(np.random.default_rng(0).choice(N, N - 100, replace=False))
    order = np.random.default_rng(1).permutation(keep)
    gone = detect_series(t[order], v[order]).found
    whole = detect_series(t, v).found
    assert len(gone) == len(whole) == 1
    assert abs(gone[0].onset - whole[0].onset) <= 1200


@pytest.mark.parametrize("v", [[], [1.0], np.full(300, np.nan), np.arange(10.0)])
def test_too_little_is_no_data(v: object) -> None:
    told = detect_series(np.arange(np.size(v)), v)  # type: ignore[arg-type]
    assert told.status == "no_data"
    assert told.message.startswith("Give at least 20 samples")
    assert not told.found


def test_equal_times_strings_and_tiny_references() -> None:
    assert detect_series(np.zeros(50), wave(50)).status == "no_data"
    with pytest.raises(BadInput, match="Give numbers only"):
        detect_series(np.arange(30), ["off"] * 30)
    told = detect_series(np.arange(N), wave(), reference=[1.0, float("nan")])
    assert told.choice is not None
    assert told.choice.learns == "itself"
    assert detect_series(np.arange(40), np.full(40, 5.0)).found == ()


@pytest.mark.parametrize("unit", [1e-300, 1e-12, 1e90])
def test_the_unit_does_not_matter(unit: float) -> None:
    v = wave()
    v[2000:2080] += 3.0
    (found,) = detect_series(np.arange(N), v * unit, wave(1500, seed=1) * unit).found
    (wanted,) = detect_series(np.arange(N), v, wave(1500, seed=1)).found
    assert (found.onset, found.end) == (wanted.onset, wanted.end)
    with pytest.raises(BadInput, match="below 1e100"):
        detect_series(np.arange(N), v * 1e200)


def gathered(v: np.ndarray, edge: int) -> Gathered:
    t = 10.0 * np.arange(v.size)
    about = Aspect(aspect="temperature", say="temperature", unit="°C", bad="up", floor=1.0)
    window = Window(start=from_epoch(t[edge]), end=from_epoch(t[-1] + 10.0))
    before = Baseline(name="preceding", window=Window(start=from_epoch(0.0), end=window.start))
    channel = Derived(component="pump-1", metric="temperature_celsius", stat="gauge", about=about, t=t, v=v)
    return Gathered(raw=(), derived=(channel,), baselines=(before,), window=window, problems=())


def test_a_lone_channel_of_a_machine_gives_a_fact_with_its_onset() -> None:
    v = 60 + wave(1200)
    rose = v.copy()
    rose[1100:] += 4.0
    (fact,) = single_evidence(gathered(rose, 1000).derived, gathered(rose, 1000))
    assert fact.kind == "signal.anomaly"
    assert fact.onset is not None
    assert fact.onset_error_s is not None
    assert abs(fact.onset.timestamp() - 11_000) <= fact.onset_error_s + 10
    assert "nearest sub-sequence" in str(fact.values["because"])
    assert 0.2 < fact.strength <= 0.6
    shifted = v.copy()
    shifted[1000:] += 4.0  # all of the window: its own first part is no excuse
    assert len(list(single_evidence(gathered(shifted, 1000).derived, gathered(shifted, 1000)))) == 1
    for quiet in (v, np.full(1200, np.nan), np.full(1200, 60.0)):
        assert not list(single_evidence(gathered(quiet, 1000).derived, gathered(quiet, 1000)))
    assert not list(single_evidence(gathered(rose[990:], 10).derived, gathered(rose[990:], 10)))


def test_the_series_detectors_need_no_heavy_import() -> None:
    code = (
        "import sys; import numpy as np; from aitia.tools.signals.series import detect_series;"
        "detect_series(np.arange(500.0), np.random.default_rng(0).normal(size=500));"
        "assert not {'sklearn', 'torch', 'pyod', 'stumpy'} & set(sys.modules), sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
