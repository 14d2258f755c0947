"""What the pages show is done: Python and marked shell blocks run, settings load, data parses.

An own runner, as blocks of a page share names, a folder and the clock of a recorded incident.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import os
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
import pytest
import yaml

from aitia.cli.app import run
from aitia.consent import remember
from aitia.core.clock import RecordedClock
from aitia.core.scenario import load_scenario
from aitia.settings import load_settings
from aitia.web.teams import load_teams

from ..cluster.faults import FAULTS, healthy
from ..shop import small_yaml
from .pages import REPOSITORY, Block, blocks

SHOP = REPOSITORY / "scenarios" / "connection-exhaustion"
NOT_RUN: dict[str, str] = {}
"""Blocks that are not run, by page and first line, each with its reason."""
OTHER_YAML = {"receivers", "defaults", "schema", "image"}
"""First keys of blocks that are no aitia.yaml: Alertmanager's configuration, a listing of signals, a system of the lab (tests/lab loads it), values of a chart. All others must load."""


def _signals(place: Path) -> dict[str, Any]:
    rng = np.random.default_rng(7)
    t = np.arange(0.0, 600 * 300, 300)
    v = np.sin(2 * np.pi * t / 86_400) + rng.normal(0, 0.05, t.size)
    return {"t": t, "v": v, "usual": v[:288]}


def _plant(place: Path) -> None:
    """Two signals of a machine, of which the pressure rises after 700 rows."""
    rng = np.random.default_rng(0)
    x = rng.normal(0, 1, (900, 2)) * [0.02, 0.5] + [4, 120]
    x[700:, 0] += 0.4
    rows = [f"{1767225600 + 10 * i},{p:.4f},{q:.3f}" for i, (p, q) in enumerate(x)]
    (place / "pump.csv").write_text("\n".join(["time,pressure_bar,flow_lpm", *rows]) + "\n")


def _vibration(place: Path) -> dict[str, Any]:
    return {"x": np.random.default_rng(7).normal(0, 1, 24_000)}


def _cluster(place: Path) -> dict[str, Any]:
    (place / "recording").mkdir()
    cluster = healthy()
    FAULTS["scheduling.k8s.taint"][0](cluster)
    cluster.write(place / "recording")
    return {}


GIVEN: dict[str, Callable[[Path], dict[str, Any]]] = {
    "signals.md": _signals,
    "vibration.md": _vibration,
    "cluster.md": _cluster,
}
"""Names and files that a page takes as at hand."""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the scenarios and an aitia.yaml over few series of one of them, at the moment of its alarm."""
    monkeypatch.setenv("AITIA_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("AITIA_MODELS", raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)
    _plant(tmp_path)
    for scenario in (SHOP, REPOSITORY / "scenarios" / "bearing-outer-race"):
        shutil.copytree(scenario, tmp_path / "scenarios" / scenario.name)
    shutil.copytree(REPOSITORY / "examples", tmp_path / "examples")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    settings = small_yaml(tmp_path)
    shutil.copy(settings, tmp_path / "examples" / "shop.yaml")
    remember(settings)  # the reader's own
    monkeypatch.setattr("aitia.api.WallClock", lambda: RecordedClock(load_scenario(SHOP).now))
    return tmp_path


def _by_page(found: list[Block]) -> list[Any]:
    return [pytest.param(list(of), id=page.name) for page, of in groupby(found, key=lambda block: block.page)]


def _reason(block: Block) -> str:
    return NOT_RUN.get(f"{block.page.name}: {block.text.strip().splitlines()[0]}", "")


@pytest.mark.parametrize("of_page", _by_page(blocks("python")))
def test_python_runs(of_page: list[Block], place: Path) -> None:
    given = GIVEN.get(of_page[0].page.name, lambda _: {})
    names = {"__name__": "__main__"} | given(place)
    for block in of_page:
        source = "\n" * (block.line - 1) + block.text  # so that a traceback names the page's line
        code = compile(
            source, str(block.page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True
        )
        if not _reason(block):
            waiting = eval(code, names)
            if inspect.iscoroutine(waiting):
                asyncio.run(waiting)


MARKED = _by_page([b for b in blocks("sh") if b.run])


@pytest.mark.long
@pytest.mark.parametrize("of_page", MARKED)
def test_marked_shell_blocks_run_one_after_the_other(of_page: list[Block], place: Path) -> None:
    done = subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", "\n".join(block.text for block in of_page)],
        capture_output=True, text=True, cwd=place,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert _not_shown(of_page[0].page, done.stdout) == []


@pytest.mark.parametrize("of_page", MARKED)
def test_the_commands_of_marked_blocks_do_what_the_page_shows(
    of_page: list[Block], place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In this process: the blocks hold variables that are set and commands of aitia, and nothing else."""
    given: dict[str, str] = {}
    for line in "".join(block.text for block in of_page).replace("\\\n", " ").splitlines():
        words = shlex.split(Template(line).substitute(given), comments=True)
        if len(words) == 1 and "=" in words[0]:
            name, _, given[name] = words[0].partition("=")
        elif words:
            assert words[0] == "aitia"
            assert run(words[1:]) == 0, line
    assert _not_shown(of_page[0].page, capsys.readouterr().out) == []


def _not_shown(page: Path, printed: str) -> list[str]:
    return [b.text for b in blocks("text") if b.page == page and b.text.strip() not in printed]


def test_what_is_not_run_is_there() -> None:
    shown = {f"{b.page.name}: {b.text.strip().splitlines()[0]}" for b in blocks("python")}
    assert NOT_RUN.keys() <= shown


@pytest.mark.parametrize("block", blocks("yaml", "yml"), ids=str)
def test_yaml_parses_and_settings_load(block: Block, tmp_path: Path) -> None:
    held = list(yaml.safe_load_all(block.text))
    if all(isinstance(part, dict) and "teams" in part for part in held):
        file = tmp_path / "teams.yaml"
        file.write_text(block.text, encoding="utf-8")
        for name, team in held[0]["teams"].items():
            if "config" in team:
                (tmp_path / team["config"]).parent.mkdir()
                (tmp_path / team["config"]).write_text(f"service: {{team: {name}}}\n", encoding="utf-8")
        assert load_teams(file).keys() == held[0]["teams"].keys()
    elif all(isinstance(part, dict) and not part.keys() & OTHER_YAML for part in held):
        file = tmp_path / "aitia.yaml"
        file.write_text(block.text, encoding="utf-8")
        load_settings(file)


@pytest.mark.parametrize("block", blocks("json", "toml"), ids=str)
def test_json_and_toml_parse(block: Block) -> None:
    parse: Callable[[str], object] = _values if block.language == "json" else tomllib.loads
    assert parse(block.text)


def _values(text: str) -> list[object]:
    """One JSON value, or several, one after the other."""
    found, decoder = [], json.JSONDecoder()
    while text := text.lstrip():
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:]
    return found
