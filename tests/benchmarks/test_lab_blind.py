"""Exams hold no answer; readers are scored by component and by their words for the kind."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.lab import blind

ROOT = Path(__file__).parents[2]
NAMES = ("bearing-outer-race", "false-alarm", "memory-leak")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name in NAMES:
        shutil.copytree(ROOT / "scenarios" / name, tmp_path / "data" / name)
    return tmp_path / "data"


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["blind.py", *arguments])
    return blind.main()


def test_an_exam_tells_nothing_of_the_answer(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (data / NAMES[0] / "lab.json").write_text(
        json.dumps({"order": {"system": "rotor", "fault": "f", "seed": 1}, "kind": "machine", "family": "bearing"})
    )  # fmt: skip
    out = tmp_path / "out"
    assert run(monkeypatch, "--data", str(data), "--exams", str(out), "--n", "3", "--seed", "2") == 0
    key = [json.loads(line) for line in (out / "key.jsonl").read_text().splitlines()]
    assert sorted(k["folder"] for k in key) == sorted(NAMES)
    assert [k["folder"] for k in key] != sorted(NAMES)  # the ids are shuffled
    files = [p for p in (out / "exams").rglob("*") if p.is_file()]
    assert not {"scenario.yaml", "lab.json"} & {p.name for p in files}
    for file in files:
        content = file.read_bytes()
        past = (
            file.name == "incidents.jsonl" or file.parent.name == "runbooks"
        )  # the site's own, on any fault
        for word in (
            *NAMES,
            "machine.bearing",
            "The new version of catalog grows",
            "recorded from real programs",
        ):
            assert past or word.encode() not in content, f"{file} holds {word!r}"
    sheets = sorted(p.read_text() for p in (out / "exams").glob("*/sheet.md"))
    assert len(sheets) == 3
    assert any("Vibration of P-101A above alert limit" in s and "process.parquet" in s for s in sheets)


def test_two_readers_are_scored(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    run(monkeypatch, "--data", str(data), "--exams", str(out), "--n", "3", "--seed", "2")
    case = {
        json.loads(line)["folder"]: json.loads(line)["id"]
        for line in (out / "key.jsonl").read_text().splitlines()
    }
    right = [
        (case[NAMES[0]], "p-101a-de", "a defect of the bearing's outer race"),
        (case[NAMES[1]], "healthy", ""),
        (case[NAMES[2]], "catalog", "memory leak of the new version"),
    ]  # fmt: skip
    wrong = [(case[NAMES[0]], "P-101A", "imbalance"), (case[NAMES[1]], "gateway", "overload")]
    for name, answers in (("ann", right), ("ben", wrong)):
        told = [json.dumps({"id": i, "component": c, "kind": k}) for i, c, k in answers]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(told))
    json_out = tmp_path / "o.json"
    run(
        monkeypatch, "--data", str(data), "--exams", str(out), "--json", str(json_out),
        "--answers", str(tmp_path / "ann.jsonl"), str(tmp_path / "ben.jsonl"),
    )  # fmt: skip
    found: dict[str, Any] = json.loads(json_out.read_text())
    values = {(r["system"], r["metric"]): r["value"] for r in found["rows"]}
    assert values["reader ann", "both"] == 1.0
    assert values["reader ben", "component"] == pytest.approx(1 / 3, abs=1e-3)  # the machine of the bearing
    assert values["reader ben", "kind"] == 0.0
    assert values["reader ben", "answered"] == pytest.approx(2 / 3, abs=1e-3)
    assert values["readers together", "component"] == 0.0


@pytest.mark.parametrize(
    ("words", "family"),
    [
        ("memory leak", "memory"),
        ("leak in the pipe", "leak"),
        ("connection pool exhausted after the deploy", "connections"),
        ("Disk full", "disk"),
        ("readiness probe fails", "probe"),
        ("gremlins", ""),
        ("", ""),
    ],
)
def test_words_for_a_kind_are_read(words: str, family: str) -> None:
    assert blind.family_of(words) == family


def test_every_family_of_the_words_is_known_once() -> None:
    phrases = [p for entry in blind._kinds().values() for p in entry["words"]]
    assert len(phrases) == len(set(phrases))
