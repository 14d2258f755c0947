"""Runbooks as programs: what the check finds, what a run does, and what it never does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Aitia

GOOD = """---
alerts: [GatewayErrorRatioHigh]
services: [gateway]
faults: [resource.connections]
tools:
  - metrics_component component={component}
steps:
  - {id: logs, tool: "logs_patterns component=postgres", text: What does the database say, after: changes}
  - {id: changes, tool: changes_list}
---
# Gateway answers with 5xx

## Checks
1. Who holds the sessions: `psql -c "SELECT 1"`
2. See [the other page](other.md)

## Mitigation
1. Roll back: `shopctl rollback SERVICE`
"""


def write(folder: Path, name: str, text: str | bytes) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def findings(aitia: Aitia, path: Path) -> list[tuple[int, str]]:
    got = aitia("runbook", "check", path, "--json")
    told = json.loads(got.out)
    found = [(f["line"], f["text"]) for r in told["runbooks"] for f in r["findings"] if f["level"] == "error"]
    assert got.code == (1 if found else 0)
    return found


def test_a_good_runbook_passes_and_its_commands_are_classed(aitia: Aitia, tmp_path: Path) -> None:
    write(tmp_path / "books", "other.md", "# Other\n## Steps\n1. Look around\n")
    write(tmp_path / "books", "good.md", GOOD)
    got = aitia("runbook", "check", tmp_path / "books")
    assert got.code == 0, got.out
    assert "3 tools (metrics_component, logs_patterns, changes_list)" in got.out
    assert "1 commands that only read, 1 that change something" in got.out
    assert "2 runbooks, 0 errors, 0 warnings" in got.err


@pytest.mark.parametrize(
    ("before", "after", "line", "says"),
    [
        ("alerts:", "alertz:", 2, "did you mean 'alerts'"),
        ("services: [gateway]", "services: {a: 1}", 3, "'services' must be a string or a list"),
        ("resource.connections]", "resource.conections]", 4, "did you mean 'resource.connections'"),
        ("metrics_component component={component}", "metrics_componnt component=x", 6, "such as 'metrics_component'"),
        ("component={component}", "componant={component}", 6, "has no argument 'componant'"),
        ("component={component}", "component={comp}", 6, "use one of the placeholders"),
        ("component={component}", "postgres", 6, "write the arguments of metrics_component as name=value"),
        ("after: changes", "after: change", 8, "there is no step 'change'"),
        ("tool: changes_list}", "tool: changes_list, after: logs}", 8, "these steps wait for each other in a cycle"),
        ("id: changes", "id: logs", 9, "'logs' is already used in line 8"),
        ("id: changes,", "id: changes, wait: 1,", 9, "unknown key 'wait' in the step"),
        ("- {id: changes, tool: changes_list}", "- {id: changes}", 9, "the step needs a text, a tool or a command"),
        ("faults: [", "faults: [[", 5, "fix the YAML of the front matter"),
        ("\n---\n#", "\n#", 1, "three dashes"),
        ("`psql -c \"SELECT 1\"`", "`logs_diff componet=x`", 14, "has no argument 'componet'"),
    ],
)  # fmt: skip
def test_each_mistake_is_told_with_its_line(
    aitia: Aitia, tmp_path: Path, before: str, after: str, line: int, says: str
) -> None:
    assert before in GOOD
    write(tmp_path / "books", "other.md", "# Other\n## Steps\n1. Look around\n")
    found = findings(aitia, write(tmp_path / "books", "bad.md", GOOD.replace(before, after, 1)))
    assert [(n, t) for n, t in found if says in t and n == line], found


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "empty"), (b" \n\n", "empty"), (b"\x89PNG\r\n\x1a\n\x00\xff", "binary"), (b"# a\x00b", "NUL"), (b"# x\n" * 300_000, "split it")],
)  # fmt: skip
def test_what_is_no_runbook_is_refused(aitia: Aitia, tmp_path: Path, content: bytes, says: str) -> None:
    path = write(tmp_path / "books", "bad.md", content)
    assert says in findings(aitia, path)[0][1]
    got = aitia("runbook", "run", path)
    assert got.code == 2
    assert says in got.err


def test_runbooks_that_wait_for_each_other(aitia: Aitia, tmp_path: Path) -> None:
    books = tmp_path / "books"
    for name, after in (("a", "b"), ("b", "c"), ("c", "a")):
        write(books, f"{name}.md", f"---\nafter: [{after}]\n---\n# {name}\n## Steps\n1. Look\n")
    assert [
        t
        for _, t in findings(aitia, books)
        if "these runbooks wait for each other in a cycle" in t and "a → b → c → a" in t
    ]
    write(books, "c.md", "---\nid: a\nnext: nowhere\n---\n# c\n## Steps\n1. Look\n")
    told = [t for _, t in findings(aitia, books)]
    assert [t for t in told if "'nowhere'" in t]
    assert [t for t in told if "'a' is also used by" in t]


def test_a_call_in_the_text_is_no_command_and_named_twice_it_is_listed_once(
    aitia: Aitia, tmp_path: Path
) -> None:
    text = GOOD.replace("tool: changes_list}", 'tool: "metrics_component component={component}"}')
    text = text.replace('`psql -c "SELECT 1"`', "`logs_diff component={component}`")
    path = write(tmp_path / "books", "good.md", text)
    got = aitia("runbook", "check", path)
    assert "0 commands that only read, 1 that change something" in got.out
    steps = json.loads(aitia("runbook", "check", path, "--json").out)["runbooks"][0]["steps"]
    assert [s["effect"] for s in steps if s["command"].startswith("logs_diff")] == ["read-only"]
    from aitia.runbooks import read_program

    assert read_program(path)["tools"] == [
        "metrics_component component={component}",
        "logs_patterns component=postgres",
    ]


def test_dead_links_are_warnings(aitia: Aitia, tmp_path: Path) -> None:
    path = write(tmp_path / "books", "good.md", GOOD)
    got = aitia("runbook", "check", path)
    assert got.code == 0
    assert f"{path}:15: warning: broken link: there is no 'other.md'" in got.out


def test_no_file_and_an_empty_folder(aitia: Aitia, tmp_path: Path) -> None:
    assert aitia("runbook", "check", tmp_path / "none.md").code == 2
    (tmp_path / "empty").mkdir()
    assert "no .md file" in aitia("runbook", "check", tmp_path / "empty").err


def telemetry(scenario: Path) -> list[str]:
    given = {
        "metrics": "metrics.parquet",
        "logs": "logs",
        "changes": "changes.jsonl",
        "topology": "topology.yaml",
    }
    told = [x for flag, name in given.items() for x in (f"--{flag}", str(scenario / name))]
    return [
        *told,
        "--at",
        "2026-11-25T01:10:07Z",
        "--since",
        "2026-11-25T01:09:27Z",
        "--component",
        "gateway",
    ]


def never(*args: object, **kwargs: object) -> None:
    raise AssertionError("a command was run")


def test_a_run_makes_the_named_calls_only_leaves_the_rest_to_a_person_and_is_played_back(
    aitia: Aitia, tmp_path: Path, scenario: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("subprocess.Popen", never)
    path = write(tmp_path / "books", "good.md", GOOD)
    got = aitia("runbook", "run", path, *telemetry(scenario), "--json")
    assert got.code in (0, 10, 11), got.err
    told = json.loads(got.out)
    assert told["report"]["component"] == "orders"
    calls = [(c["tool"], c["args"]) for c in told["report"]["calls"]]
    assert calls[-3:] == [
        ("metrics_component", {"component": "gateway"}),
        ("changes_list", {}),  # it is waited for
        ("logs_patterns", {"component": "postgres"}),
    ]
    assert {t for t, _ in calls[:-3]} <= {"metrics_scan", "incidents_search", "runbooks_search"}
    items = [(i["state"], i["effect"], i["command"]) for i in told["checklist"]]
    assert items[1][0] == "done"
    assert ("manual step", "read-only", 'psql -c "SELECT 1"') in items
    assert ("manual step", "changing", "shopctl rollback orders") in items  # whom the report names
    by_id = {e["id"]: e["statement"] for e in told["report"]["evidence"]}
    for item in told["checklist"]:
        assert [by_id[i] if i else f for i, f in zip(item["cites"], item["found"], strict=True)] == item[
            "found"
        ]
        assert item["found"] or item["why"] or item["state"] in ("manual step", "advice")
    (logs,) = [
        i for i in told["checklist"] if i["text"].startswith("What does the database say (logs_patterns")
    ]
    assert any("remaining connection slots" in f for f in logs["found"])
    assert next(i for i in told["checklist"] if i["text"] == "changes_list")["cites"]
    assert "identical to the recorded report" in aitia("rerun", "last").err


def test_a_run_without_at_is_at_the_moment_of_the_settings(
    aitia: Aitia, tmp_path: Path, scenario: Path
) -> None:
    settings = tmp_path / "aitia.yaml"
    settings.write_text("service: {at: 2026-11-25T01:10:07Z}\n")
    path = write(tmp_path / "books", "good.md", GOOD)
    told = telemetry(scenario)
    at = told.index("--at")
    got = aitia("runbook", "run", path, *told[:at], *told[at + 2 :], "--config", settings, "--json")
    report = json.loads(got.out)["report"]
    assert report["incident"]["window"]["end"] == "2026-11-25T01:10:07Z"
    assert report["component"] == "orders"


def test_a_component_that_nobody_is_is_told(aitia: Aitia, tmp_path: Path, scenario: Path) -> None:
    text = GOOD.replace("component=postgres", "component=nobody")
    got = aitia("runbook", "run", write(tmp_path / "books", "b.md", text), *telemetry(scenario), "--json")
    item = next(i for i in json.loads(got.out)["checklist"] if "nobody" in i["text"])
    assert item["state"] == "not run"
    assert "'nobody' is not a component" in item["why"]


def test_interactive_asks_about_what_is_left_and_runs_nothing(
    aitia: Aitia, tmp_path: Path, scenario: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("subprocess.Popen", never)
    monkeypatch.setattr("os.system", never)
    monkeypatch.setattr("typer.confirm", lambda *a, **k: not asked.append("x") and len(asked) == 1)
    path = write(tmp_path / "books", "good.md", GOOD)
    got = aitia("runbook", "run", path, *telemetry(scenario), "--interactive", "--json")
    states = [i["state"] for i in json.loads(got.out)["checklist"]]
    assert len(asked) == 3
    assert states[-3:] == ["done by hand", "skipped", "skipped"]


OTHERS = """---
title: Users and postgres are full
faults: [machine.fouling, sensor]
steps:
  - {id: level, tool: "metrics_component component={component}"}
  - {id: behind, text: What those behind it log, tool: "logs_patterns component={callee}"}
  - {id: unit, command: "systemctl status {component}", after: level}
