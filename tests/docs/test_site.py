"""The site as `make docs` builds it: strict, complete, and without a server."""

from __future__ import annotations

import inspect
import json
import re
from html.parser import HTMLParser
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import yaml

import aitia
from aitia.cli.app import app
from aitia.settings import Settings

from .pages import DOCS, REPOSITORY

LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "object": "data",
          "use": "href", "video": "src", "embed": "src"}  # fmt: skip


class _Page(HTMLParser):
    """What a page loads by itself, and its ids."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids.add(given.get("id") or "")
        if tag in LOADED and (address := given.get(LOADED[tag])):
            self.loads.append(address)


def test_every_page_is_in_the_navigation() -> None:
    text = (REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8")
    named = set(re.findall(r"[\w-]+\.md", text[text.index("\nnav:") :]))
    assert named == {page.name for page in DOCS.glob("*.md")}


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 30
    for page in pages:
        text = page.read_text(encoding="utf-8")
        outside = [a for a in _Page(text).loads if re.match(r"(\w+:)?//", a)]
        assert outside == [], page.name
        assert not re.search(r'class="[^"]*\bmermaid\b', text), f"{page.name}: the theme would load a script"
    for style in site.rglob("*.css"):
        assert not re.search(r"(url\(|@import)[\"' ]*(https?:)?//", style.read_text(encoding="utf-8")), (
            style.name
        )


def test_the_machines_are_drawn_with_all_their_states(site: Path) -> None:
    source = (DOCS / "graph.md").read_text(encoding="utf-8")
    (first, second) = re.findall(r"```mermaid\n(.*?)```", source, re.DOTALL)
    page = (site / "graph.html").read_text(encoding="utf-8")
    drawn = re.findall(r"<svg role=\"img\".*?</svg>", page, re.DOTALL)
    assert len(drawn) == 2
    for text, picture in zip((first, second), drawn, strict=True):
        names = {n.strip("_") for n in re.findall(r"^\t(\w+)\(", text, re.MULTILINE)}
        assert {re.sub("<.*?>", "", t) for t in re.findall(r"<text.*?</text>", picture)} == names
        edges = re.findall(r"^\t\w+ -", text, re.MULTILINE)
        assert picture.count("marker-end") == len(edges)


def test_the_drawing_of_the_concepts_is_the_machine() -> None:
    (first, _) = re.findall(r"```mermaid\n.*?```", (DOCS / "graph.md").read_text(encoding="utf-8"), re.DOTALL)
    assert first in (DOCS / "concepts.md").read_text(encoding="utf-8")


def test_the_reference_holds_every_public_name(site: Path) -> None:
    ids = _Page((site / "api.html").read_text(encoding="utf-8")).ids
    public = [name for name in aitia.__all__ if not name.startswith("__")]
    assert [name for name in public if f"aitia.{name}" not in ids] == []


@pytest.mark.parametrize("name", [n for n in aitia.__all__ if inspect.isfunction(getattr(aitia, n))])
def test_the_reference_shows_every_argument(site: Path, name: str) -> None:
    page = (site / "api.html").read_text(encoding="utf-8")
    told = re.sub(
        "<[^>]*>", "", page.partition(f'id="aitia.{name}"')[2].partition('class="doc doc-heading"')[2]
    )
    told = told.partition("&para;")[2].partition("&para;")[0]
    for argument in inspect.signature(getattr(aitia, name)).parameters:
        assert re.search(rf"\b{argument}: ", told), argument


def test_the_search_finds_a_word_of_each_page(site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    found = {entry["location"].partition("#")[0] for entry in index["docs"]}
    assert {f"{page.stem}.html" for page in DOCS.glob("*.md")} <= found


def test_every_setting_is_documented() -> None:
    text = (DOCS / "configuration.md").read_text(encoding="utf-8")
    shown = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)[0])
    assert [name for name in Settings.model_fields if name not in shown and f"`{name}" not in text] == []


def test_every_command_of_a_group_is_in_its_row() -> None:
    rows = (DOCS / "cli.md").read_text(encoding="utf-8").splitlines()
    missing = []
    for group in app.registered_groups:
        (row,) = [r for r in rows if r.startswith(f"| `aitia {group.name}")]
        commands = group.typer_instance.registered_commands if group.typer_instance else []
        names = [c.name or c.callback.__name__.replace("_", "-") for c in commands if c.callback]
        missing += [f"{group.name} {name}" for name in names if not re.search(rf"\b{name}\b", row)]
    assert missing == []


def test_every_type_of_source_is_documented() -> None:
    text = (DOCS / "configuration.md").read_text(encoding="utf-8")
    types = [t for entry in entry_points(group="aitia.sources") for t in entry.load().READERS]
    assert [t for t in types if f"`{t}`" not in text] == []


def test_the_tests_that_the_security_page_cites_are_there() -> None:
    cited = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (DOCS / "security.md").read_text(encoding="utf-8"))
    assert len(cited) > 25
    for file, name in cited:
        assert f"def {name}(" in (REPOSITORY / file).read_text(encoding="utf-8"), f"{file}::{name}"


def test_the_figures_of_the_benchmarks_page_are_results() -> None:
    results = (DOCS / "results.md").read_text(encoding="utf-8")
    page = (DOCS / "benchmarks.md").read_text(encoding="utf-8")
    figures = set(re.findall(r"(?<![\w.])\d*\.\d+", page))
    assert len(figures) > 10
    assert [f for f in sorted(figures) if not re.search(rf"(?<![\d.]){re.escape(f)}(?!\d)", results)] == []
