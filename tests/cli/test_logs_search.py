"""`aitia logs search`: what is shown, saved, counted and refused."""

import gzip
import io
import json
import os
import signal
import subprocess
import sys
import time

import pytest

LINES = "".join(
    f"2026-11-25 03:{n // 60:02}:{n % 60:02},500 [pool-{n % 3}] {'ERROR' if n % 10 == 0 else 'INFO'} app.Db -"
    f" query of user{n} took {n * 7} ms\n"
    for n in range(300)
)


@pytest.fixture
def log(tmp_path, home):
    path = tmp_path / "app.log"
    path.write_text(LINES)
    return path


def found(outcome):
    assert outcome.code == 0, outcome.err
    return json.loads(outcome.out)


def test_records_are_shown_with_their_place(aitia, log):
    outcome = aitia("logs", "search", log, "--text", "USER290 took", "--level", "error")
    assert outcome.out == (
        "2026-11-25 03:04:50.500000Z  app  error  query of user290 took 2030 ms  [" + str(log) + ":291]\n"
    )
    assert outcome.err == "1 record\n"


def test_filters_and_json(aitia, log):
    out = found(
        aitia("logs", "search", log, "--value", "took>=2000", "--field", "thread=pool-1", "--json", "-n", "2")
    )
    assert out["matched"] == len([n for n in range(300) if n * 7 >= 2000 and n % 3 == 1])
    assert [row["line"] for row in out["rows"]] == [287, 290]
    assert out["rows"][0]["parameters"] == ["user286", "2002"]
    assert out["more"]
    assert out["searched"]["records"] == 300
    assert out["searched"]["components"] == ["app"]


@pytest.mark.parametrize("since", ["2026-11-25T03:04:00Z", "59s", "2026-11-25T05:04:00+02:00"])
def test_a_span_in_logs_and_in_what_was_saved(aitia, log, since, tmp_path):
    whole = found(aitia("logs", "search", log, "--json", "--since", since, "-n", "1000"))
    aitia("logs", "search", log, "--save", tmp_path / "r.parquet")
    saved = found(aitia("logs", "search", tmp_path / "r.parquet", "--json", "--since", since, "-n", "1000"))
    assert whole["rows"] == saved["rows"]
    assert whole["searched"] == saved["searched"]
    assert [row["line"] for row in saved["rows"]] == [*range(241, 301)]


def test_counts(aitia, log):
    outcome = aitia("logs", "search", log, "--count-by", "level")
    assert [line.split() for line in outcome.out.splitlines()] == [
        ["level", "records"],
        ["info", "270"],
        ["error", "30"],
    ]
    out = found(aitia("logs", "search", log, "--count-by", "thread", "--json"))
    assert out["rows"] == [{"thread": f"pool-{n}", "records": 100} for n in range(3)]


def test_saved_records_are_asked_without_the_logs(aitia, log, tmp_path):
    target = tmp_path / "r.parquet"
    outcome = aitia("logs", "search", log, "--save", target)
    assert (outcome.code, outcome.out) == (0, "")
    assert "300 records saved" in outcome.err
    log.unlink()
    out = found(
        aitia(
            "logs",
            "search",
            target,
            "--sql",
            "SELECT min(line) AS l FROM records WHERE level='error'",
            "--json",
        )
    )
    assert out["rows"] == [{"l": 1}]
    assert aitia("logs", "search", target, "--sql", "SELECT 1 AS a, 2 AS a").out.split() == [
        "a",
        "a_2",
        "1",
        "2",
    ]
    assert [p.name for p in tmp_path.iterdir() if "part" in p.name] == []


def test_standard_input_and_packed_logs(aitia, log, tmp_path, monkeypatch):
    packed = tmp_path / "web.log.gz"
    packed.write_bytes(gzip.compress(LINES.encode()))
    assert found(aitia("logs", "search", packed, "--text", "user299", "--json"))["rows"][0]["line"] == 300

    class Stdin:
        buffer = io.BytesIO(LINES.encode())

    monkeypatch.setattr("sys.stdin", Stdin)
    out = found(aitia("logs", "search", "-", "--text", "user299", "--json"))
    assert (out["matched"], out["rows"][0]["component"]) == (1, "stdin")


def test_nothing_found_tells_what_was_searched(aitia, log):
    outcome = aitia("logs", "search", log, "--text", "nowhere", "--since", "1m")
    assert (outcome.code, outcome.out) == (0, "")
    assert "nothing found: 61 records searched of app" in outcome.err
    assert "the logs cover 2026-11-25T03:00:00.500000Z to 2026-11-25T03:04:59.500000Z" in outcome.err
    outcome = aitia("logs", "search", log, "--text", "password=hunter2-Xk81vQ")
    assert "under pseudonyms" in outcome.err
    assert "hunter2" not in outcome.err


def test_what_a_log_says_cannot_move_the_terminal(aitia, log):
    said = ("clear \x1b]0;title\x07 [bold]no[/bold]", "it was clear", "clear again, all of it")
    log.write_text("".join(f"2026-11-25 03:00:00,000 INFO a - \x1b[2J{text}\n" for text in said))
    outcome = aitia("logs", "search", log, "--text", "clear")
    assert "\x1b" not in outcome.out
    assert "[bold]no[/bold]" in outcome.out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--template", "0123456789ab"), "Nearest"),
        (("--text", "(", "--regex"), "Fix the regular expression"),
        (
            ("--sql", "SELECT * FROM read_csv('/etc/passwd')"),
            "--sql can use only the table records: no other",
        ),
        (("--sql", "COPY records TO 'x.csv'"), "--sql must be one SELECT over the table"),
        (("--sql", "SELECT colour FROM records"), "Fix the --sql"),
        (("--sql", "SELECT 1", "--level", "error"), "Only --since and --until can be combined with"),
        (("--save", "records.csv"), "ends in .parquet"),
        (("--save", "nowhere/records.parquet"), "). Choose a path that can be written."),
        (("--since", "2026-11-25T04:00:00Z", "--until", "2026-11-25T03:00:00Z"), ". Give a later --until."),
        (("other.parquet",), "Give either logs"),
        (("--timezone", "Mars"), "Set --timezone"),
    ],
)
def test_refusals_say_what_to_change(aitia, log, options, words):
    outcome = aitia("logs", "search", log, *options)
    assert outcome.code == 2
    assert words in outcome.err
    assert "root:" not in outcome.out + outcome.err


def test_another_parquet_is_refused(aitia, home, tmp_path):
    (tmp_path / "x.parquet").write_bytes(b"PAR1 no parquet PAR1")
    outcome = aitia("logs", "search", tmp_path / "x.parquet")
    assert outcome.code == 2
    assert "Give a Parquet file that --save wrote" in outcome.err


def test_an_interrupt_leaves_no_file(log, home, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    log.write_text(LINES * 2000)
    # A shell's background job inherits that SIGINT is ignored; this process does not.
    start = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from aitia.cli import main; main()"
    command = [sys.executable, "-c", start, "logs", "search", str(log), "--save", str(folder / "r.parquet")]
    run = subprocess.Popen(command, stderr=subprocess.PIPE, env={**os.environ, "AITIA_HOME": str(home)})
    end = time.monotonic() + 60
    while time.monotonic() < end and not any(folder.rglob("part-*.parquet")):
        time.sleep(0.02)
    run.send_signal(signal.SIGINT)
    told = run.communicate(timeout=60)[1]
    assert run.returncode == 130, told
    assert list(folder.iterdir()) == []
