"""The benchmark of exporters takes verdicts and units as they are told: a calm table, and units of each kind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from aitia.lab.folder import iso, write_table  # noqa: E402
from benchmarks.meaning.exporters import UNITS, measured  # noqa: E402
from benchmarks.meaning.exporters_units import Metric, as_told, known, units  # noqa: E402

START, STEP, SAMPLES = 1_790_000_000.0, 5.0, 160


def recording(folder: Path) -> Path:
    rng = np.random.default_rng(3)
    t = START + STEP * np.arange(SAMPLES)
    of = {
        "process_resident_memory_bytes": 3e7 + 1e5 * rng.normal(size=SAMPLES),
        "http_requests_total": np.cumsum(rng.poisson(20, SAMPLES)).astype(float),
        "up": np.ones(SAMPLES),
    }
    rows = [
        (float(a), "web", name, "{}", float(b)) for name, v in of.items() for a, b in zip(t, v, strict=True)
    ]
    (folder / "web").mkdir()
    write_table(folder / "web" / "metrics.parquet", rows)
    about = {"start": iso(START), "end": iso(START + STEP * SAMPLES)}
    (folder / "recording.yaml").write_text(yaml.safe_dump(about))
    return folder


def test_a_calm_exporter_has_six_verdicts_no_cause_and_its_units(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    argv = [
        sys.executable,
        str(ROOT / "benchmarks/meaning/exporters.py"),
        "--data",
        str(recording(tmp_path)),
        "--json",
        str(out),
    ]
    subprocess.run(argv, check=True, capture_output=True, cwd=ROOT)
    told = json.loads(out.read_text())
    found = {(r["system"], r["metric"]): r["value"] for r in told["rows"]}
    assert told["n"] == 6
    assert found["no_model", "false cause"] == 0
    assert found["no_model", "unit: right"] > 0
    assert found["no_model", "unit: wrong"] == 0
    assert found["trivial", "healthy"] == 1


@pytest.mark.parametrize(
    ("metric", "told", "numbers", "is_"),
    [
        (Metric("gauge", "bytes"), "MiB", (20.0,), "right"),
        (Metric("gauge", "bytes"), "", (20_971_520.0,), "none told"),
        (Metric("gauge", "bytes"), "°C", (20.0,), "wrong"),
        (
            Metric("gauge", "us"),
            "s",
            (20_971_520.0,),
            "wrong",
        ),  # of the right dimension, a million times too much
        (Metric("gauge", "us"), "s", (20.0,), "right"),
        (Metric("gauge", "1"), "", (3.0,), "none to tell"),
        (Metric("gauge", "1"), "/s", (3.0,), "wrong"),
        (Metric("counter", "1"), "/s", (3.0,), "right"),
        (Metric("counter", "1"), "%", (3.0,), "right"),
        (Metric("counter", "bytes"), "/s", (3.0,), "wrong"),
        (Metric("counter", "s"), "cores", (0.3,), "right"),
        (Metric("summary", "bytes"), "MiB", (30.0,), "right"),
        (Metric("histogram", "ms"), "s", (20_971_520.0,), "wrong"),
    ],
)
def test_a_unit_is_right_by_dimension_and_size(
    metric: Metric, told: str, numbers: tuple[float, ...], is_: str
) -> None:
    assert as_told(metric, told, numbers, lambda: 20_971_520.0) == is_


def test_a_part_of_a_histogram_has_its_familys_unit() -> None:
    labelled = {"took_seconds": Metric("histogram", "s")}
    assert known(labelled, "took_seconds_sum") == Metric("histogram", "s")
    assert known(labelled, "took_seconds_count") == Metric("counter", "1")
    assert known(labelled, "other_sum") is None


def test_a_unit_counts_once_for_an_exporter_and_a_false_cause_each_time() -> None:
    case = {
        "exporter": "web", "verdict": "cause", "probability": 0.9,
        "units": [{"metric": "m", "told": "s", "is": "wrong"}, {"metric": "n", "told": "", "is": "not labelled"}],
    }  # fmt: skip
    found = measured([case, case])
    assert found["false cause, >= 80 %"] == [1.0, 1.0]
    assert found["unit: wrong"] == [1.0]
    assert found["unit not labelled"] == [0.0, 1.0]


def test_every_labelled_metric_has_a_unit_that_the_scorer_knows() -> None:
    assert all(
        m.dimension and m.kind in ("counter", "gauge", "histogram", "summary") for m in units(UNITS).values()
    )
