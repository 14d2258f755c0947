"""What the documentation says can be typed can be typed; what it shows as settings loads."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from aitia.cli.app import app
from aitia.settings import load_settings

REPOSITORY = Path(__file__).parents[2]
PAGES = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").glob("*.md")])
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _lines() -> list[str]:
    """Every `aitia ...` of a shell block, without prompt, comment, pipe and continuation."""
    found: list[str] = []
    for page in PAGES:
        for language, body in BLOCK.findall(page.read_text(encoding="utf-8")):
            if language in ("sh", "console"):
                found += [
                    part.strip()
                    for line in body.replace("\\\n", " ").splitlines()
                    for part in line.split("|")
                ]
    stripped = [line.removeprefix("$ ").removeprefix(".venv/bin/") for line in found]
    return sorted({line for line in stripped if line.startswith("aitia ")})


def test_the_pages_hold_commands() -> None:
    assert len(_lines()) >= 12


@pytest.mark.parametrize("line", _lines())
def test_a_documented_command_is_understood(line: str) -> None:
    command: Any = typer.main.get_command(app)
    arguments = shlex.split(line, comments=True)[1:]
    context = command.make_context("aitia", [], resilient_parsing=True)
    while hasattr(command, "commands"):
        if command.invoke_without_command and (not arguments or arguments[0].startswith("-")):
            break
        name, arguments = arguments[0], arguments[1:]
        command = command.get_command(context, name)
        assert command is not None, f"no command {name!r}"
    command.make_context("aitia", list(arguments), parent=context)


def test_the_settings_of_the_docs_load(tmp_path: Path) -> None:
    page = (REPOSITORY / "docs" / "configuration.md").read_text(encoding="utf-8")
    (body,) = [text for language, text in BLOCK.findall(page) if language == "yaml"]
    (tmp_path / "aitia.yaml").write_text(body, encoding="utf-8")
    settings = load_settings(tmp_path / "aitia.yaml")
    assert {s.type for s in settings.sources} >= {"prometheus", "log_files", "changes", "topology"}


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#\s]+)\)", page.read_text(encoding="utf-8")):
            if not target.startswith(("http://", "https://")):
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_command_and_exit_code_is_documented() -> None:
    page = (REPOSITORY / "docs" / "cli.md").read_text(encoding="utf-8")
    names = [c.name for c in app.registered_commands] + [g.name for g in app.registered_groups]
    assert [name for name in names if f"aitia {name}" not in page] == []
    assert [code for code in ("0", "1", "2", "10", "11", "130") if f"\n| {code} |" not in page] == []
