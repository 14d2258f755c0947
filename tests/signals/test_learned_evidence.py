"""A trained classifier takes part in a diagnosis: what it names becomes a fact whose strength is how often it was right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import yaml

import aitia
from aitia.core.config import SourceConfig
from aitia.core.words import Baseline, Incident, Result, Window
from aitia.settings import load_settings
from aitia.tools import SourceSet, ToolContext
from aitia.tools.signals import signals_envelope
from aitia.tools.signals.learned.faults import save
from aitia.tools.sources import open_source

from .test_learned import FS, trained, vibration

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
WINDOW_OF = Window(start=BEGAN + timedelta(hours=6), end=BEGAN + timedelta(hours=12))
BEFORE = Window(start=BEGAN, end=WINDOW_OF.start)


def site(folder: Path, kinds: list[str], *, machine: int = 41, healthy: str = "", **options: str) -> Path:
    """A machine that was never seen: one block an hour, healthy for six hours, then as `kinds` say; and its model."""
    save(trained(healthy), folder / "pumps.npz")
    blocks = []
    for hour, kind in enumerate(["healthy"] * 6 + kinds):
        record = vibration(kind, machine)
        rng = np.random.default_rng(hour)
        np.save(folder / f"{hour}.npy", record.x[:, 0] + 0.05 * rng.standard_normal(len(record.x)))
        blocks.append({"component": "P-101", "channel": "DE", "at": (BEGAN + timedelta(hours=hour)).isoformat(), "fs": FS,
                       "file": f"{hour}.npy", "rpm": record.rpm})  # fmt: skip
    (folder / "signals.yaml").write_text(yaml.safe_dump({"blocks": blocks}))
    source = {"name": "vibration", "kind": "signals", "type": "waveform", "path": "signals.yaml"}
    source["options"] = {"fault_model": "pumps.npz"} | options
    (folder / "aitia.yaml").write_text(yaml.safe_dump({"sources": [source], "model": {"name": "none"}}))
    return folder / "aitia.yaml"


def called(file: Path) -> Result:
    (config,) = load_settings(file).sources
    incident = Incident(
        id="i", title="P-101 shakes", started_at=WINDOW_OF.start, window=WINDOW_OF,
        baselines=(Baseline(name="preceding", window=BEFORE),), hints=("P-101",),
    )  # fmt: skip
    return signals_envelope(
        ToolContext(incident=incident, sources=SourceSet([open_source(config, Path("/"))]))
    )


@pytest.mark.parametrize("healthy", ["", "healthy"])
def test_what_it_names_is_a_fact_with_its_onset_and_its_record_of_being_right(
    tmp_path: Path, healthy: str
) -> None:
    result = called(
        site(
            tmp_path,
            ["healthy", "race", "race", "race", "race", "race"],
            healthy=healthy,
            **{"class.race": "vibration.bpfo"},
        )
    )
    (fact,) = [e for e in result.evidence if e.kind == "vibration.learned"]
    assert (fact.component, fact.aspect, fact.direction) == ("P-101", "vibration.bpfo", "up")
    assert fact.onset == BEGAN + timedelta(hours=7)
    assert fact.onset_error_s == 3600
    assert fact.values["blocks"] == 5
    assert 0.5 < fact.strength < 0.97
    assert "learned from 10 machines" in fact.statement


def test_a_class_is_known_by_its_name(tmp_path: Path) -> None:
    (fact,) = [e for e in called(site(tmp_path, ["unbalance"] * 6)).evidence if e.kind == "vibration.learned"]
    assert fact.aspect == "vibration.1x"


def test_a_machine_that_is_well_is_told_to_be_well(tmp_path: Path) -> None:
    (fact,) = [e for e in called(site(tmp_path, ["healthy"] * 6)).evidence if e.kind == "vibration.learned"]
    assert (fact.aspect, fact.direction, fact.onset) == ("vibration.none", "steady", None)


def test_blocks_of_no_one_class_make_no_fact(tmp_path: Path) -> None:
    result = called(site(tmp_path, ["race", "race", "race", "unbalance", "unbalance", "unbalance"]))
    assert not [e for e in result.evidence if e.kind == "vibration.learned"]
    assert "cannot tell" in result.message


def test_a_machine_unlike_all_others_is_not_judged(tmp_path: Path) -> None:
    file = site(tmp_path, ["race"] * 6)
    for hour in range(6, 12):  # a gear that whines, and nothing else
        t = np.arange(int(4 * FS)) / FS
        np.save(
            tmp_path / f"{hour}.npy",
            300.0 * np.sin(2 * np.pi * 1630.0 * t) * (1.5 + np.sin(2 * np.pi * 61.0 * t)),
        )
    result = called(file)
    assert not [e for e in result.evidence if e.kind == "vibration.learned"]
    assert "of its features are outside the training range." in result.message


@pytest.mark.parametrize(
    ("options", "said"),
    [({"fault_model": "none.npz"}, "). Give a readable model file."), ({"class.race": "cpu"}, "Set class.race of source 'vibration' to one of")],
)  # fmt: skip
def test_a_wrong_model_or_class_is_told_and_the_rules_go_on(
    tmp_path: Path, options: dict[str, str], said: str
) -> None:
    result = called(site(tmp_path, ["unbalance"] * 6, **options))
    assert said in result.message
    assert any(e.aspect == "vibration.1x" and e.kind != "vibration.learned" for e in result.evidence)


def test_the_diagnosis_rests_on_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AITIA_HOME", str(tmp_path / "home"))
    file = site(tmp_path, ["race"] * 6, **{"class.race": "vibration.bpfo"})
    report = aitia.diagnose(
        "P-101 shakes", config=file, at=WINDOW_OF.end, started_at=WINDOW_OF.start, window=WINDOW_OF
    )
    assert (report.verdict, report.component, report.fault) == (
        "cause",
        "P-101",
        "machine.bearing.outer_race",
    )
    learned = {e.id for e in report.evidence if e.kind == "vibration.learned"}
    assert learned & set(next(s for s in report.suspects if s.fault == report.fault).supporting)


def test_the_model_file_is_found_beside_the_settings(tmp_path: Path) -> None:
    config = SourceConfig(
        name="v", kind="signals", type="waveform", path="signals.yaml", options={"fault_model": "m.npz"}
    )
    (tmp_path / "aitia.yaml").write_text(
        yaml.safe_dump({"sources": [config.model_dump(mode="json", exclude_defaults=True)]})
    )
    assert load_settings(tmp_path / "aitia.yaml").sources[0].options["fault_model"] == str(tmp_path / "m.npz")
