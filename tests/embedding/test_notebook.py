"""A report shows itself in a notebook, and the notebook of examples/ runs in a real kernel."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import re
import subprocess
import sys
from ast import PyCF_ALLOW_TOP_LEVEL_AWAIT
from collections.abc import Callable, Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from aitia import Report
from aitia.render.html import LARGEST, render_html
from aitia.render.notebook import notebook_html

from ..browser import Browser, needs_browser
from ..conftest import Diagnosed
from ..render.conftest import *  # noqa: F403 (its reports: cause, hostile)
from ..shop import small_yaml
from .conftest import REPOSITORY

EXAMPLE = REPOSITORY / "examples" / "diagnose.ipynb"


class _Tags(HTMLParser):
    """The tags of a text, each with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def _framed(html: str) -> tuple[list[str], dict[str, str | None]]:
    tags = _Tags(html).found
    return [name for name, _ in tags], dict(tags[-1][1])


def test_the_page_stands_in_a_frame_that_may_do_nothing(cause: Report, home: Path) -> None:
    html = cause._repr_html_() or ""
    names, frame = _framed(html)
    assert names == ["div", "p", "iframe"]  # no style of ours reaches the notebook
    assert frame["sandbox"] is None  # the attribute without a value: no scripts, no forms, no way up
    page = render_html(cause)
    assert frame["srcdoc"] == page.replace(
        "<head>", '<head><base href="about:srcdoc">'
    )  # links stay in the frame
    assert frame["srcdoc"] != page
    assert re.search(r"<p[^>]*>CAUSE 87 %: orders[^<]* \(run 20261125-100505-ab12cd\)</p>", html)
    assert (cause._repr_markdown_() or "").startswith("# CAUSE 87 %")


def test_the_words_alone_draw_nothing() -> None:
    program = "from aitia.core.words import Report; r = Report.model_construct(); print(r._repr_html_(), r._repr_markdown_())"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "None None\n"


def test_a_hostile_report_stays_inside_and_small(hostile: Report, home: Path) -> None:
    many = tuple(hostile.evidence[0].model_copy(update={"id": f"E{n}"}) for n in range(2000))
    for report in (hostile, hostile.model_copy(update={"evidence": many})):
        html = notebook_html(report)
        names, frame = _framed(html)
        assert names == ["div", "p", "iframe"]
        assert set(frame) == {"sandbox", "title", "srcdoc", "style"}
        assert len(html.encode("utf-8")) < LARGEST
        assert "&lt;script&gt;alert" in str(frame["srcdoc"])  # escaped within the page, too
        inner = {name for name, _ in _Tags(str(frame["srcdoc"])).found}
        assert not inner & {"script", "img", "iframe", "form", "input"}


def test_a_page_that_only_just_fits_is_made_smaller(
    monkeypatch: pytest.MonkeyPatch, cause: Report, home: Path
) -> None:
    asked: list[int] = []

    def page(report: Report, *, artifacts: Any, largest: int) -> str:
        asked.append(largest)
        return "&" * (largest // 4)  # quoted it is five times as long

    monkeypatch.setattr("aitia.render.html.render_html", page)
    assert len(notebook_html(cause).encode()) < LARGEST
    assert asked == [LARGEST, LARGEST // 2]


def test_the_plots_of_a_run_are_shown(home: Path, diagnosed: Callable[[str], Diagnosed]) -> None:
    store = diagnosed("bearing-outer-race").copied(home)
    report = store.report()
    (plot, *_) = [e.artifact for e in report.evidence if e.artifact]
    assert store.artifact(plot)
    elsewhere = notebook_html(report.model_copy(update={"run": "of another machine"}))
    assert len(notebook_html(report)) > len(elsewhere) + 1000


def test_the_cells_of_the_example_run_one_after_the_other(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In this process, on few of the series; in a kernel and on all of them in the long tests."""
    small_yaml(home.parent).rename("shop.yaml")
    names: dict[str, Any] = {}
    cells = json.loads(EXAMPLE.read_text(encoding="utf-8"))["cells"]
    for source in ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]:
        code = compile(source, EXAMPLE.name, "exec", flags=PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        waiting = eval(code, names)
        if inspect.iscoroutine(waiting):
            asyncio.run(waiting)
    said = capsys.readouterr().out
    assert re.match(r" *\d+\.\d%  orders  resource\.connections\n", said)
    assert re.search(r"metrics_scan \d+ facts\n", said)
    assert said.endswith("cause orders\n")


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="starts a kernel")
def test_the_notebook_of_the_examples_runs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbformat = pytest.importorskip("nbformat", reason="needs nbclient and ipykernel (the test extra)")
    nbclient = pytest.importorskip("nbclient", reason="needs nbclient and ipykernel (the test extra)")
    pytest.importorskip("ipykernel", reason="needs nbclient and ipykernel (the test extra)")
    notebook = nbformat.read(EXAMPLE, as_version=4)
    assert not [cell for cell in notebook.cells if cell.get("outputs")]  # kept without its outputs
    monkeypatch.setenv("AITIA_HOME", str(home))
    client = nbclient.NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(EXAMPLE.parent)}}
    )
    asyncio.run(client.async_execute(env=dict(os.environ)))
    outputs = [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
    (shown,) = [o for o in outputs[0] if o.output_type == "execute_result"]
    assert set(shown.data) == {"text/html", "text/markdown", "text/plain"}
    assert "orders: connections exhausted" in shown.data["text/html"]
    assert "<h1" in unescape(shown.data["text/html"])
    printed = ["".join(o.get("text", "") for o in each) for each in outputs[1:]]
    assert re.match(r" *\d+\.\d%  orders  resource\.connections\n", printed[0])
    assert "redis" in printed[2]
    assert re.search(r"logs_diff \d+ facts\n", printed[3])


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    found = Browser(tmp_path_factory.mktemp("profile"))
    yield found
    found.close()


@needs_browser
@pytest.mark.server
def test_in_a_browser_the_frame_holds_the_page_and_the_notebook_keeps_its_style(
    browser: Browser, hostile: Report, cause: Report, home: Path, tmp_path: Path
) -> None:
    page = tmp_path / "notebook.html"
    outside = "<!doctype html><html lang=en><title>notebook</title><style>p { color: rgb(1, 2, 3) }</style>"
    page.write_text(
        f"{outside}{cause._repr_html_()}{notebook_html(hostile)}".encode("utf-8", "replace").decode(), "utf-8"
    )
    browser.show(page)
    assert browser.run("getComputedStyle(document.querySelector('p')).color") == "rgb(1, 2, 3)"
    assert browser.run("document.querySelectorAll('iframe').length") == 2
    assert (
        browser.run("[...document.querySelectorAll('body > div > *')].map(e => e.tagName).join()")
        == "P,IFRAME,P,IFRAME"
    )
    assert browser.run("document.querySelector('iframe').contentDocument") is None  # an origin of its own
    assert browser.complaints() == []
