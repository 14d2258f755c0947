"""The site in a real Chromium: it asks its own server alone, fits a phone, is searched, and can be read."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ..browser import AXE, Browser, needs_axe, needs_browser

pytestmark = [pytest.mark.server, needs_browser]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def base(site: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    found = Browser(tmp_path / "profile")
    yield found
    found.close()


def test_each_page_asks_this_server_alone_and_fits_a_phone(site: Path, base: str, browser: Browser) -> None:
    for page in sorted(site.glob("*.html")):
        browser.show(base + page.name, width=360)
        told = [e.get("params", {}) for e in browser.events]
        asked = [p["request"]["url"] for p in told if "request" in p]
        assert len(asked) > 3
        assert [a for a in asked if not a.startswith((base, "data:", "blob:"))] == [], page.name
        assert browser.complaints() == [], page.name
        assert browser.run("document.documentElement.scrollWidth") <= 360, page.name


def test_a_word_is_searched(base: str, browser: Browser) -> None:
    browser.show(f"{base}concepts.html")
    browser.run("document.querySelector('.md-search__input').focus()")
    browser.write("pseudonym")
    browser.wait("document.querySelector('.md-search-result__link')", "a result")
    assert "Redaction" in browser.text(".md-search-result__list")


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_their_ground(base: str, browser: Browser, scheme: str) -> None:
    for page in ("concepts", "quickstart", "security", "configuration"):
        browser.show(f"{base}{page}.html", scheme=scheme)
        browser.run(AXE.read_text(encoding="utf-8") + "; 0")
        rules = "{runOnly: ['color-contrast', 'link-in-text-block', 'image-alt', 'svg-img-alt', 'empty-table-header']}"
        checked, violations = browser.run(
            f"axe.run(document, {rules}).then(r => [r.passes.length, r.violations.map(v => [v.id, v.nodes[0].html])])"
        )
        assert (checked > 1, violations) == (True, []), page
