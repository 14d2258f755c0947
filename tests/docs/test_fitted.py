"""Everything that was fitted names its data: docs/fitted.md is held against the packages' files."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "fitted.md"
PACKAGES = ("agent", "aitia", "graphs", "models", "tools")
WEIGHTS = (".gguf", ".json", ".npz")


def rows() -> list[list[str]]:
    """The table's rows without its head, cells stripped."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def named(cell: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def test_every_file_of_weights_has_a_row() -> None:
    told = {p for row in rows() for name in named(row[0]) if "/" in name for p in ROOT.glob(name)}
    there = {p for package in PACKAGES for p in (ROOT / package).rglob("*") if p.suffix in WEIGHTS}
    assert there
    assert there - told == set()


def test_what_a_row_names_exists() -> None:
    for row in rows():
        assert len(row) == 5, row
        assert all(row), row
        files = [name for name in named(row[0]) if "/" in name]
        for name in files:
            assert list(ROOT.glob(name)), name
        for constant in (name for name in named(row[0]) if name.isupper()):
            text = (ROOT / files[0]).read_text(encoding="utf-8")
            assert re.search(rf"^{constant}\b", text, re.MULTILINE), (files[0], constant)
        for script in (name for name in named(row[4]) if name.startswith("benchmarks/")):
            assert (ROOT / script).is_file(), script