---
# Users and postgres are full

## Mitigation
1. Restart it: `shopctl restart {component}`
"""


def test_the_option_names_the_component_and_what_the_report_does_not_support_is_said(
    aitia: Aitia, tmp_path: Path, scenario: Path
) -> None:
    got = aitia("runbook", "run", write(tmp_path / "books", "b.md", OTHERS), *telemetry(scenario), "--json")
    told = json.loads(got.out)
    assert told["report"]["component"] == "orders", got.err
    assert told["report"]["incident"]["hints"] == ["gateway"]
    assert told["report"]["incident"]["title"] == "Users and postgres are full"
    level, *behind, unit, restart = told["checklist"]
    assert (level["id"], level["tool"], level["args"]) == (
        "level",
        "metrics_component",
        {"component": "gateway"},
    )
    assert {i["id"] for i in behind} == {"behind"}
    assert {i["args"]["component"] for i in behind} == {"catalog", "orders", "users"}
    assert (
        behind[0]["text"]
        == f"What those behind it log (logs_patterns component={behind[0]['args']['component']})"
    )
    assert (unit["id"], unit["command"], unit["why"]) == ("unit", "systemctl status gateway", "")
    assert restart["command"] == "shopctl restart {component}"
    assert "does not support this: the report names connection" in restart["why"]
    assert "runbook Users and postgres are full" not in {m["source"] for m in told["report"]["mitigations"]}


FITS = """---
title: Five hundreds of the edge
faults: [machine.fouling, resource.connections, network.delay]
steps:
  - {id: cache, tool: "metrics_component component=redis"}
