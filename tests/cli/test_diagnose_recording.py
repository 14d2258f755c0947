"""A recording given to `aitia diagnose` as it is: the verdict is the library's, and what is wrong with its options is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from aitia.cli.app import app
from aitia.cli.inputs import named_sources
from aitia.core.errors import BadInput
from tests.cli.test_look import RPM, record, wav

ABOUT = f"rpm={RPM:g} bearing=6205 unit=g group=2 support=rigid"


def reported(*args: str) -> Any:
    done = CliRunner().invoke(app, ["diagnose", *args, "--model", "none", "--json"])
    assert done.exit_code in (0, 10, 11), (done.output, done.exception)
    return json.loads(done.stdout)


def test_the_verdict_is_that_of_the_library(tmp_path: Path) -> None:
    wav(tmp_path / "pump.wav", record())
    told = reported("pump vibration high", "--signals", f"{tmp_path / 'pump.wav'} {ABOUT}")
    assert told["verdict"] == "cause"
    assert told["suspects"][0]["component"] == "pump"
    assert told["suspects"][0]["fault"] == "machine.bearing.outer_race"
    kinds = {e["kind"]: e for e in told["evidence"]}
    assert "zone D" in kinds["vibration.zone"]["statement"]


def test_an_estimated_bearing_is_said_in_the_fact(tmp_path: Path) -> None:
    wav(tmp_path / "pump.wav", record(defect=3.056))
    told = reported(
        "pump vibration high", "--signals", f"{tmp_path / 'pump.wav'} rpm={RPM:g} bearing=6309 unit=g"
    )
    line = next(e for e in told["evidence"] if e["kind"] == "vibration.line")
    assert line["aspect"] == "vibration.bpfo"
    assert "geometry estimated from 45 × 100 mm" in line["statement"]


def test_a_quiet_recording_convicts_nothing(tmp_path: Path) -> None:
    wav(tmp_path / "pump.wav", record(defect=0.0, unbalance=0.02))
    told = reported("pump vibration high", "--signals", f"{tmp_path / 'pump.wav'} {ABOUT}")
    assert told["verdict"] != "cause"


@pytest.mark.parametrize(
    ("words", "said"),
    [("speed=3", "is no option of a recording"), ("rpm=fast", "rpm"), ("scale=2 sensitivity=100", "not both"), ("bearing=NU309", "NU309")],
)  # fmt: skip
def test_wrong_options_are_told(tmp_path: Path, words: str, said: str) -> None:
    wav(tmp_path / "pump.wav", record())
    done = CliRunner().invoke(
        app,
        [
            "diagnose",
            "pump vibration high",
            "--signals",
            f"{tmp_path / 'pump.wav'} {words}",
            "--model",
            "none",
        ],
    )
    assert said in done.output + str(done.exception)


def test_a_table_takes_no_options_and_a_name_may_have_blanks(tmp_path: Path) -> None:
    (tmp_path / "a b=.csv").write_text("time,x\n", encoding="utf-8")
    (found,) = named_sources(
        metrics=[], logs=[], changes=[], topology=[], signals=[str(tmp_path / "a b=.csv")]
    )
    assert found.type == "table"
    with pytest.raises(BadInput, match="Only a recording"):
        named_sources(
            metrics=[], logs=[], changes=[], topology=[], signals=[f"{tmp_path / 'a b=.csv'} rpm=3"]
        )
