"""`aitia drill`: nothing tells the answer before it is given; answers are compared, kept, carried on."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from aitia.cli.drill_line import Words
from aitia.core.errors import BadInput
from aitia.core.words import Evidence, SourceRef
from aitia.drill.folders import incident_folders
from aitia.drill.looks import COMMANDS
from aitia.drill.records import FILE, kept
from aitia.drill.sitting import OWN, Drill, opened
from aitia.drill.words import Look, Seen, could_know

from .conftest import REPOSITORY, Aitia, Outcome
from .test_chat_terminal import Terminal

SCENARIOS = REPOSITORY / "scenarios"
Script = Callable[..., Outcome]
MADE = {
    "order": {"system": "corner-shop", "fault": "zz-fault", "seed": 1}, "kind": "servers", "family": "memory",
    "onset": "2026-11-25T01:21:52Z", "decoys": ["zz-decoy"],
    "of_this_system_alone": 1,
}  # fmt: skip


@pytest.fixture
def drill(aitia: Aitia, monkeypatch: pytest.MonkeyPatch) -> Script:
    def run(place: Path, *lines: str, options: tuple[str, ...] = ()) -> Outcome:
        fed = "".join(f"{line}\n" for line in lines).encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(fed)))
        return aitia("drill", str(place), "--model", "none", *options)

    return run


def everything(held: Drill) -> dict[str, list[str]]:
    """What every command shows, by command; a tool of a component is asked of each."""
    asked = ["incident", "sources", "tools", "changes", "help", "hint", "hint", "hint", "hint"]
    for component in held.looks.incident.components:
        asked += [f"lines {component}", f"series {component}"]
    for spec in held.looks.incident.tools:
        if spec.target:
            asked += [f"look {spec.name} {c}" for c in held.looks.incident.components]
        elif not any(f.is_required() for f in spec.arguments.model_fields.values()):
            asked.append(f"look {spec.name}")
    shown: dict[str, list[str]] = {"": held.incident()}
    for number, line in enumerate(asked):
        try:
            shown[f"{line} #{number}"] = held.take(line)
        except BadInput as error:  # a component without logs, or without series
            shown[f"{line} #{number}"] = [str(error)]
    return shown


@pytest.mark.parametrize("name", ["memory-leak", "false-alarm", "bearing-outer-race"])
def test_nothing_tells_the_answer_before_it_is_given(name: str, home: Path, tmp_path: Path) -> None:
    folder = tmp_path / name
    shutil.copytree(SCENARIOS / name, folder)
    (folder / "lab.json").write_text(json.dumps(MADE))
    told = yaml.safe_load((folder / "scenario.yaml").read_text())
    expected = told["expected"]
    secret = [name, str(folder), "lab.json", "scenario.yaml", "zz-fault", "zz-decoy", expected["why"]]
    secret += [told["description"], told["recorded"]["notes"], told["recorded"]["by"]]
    secret += [expected.get("fault", ""), *(a["fault"] for a in expected.get("alternatives", ()))]
    home.mkdir()
    with opened(folder, home) as held:
        shown = everything(held)
        held.stop()
    assert len(shown) > 20
    for line, lines in shown.items():
        past = line.startswith("look incidents_search")  # what others once had, with its kind of fault
        for word in filter(None, secret):
            assert past or word not in "\n".join(lines), f"{line} shows {word!r}"
    stored = (home / FILE).read_text()
    for word in filter(None, secret):
        assert word not in stored


def test_the_telemetry_that_tools_read_holds_no_answer(home: Path) -> None:
    home.mkdir()
    with opened(SCENARIOS / "false-alarm", home) as held:
        paths = [
            p for s in held.looks.incident.context.sources.of("logs") for t in s.streams() for p in t.paths
        ]  # type: ignore[attr-defined]
        root = next(p for p in paths[0].parents if p.name == "incident")
        names = {p.name for p in root.rglob("*")}
    assert paths
    assert "metrics.parquet" in names
    assert not names & {"scenario.yaml", "lab.json"}
    assert not root.exists()


def test_a_right_answer_is_compared_with_the_recorded_one_and_with_aitia(drill: Script, home: Path) -> None:
    got = drill(
        SCENARIOS / "bearing-outer-race",
        "look signals_envelope",
        "series P-101A temperature",
        "answer P-101A-DE outer_race",
    )
    assert got.code == 0, got.err
    before, after = got.out.split("Recorded answer:")
    assert "machine.bearing.outer_race" not in before
    assert "You:    P-101A-DE: bearing outer race defect (machine.bearing.outer_race)  ✓ right" in after
    assert "aitia:  P-101A-DE: bearing outer race defect (machine.bearing.outer_race)" in after
    (record,) = kept(home)
    assert (record.state, record.scenario, record.person.right, record.person.looks) == (
        "answered", "bearing-outer-race", True, 2,
    )  # fmt: skip
    assert record.aitia is not None
    assert record.aitia.right
    assert record.aitia.run
    looked = {g.text.split(":")[0] + g.text[-30:]: g.looked_at for g in record.grounds if g.of == "answer"}
    assert len(looked) == 3
    assert sum(looked.values()) == 2  # the line and the temperature, not the vibration's level
    assert {g.of for g in record.grounds} == {"answer", "aitia"}


def test_a_wrong_answer_and_giving_up_are_not_right(drill: Script, home: Path) -> None:
    wrong = drill(SCENARIOS / "bearing-outer-race", "answer healthy")
    assert wrong.code == 1
    assert "You:    nothing is wrong  ✗ wrong" in wrong.out
    gave_up = drill(SCENARIOS / "bearing-outer-race", "hint", "give up")
    assert gave_up.code == 1
    assert "You:    gave up" in gave_up.out
    assert "1 hint" in gave_up.out
    assert [r.state for r in kept(home)] == ["answered", "gave_up"]


def test_as_json_stdout_is_one_document(drill: Script, small: Path) -> None:
    got = drill(small, "lines shop odd", "answer shop software.failure", options=("--json",))
    told = json.loads(got.out)
    assert told["person"]["right"] is True
    assert told["recorded"]["component"] == "shop"
    assert told["shown"][0]["line"] == "lines shop odd"
    assert told["shown"][0]["lines"][0].startswith("shop: 3 lines with 'odd' in the window, 0 before it")
    assert "Recorded answer" in got.err


def test_lines_that_cannot_be_carried_out_say_what_was_meant(drill: Script, small: Path) -> None:
    got = drill(
        small, "sereis shop", "series shp", "look metrics_scann", "lines", "series shop nothing",
        "look metrics_component shop more", "cluster", "answer shop", "answer shp software.failure",
        "answer shop resource.memry", "answer shop exhausted", "answer shop software.failure",
    )  # fmt: skip
    errors = [line for line in got.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 11
    for meant in ("series", "shop", "metrics_scan", "Name a component", "errors_per_second", "takes no 'more'",
                  "no cluster", "answer COMPONENT FAULT", "shop", "resource.memory", "resource.connections"):  # fmt: skip
        assert meant in errors.pop(0)
    assert got.code == 0


def test_a_drill_that_was_left_is_carried_on(drill: Script, small: Path, home: Path, aitia: Aitia) -> None:
    left = drill(small, "lines shop", "# a remark", "", "quit", "answer shop software.failure")
    assert left.code == 130
    assert "Recorded answer" not in left.out
    assert [r.state for r in kept(home)] == ["stopped"]
    history = aitia("drill", "--history")
    assert "stopped" in history.out
    assert "software.failure" not in history.out
    again = drill(small, "changes", "answer shop software.failure")
    assert "carried on: 1 look" in again.out
    (record,) = kept(home)
    assert [look.line for look in record.looks] == ["lines shop", "changes"]
    assert "you 1 of 1 right" in aitia("drill", "--history").err
    assert json.loads(aitia("drill", "--history", "--json").out)["drills"][0]["scenario"] == "small"
    assert "carried on" not in drill(small).out  # it was answered: this is another drill


def test_ctrl_c_keeps_what_was_done(
    drill: Script, small: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = Drill.take

    def interrupted(held: Drill, line: str) -> list[str]:
        if line == "changes":
            raise KeyboardInterrupt
        return take(held, line)

    monkeypatch.setattr(Drill, "take", interrupted)
    got = drill(small, "lines shop", "changes", "answer shop software.failure")
    assert got.code == 130
    (record,) = kept(home)
    assert (record.state, len(record.looks), record.scenario) == ("stopped", 1, "")


def test_ctrl_c_while_aitia_diagnoses_keeps_the_answer(
    drill: Script, small: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("aitia.api.replay", interrupted)
    got = drill(small, "answer shop software.failure")
    assert got.code == 0
    assert "✓ right" in got.out
    assert "aitia:" not in got.out
    (record,) = kept(home)
    assert (record.person.right, record.aitia) == (True, None)


def test_hints_come_from_the_telemetry_not_from_the_answer(small: Path, home: Path) -> None:
    home.mkdir()

    def hints() -> list[str]:
        with opened(small, home) as held:
            return [line for _ in range(4) for line in held.take("hint")]

    before = hints()
    file = small / "scenario.yaml"
    noise = {"verdict": "cause", "component": "nobody", "fault": "machine.looseness"}
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | {"expected": noise}))
    assert hints() == before
    assert "You have not looked at the" in before[0]
    assert len(set(before)) > 1


def test_a_look_is_told_from_one_that_showed_something_else() -> None:
    fact = Evidence(
        component="shop", kind="metric.shift", aspect="errors", statement="x", strength=1.0,
        source=SourceRef(source="m", query="q"),
    )  # fmt: skip

    def known(**seen: str) -> bool:
        return could_know((Look(line="", after_s=0, seen=(Seen(**seen),)),), fact)

    assert known(component="shop", kind="metric", aspect="errors")
    assert known(component="shop", kind="metric.shift", aspect="errors")
    assert not known(component="shop", kind="metric", aspect="latency")
    assert not known(component="shop", kind="log")
    assert not known(component="shop", kind="metric.trend", aspect="errors")
    assert not known(component="till", kind="metric", aspect="errors")


def test_completion_offers_what_may_follow(small: Path, home: Path) -> None:
    home.mkdir()
    with opened(small, home) as held:
        words = Words(held)

        def offered(text: str) -> list[str]:
            return [c.text for c in words.get_completions(Document(text), CompleteEvent())]

        assert set(offered("")) == {*COMMANDS, *(u if u == "give up" else u.split()[0] for u in OWN)}
        assert "metrics_scan" in offered("look met")
        assert offered("lines s") == ["shop"]
        assert offered("answer h") == ["healthy"]
        assert "machine.bearing" in offered("answer shop machine.b")  # a parent of fault kinds is one too


def test_one_of_a_folder_is_drawn_by_seed_and_a_new_one_without(
    drill: Script, small: Path, home: Path, tmp_path: Path
) -> None:
    for name in ("one", "two", "twins/three", "dropped/four"):
        shutil.copytree(small, tmp_path / "many" / name)
        file = tmp_path / "many" / name / "scenario.yaml"
        file.write_text(file.read_text().replace("id: small", f"id: {name.split('/')[-1]}"))
    many = tmp_path / "many"
    assert [f.name for f in incident_folders(many)] == ["one", "two"]
    for _ in range(2):
        drill(many, "give up")
    assert {r.scenario for r in kept(home)} == {"one", "two"}
    for _ in range(2):
        drill(many, "give up", options=("--seed", "5"))
    assert len({r.scenario for r in kept(home)[2:]}) == 1


def test_a_script_is_read_and_a_folder_without_incidents_refused(
    aitia: Aitia, small: Path, tmp_path: Path
) -> None:
    script = tmp_path / "day.txt"
    script.write_text("# the second of the game day\nlines shop\nanswer shop software.failure\n")
    assert aitia("drill", str(small), "--script", str(script), "--model", "none").code == 0
    assert aitia("drill", str(small), "--script", str(tmp_path / "none.txt")).code == 2
    (tmp_path / "empty").mkdir()
    refused = aitia("drill", str(tmp_path / "empty"))
    assert refused.code == 2
    assert "holds no scenario.yaml" in refused.err


def test_what_the_lab_wrote_down_is_told_afterwards(drill: Script, small: Path) -> None:
    (small / "lab.json").write_text(json.dumps(MADE))
    got = drill(small, "give up")
    before, after = got.out.split("Recorded answer:")
    assert "zz-decoy" not in before
    assert "harmless: zz-decoy" in after
    assert "it began at 01:21:52 UTC" in after


def test_a_scenario_that_would_reach_outside_is_refused(drill: Script, small: Path) -> None:
    file = small / "scenario.yaml"
    told = yaml.safe_load(file.read_text())
    told["sources"][1]["path"] = "/etc"
    file.write_text(yaml.safe_dump(told))
    got = drill(small, "lines shop")
    assert got.code == 2
    assert "/etc" in got.err


@pytest.mark.server
def test_on_a_web_page_until_ctrl_c(small: Path, home: Path) -> None:
    argv = [
        sys.executable,
        "-c",
        "from aitia.cli import main; main()",
        "drill",
        str(small),
        "--web",
        "--port",
        "0",
    ]
    env = {**os.environ, "AITIA_HOME": str(home), "AITIA_TOKEN": ""}
    answers: tuple[dict[str, str], ...] = ({}, {"suspect": "shop", "fault": "software.failure", "sure": "70"})
    for given, code in zip(answers, (130, 0), strict=True):
        with subprocess.Popen(
            [*argv, "--model", "none"], env=env, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr is not None
            url = re.search(r"http://127\.0\.0\.1:\d+/", process.stderr.readline())
            assert url is not None
            with httpx.Client(base_url=url[0], timeout=60, trust_env=False) as client:
                assert client.post("/looks", data={"line": "lines shop odd"}).status_code == 303
                assert "3 lines with" in client.get("/").text.replace("&#39;", "'")
                if given:
                    assert client.post("/answer", data=given).status_code == 303
            process.send_signal(signal.SIGINT)
            process.stderr.read()
            assert process.wait(60) == code
    (record,) = kept(home)
    assert [look.line for look in record.looks] == ["lines shop odd"] * 2
    assert (record.person.right, record.person.probability) == (True, 0.7)


def test_a_sitting_at_a_terminal(small: Path, home: Path, tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, home, ("drill", str(small), "--model", "none"), "drill>")
    try:
        terminal.type("lines sh")
        terminal.until("shop")  # offered while typing
        terminal.type("\t odd\r")
        terminal.until("3 lines with 'odd'")
        terminal.type("\x03")  # Ctrl-C
        assert terminal.left() == 130
        again = Terminal(tmp_path, home, ("drill", str(small), "--model", "none"), "carried on: 1 look")
        again.until("drill>")
        again.type("answer shop software.failure\r")
        again.until("Recorded answer")
        assert again.left() == 0
    finally:
        terminal.program.close(force=True)
    (record,) = kept(home)
    assert [look.line for look in record.looks] == ["lines shop odd"]
