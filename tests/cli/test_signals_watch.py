"""`aitia signals watch` as a user meets it: a file, stdin, a file that grows, a reference of its own."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

Aitia = Callable[..., object]
# A shell's background job inherits that SIGINT is ignored; these processes do not.
CODE = "import signal, sys\nsignal.signal(signal.SIGINT, signal.default_int_handler)\nfrom aitia.cli.app import run\nsys.exit(run(sys.argv[1:]))"


def rows(n: int, *, at: int, size: float = 0.4) -> list[str]:
    chance = random.Random(0)
    return [
        f"{1767225600 + 10 * i},{4 + chance.gauss(0, 0.02) + (size if i >= at else 0):.4f},{120 + chance.gauss(0, 0.5):.3f}"
        for i in range(n)
    ]


def table(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(["time,pressure_bar,flow_lpm", *lines]) + "\n")
    return path


def test_a_file_is_watched_to_its_end(aitia: Aitia, tmp_path: Path) -> None:
    lines = rows(900, at=700)
    lines[500:502] = ["broken", "1767230610,much,1"]
    lines[600] = lines[600].rpartition(",")[0] + ","
    done = aitia("signals", "watch", table(tmp_path / "plant.csv", lines))
    assert done.code == 0
    (line,) = done.out.splitlines()
    assert line.startswith("2026-01-01T01:57:00Z pressure_bar rose from 4.0")
    assert ", since 2026-01-01T01:56:40Z within 10 s" in line
    said = done.err.splitlines()
    assert said[0] == "898 rows from 2026-01-01T00:00:00Z to 2026-01-01T02:29:50Z, 1 alarm"
    assert said[1] == "left out: 1 row with a different number of columns (first in line 502)"
    assert said[2] == "left out: 1 row with a value that is not a number (first in line 503)"
    assert said[3] == "missing values: 1 of flow_lpm"


def test_one_bad_cell_drops_no_row(aitia: Aitia, tmp_path: Path) -> None:
    lines = [f"{line},{1 + i % 3}" for i, line in enumerate(rows(900, at=700))]
    for i in range(10, 900, 10):
        at, pressure, _, last = lines[i].split(",")
        lines[i] = f"{at},{pressure},I/O Timeout,{last}"
    path = tmp_path / "plant.csv"
    path.write_text("\n".join(["time,pressure_bar,flow_lpm,stage", *lines]) + "\n")
    done = aitia("signals", "watch", path)
    assert done.code == 0
    assert done.out.startswith("2026-01-01T01:57:00Z pressure_bar rose from 4.0")
    said = done.err.splitlines()
    assert said[0].startswith("900 rows from ")
    assert said[1] == "read as missing: 89 cells that no number fills (first in line 12)"
    assert said[2] == "missing values: 89 of flow_lpm"


def test_json_is_one_value_a_line_and_ends_with_the_summary(aitia: Aitia, tmp_path: Path) -> None:
    lines = rows(900, at=700)
    del lines[100:200]
    done = aitia("signals", "watch", table(tmp_path / "plant.csv", lines), "--json", "--reference", "50")
    *alarms, last = [json.loads(line) for line in done.out.splitlines()]
    assert [a["alarm"]["channel"] for a in alarms] == ["pressure_bar"]
    assert alarms[0]["alarm"]["onset"] == "2026-01-01T01:56:40Z"
    assert alarms[0]["alarm"]["direction"] == "up"
    assert last["summary"]["rows"] == 800
    assert last["summary"]["gaps"] == 1
    assert last["summary"]["longest_gap_s"] == 1010.0


def test_a_reference_of_its_own_lets_the_first_row_alarm(aitia: Aitia, tmp_path: Path) -> None:
    usual = table(tmp_path / "usual.csv", rows(500, at=900))
    faulty = table(tmp_path / "now.csv", rows(60, at=20))
    done = aitia("signals", "watch", faulty, "--reference", usual, "--drop", "flow_lpm")
    assert "pressure_bar rose" in done.out
    few = aitia("signals", "watch", faulty)
    assert few.out == ""
    assert "nothing was watched: fewer rows came than the 400 of --reference" in few.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("gone.csv",), "'gone.csv' does not exist. Give a CSV file, or - for stdin."),
        (
            ("now.csv", "--reference", "gone.csv"),
            "Set --reference to a number of rows or a CSV file that exists",
        ),
        (("now.csv", "--reference", "5"), "Set --reference to 30 to 100000 rows"),
        (
            ("now.csv", "--detector", "pattern", "--reference", "30"),
            "columns. Keep one (--drop the others), or use",
        ),
        (("now.csv", "--drop", "heat"), "cannot be left out (--drop)"),
        (("now.csv", "--reference", "other.csv"), "does not have these columns: pressure_bar, flow_lpm"),
    ],
)
def test_what_is_wrong_is_said(aitia: Aitia, tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    table(tmp_path / "now.csv", rows(60, at=20))
    (tmp_path / "other.csv").write_text("time,level\n1,2\n")
    done = aitia("signals", "watch", *arguments)
    assert done.code == 2
    assert says in done.err


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (["time;p", "2026-01-01T00:00:00Z;4,1"], "1 row with a value that is not a number (first in line 2)"),
        (
            ["time,component,metric,value", "2026-01-01T00:00:00Z,F-12,TI-101.PV,4.1"],
            "a value that is not a number",
        ),
    ],
)
@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_table_of_which_no_row_can_be_read_is_bad_input(
    aitia: Aitia, tmp_path: Path, lines: list[str], why: str, more: tuple[str, ...]
) -> None:
    path = tmp_path / "plant.csv"
    path.write_text("\n".join(lines) + "\n")
    done = aitia("signals", "watch", path, *more)
    assert (done.code, done.out) == (2, "")
    assert ". Each row needs one time and numbers with a" in done.err
    assert why in done.err


@pytest.mark.parametrize("more", [(), ("--follow",)])
@pytest.mark.parametrize("closed", ["now.csv", "usual.csv"])
def test_a_file_that_may_not_be_read_is_bad_input(
    aitia: Aitia, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed: str, more: tuple[str, ...]
) -> None:
    now, usual = (
        table(tmp_path / "now.csv", rows(60, at=20)),
        table(tmp_path / "usual.csv", rows(500, at=900)),
    )
    opened = Path.open

    def denied(path: Path, *arguments: object, **named: object) -> object:
        if path.name == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *arguments, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", denied)
    done = aitia("signals", "watch", now, "--reference", usual, *more)
    assert done.code == 2
    assert f"{closed}' (Permission denied)" in done.err


def test_a_growing_file_is_told_of_before_it_ends_and_ctrl_c_sums_up(home: Path, tmp_path: Path) -> None:
    lines = rows(900, at=700)
    path = table(tmp_path / "plant.csv", lines[:650])
    command = [sys.executable, "-c", CODE, "signals", "watch", str(path), "--follow"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as run:
        assert run.stdout is not None
        try:
            time.sleep(0.5)
            with path.open("a") as file:
                file.write("\n".join(lines[650:720]))  # the last line's end is still to come
            first = run.stdout.readline()
            assert " pressure_bar rose " in first
            run.send_signal(signal.SIGINT)
            rest, err = run.communicate(timeout=60)
        finally:
            run.kill()
    assert run.returncode == 0
    assert rest == ""
    assert 702 <= int(err.partition(" rows from 2026-01-01T00:00:00Z")[0]) <= 719


def test_a_healthy_period_is_the_reference(aitia: Aitia, tmp_path: Path) -> None:
    plant = table(tmp_path / "plant.csv", rows(900, at=700))
    done = aitia("signals", "watch", plant, "--healthy", "2026-01-01T00:10:00Z..2026-01-01T01:00:00Z")
    assert done.code == 0
    (line,) = done.out.splitlines()
    assert line.startswith("2026-01-01T01:57:00Z pressure_bar rose from 4.0")
    none = aitia("signals", "watch", plant, "--healthy", "2025-01-01..2025-01-02")
    assert none.code == 2
    assert "Give --healthy a period that the file holds" in none.err
    odd = aitia("signals", "watch", plant, "--healthy", "2025-01-01")
    assert odd.code == 2
    assert "FROM..TO" in odd.err


def test_stdin_is_watched(home: Path) -> None:
    text = "\n".join(["time,p,q", *rows(900, at=700)])
    command = [sys.executable, "-c", CODE, "signals", "watch", "-", "--json"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0
    assert json.loads(done.stdout.splitlines()[0])["alarm"]["channel"] == "p"


def test_a_library_is_a_detector_by_name(aitia: Aitia, tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    plant = table(tmp_path / "plant.csv", rows(500, at=450))
    done = aitia("signals", "watch", plant, "--detector", "sklearn:LocalOutlierFactor", "--json")
    alarm, summary = [json.loads(line) for line in done.out.splitlines()]
    assert (alarm["alarm"]["channel"], alarm["alarm"]["direction"]) == ("pressure_bar", "up")
    assert alarm["alarm"]["onset"] == "2026-01-01T01:15:00Z"
    assert summary["summary"]["alarms"] == 1
    said = aitia("signals", "watch", plant, "--detector", "sklearn:LocalOutlierFactor").out
    assert said.startswith("2026-01-01T01:15:40Z pressure_bar rose from 4.00 to 4.4")
    wrong = aitia("signals", "watch", plant, "--detector", "sklearn:LocalOutlier")
    assert (wrong.code, wrong.out) == (2, "")
    assert "Near names: sklearn:LocalOutlierFactor" in wrong.err
