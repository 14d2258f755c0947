"""Strengths of signals are shares of true findings: the shipped curves, where they are used, and how they are fitted."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from aitia.core.words import Evidence, Result, SourceRef, from_epoch
from aitia.tools.signals import signals_changepoints, signals_detect
from aitia.tools.signals.process import found_changes, found_together
from aitia.tools.signals.strength import Curve, bundled_curves, calibrate, calibrated, kinds_of
from tests.signals.test_process_tool import context, machine

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from benchmarks.signals import fit_strength  # noqa: E402
from benchmarks.signals.strength_cases import T0, Recording  # noqa: E402
from benchmarks.signals.strength_curve import (  # noqa: E402
    LEAST,
    MOST,
    Findings,
    auc,
    brier,
    calibration_error,
    datasets_out,
    held_out,
    isotonic,
    logistic,
)
from tests.benchmarks.test_process_answers import pump  # noqa: E402

KINDS = ("anomaly.single", "line.beside", "signal.changepoint")
UNIT = st.floats(0.0, 1.0)


def fact(kind: str, aspect: str, strength: float, **values: float) -> Evidence:
    return Evidence(component="P-1", kind=kind, aspect=aspect, statement="x", values=values, strength=strength,
                    source=SourceRef(source="s", query="q"))  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_the_shipped_curves_say_what_they_were_fitted_to(kind: str) -> None:
    told = bundled_curves()
    curve = told.curves[kind]
    assert curve.findings >= fit_strength.LEAST
    assert LEAST <= curve.share[0] <= curve.share[-1] <= MOST
    assert len(str(told.data["sha256"])) == 64


@given(kind=st.sampled_from(KINDS), a=UNIT, b=UNIT)
def test_a_plainer_finding_is_never_weaker(kind: str, a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert calibrated(kind, low) <= calibrated(kind, high)


def test_kinds_without_answers_keep_what_their_formula_makes() -> None:
    kept = [
        fact("vibration.quiet", "vibration.none", 0.61),
        fact("vibration.line", "vibration.1x", 0.62),
        fact("vibration.learned", "vibration.bpfo", 0.63),
        fact("metric.shift", "vibration", 0.64),
    ]
    told = calibrate(Result(status="ok", evidence=tuple(kept))).evidence
    assert [e.strength for e in told] == [0.61, 0.62, 0.63, 0.64]


def test_the_kind_is_that_of_the_formula() -> None:
    facts = [
        fact("signal.anomaly", "flow", 0.5, channels=1),
        fact("signal.anomaly", "flow", 0.5, channels=4),
        fact("vibration.line", "vibration.bsf", 0.5, bpfo_snr_db=12.0, bpfi_snr_db=11.0),
        fact("vibration.line", "vibration.harmonics", 0.9),
    ]
    assert kinds_of(facts) == ["anomaly.single", "anomaly.joint", "line.races", "line.shaft"]


def test_a_line_beside_a_plainer_one_of_the_same_channel_is_weak() -> None:
    one, other = fact("vibration.line", "vibration.bpfi", 0.7), fact("vibration.line", "vibration.bpfo", 0.9)
    elsewhere = one.model_copy(update={"component": "P-2"})
    assert kinds_of([one, elsewhere, other]) == ["line.beside", "line.alone", "line.alone"]
    told = calibrate(Result(status="ok", evidence=(one, elsewhere, other))).evidence
    assert told[0].strength < 0.3
    assert [e.strength for e in told[1:]] == [0.7, 0.9]


def test_the_tools_tell_calibrated_strengths_in_the_order_of_their_formulas(tmp_path: Path) -> None:
    ctx = context(tmp_path, machine(3, fault=40.0))
    pairs = (
        (found_together(ctx), signals_detect(ctx)),
        (found_changes(ctx, "P-1"), signals_changepoints(ctx, component="P-1")),
    )
    for raw, told in pairs:
        assert raw.evidence
        assert [e.statement for e in told.evidence] == [e.statement for e in raw.evidence]
        for before, after in zip(raw.evidence, told.evidence, strict=True):
            assert after.strength == calibrated(kinds_of([before])[0], before.strength)
    changes = zip(pairs[1][0].evidence, pairs[1][1].evidence, strict=True)
    assert all(before.strength != after.strength for before, after in changes)
    assert pairs[0][1].data["anomalies"][0]["strength"] == pairs[0][1].evidence[0].strength


@pytest.mark.parametrize(
    "knots",
    [
        {"raw": (0, 1), "share": (0.5, 0.4)},
        {"raw": (0.5, 0.5), "share": (0.1, 0.2)},
        {"raw": (0,), "share": (0,)},
    ],
)
def test_a_curve_that_falls_is_refused(knots: dict[str, tuple[float, ...]]) -> None:
    with pytest.raises(ValidationError, match="a curve needs at least two knots, with rising"):
        Curve(**knots)


def drawn(seed: int, share: str, n: int = 600) -> Findings:
    """Findings of three data sets with ten machines each, true with the probability that `share` says."""
    rng = np.random.default_rng(seed)
    raw = rng.uniform(0.1, 0.95, n)
    p = {"steep": 1 / (1 + np.exp(-12 * (raw - 0.6))), "none": np.full(n, 0.3), "all": np.ones(n)}[share]
    true = rng.uniform(size=n) < p
    dataset = np.array([f"set {i % 3}" for i in range(n)])
    group = np.array([f"set {i % 3} machine {i % 30}" for i in range(n)])
    windows = {(f"set {k}", faulty): 50 for k in range(3) for faulty in (True, False)}
    return Findings(raw=raw, true=true, dataset=dataset, group=group, faulty=true, windows=windows)


def test_a_fitted_curve_is_the_share_of_true_findings() -> None:
    curve = logistic(drawn(0, "steep"))
    assert curve(0.3) < 0.15 < 0.35 < curve(0.6) < 0.65 < 0.85 < curve(0.9)
    flat = logistic(drawn(1, "none"))
    assert flat(0.2) == pytest.approx(0.3, abs=0.12)
    assert flat(0.9) == pytest.approx(0.3, abs=0.12)
    assert logistic(drawn(2, "all"))(0.95) <= MOST


def test_held_out_shares_are_better_than_the_formulas_where_it_is_wrong() -> None:
    found = drawn(3, "steep")
    true, w = found.true.astype(float), found.weight
    for fit in (logistic, isotonic):
        told = held_out(found, fit, datasets_out)
        assert told is not None
        assert brier(told, true, w) < brier(found.raw, true, w)
        assert calibration_error(told, true, w) < calibration_error(found.raw, true, w)
        assert auc(told, true, w) > 0.85


def test_a_left_out_set_has_no_say_in_its_own_shares() -> None:
    found = drawn(4, "steep")
    here = found.dataset == "set 0"
    other = replace(found, true=np.where(here, ~found.true, found.true))
    told, turned = (held_out(f, logistic, datasets_out) for f in (found, other))
    assert told is not None
    assert turned is not None
    assert np.allclose(told[here], turned[here])
    assert not np.allclose(told[~here], turned[~here])


def test_windows_with_and_without_an_anomaly_weigh_the_same_and_sets_by_their_machines() -> None:
    found = drawn(5, "steep")
    w = found.weight
    assert w.sum() == pytest.approx(len(set(found.group)))
    more = replace(found, windows=found.windows | {("set 0", False): 500})  # each clean window counts a tenth
    here = (found.dataset == "set 0") & ~found.faulty
    assert more.weight[here].sum() < 0.3 * w[here].sum()


def test_a_finding_is_true_where_its_onset_meets_a_labelled_stretch() -> None:
    x = np.random.default_rng(0).normal(size=2000)
    one = Recording(
        name="r", dataset="d", channels={"flow": x}, labelled=[(1500, 1600)], step_s=10.0, lengths=(100,)
    )
    cases = list(one.cases())
    assert {c.faulty for c in cases} == {True, False}
    for case in cases:
        assert case.window.start == case.baseline.end
        assert 2 * case.window.seconds <= case.baseline.seconds <= 6 * case.window.seconds
        lies = case.window.epoch[0] < T0 + 15_000 + 1000 and case.window.epoch[1] > T0 + 15_000
        assert case.faulty == lies
    hit = fact("signal.changepoint", "flow", 0.5)
    for row, true in ((1495, False), (1499, True), (1550, True), (1606, False)):
        at = hit.model_copy(update={"onset": from_epoch(T0 + 10.0 * row)})
        assert fit_strength.judged(cases[0], at) is true
        wide = at.model_copy(update={"onset_error_s": 100.0})
        assert fit_strength.judged(cases[0], wide) is True


def test_the_script_takes_any_folder_of_the_layout(tmp_path: Path) -> None:
    for seed in range(3):
        pump(tmp_path / "skab" / "rig", seed)
    out = tmp_path / "out.json"
    command = [
        sys.executable,
        "benchmarks/signals/fit_strength.py",
        "--data",
        str(tmp_path),
        "--json",
        str(out),
    ]
    before = (ROOT / "tools/signals/strength.json").read_bytes()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    told = json.loads(out.read_text(encoding="utf-8"))
    assert told["n"] > 0
    assert any(r["system"] == "no_model formula" for r in told["rows"])
    assert {c["dataset"] for c in told["per_case"]} == {"skab"}
    assert (ROOT / "tools/signals/strength.json").read_bytes() == before
