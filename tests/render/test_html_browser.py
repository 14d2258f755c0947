"""The HTML report in a real Chromium: phone width, zoom, keyboard, schemes, paper, axe."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from aitia.core.words import Component, Link, Report
from aitia.render.html import render_html
from tests.browser import OPEN_ALL, Browser, needs_axe, needs_browser

pytestmark = [pytest.mark.server, needs_browser]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    found = Browser(tmp_path_factory.mktemp("profile"))
    yield found
    found.close()


def _drawn(report: Report) -> Report:
    """The report with onsets and a topology, so that every drawing is in the page."""
    names = (
        "gateway",
        "orders",
        "payment",
        "catalog",
        "users",
        "postgres",
        "a-component-with-a-rather-long-name-7f9c",
    )
    calls = {"gateway": names[1:5], "orders": ("payment", "postgres", "catalog", names[6]), "users": ("postgres",),
             "postgres": ("gateway",)}  # fmt: skip
    components = tuple(
        Component(id=n, links=tuple(Link(relation="calls", to=c) for c in calls.get(n, ()))) for n in names
    )
    facts = tuple(
        e.model_copy(
            update={
                "onset": report.incident.started_at + timedelta(seconds=6 * n - 60),
                "values": {"before": 1.0, "after": 40.0, "limit": 40.0},
            }
        )
        for n, e in enumerate(report.evidence)
    )
    return report.model_copy(
        update={
            "evidence": facts,
            "inventory": report.inventory.model_copy(update={"components": components}),
            "incident": report.incident.model_copy(
                update={"hints": ("gateway",), "text": "It fails.", "labels": {"a": "b"}}
            ),
        }
    )


@pytest.fixture(params=["cause", "unknown", "healthy", "hostile"])
def page(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    report: Report = request.getfixturevalue(request.param)
    report = report if request.param == "hostile" else _drawn(report)
    file = tmp_path / "report.html"
    file.write_text(render_html(report), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("width", "scale", "text"), [(320, 1, 100), (640, 2, 100), (640, 1, 200), (1280, 1, 100)]
)
def test_the_page_never_scrolls_sideways(
    browser: Browser, page: Path, width: int, scale: int, text: int
) -> None:
    browser.show(page, width=width, scale=scale)
    browser.run(f"{OPEN_ALL}; document.documentElement.style.fontSize = '{text}%'")
    assert browser.run("[document.documentElement.scrollWidth, innerWidth]") == [width, width]
    beyond = """[...document.querySelectorAll('main *, header *, nav *')].filter(e => !e.closest('.scroll') && !e.closest('svg')
        && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 80))"""
    assert browser.run(beyond) == []


def test_words_in_drawings_stay_inside_them(browser: Browser, page: Path) -> None:
    for width in (320, 1100):
        browser.show(page, width=width)
        browser.run(OPEN_ALL)
        outside = """[...document.querySelectorAll('svg[role=img]')].flatMap(s => { const a = s.getBoundingClientRect();
            return [...s.querySelectorAll('text')].filter(t => { const b = t.getBoundingClientRect();
            return b.left < a.left - 1 || b.right > a.right + 1 || b.bottom > a.bottom + 1 || b.top < a.top - 1; })
            .map(t => s.getAttribute('class') + ': ' + t.textContent.slice(0, 60)); })"""
        assert browser.run(outside) == []


def test_the_page_asks_for_nothing_and_runs_nothing(browser: Browser, page: Path) -> None:
    browser.show(page)
    browser.run(OPEN_ALL)
    asked = [
        e["params"]["request"]["url"]
        for e in browser.events
        if e.get("method") == "Network.requestWillBeSent"
    ]
    assert {url for url in asked if not url.startswith("data:")} == {page.as_uri()}
    odd = ("Page.javascriptDialogOpening", "Runtime.exceptionThrown", "Network.requestWillBeSentExtraInfo")
    assert [e["method"] for e in browser.events if e.get("method") in odd] == []
    assert browser.run("document.querySelectorAll('script, img, iframe, form, input').length") == 0


def test_every_fold_link_and_table_is_reached_and_opened_by_keyboard(browser: Browser, page: Path) -> None:
    browser.show(page)
    here = "document.activeElement"
    browser.press("Tab")
    assert browser.run(f"{here}.className") == "skip"
    assert browser.run(f"{here}.getBoundingClientRect().top >= 0")
    seen_outline, count = True, browser.run("document.querySelectorAll('summary, a, .scroll').length")
    for _ in range(count + 5):
        browser.press("Tab")
        if browser.run(f"{here} === document.body"):
            break
        seen_outline &= browser.run(f"getComputedStyle({here}).outlineStyle === 'solid'")
        browser.run(f"{here}.dataset.seen = 1")
        if browser.run(f"{here}.tagName === 'SUMMARY'"):
            browser.press("Enter")
    assert seen_outline
    assert browser.run("document.querySelectorAll('details:not([open])').length") == 0
    missed = (
        "[...document.querySelectorAll('summary, a:not(.skip), .scroll')].filter(e => !e.dataset.seen).length"
    )
    assert browser.run(missed) == 0


def test_both_schemes_are_drawn(browser: Browser, page: Path) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        browser.show(page, scheme=scheme)
        grounds.append(browser.run("getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(255, 255, 255)", "rgb(20, 23, 27)"]


def test_on_paper_everything_is_unfolded_and_light(browser: Browser, page: Path) -> None:
    browser.show(page, scheme="dark", media="print")
    assert browser.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    folded = (
        "[...document.querySelectorAll('details > *')].filter(e => !e.checkVisibility()).map(e => e.tagName)"
    )
    assert browser.run("document.querySelectorAll('details:not([open])').length") > 0
    assert browser.run(folded) == []
    assert browser.run("getComputedStyle(document.querySelector('nav')).display") == "none"


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1100])
def test_axe_finds_no_violation(browser: Browser, page: Path, scheme: str, width: int) -> None:
    browser.show(page, width=width, scheme=scheme)
    browser.run(OPEN_ALL)
    passed, violations = browser.axe()
    assert violations == []
    assert passed > 25