---
# Five hundreds of the edge

## Mitigation
1. Roll it back: `shopctl rollback {component}`

## Prevention
- Limit the role {component}
"""


def test_the_one_that_runs_is_the_sites_own_and_shows_what_the_scan_found(
    aitia: Aitia, tmp_path: Path, scenario: Path
) -> None:
    path, out = write(tmp_path / "books", "b.md", FITS), tmp_path / "told.json"
    alert = tmp_path / "alert.txt"
    alert.write_text("zzz qqq")
    got = aitia("runbook", "run", path, *telemetry(scenario), "--alert", alert, "-o", out)
    told = json.loads(out.read_text())
    report = told["report"]
    assert report["incident"]["title"] == "zzz qqq", got.err
    now = [m for m in report["mitigations"] if m["source"] == "runbook Five hundreds of the edge"]
    assert "shopctl rollback orders" in [m["command"] for m in now]
    assert not [c for c in report["calls"] if "no runbook matches" in c["message"]]
    cache, back, limit = told["checklist"]
    by_id = {e["id"]: e["statement"] for e in report["evidence"]}
    assert cache["state"] == "done"
    assert cache["found"]
    assert cache["why"].endswith("Nothing beyond what the scan found.")
    assert [by_id[i] for i in cache["cites"]] == cache["found"]
    assert all(f.startswith("redis") for f in cache["found"])
    assert (back["command"], back["why"]) == ("shopctl rollback orders", "")
    assert limit["text"] == "Limit the role orders"


def test_a_component_that_nobody_is_is_not_replaced_by_a_word(
    aitia: Aitia, tmp_path: Path, scenario: Path
) -> None:
    given = [x if x != "gateway" else "gatevay" for x in telemetry(scenario)]
    got = aitia("runbook", "run", write(tmp_path / "books", "b.md", OTHERS), *given, "--json")
    told = json.loads(got.out)
    assert told["checklist"][0]["state"] == "not run", got.err
    assert not [c for c in told["report"]["calls"] if c["tool"] == "metrics_component"]


def test_a_placeholder_may_stand_in_any_argument(aitia: Aitia, tmp_path: Path) -> None:
    call = '"cluster_describe resource=deployments name={component}"'
    text = GOOD.replace("metrics_component component={component}", call)
    write(tmp_path / "books", "other.md", "# Other\n## Steps\n1. Look around\n")
    assert findings(aitia, write(tmp_path / "books", "good.md", text)) == []


def test_a_check_needs_no_trust_in_a_file_that_it_found(
    aitia: Aitia, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "books", "other.md", "# Other\n## Steps\n1. Look around\n")
    path = write(tmp_path / "books", "good.md", GOOD)
    (tmp_path / "own.yaml").write_text("{}")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "aitia.yaml").write_text("taxonomy: [../own.yaml]\n")
    monkeypatch.chdir(tmp_path / "here")
    got = aitia("runbook", "check", path)
    assert got.code == 0, got.err
    assert "not trusted, so its own fault kinds are left out" in got.err
