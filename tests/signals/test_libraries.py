"""Detectors of other libraries by name: what they find online and in a series, and what a wrong name or package says."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from aitia.core.errors import BadInput
from aitia.tools.signals.channel_blame import occlusion
from aitia.tools.signals.detectors import library_detector
from aitia.tools.signals.series import detect_series
from aitia.tools.signals.watch import Alarm, Watch

PYOD = ("ECOD", "COPOD", "IForest", "KNN", "LOF", "HBOS", "PCA", "MCD", "OCSVM", "GMM", "LODA", "INNE")
SKLEARN = ("IsolationForest", "LocalOutlierFactor", "EllipticEnvelope", "OneClassSVM", "GaussianMixture")
EVERY = (*(f"pyod:{n}" for n in PYOD), *(f"sklearn:{n}" for n in SKLEARN), "ruptures:l2")


def installed(name: str) -> None:
    pytest.importorskip(name.partition(":")[0])


def pump(seed: int, *, at: int = 350, rows: int = 420, size: float = 8.0) -> np.ndarray:
    """Pressure, flow and speed, of which the flow rises by four deviations."""
    x = np.random.default_rng(seed).normal(0, 1, (rows, 3)) * [0.1, 2.0, 30.0] + [4, 120, 9000]
    x[at:, 1] += size
    return x


def alarms(x: np.ndarray, detector: str) -> list[Alarm]:
    seen = Watch(["pressure", "flow", "speed"][: x.shape[1]], detector=detector, reference=300)
    return [a for i, row in enumerate(x) if (a := seen.update(10.0 * i, row))]


@pytest.mark.parametrize("name", EVERY)
def test_a_change_is_told_as_by_our_own(name: str) -> None:
    installed(name)
    (found,) = alarms(pump(0), name)
    assert (found.channel, found.direction) == ("flow", "up")
    assert abs(found.onset - 3500) <= max(found.error_s, 60)
    assert found.at - 3500 <= 500
    assert found.before == pytest.approx(120, abs=1.5)
    assert found.since == pytest.approx(128, abs=2.5)


@pytest.mark.parametrize("name", ["pyod:ECOD", "pyod:KNN", "sklearn:IsolationForest"])
def test_normal_operation_raises_hardly_an_alarm(name: str) -> None:
    installed(name)
    assert sum(len(alarms(pump(seed, at=900, rows=600), name)) for seed in range(1, 3)) <= 1


@pytest.mark.parametrize(
    "name", ["pyod:KNN", "pyod:ECOD", "pyod:CD", "sklearn:LocalOutlierFactor", "ruptures:rbf"]
)
def test_a_score_needs_no_other_row_and_no_later_one(name: str) -> None:
    """Also where the library scores a row by the rows beside it (ECOD), or none alone (CD)."""
    installed(name)
    model, x = library_detector(name).fit(pump(0)[:300]), pump(3)
    score = model.decision_function(x)
    for k in (100, 355, 419):
        part = model.decision_function(x[k - model.lookback + 1 : k + 1])
        assert part[-1] == pytest.approx(score[k], rel=1e-6)
    assert np.array_equal(score, library_detector(name).fit(pump(0)[:300]).decision_function(x))
    assert score[380:].mean() > score[100:340].mean()


def test_a_missing_value_is_no_change() -> None:
    installed("sklearn")
    x = pump(0, at=900)
    x[310:, 2] = np.nan
    assert not alarms(x, "sklearn:EllipticEnvelope")


def test_the_channel_that_a_score_comes_from_is_blamed() -> None:
    installed("sklearn")
    usual = pump(0)[:300]
    model = library_detector("sklearn:EllipticEnvelope").fit(usual)
    parts = occlusion(model, pump(1)[370:], np.median(usual, axis=0))
    assert parts.shape == (50, 3)
    assert (parts >= 0).all()
    assert np.mean(parts.argmax(axis=1) == 1) > 0.9


@pytest.mark.parametrize(
    "name", ["pyod:KNN", "pyod:ECOD", "sklearn:LocalOutlierFactor", "ruptures:l2", "stumpy:aamp", "nearest"]
)
def test_a_series_is_searched_by_a_named_detector(name: str) -> None:
    if ":" in name:
        installed(name)
    v = np.sin(2 * np.pi * np.arange(2000) / 50) + np.random.default_rng(0).normal(0, 0.1, 2000)
    usual = v[:800].copy()
    v[1500:1560] += 3.0
    told = detect_series(np.arange(2000.0), v, usual, detector=name)
    assert told.choice is not None
    assert (told.choice.detectors, told.choice.reason) == ((name,), f"{name}, as asked")
    assert told.message.startswith(f"{name}, as asked; ")
    assert 1400 <= int(np.argmax(told.surprise)) <= 1660
    assert any(f.onset <= 1560 and f.end >= 1500 for f in told.found)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "magic",
            "There is no detector 'magic'. Name level, pattern, or one of a library, such as pyod:ECOD.",
        ),
        ("tsfel:x", "There is no detector 'tsfel:x'. Name a library and its detector"),
        ("ruptures:", "There is no detector 'ruptures:'. Name a library and its detector"),
        ("ruptures:rbg", "ruptures has no detector 'rbg'. Near names: ruptures:rbf."),
        ("sklearn:IsolationForrest", "Near names: sklearn:IsolationForest."),
        ("sklearn:Ridge", "sklearn has no detector 'Ridge'."),
        ("pyod:ECD", "pyod has no detector 'ECD'. Near names: pyod:ECOD, pyod:CD"),
        ("pyod:DOMINANT", "pyod has no detector 'DOMINANT'."),
        ("pyod:LSCP", "pyod:LSCP cannot be built with its defaults"),
    ],
)
def test_a_wrong_name_lists_near_ones(name: str, says: str) -> None:
    if name.partition(":")[0] in ("sklearn", "pyod"):
        installed(name)
    with pytest.raises(BadInput) as error:
        Watch(["a"], detector=name)
    assert says in str(error.value)


def test_what_a_library_refuses_is_bad_input() -> None:
    installed("pyod")
    with pytest.raises(
        BadInput, match="pyod:MAD cannot learn from 300 rows of 3 columns: MAD algorithm is just for uni"
    ):
        alarms(pump(0), "pyod:MAD")
    with pytest.raises(BadInput, match="MatrixProfile cannot score"):
        alarms(pump(0)[:, :1], "pyod:MatrixProfile")


@pytest.mark.parametrize(
    ("name", "install"),
    [
        ("pyod:ECOD", "'.[detectors]'"),
        ("stumpy:stump", "'.[detectors]'"),
        ("sklearn:OneClassSVM", "'.[learn]'"),
    ],
)
def test_a_package_that_is_not_installed_is_named_with_its_extra(name: str, install: str) -> None:
    package = name.partition(":")[0]
    code = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "from aitia.core.errors import ModelError\n"
        "from aitia.tools.signals.detectors import library_detector\n"
        f"try:\n    library_detector({name!r})\nexcept ModelError as error:\n    print(error)\n"
    )
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert said == f"{name} needs {package}, which is not installed. Install it: pip install {install}.\n"
