"""`aitia ask`: exit codes, JSON, going on, and what goes with its run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from aitia.core.store import RunStore

from .conftest import Aitia

ROOT = Path(__file__).parents[2]


def test_a_run_is_asked_and_asked_again(aitia: Aitia, home: Path, scenario: Path) -> None:
    aitia("replay", scenario, "--model", "none")
    first = aitia("ask", "last", "why not the cache?")
    assert first.code == 0, first.err
    assert "redis" in first.out
    assert "[V1]" in first.out
    assert "SELECT … WHERE" in first.out  # the query that reads a cited fact again
    _, _, rests_on = first.out.partition("\n\n")
    assert rests_on
    assert max(map(len, rests_on.splitlines())) <= 120
    assert "in full with --json" in first.err
    second = aitia("ask", "--again", "and the database?", "--json")
    assert second.code == 0, second.err
    told = json.loads(second.out)
    assert told["turn"] == 2
    assert told["understood"] == "why not: postgres"
    assert told["citations"]
    unknown = aitia("ask", "--again", "who approved the release?")
    assert unknown.code == 11
    assert "None of my sources answers that." in unknown.out
    run = RunStore.open(home, "last")
    assert list((run.path / "asks").iterdir())
    aitia("runs", "rm", "last")
    assert not run.path.exists()
    assert aitia("ask", "--again", "and now?").code == 2


def test_documents_are_asked(aitia: Aitia, tmp_path: Path) -> None:
    books = tmp_path / "books"
    books.mkdir()
    text = (
        "# Broker certificate\n\n## Mitigation\nRotate the broker certificate with `brokerctl cert rotate`.\n"
    )
    (books / "broker.md").write_text(text)
    found = aitia(
        "ask", "how do we rotate the broker certificate?", "--documents", books, "--no-sample", "--json"
    )
    assert found.code == 0, found.err
    told = json.loads(found.out)
    assert told["citations"][0]["lines"] == [4, 4]
    assert told["citations"][0]["path"] == str(books / "broker.md")
    shown = aitia("ask", "--again", "how do we rotate the broker certificate?")
    assert "broker.md:4-4" in shown.out
    missing = aitia("ask", "which yacht does the chairman own?", "--documents", books, "--no-sample")
    assert missing.code == 11


def test_bad_input_is_named(aitia: Aitia, tmp_path: Path, home: Path) -> None:
    for arguments, word in (
        (("ask", ""), "Ask something"),
        (("ask", "nope", "why?"), "There is no such run"),
        (("ask", "a", "b", "c"), "quotation marks"),
        (("ask", "--again", "and?"), "first question"),
        (("ask", "what?", "--documents", tmp_path / "absent"), "--documents"),
        (("ask", "--again", "what?", "--documents", tmp_path), "--again"),
    ):
        got = aitia(*arguments)
        assert got.code == 2, arguments
        assert word in got.err
    assert not list((home / "asks").glob("*"))


def test_live_systems_are_asked(aitia: Aitia, scenario: Path) -> None:
    config = ("--config", ROOT / "examples/shop.yaml")
    shown = aitia("ask", "last two errors of postgres", *config)
    assert shown.code == 0, shown.err
    assert shown.out.startswith("79 error log lines of postgres, the last 2 below.")
    assert 'query: lines(component="postgres", level="error", limit=2)' in shown.out
    told = json.loads(aitia("ask", "--again", "and orders?", "--json").out)
    assert told["status"] == "answered"
    assert told["queries"] == ['lines(component="orders", level="error", limit=2)']
    assert told["found"][0]["value"] == 78
    direct = aitia("ask", "--query", 'count(of="lines", component="postgres", level="error")', *config)
    assert direct.out.startswith("79 error log lines of postgres.")
    unknown = aitia("ask", "errors of shipping-api", *config)
    assert unknown.code == 11
    assert "No source knows 'shipping-api'." in unknown.out
    refused = aitia("ask", "restart postgres", *config)
    assert refused.code == 12
    assert "nothing was run" in refused.out
    wrong = aitia("ask", "--query", "lines(componet='x')", *config)
    assert wrong.code == 2
    assert "Did you mean 'component'" in wrong.err


def test_a_line_of_a_report_is_looked_at_again(aitia: Aitia, home: Path, scenario: Path) -> None:
    aitia("replay", scenario, "--model", "none")
    report = RunStore.open(home, "last").report()
    moved = next(e for e in report.evidence if e.kind == "metric.shift")
    shown = aitia("ask", "last", moved.id)
    assert shown.code == 0, shown.err
    assert "query: series(" in shown.out
    assert "▁" in shown.out
    told = json.loads(aitia("ask", "last", moved.id, "--json").out)
    assert told["citations"][0]["id"] == moved.id
    assert told["found"][-1]["status"] == "found"
    assert aitia("ask", "--query", told["queries"][0], "--config", home / "none.yaml").code == 2
    check = aitia("ask", "last", "next", "1")
    assert check.code == 0, check.err
    assert report.next_checks[0].text[:40] in check.out
    assert "query: " in check.out
    beyond = aitia("ask", "last", "next 99")
    assert beyond.code == 2
    assert "Give a number from 1 to" in beyond.err
    assert aitia("ask", "last", "E9999").code == 2


def test_every_line_that_rests_on_facts_has_their_queries_behind_it(
    aitia: Aitia, home: Path, scenario: Path
) -> None:
    aitia("replay", scenario, "--model", "none")
    report = RunStore.open(home, "last").report()
    onset = next(n for n, t in enumerate(report.timeline, 1) if "connections" in t.text)
    for line, told in (
        ("why 1", report.chain[0].text),
        (f"T{onset}", report.timeline[onset - 1].text),
        ("S1", f"{report.suspects[0].component} {report.suspects[0].fault}"),
        ("V1", next(s.text for s in report.summary if s.role == "verdict")),
    ):
        answer = json.loads(aitia("ask", "last", line, "--json").out)
        assert answer["status"] == "answered", line
        assert told in answer["replies"][0]["text"]
        assert 1 <= len(answer["queries"]) <= 3
        assert {f["status"] for f in answer["found"]} <= {"found", "empty"}
    assert aitia("ask", "last", "T999").code == 2


def test_a_line_whose_source_is_gone_shows_what_was_recorded(
    aitia: Aitia, home: Path, scenario: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "moved"
    shutil.copytree(scenario, copy)
    aitia("replay", copy, "--model", "none")
    moved = next(e for e in RunStore.open(home, "last").report().evidence if e.kind == "metric.shift")
    shutil.rmtree(copy)
    gone = aitia("ask", "last", moved.id)
    assert gone.code == 11
    assert "not at hand" in gone.out or "cannot be read" in gone.out
    assert "query: series(" in gone.out
    assert "The curve is as the run recorded it." in gone.out
    assert "▁" in gone.out
