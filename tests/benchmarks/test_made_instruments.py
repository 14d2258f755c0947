"""Instruments planted in made machines: the truth stands in the case alone, and shapes keep onset and points."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from aitia.tools.signals.condition.words import AssetSignals
from benchmarks.machines import made_instruments
from benchmarks.machines.cases import cases
from benchmarks.machines.made_common import Tag, write_case
from benchmarks.machines.made_sensors import step_of

ROWS, ONSET = 900, 600


def source(folder: Path, name: str, fault: bool, seed: int) -> None:
    """A recording of `made_slow.py`'s form: two temperatures and a speed; with a fault the first one rises."""
    rng = np.random.default_rng(seed)
    times = pd.date_range("2024-01-01", periods=ROWS, freq="20min", tz="UTC")
    rise = 8.0 * np.clip((np.arange(ROWS) - ONSET) / 100, 0, 1) * fault
    points = tuple(
        Tag(p, q, u, None, None)
        for p, q, u in (("oil temperature", "temperature", "°C"), ("bearing temperature", "temperature", "°C"),
                        ("speed", "rotational speed", "rpm"))
    )  # fmt: skip
    values = pd.DataFrame(
        {"oil temperature": 50 + rng.normal(size=ROWS) + rise, "bearing temperature": 60 + rng.normal(size=ROWS),
         "speed": 1480 + 5 * rng.normal(size=ROWS)}, index=times,
    )  # fmt: skip
    case = {"system": "mixer", "asset": "X-1", "class": "slow" if fault else "healthy", "fraction": 0.75 if fault else None,
            "onset": f"{times[ONSET]:%Y-%m-%dT%H:%M:%SZ}" if fault else None,
            "channels": ["X-1.oil temperature [°C]"] if fault else []}  # fmt: skip
    write_case(folder / name, "X-1", values, points, case)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for k, fault in enumerate((False, False, True)):
        source(tmp_path / "slow", f"mixer-{k}", fault, k)
    (tmp_path / "starts").mkdir()
    out = tmp_path / "out"
    folders = ["--slow", str(tmp_path / "slow"), "--starts", str(tmp_path / "starts"), "--out", str(out)]
    monkeypatch.setattr(sys, "argv", ["made_instruments.py", *folders])
    made_instruments.main()
    return out


def truth(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / "case.json").read_text(encoding="utf-8"))
    return found


def only(folder: Path, name: str) -> AssetSignals:
    (case,) = cases(folder, name)
    (asset,) = case.assets.values()
    return asset


def test_each_shape_has_faulty_instruments_and_healthy_recordings(made: Path) -> None:
    told = [truth(p) for p in sorted(made.iterdir())]
    for shape in made_instruments.SHAPES:
        kinds = {(t["class"], t["kind"]) for t in told if t["shape"] == shape}
        assert {
            ("sensor", "stuck"),
            ("sensor", "drift"),
            ("sensor", "bias"),
            ("sensor", "spike"),
            ("healthy", None),
        } <= kinds
        assert (("process", "process") in kinds) == (shape != "one")


def test_only_the_case_tells_what_was_planted(made: Path) -> None:
    for folder in made.iterdir():
        read = (folder / "tags.csv").read_text() + (folder / "signals.csv").read_text().splitlines()[0]
        assert not any(word in read for word in ("bias", "drift", "stuck", "spike", "healthy", "process"))


def test_a_bias_stands_where_the_case_says(made: Path) -> None:
    (name,) = [
        p.name for p in sorted(made.iterdir()) if (t := truth(p))["kind"] == "bias" and t["shape"] == "as"
    ][:1]
    told = truth(made / name)
    point = only(made, name).points[str(told["channel"]).removeprefix("X-1.").rsplit(" [", 1)[0]]
    at = pd.Timestamp(str(told["onset"])).timestamp()
    before, after = point.v[point.t < at], point.v[point.t >= at][:15]
    assert abs(np.median(after) - np.median(before)) > step_of(before)
