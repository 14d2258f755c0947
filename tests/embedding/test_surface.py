"""What other programs may rely on is what docs/python.md lists, with these signatures."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from typing import Any, get_type_hints

import pytest

import aitia
from aitia import langchain

from .conftest import REPOSITORY

PAGE = (REPOSITORY / "docs" / "python.md").read_text(encoding="utf-8")
SHOWN = "\n".join(re.findall(r"^```py\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))


def _documented() -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(f"from __future__ import annotations\n{SHOWN}", names)
    return {n: v for n, v in names.items() if inspect.isfunction(v)}


def test_the_public_names_are_those_of_the_page() -> None:
    listed = re.findall(r"^\| `aitia\.(\w+)` \|", PAGE, re.MULTILINE)
    assert listed == sorted(aitia.__all__, key=listed.index)
    assert set(dir(aitia)) >= set(aitia.__all__)


@pytest.mark.parametrize("name", ["diagnose", "replay", "resume", "ask", "correct", "confirm"])
def test_a_signature_is_the_one_of_the_page(name: str) -> None:
    assert inspect.signature(getattr(aitia, name)) == inspect.signature(_documented()[name])


def test_every_function_of_the_page_is_public() -> None:
    assert set(_documented()) < set(aitia.__all__)


@pytest.mark.parametrize(
    ("name", "like"), [("adiagnose", "diagnose"), ("aresume", "resume"), ("astream", "diagnose")]
)
def test_async_takes_what_sync_takes(name: str, like: str) -> None:
    door, sync = getattr(aitia, name), getattr(aitia, like)
    assert inspect.signature(door).parameters == inspect.signature(sync).parameters
    assert inspect.isasyncgenfunction(door) if name == "astream" else inspect.iscoroutinefunction(door)
    assert (door.__name__, door.__module__) == (name, "aitia.aio")
    first = "sources" if like == "diagnose" else "trust"
    assert f"\n\n{first} " in door.__doc__  # what the parameters mean is told once, by the door that blocks


def test_what_the_doors_are_given_is_what_diagnose_takes() -> None:
    taken = inspect.signature(aitia.diagnose).parameters
    assert set(get_type_hints(langchain.Given)) <= set(taken)
    for name in langchain.__all__:
        assert f"{name}" in PAGE or name == "Given"


def test_the_package_is_light_and_typed() -> None:
    program = """
import sys, aitia
heavy = {"pydantic", "numpy", "langgraph", "langchain_core", "duckdb", "scipy"}
print(sorted(heavy & set(sys.modules)), len(dir(aitia)) > 10)
aitia.Report
print("langchain_core" in sys.modules, "jinja2" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "[] True\nFalse False\n"
    assert (REPOSITORY / "aitia" / "py.typed").is_file()
