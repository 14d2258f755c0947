"""`aitia logs watch` as a user calls it."""

import json
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

START = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.fixture
def watch(tmp_path, monkeypatch, capsys):
    """The command in this process: exit code, its lines as JSON, and stderr."""
    from aitia.cli.app import run

    monkeypatch.setenv("AITIA_HOME", str(tmp_path / "home"))

    def call(*arguments):
        code = run(["logs", "watch", "--json", *map(str, arguments)])
        got = capsys.readouterr()
        return code, [json.loads(line) for line in got.out.splitlines()], got.err

    return call


def shop(path: Path, *, failing: float | None = None, seed: int = 0, seconds: float = 3000.0) -> Path:
    """A log of orders; from `failing` (s) on with errors."""
    rng = np.random.default_rng(seed)

    def times(rate, begin):
        return begin + np.cumsum(rng.exponential(1 / rate, int(rate * (seconds - begin))))

    rows = [(s, f"INFO order {rng.integers(1e6)} stored") for s in times(1.0, 0.0)]
    if failing is not None:
        rows += [(s, "ERROR no answer of \x1b[31mdb-3\x1b[0m") for s in times(0.4, failing)]
    path.write_text(
        "".join(f"{START + timedelta(seconds=s):%Y-%m-%d %H:%M:%S.%f} {text}\n" for s, text in sorted(rows))
    )
    return path


def test_a_last_line_without_a_newline_counts_where_the_file_is_not_followed(watch, tmp_path):
    path = shop(tmp_path / "a.log")
    whole = path.read_text()
    path.write_text(whole.rstrip("\n"))
    _, told, _ = watch(path, "--no-follow")
    assert told[-1]["records"] == whole.count("\n")


def test_alarms_of_several_files_are_json_lines(watch, tmp_path):
    code, told, _ = watch(shop(tmp_path / "a.log"), shop(tmp_path / "b.log", failing=2500), "--no-follow")
    assert code == 0
    assert [(t["kind"], t["component"]) for t in told] == [("alarm", "b"), ("summary", "a"), ("summary", "b")]
    assert "2026-11-25T00:41:40" < told[0]["at"] <= "2026-11-25T00:42:50"
    assert (
        told[0]["onset"]["earliest"]
        <= told[0]["onset"]["likeliest"]
        <= told[0]["onset"]["latest"]
        < told[0]["at"]
    )
    assert told[0]["changes"][0]["template"] == "no answer of db-3"
    assert told[0]["by_chance_s"] >= 7 * 86400
    assert [t["alarms"] for t in told[1:]] == [0, 1]


def test_a_reference_is_normal_from_the_first_line_on(watch, tmp_path):
    known, path = (
        shop(tmp_path / "yesterday.log"),
        shop(tmp_path / "shop.log", failing=60, seed=1, seconds=300),
    )
    _, told, _ = watch(path, "--no-follow", "--reference", known)
    assert [t["kind"] for t in told] == ["alarm", "summary"]
    _, told, _ = watch(path, "--no-follow")
    assert [t["kind"] for t in told] == ["summary"], "five minutes alone are too short to hold an alarm"
    assert told[0]["phase"] == "learning"


def test_so_much_of_the_beginning_is_normal(watch, tmp_path):
    path = shop(tmp_path / "shop.log", failing=2000)
    assert [t["kind"] for t in watch(path, "--no-follow", "--reference", "30m")[1]] == ["alarm", "summary"]
    assert [t["kind"] for t in watch(path, "--no-follow", "--reference", "45m")[1]] == ["summary"]


def test_stdin_is_watched_to_its_end(watch, tmp_path, monkeypatch):
    with shop(tmp_path / "shop.log", failing=2500).open() as file:
        monkeypatch.setattr("sys.stdin", file)
        code, told, _ = watch("-")
    assert code == 0
    assert [(t["kind"], t["component"]) for t in told] == [("alarm", "stdin"), ("summary", "stdin")]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["none.log"], "does not exist. Fix the path."),
        (["-", "-"], "- can be given only once"),
        (["shop.log", "--cell", "soon"], "Write a duration"),
        (["shop.log", "--cell", "0s"], "False alarms must be rarer than one per cell"),
        (["shop.log", "--reference", "nothing*"], ". Fix the pattern."),
        (["shop.log", "--reference", "bare.txt"], "--reference a log with timestamps"),
        (["core"], "skipped"),
        (["."], "is a folder"),
        (["shop.log", "--reference", "-"], "--reference cannot be standard input. Save the"),
        (["shop.log", "--reference", "two"], "contains a, b"),
    ],
)
def test_bad_input_says_what_to_change(watch, tmp_path, monkeypatch, arguments, why):
    monkeypatch.chdir(tmp_path)
    shop(tmp_path / "shop.log", seconds=100)
    (tmp_path / "bare.txt").write_text("hello\n" * 400)
    (tmp_path / "two").mkdir()
    shop(tmp_path / "two" / "a.log", seconds=10)
    shop(tmp_path / "two" / "b.log", seconds=10)
    (tmp_path / "core").write_bytes(bytes(range(256)) * 100)
    code, told, err = watch(*arguments, "--no-follow")
    assert code == 2
    assert told == []
    assert why in err


def test_ctrl_c_ends_with_a_summary_and_alarms_come_at_once(tmp_path):
    path = shop(tmp_path / "shop.log", failing=2500)
    # A shell's background job inherits that SIGINT is ignored; this process does not.
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from aitia.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "logs", "watch", str(path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "AITIA_HOME": str(tmp_path)},
    )  # fmt: skip
    stop = threading.Timer(60, process.kill)
    stop.start()
    line = process.stdout.readline()
    process.send_signal(2)
    out, err = process.communicate()
    stop.cancel()
    assert "no answer of db-3" in line
    assert "by chance at most once in" in line
    assert "\x1b" not in line
    assert process.returncode == 0
    assert "1 alarm" in err
    assert out == ""
