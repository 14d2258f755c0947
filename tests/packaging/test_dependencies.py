"""What pyproject.toml asks for, and what CI installs of it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LINES = [
    line
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
PINNED = {canonicalize_name(r.name): r for r in map(Requirement, LINES)}
# The first version without the vulnerability that docs/dependencies.md names.
FLOORS = {
    "aiohttp": "3.12.14", "cryptography": "44.0.1", "h11": "0.16", "jinja2": "3.1.6", "langchain-core": "1.2.5",
    "langgraph-checkpoint-postgres": "3.0.1", "langgraph-checkpoint-sqlite": "3.0.1", "mcp": "1.23", "protobuf": "6.31.1",
    "python-multipart": "0.0.18", "scikit-learn": "1.5", "setuptools": "78.1.1", "starlette": "0.49.1", "torch": "2.8", "transformers": "4.53",
}  # fmt: skip


def _asked() -> Iterator[Requirement]:
    project = PROJECT["project"]
    texts = [*project["dependencies"], *(t for ts in project["optional-dependencies"].values() for t in ts)]
    yield from (r for r in map(Requirement, texts) if r.name != "aitia")
    yield from map(Requirement, PROJECT["build-system"]["requires"])


@pytest.mark.parametrize("asked", list(_asked()), ids=str)
def test_ci_installs_a_version_that_is_asked_for(asked: Requirement) -> None:
    pinned = PINNED[canonicalize_name(asked.name)]
    (spec,) = pinned.specifier
    assert spec.operator == "=="
    assert asked.specifier.contains(spec.version), f"{pinned} is not {asked}"


@pytest.mark.parametrize("name", FLOORS)
def test_no_floor_allows_a_version_with_a_known_vulnerability(name: str) -> None:
    asked = [r for r in _asked() if canonicalize_name(r.name) == name]
    assert asked
    for each in asked:
        lowest = [s.version for s in each.specifier if s.operator in (">=", "==")]
        assert lowest, f"{each} has no floor"
        assert Version(lowest[0]) >= Version(FLOORS[name])
    assert f"| {name} |" in (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")


def test_the_constraints_are_one_exact_public_version_each() -> None:
    assert len(PINNED) == len(LINES)
    for line in LINES:
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!]+(; .+)?", line), line
    assert "aitia" not in PINNED
