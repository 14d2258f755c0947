"""The batch size: how it is picked, that time is kept, and that the result is remembered for this machine only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from aitia.models import measure
from aitia.models.llama import LlamaCpp
from aitia.models.load import load_llm
from aitia.models.measure import Measured, best, measured
from aitia.models.runtime import Shape

SHAPE = Shape(threads=1)


@pytest.mark.parametrize(
    ("rates", "batch"),
    [
        ({64: 80.0, 128: 84.0, 256: 100.0, 512: 101.0}, 256),
        ({64: 96.0, 128: 97.0, 256: 100.0, 512: 99.0}, 64),  # within 5 %: the smallest
        ({64: 80.0, 128: 84.0, 256: 100.0, 512: 120.0}, 512),
        ({64: 100.0, 128: 60.0}, 256),  # the default was not reached
        ({}, 256),
    ],
)
def test_the_smallest_of_the_fastest(rates: dict[int, float], batch: int) -> None:
    assert best(rates, default=256) == batch


@pytest.mark.model
def test_it_keeps_the_time_and_remembers(smollm_path: Path, tmp_path: Path) -> None:
    start = time.process_time()
    first = measured(smollm_path, sha256="a", shape=SHAPE, seconds=0.3, home=tmp_path)
    assert time.process_time() - start < 3  # 0.3 s of it evaluate, the rest loads the model
    assert set(first.rates) <= set(measure.CANDIDATES)
    assert not first.remembered
    again = measured(smollm_path, sha256="a", shape=SHAPE, home=tmp_path)
    assert again == replace(first, remembered=True)
    note = next((tmp_path / "measured").iterdir())
    for spoiled in ("", "{}", '{"batch": 0, "rates": {}}', "[]"):
        note.write_text(spoiled)
        assert not measured(smollm_path, sha256="a", shape=SHAPE, seconds=0.1, home=tmp_path).remembered


def test_other_models_and_threads_are_measured_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
    asked = []

    class Fake:
        def __init__(self, path: Path, shape: Shape) -> None:
            asked.append(shape)

        def close(self) -> None:
            pass

    monkeypatch.setattr(measure, "Session", Fake)
    monkeypatch.setattr(measure, "read_rates", lambda session, *, seconds: {64: 1.0, 256: 9.0})
    shapes = [SHAPE, replace(SHAPE, threads=2), replace(SHAPE, flash_attention=True), SHAPE]
    found = [measured(tmp_path, sha256="a", shape=shape, home=tmp_path) for shape in shapes]
    assert [f.remembered for f in found] == [False, False, False, True]
    assert not measured(tmp_path, sha256="b", shape=SHAPE, home=tmp_path).remembered
    assert [shape.batch for shape in asked] == [512] * 4
    assert found[0].batch == 256


def test_a_folder_that_cannot_be_costs_only_the_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
    (tmp_path / "measured").write_text("a file")
    monkeypatch.setattr(measure, "Session", lambda path, shape: type("S", (), {"close": lambda self: None})())
    monkeypatch.setattr(measure, "read_rates", lambda session, *, seconds: {256: 9.0})
    for _ in range(2):
        assert measured(tmp_path, sha256="a", shape=SHAPE, home=tmp_path) == Measured(
            batch=256, rates={256: 9.0}
        )


@pytest.mark.model
def test_load_measures_only_when_asked(
    smollm_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def fake(path: Path, **given: object) -> Measured:
        asked.append(given)
        return Measured(batch=128, rates={})

    monkeypatch.setattr("aitia.models.load.measured", fake)
    batches = []
    for tune in (False, True):
        llm = load_llm(str(smollm_path), threads=1, home=tmp_path, tune=tune)
        assert isinstance(llm, LlamaCpp)
        batches.append(llm._session.shape.batch)
        assert (
            llm._session.batch == 256
        )  # options of up to 256 tokens can be scored, whatever the measured size
        llm.close()
    assert batches == [256, 128]
    assert len(asked) == 1


@pytest.mark.model
def test_the_command(smollm_path: Path, tmp_path: Path) -> None:
    env = os.environ | {"AITIA_HOME": str(tmp_path), "AITIA_MODELS": str(smollm_path), "NO_COLOR": "1"}
    script = "import sys; from aitia.cli.app import run; sys.exit(run(sys.argv[1:]))"
    command = [sys.executable, "-c", script, "models"]
    done = subprocess.run(
        [*command, "measure", "smollm2-135m", "--threads", "1", "--seconds", "0.5", "--json"],
        capture_output=True,
        text=True,
        check=True,
        env=env,
    )
    told = json.loads(done.stdout)
    assert told["name"] == "smollm2-135m"
    assert told["batch"] in measure.CANDIDATES
    assert len(list((tmp_path / "measured").iterdir())) == 1
    listed = subprocess.run(
        [*command, "prefixes", "--json"], capture_output=True, text=True, check=True, env=env
    )
    assert json.loads(listed.stdout)["states"] == 0
