"""The command line as a user meets it, over a recorded scenario of the repository."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from aitia.core.store import RunStore
from aitia.core.words import Report

Aitia = Callable[..., object]
RULES = ("--planner", "rules", "--narrator", "template")


def _script(code: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | env,
        check=False,
    )


def test_help_loads_no_engine(home: Path) -> None:
    heavy = [
        "llama_cpp",
        "chromadb",
        "onnxruntime",
        "torch",
        "scipy",
        "ruptures",
        "duckdb",
        "httpx",
        "langgraph",
        "numpy",
        "pydantic",
    ]
    code = (
        "import sys, time; start = time.perf_counter()\n"
        "from aitia.cli.app import run\n"
        "code = run(['--help'])\n"
        f"print([m for m in {heavy} if m in sys.modules], round(time.perf_counter() - start, 3), file=sys.stderr)\n"
        "sys.exit(code)"
    )
    done = _script(code)
    assert done.returncode == 0
    assert "diagnose" in done.stdout
    loaded, _, seconds = done.stderr.strip().rpartition(" ")
    print(f"aitia --help took {seconds} s after the interpreter's start")
    assert loaded == "[]"


def test_every_command_has_help(aitia: Aitia) -> None:
    from aitia.cli.app import app

    names = [c.name for c in app.registered_commands] + [g.name for g in app.registered_groups]
    assert {
        "init",
        "diagnose",
        "replay",
        "rerun",
        "resume",
        "explain",
        "report",
        "doctor",
        "schema",
        "runs",
        "tools",
        "models",
    } <= set(names)
    for name in names:
        assert aitia(name, "--help").code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nosuch"], "No such command"),
        (["diagnose", "--planner", "magic", "x"], "--planner"),
        (["diagnose", "--logs", "."], "Say what is wrong"),
        (["diagnose", "slow"], "No source is configured. Add one in aitia.yaml"),
        (["diagnose", "slow", "--metrics", "absent.csv"], "absent.csv"),
        (["diagnose", "--alert", "absent.json", "--logs", "."], "absent.json"),
        (["diagnose", "slow", "--config", "absent.yaml"], "absent.yaml"),
        (["diagnose", "slow", "--logs", ".", "--since", "soon"], "like 30m for --since, not 'soon'"),
        (["diagnose", "slow", "--logs", ".", "--at", "soon"], "like 30m for --at, not 'soon'"),
        (["diagnose", "slow", "--logs", ".", "--window", "1h"], "START/END"),
        (["replay", "."], "scenario.yaml"),
        (["replay", "nope"], "'nope' does not exist"),
        (["report", "nosuch"], "There is no such run"),
        (["explain"], "There is no such run"),
        (["rerun"], "There is no such run"),
        (["resume", "x"], "There is no such run"),
        (["runs", "rm", "x"], "There is no such run"),
        (["init", "--dir", "absent"], "absent"),
        (["init", "--url", "localhost:9090"], "http://"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    aitia: Aitia, tmp_path: Path, arguments: list[str], words: str
) -> None:
    done = aitia(*arguments)
    assert done.code == 2, done
    assert words in done.err
    assert done.out == ""
    assert "Traceback" not in done.err


def test_an_alert_that_is_binary_empty_or_doubled(aitia: Aitia, tmp_path: Path) -> None:
    (tmp_path / "junk").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "empty").write_text("")
    (tmp_path / "alert.txt").write_text("slow")
    assert "UTF-8" in aitia("diagnose", "--alert", "junk", "--logs", ".").err
    assert "is empty" in aitia("diagnose", "--alert", "empty", "--logs", ".").err
    assert "not both" in aitia("diagnose", "slow", "--alert", "alert.txt", "--logs", ".").err


def test_a_model_that_was_asked_for_must_load(aitia: Aitia, scenario: Path) -> None:
    done = aitia("replay", str(scenario), "--model", "no-such-model")
    assert done.code == 2
    assert "no-such-model" in done.err


def test_without_a_fetched_model_the_run_goes_on_and_says_so(aitia: Aitia, small: Path) -> None:
    done = aitia("replay", str(small), "--narrator", "model", "--json")
    assert done.code == 0, done.err
    assert "without a model" in done.err
    assert json.loads(aitia("report", "last", "--json").out)["model"]["note"]


def test_a_scenario_from_replay_to_explain(aitia: Aitia, scenario: Path, tmp_path: Path) -> None:
    done = aitia("replay", str(scenario), str(tmp_path), *RULES, "--json")
    assert done.code == 0, done.err
    assert f"skipped {tmp_path}: no scenario.yaml" in done.err
    (score,) = json.loads(done.out)["scenarios"]
    wanted = {"id", "correct", "rank", "verdict", "grounded", "calls", "repeated_calls", "tokens", "seconds"}
    assert wanted <= set(score)
    assert score["correct"] is True

    shown = aitia("report", "last")
    assert shown.code == 0
    assert shown.out.index("CAUSE") < shown.out.index("Why") < shown.out.index("--full: ")
    assert len(shown.out.splitlines()) <= 35
    as_json = aitia("report", "last", "--json")
    report = Report.model_validate_json(as_json.out)
    assert report.run == score["run"]
    assert aitia("report", report.run[:15], "--format", "md").out.startswith("# CAUSE")

    explained = json.loads(aitia("explain", "--json").out)
    assert explained["suspects"][0]["ledger"]
    assert all(s["by"] == "template" for s in explained["sentences"])
    told = aitia("explain").out
    assert "Suspects" in told
    queries = [c["command"] for c in explained["next_checks"]]
    assert queries
    assert all(query in told for query in queries)  # the report shows a line of each

    again = aitia("rerun", "last", "--json", "--max-concurrency", "1")
    assert again.out == as_json.out
    assert "identical" in again.err

    listed = json.loads(aitia("runs", "list", "--json").out)["runs"]
    assert [r["id"] for r in listed] == [report.run]
    assert report.run in aitia("runs", "list").out
    assert "metrics_scan" in aitia("runs", "show").out
    assert aitia("runs", "rm", report.run).code == 0
    assert json.loads(aitia("runs", "list", "--json").out)["runs"] == []


def test_compare_prints_both_ways(aitia: Aitia, small: Path) -> None:
    done = aitia("replay", str(small), "--model", "none", "--compare", "--json")
    told = json.loads(done.out)
    assert list(told["modes"]) == ["rules", "model"]
    table = aitia("replay", str(small), "--model", "none", "--compare").out
    assert table.count("1/1") == 2


def test_scores_are_a_markdown_table_where_asked(aitia: Aitia, small: Path, home: Path) -> None:
    shown = aitia("replay", str(small), *RULES, "--format", "md")
    lines = shown.out.splitlines()
    assert lines[0].startswith("| scenario | right |")
    assert set(lines[1]) <= set("|- ")
    assert len({line.count("|") for line in lines}) == 1
    assert "| ✓ | 1 | cause |" in lines[2]
    assert f"Full report: aitia report {RunStore.open(home, 'last').id} --full" in shown.err


@pytest.mark.parametrize(
    ("name", "options", "begin"),
    [("s.md", (), "| scenario |"), ("s.txt", (), "scenario "), ("s.json", (), "{"), ("s", (), "{"), ("s.md", ("--format", "json"), "{")],
)  # fmt: skip
def test_a_file_of_scores_goes_by_its_ending(
    aitia: Aitia, tmp_path: Path, name: str, options: tuple[str, ...], begin: str
) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "scenario.yaml").write_text("id: a|b\n")
    done = aitia("replay", str(tmp_path / "broken"), *RULES, *options, "-o", str(tmp_path / name))
    assert done.code == 1
    assert done.out == ""
    written = (tmp_path / name).read_text()
    assert written.startswith(begin)
    assert "broken" in written
    refused = aitia("replay", str(tmp_path / "broken"), "--format", "html")
    assert refused.code == 2
    assert "aitia report RUN --format html" in refused.err


def test_a_scenario_that_is_broken_counts_as_wrong(aitia: Aitia, small: Path, tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "scenario.yaml").write_text("id: broken\n")
    done = aitia("replay", str(tmp_path / "broken"), str(small), *RULES, "--json")
    assert done.code == 1
    scores = json.loads(done.out)["scenarios"]
    assert [s["correct"] for s in scores] == [False, True]
    assert "Fix" in scores[0]["error"]


def test_diagnose_from_options_alone(aitia: Aitia, scenario: Path, tmp_path: Path) -> None:
    from aitia.core.scenario import load_scenario

    recorded = load_scenario(scenario)
    window = f"{recorded.window.start.isoformat()}/{recorded.window.end.isoformat()}"
    target = tmp_path / "report.md"
    done = aitia(
        "diagnose", "--alert", str(scenario / "alert.json"), "--at", recorded.now.isoformat(), "--window", window,
        "--metrics", str(scenario / "metrics.parquet"), "--logs", str(scenario / "logs"),
        "--changes", str(scenario / "changes.jsonl"), "--topology", str(scenario / "topology.yaml"),
        *RULES, "-o", str(target),
    )  # fmt: skip
    assert done.code == 0, done.err
    assert done.out == ""
    assert target.read_text().startswith("# CAUSE")


def test_diagnose_where_nothing_was_recorded_says_so(aitia: Aitia, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    done = aitia("diagnose", "slow", "--logs", str(tmp_path / "logs"), *RULES)
    assert done.code == 11, done
    assert "UNKNOWN" in done.out
    assert "Check next" in done.out


def test_what_was_guessed_of_a_file_on_the_command_line_is_told(aitia: Aitia, tmp_path: Path) -> None:
    rows = [f"26.11.2026 09:{i // 60:02}:{i % 60:02};1,{i % 7}" for i in range(600)]
    (tmp_path / "export.csv").write_text("\n".join(["Zeit;P-1.speed", *rows]))
    at = ("--at", "2026-11-26T09:10:00Z", "--since", "5m")
    done = aitia("diagnose", "P-1 slow", "--metrics", "export.csv", *at, *RULES)
    assert (
        "cli-metrics: columns separated by ';'; decimal comma; times from 'Zeit' as D.M.Y (dmy)" in done.err
    )
    assert "P-1" in done.out
    (tmp_path / "plain.csv").write_text("\n".join(["Zeit;Temp", *rows]))
    other = aitia("diagnose", "P-1 slow", "--metrics", "plain.csv", *at, *RULES)
    assert "no machine told for Temp: taken as one of plain" in " ".join(other.out.split())
    assert other.code == 11  # calm as that file is, of P-1 it tells nothing
    assert aitia("diagnose", "is plain well?", "--metrics", "plain.csv", *at, *RULES).code == 10


def test_internal_errors_are_one_line_unless_debug(aitia: Aitia, monkeypatch: pytest.MonkeyPatch) -> None:
    from aitia.render import schema

    def broken() -> str:
        raise RuntimeError("a defect")

    monkeypatch.setattr(schema, "schema_text", broken)
    done = aitia("schema")
    assert done.code == 1
    assert done.err.strip() == "error: RuntimeError: a defect (add --debug for the traceback)"
    with pytest.raises(RuntimeError, match="a defect"):
        aitia("schema", "--debug")


def test_doctor_and_tools_in_json(aitia: Aitia) -> None:
    done = aitia("doctor", "--json")
    told = json.loads(done.out)
    assert done.code == (0 if told["ok"] else 1)
    assert {"Python", "core packages", "home", "free disk", "model"} <= {c["name"] for c in told["checks"]}
    tools = json.loads(aitia("tools", "list", "--json").out)["tools"]
    assert {"metrics_scan", "logs_diff", "changes_list"} <= {t["name"] for t in tools}
    assert "metrics_scan" in aitia("tools", "list").out


def test_doctor_names_a_source_that_cannot_be_read(aitia: Aitia, tmp_path: Path) -> None:
    (tmp_path / "aitia.yaml").write_text(
        "sources: [{name: shop, kind: metrics, type: prometheus, url: 'http://127.0.0.1:9'}]\nmodel: {name: none}\n"
    )
    assert "aitia trust" in aitia("doctor", "--json").out  # found, not named: nothing is asked of it yet
    done = aitia("doctor", "--json", "--config", "aitia.yaml")
    broken = [c for c in json.loads(done.out)["checks"] if c["state"] == "missing"]
    assert done.code == 1
    assert [c["name"] for c in broken] == ["source shop"]
    assert broken[0]["mend"]


class _Silent(BaseHTTPRequestHandler):
    """A server that takes requests and never answers."""

    def do_GET(self) -> None:
        self.server.asked.set()  # type: ignore[attr-defined]
        self.server.over.wait(30)  # type: ignore[attr-defined]

    do_POST = do_GET


def test_ctrl_c_names_the_way_back_and_resume_takes_it(aitia: Aitia, home: Path, tmp_path: Path) -> None:
    from threading import Event

    server = ThreadingHTTPServer(("127.0.0.1", 0), _Silent)
    server.asked, server.over = Event(), Event()  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    (tmp_path / "aitia.yaml").write_text(
        f"sources: [{{name: shop, kind: metrics, type: prometheus, url: '{url}', timeout_s: 20}}]\n"
    )
    code = "from aitia.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "diagnose", "slow", "--config", "aitia.yaml", *RULES],
        cwd=tmp_path,
        text=True,
        stderr=subprocess.PIPE,
    )
    try:
        assert server.asked.wait(30)  # type: ignore[attr-defined]
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)  # the source would hang for 20 s
    finally:
        process.kill()
        server.over.set()  # type: ignore[attr-defined]
        server.shutdown()
        server.server_close()
    assert process.returncode == 130, err
    way_back = next(line for line in err.splitlines() if "aitia resume" in line)
    run = way_back.rsplit(" ", 1)[1]
    state = json.loads(aitia("runs", "list", "--json").out)["runs"][0]
    assert (state["id"], state["state"]) == (run, "interrupted")
    done = aitia("resume", run)
    assert done.code == 11, done
    assert "UNKNOWN" in done.out
    assert url in done.out
