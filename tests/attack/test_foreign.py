"""Nothing foreign starts a program, opens an address, sends a secret or reads a file elsewhere: each way is really tried.

The ways and their canaries are `benchmarks/attack/foreign.py`'s; there each was also tried against a version without the guard.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

import pytest
import yaml

from aitia import api
from aitia.cli.app import run as aitia
from aitia.consent import Unasked, found_settings, powers_of, remember
from aitia.core.children import program, safe_path
from aitia.core.errors import Untrusted
from aitia.core.redact import Policy, use
from aitia.core.store import RunStore
from benchmarks.attack import foreign_runs
from benchmarks.attack.foreign import told
from benchmarks.attack.foreign_ways import NO_MODEL, WAYS, Way, source
from benchmarks.attack.foreign_world import NOW, VARIABLE, Server, World

QUICK = [w for w in WAYS if not w.slow]
FIRST = [  # of each carrier, and of a scenario for each goal; the long tests try all
    *{(w.carrier, w.goal): w for w in reversed(QUICK) if w.carrier == "scenario"}.values(),
    *{w.carrier: w for w in reversed(QUICK) if w.carrier != "scenario"}.values(),
]
SHADOWS = [w for w in WAYS if w.name.startswith("secrets.py")]
INSTALLED = Path(sys.executable).with_name("aitia")
LEGITIMATE = (  # one of each carrier and goal: with the user's word the canary fires, so it can fire
    "kubectl of the folder", "a bearer token of the environment", "a log by dots", "resume with a kubectl",
    "a prometheus without a token", "an mcp command for its list",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _own_policy() -> Iterator[None]:
    yield
    use(Policy())


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    server = Server()
    made = World(tmp_path, server)
    for name, value in made.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(made.desk)
    yield made
    server.shutdown()
    server.server_close()


def test_there_are_enough_ways_and_each_carrier_and_goal_has_some() -> None:
    assert len({w.name for w in WAYS}) == len(WAYS) >= 48
    carriers = {"scenario", "run", "document", "span", "mcp server", "working folder"}
    assert {w.carrier for w in WAYS} == carriers
    assert {w.goal for w in WAYS} == {"start", "open", "send", "read"}


def _ways(ways: Iterable[Way], ordinary: Collection[Way]) -> pytest.MarkDecorator:
    """A case for each way; long where it is not among the ordinary ones."""
    marks = {w.name: () if w in ordinary else (pytest.mark.long,) for w in ways}
    return pytest.mark.parametrize(
        "way", [pytest.param(w, id=w.name, marks=marks[w.name]) for w in WAYS if w.name in marks]
    )


@_ways(QUICK, FIRST)
def test_nothing_happens(way: Way) -> None:
    happened, said = told(way)
    assert happened == set(), said[-2000:]


@_ways([w for w in WAYS if w.name in LEGITIMATE], [w for w in WAYS if w.name in LEGITIMATE[:3]])
def test_with_the_users_word_it_does(way: Way) -> None:
    happened, said = told(way, allowed=True)
    assert way.goal in happened, said[-2000:]


@pytest.mark.skipif(not INSTALLED.exists(), reason="the command is not installed beside this Python")
@_ways(SHADOWS, SHADOWS[:1])
def test_a_child_process_imports_nothing_from_the_working_folder(way: Way) -> None:
    happened, said = told(way, aitia=INSTALLED)
    assert happened == set(), said[-2000:]


def test_a_refusal_names_all_of_it_and_how_to_allow_it(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    url, auth = world.server.url, {"bearer_env": VARIABLE}
    folder = world.scenario(
        source("metrics", "prometheus", url=url, auth=auth),
        source("logs", "log_files", path="../outside/secret.log") | {"name": "y"},
    )
    assert aitia(["replay", str(folder), *NO_MODEL]) == 1
    said = " ".join(capsys.readouterr().err.split())
    for part in (
        url,
        repr(VARIABLE),
        "'../outside/secret.log', which is outside the folder",
        f"--trust {str(folder)!r}",
    ):
        assert part in said
    assert not (world.home / "runs").exists()


def test_trust_is_for_what_lies_below_the_folder_that_is_named(world: World) -> None:
    folder = world.scenario(source("incidents", "incidents", path=str(world.outside / "incidents.jsonl")))
    for other in (world.outside, world.foreign / "logs", Path(f"{folder}x")):
        with pytest.raises(Untrusted):
            api.replay(folder, model=None, trust=[other])
    assert api.replay(folder, model=None, trust=[folder.parent]).report.run


def test_an_own_run_is_resumed_and_a_moved_one_is_not(world: World) -> None:
    folder = world.scenario()

    def stop(event: object) -> None:
        if type(event).__name__ == "TaskDone":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        api.replay(folder, model=None, on_event=stop)
    store = RunStore.open(world.home, "last")
    assert store.is_own()
    away = world.root / "sent"
    store.path.rename(away)
    (world.home / "runs" / store.id).mkdir()  # it comes back as other files
    for path in sorted(away.rglob("*")):
        to = world.home / "runs" / store.id / path.relative_to(away)
        to.mkdir() if path.is_dir() else to.write_bytes(path.read_bytes())
    with pytest.raises(Untrusted, match="This AITIA_HOME did not make the run, so the"):
        api.resume(store.id)
    to = world.home / "runs" / store.id
    for path in sorted(to.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    to.rmdir()
    away.rename(to)
    assert api.resume(store.id).run == store.id


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sources", [{}]),
        ("mcp", [{}]),
        ("root", "/"),
        ("trusted", True),
        ("asked_model", "else"),
        ("model", {"name": "else"}),
    ],
)
def test_no_field_that_decides_what_a_run_does_can_be_changed(
    world: World, field: str, value: object
) -> None:
    run = foreign_runs.run_of(world, finished=True)
    store = RunStore(run)
    store._put_meta(store._signed(store.meta()))
    assert store.is_own()
    file = run / "run.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {field: value}))
    assert not store.is_own()
    store.update_meta(state="interrupted")  # what aitia itself writes later does not make it its own
    assert not store.is_own()


# A configuration that was found


def test_one_that_only_reads_its_folder_is_used(world: World) -> None:
    world.settings()
    assert [s.name for s in found_settings(world.foreign).sources] == ["metrics", "logs"]


def test_an_agreement_holds_until_the_file_its_place_or_its_programs_change(world: World) -> None:
    file = world.settings(mcp=[{"name": "x", "command": ["./canary"], "read": ["look"]}])
    with pytest.raises(Unasked, match=r"starts `./canary`"):
        found_settings(world.foreign)
    remember(file)
    assert found_settings(world.foreign).mcp
    moved = world.desk / "aitia.yaml"
    moved.write_text(file.read_text())
    with pytest.raises(Unasked):
        found_settings(world.desk)
    before = world.program.read_text()
    world.program.write_text(f"{before}# more\n")
    with pytest.raises(Unasked):
        found_settings(world.foreign)
    world.program.write_text(before)
    assert found_settings(world.foreign).mcp
    file.write_text(f"{file.read_text()}\nmax_calls: 9\n")
    with pytest.raises(Unasked):
        found_settings(world.foreign)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "used"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_a_person_is_shown_all_of_it_and_asked_once(
    world: World, monkeypatch: pytest.MonkeyPatch, answer: str, used: bool
) -> None:
    world.settings(source("metrics", "prometheus", url=world.server.url, auth={"bearer_env": VARIABLE}))
    monkeypatch.chdir(world.foreign)
    shown = _Terminal()
    monkeypatch.setenv("TERM", "dumb")  # no moving view: this terminal is none
    monkeypatch.setattr(sys, "stdin", _Terminal(answer))
    monkeypatch.setattr(sys, "stderr", shown)
    line = ["diagnose", "shop answers with errors", "--at", NOW.isoformat(), *NO_MODEL]
    code = aitia(line)
    said = shown.getvalue()
    assert f"source 'x' contacts {world.server.url}" in said
    assert f"sends the environment variable '{VARIABLE}'" in said
    assert bool(world.server.asked) is used
    assert (code != 2) is used
    if used:
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        assert aitia(line) != 2  # remembered


def test_without_a_terminal_the_message_names_the_ways_out(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world.settings(source("metrics", "prometheus", url=world.server.url))
    monkeypatch.chdir(world.foreign)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    for line in (
        ["serve", "--port", "0"],
        ["listen", "--port", "0"],
        ["mcp", "--http", "--port", "0"],
        ["record", "x", "--out", "y"],
    ):
        assert aitia(line) == 2, line
        said = capsys.readouterr().err
        assert "aitia trust --yes" in said
        assert "--config" in said
    assert world.server.asked == []
    assert aitia(["trust", "--yes"]) == 0
    assert aitia(["trust", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["trusted"] is True


LOOSENED: list[tuple[dict[str, object], str]] = [
    ({"service": {"token_env": "HOME"}}, "token is the environment variable HOME"),
    ({"slack": {"bot_token_env": "HOME"}}, "bot_token_env is the environment variable HOME"),
    ({"slack": {"approvers": ["U1"]}}, "U1 may approve"),
    ({"retention": {"runs": 1}}, "runs are deleted"),
    ({"redaction": {"kinds": ["secret"]}}, "less is redacted"),
    ({"redaction": {"keep": ["x@example.org"]}}, "less is redacted"),
    ({"model": {"name": "./x.gguf"}}, "the model is ./x.gguf"),
    (
        {"mcp": [{"name": "x", "command": ["y"], "env_names": ["HOME"]}]},
        "gets the environment variables HOME",
    ),
    (
        {"sources": [{"name": "x", "kind": "logs", "type": "of_a_plugin", "path": "logs"}]},
        "may do more than read",
    ),
]


@pytest.mark.parametrize(("fields", "told"), LOOSENED)
def test_what_takes_protection_away_is_asked_about(
    world: World, fields: dict[str, object], told: str
) -> None:
    (world.foreign / "aitia.yaml").write_text(yaml.safe_dump(fields))
    with pytest.raises(Unasked, match=told):
        found_settings(world.foreign)


def test_the_settings_of_the_bundled_scenarios_ask_for_nothing() -> None:
    from aitia.core.scenario import load_scenario
    from aitia.settings import Settings

    folders = sorted(p.parent for p in (Path(__file__).parents[2] / "scenarios").glob("*/scenario.yaml"))
    assert len(folders) >= 6
    for folder in folders:
        assert powers_of(Settings(sources=load_scenario(folder).sources), folder) == []


# Programs


def test_programs_are_found_without_relative_entries_and_the_working_folder(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (world.foreign / "bin").mkdir()
    for folder in (world.foreign, world.foreign / "bin"):
        (folder / "git").write_text("#!/bin/sh\n")
        (folder / "git").chmod(0o755)
    monkeypatch.chdir(world.foreign)
    for path in ("", ":", ".", "./bin", "bin", str(world.foreign), str(world.foreign / "bin")):
        monkeypatch.setenv("PATH", f"{path}:/usr/bin")
        assert str(world.foreign) not in safe_path()
        assert not program("git").startswith(str(world.foreign)), path
    with pytest.raises(FileNotFoundError):
        program("bin/git")
    assert program("bin/git", folder=world.outside) == str(world.outside / "bin/git")


def test_who_stands_at_home_keeps_the_programs_of_the_home_folder(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = world.root / "user" / ".local" / "bin"
    monkeypatch.setenv("PATH", str(tools))
    monkeypatch.chdir(world.root / "user")
    assert safe_path().startswith(str(tools))


@pytest.mark.parametrize("make", [lambda p: p.symlink_to("/etc/hostname"), os.mkfifo])
def test_a_pipe_or_a_link_is_no_file_of_a_foreign_folder(world: World, make: Callable[[Path], None]) -> None:
    make(world.foreign / "changes.jsonl")
    folder = world.scenario(source("changes", "changes", path="changes.jsonl"))
    with pytest.raises(Untrusted):
        api.replay(folder, model=None)
