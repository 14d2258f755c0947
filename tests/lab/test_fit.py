"""What becomes of a recording that does not fit."""

from __future__ import annotations

import json
import lzma
import random
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
import yaml

from aitia.core.scenario import load_scenario
from aitia.lab.fit import STEPS, fit, size
from aitia.lab.folder import Row, iso, write_table, write_yaml
from aitia.lab.words import LAB, Made, Order

BEGIN = 1_790_000_000.0
ONSET, END = BEGIN + 140.0, BEGIN + 220.0


def rows() -> list[Row]:
    """Ten series of each kind, each 110 samples, and `up`."""
    rng = random.Random(1)
    found: list[Row] = []
    for k in range(10):
        for i in range(110):
            t = BEGIN + 2.0 * i
            found += [
                (t, "cache", f"go_{k}", "{}", rng.random()),
                (t, "cache", f"errors_{k}", "{}", 0.0),
                (t, "cache", f"limit_{k}", "{}", 7.0 + k),
                (t, "cache", "delay_bucket", f'{{"le": "{k}"}}', rng.random()),
                (t, "cache", f"used_{k}", "{}", rng.random()),
            ]
    return found + [(BEGIN + 2.0 * i, "cache", "up", "{}", 1.0) for i in range(110)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A recording with a large log, a small one, and one whose times nobody can read."""
    out, rng = tmp_path / "cache-1a2b3c4d", random.Random(2)
    out.mkdir()
    write_table(out / "metrics.parquet", rows())
    sources: list[dict[str, object]] = [
        {"name": "metrics", "kind": "metrics", "type": "table", "path": "metrics.parquet", "step_s": 2.0,
         "columns": {"time": "time", "component": "component", "metric": "metric", "value": "value", "labels": ["labels"]}}
    ]  # fmt: skip
    for name, every in (("cache", 0.05), ("quiet", 20.0)):
        lines = []
        t = BEGIN
        while t < END:
            lines += [f"{iso(t)} INFO took {rng.getrandbits(64):x}\n", "  and a line of its own\n"]
            t += every
        write_log(out, name, "".join(lines))
        sources.append(
            {
                "name": f"logs-{name}",
                "kind": "logs",
                "type": "log_files",
                "path": f"logs/{name}",
                "component": name,
            }
        )
    write_log(out, "untimed", "".join(f"took {rng.getrandbits(64):x}\n" for _ in range(2_000)))
    scenario = {
        "schema": 1, "id": "cache-1a2b3c4d", "title": "Slow", "description": "A cache.", "domain": "it",
        "recorded": {"by": "aitia lab make", "at": iso(BEGIN), "notes": "All series are kept."},
        "incident": {"title": "Slow", "text": "It is slow.", "started_at": iso(ONSET + 10)},
        "now": iso(END), "window": {"start": iso(ONSET - 40), "end": iso(END)},
        "baselines": [{"name": "preceding", "window": {"start": iso(BEGIN), "end": iso(ONSET - 40)}}],
        "sources": sources, "expected": {"verdict": "cause", "component": "cache", "fault": "resource.memory"},
    }  # fmt: skip
    write_yaml(out / "scenario.yaml", scenario)
    made = Made(
        order=Order(system="cache", fault="full", seed=1, victim="", strength="medium", decoys=()),
        kind="servers", family="memory", onset=datetime.fromtimestamp(ONSET, tz=UTC), symptom="alert",
    )  # fmt: skip
    (out / LAB).write_text(made.model_dump_json(), encoding="utf-8")
    return out


def write_log(out: Path, name: str, text: str) -> None:
    (out / "logs" / name).mkdir(parents=True)
    (out / "logs" / name / f"{name}.log.xz").write_bytes(lzma.compress(text.encode()))


def log(folder: Path, name: str) -> list[str]:
    return lzma.decompress((folder / "logs" / name / f"{name}.log.xz").read_bytes()).decode().splitlines()


def held(folder: Path) -> dict[str, int]:
    query = f"SELECT metric, count(*) FROM '{folder / 'metrics.parquet'}' GROUP BY 1"
    return dict(duckdb.sql(query).fetchall())


def notes(folder: Path) -> str:
    return str(yaml.safe_load((folder / "scenario.yaml").read_text())["recorded"]["notes"])


def test_all_is_kept_where_it_fits(folder: Path) -> None:
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    assert fit(folder, 3_000_000)
    assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == before


def test_what_says_least_goes_first(folder: Path) -> None:
    quiet, untimed, whole = log(folder, "quiet"), log(folder, "untimed"), size(folder)
    assert fit(folder, whole - 1)
    assert "go_1" not in held(folder)
    assert held(folder)["errors_1"] == 110
    assert fit(folder, size(folder) - 1)
    assert "errors_1" not in held(folder)
    assert held(folder)["limit_1"] == 110
    for _ in range(10):
        fit(folder, size(folder) - 1)
    assert not fit(folder, 1_000)
    assert held(folder)["up"] > 0
    assert set(held(folder)) == {"up", *(f"used_{k}" for k in range(10))}
    assert (log(folder, "quiet"), log(folder, "untimed")) == (quiet, untimed)


def test_one_call_tells_all_that_was_left_out(folder: Path) -> None:
    assert not fit(folder, 1_000)
    assert notes(folder) == f"Left out to keep the folder small: {'; '.join(s.words for s in STEPS)}."
    metrics = next(s for s in load_scenario(folder).sources if s.name == "metrics")
    assert metrics.step_s == 8.0
    assert held(folder)["up"] == 28


def test_what_was_said_before_stays(folder: Path) -> None:
    file = folder / "scenario.yaml"
    file.write_text(file.read_text().replace("All series are kept.", "Others used the machine."))
    fit(folder, size(folder) - 1)
    fit(folder, size(folder) - 1)
    first, second = STEPS[0].words, STEPS[1].words
    assert notes(folder) == f"Others used the machine. Left out to keep the folder small: {first}; {second}."


def test_a_log_keeps_all_from_before_the_onset_on(folder: Path) -> None:
    whole = log(folder, "cache")
    fit(folder, 1_000)
    kept = log(folder, "cache")
    assert kept == whole[-len(kept) :]
    first = datetime.fromisoformat(kept[0].split()[0]).timestamp()
    assert ONSET - 61 <= first <= ONSET - 39
    assert first != round(ONSET - 50)


def test_lab_json_is_not_touched(folder: Path) -> None:
    before = json.loads((folder / LAB).read_text())
    fit(folder, 1_000)
    assert json.loads((folder / LAB).read_text()) == before
