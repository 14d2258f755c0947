"""The header benchmark: any folder of its layout, answers read in the scorer only, exact lines counted as they are."""

from __future__ import annotations

import csv
import random
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from benchmarks.logs import headers  # noqa: E402

from ..logs.formats import lines  # noqa: E402


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name, layout in (("Alpha", "log4j"), ("Beta", "syslog"), ("Gamma", "pipes")):
        folder = tmp_path / name
        folder.mkdir()
        told = lines(layout, count=50)
        (folder / f"{name.lower()}.log").write_text("".join(e.raw + "\n" for e in told))
        with (folder / f"{name.lower()}.log_structured.csv").open("w", newline="") as handle:
            out = csv.writer(handle)
            out.writerow(["LineId", "Content"])
            out.writerows((n, e.message) for n, e in enumerate(told))
    return tmp_path


def test_ours_is_exact_and_the_answers_are_not_looked_at(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(headers, "lnav", lambda lines: None)
    folders = headers.systems(data)
    before = [headers.predictions(folder) for folder in folders]
    for case, folder in zip(before, folders, strict=True):
        assert headers.scored(case, headers.answers(folder))["ours"] == [1.0] * 50
    chance = random.Random(0)
    for folder in folders:
        (path,) = folder.glob("*.csv")
        path.write_text("LineId,Content\n" + "".join(f"{n},{chance.random()}\n" for n in range(50)))
    after = [headers.predictions(folder) for folder in folders]
    for a, b, folder in zip(before, after, folders, strict=True):
        assert a["messages"] == b["messages"]
        assert headers.scored(b, headers.answers(folder))["ours"] == [0.0] * 50


def test_one_wrong_line_is_one_wrong_line(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(headers, "lnav", lambda lines: list(lines))
    folder = headers.systems(data)[0]
    case = headers.predictions(folder)
    truth = headers.answers(folder)
    truth[7] += " more"
    made, kept = headers.table([case], {"Alpha": truth})
    row = next(r for r in made if (r["system"], r["metric"]) == ("ours", "Alpha lines exact"))
    assert (row["value"], row["n"]) == (0.98, 50)
    assert row["ci95"][0] < 0.98 < row["ci95"][1] <= 1.0
    assert kept[0]["exact"][headers.PEER] == 0.0
    assert "messages" not in kept[0]


def test_bad_folders_say_what_to_change(tmp_path: Path) -> None:
    script = ROOT / "benchmarks" / "logs" / "headers.py"
    done = subprocess.run(
        [sys.executable, str(script), "--data", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "Point --data at folders" in done.stderr
    folder = tmp_path / "Two"
    folder.mkdir()
    for name in ("a.log", "b.log", "a.log_structured.csv"):
        (folder / name).write_text("LineId,Content\n1,x\n")
    with pytest.raises(SystemExit, match="Keep exactly one"):
        headers.predictions(folder)
