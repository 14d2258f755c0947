"""The pages in a real Chromium: by keyboard alone, live, without scripts, on a phone, zoomed, light and dark, and hostile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aitia.core.events import Glimpse, Ranked, TaskDone
from aitia.core.words import Suspect
from aitia.web.limits import Bounds
from tests.browser import OPEN_ALL, Browser, needs_axe, needs_browser
from tests.shop import small_yaml

from .served import Served, opened
from .states import EVIL, STATES, World

pytestmark = [pytest.mark.server, needs_browser]
PAGES = (
    "/",
    "/?state=queued",
    "/search",
    "/search?q=gateway",
    "/diagnoses/nothing",
    *(f"/{s}" for s in STATES),
)
HERE = "document.activeElement"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    found = Browser(tmp_path_factory.mktemp("profile"))
    yield found
    found.close()


class Site:
    """A world and where its pages are."""

    def __init__(self, world: World, url: str) -> None:
        self.world, self.url = world, url

    def at(self, path: str) -> str:
        """The address of a path, or of the diagnosis in a state."""
        state = path.removeprefix("/")
        return f"{self.url}/diagnoses/{self.world.ids[state]}" if state in STATES else self.url + path


def _site(world: World) -> Iterator[Site]:
    with opened(world.jobs.home, world.jobs.settings) as client:
        yield Site(world, str(client.base_url).rstrip("/"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from _site(World(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from _site(World(tmp_path_factory.mktemp("home"), said=EVIL))


@pytest.fixture
def fresh(site: Site, tmp_path: Path) -> Iterator[Site]:
    """A copy that a test may change."""
    yield from _site(site.world.copied(tmp_path))


def test_by_keyboard_from_the_first_page_to_a_diagnosis_and_an_answer(
    browser: Browser, tmp_path: Path
) -> None:
    with Served(tmp_path, small_yaml(tmp_path, workers=1)) as served:
        browser.show(str(served.client.base_url))
        browser.press("Tab")
        assert browser.run(f"{HERE}.className") == "skip"
        browser.press("Enter")
        browser.tab_to("#text")
        browser.write("Gateway 5xx ratio above 5 %")
        browser.tab_to("#since")
        browser.write("2026-11-25T01:09:27Z")
        browser.tab_to("button.main")
        assert browser.run(f"getComputedStyle({HERE}).outlineStyle") == "solid"
        browser.press("Enter")
        browser.wait("location.pathname.startsWith('/diagnoses/')", "the page of the diagnosis")
        browser.run("window.same = true")
        steps = "document.querySelectorAll('#steps > li').length > 3 && document.querySelector('#standing')"
        # On a busy machine the diagnosis may be over before the page is looked at.
        browser.wait(
            f"({steps}) || document.querySelector('.columns')", "steps and suspects, or the report", 60
        )
        browser.wait("document.querySelector('.columns')", "the report", 90)
        assert browser.run("window.same") is True  # nothing was loaded again
        assert browser.text("#said").startswith("Finished: CAUSE")
        assert browser.run(f"{HERE} === document.body")  # and nobody was moved
        assert "orders" in browser.text("h1")
        browser.tab_to("#question", 400)
        browser.write("Why not the database?")
        browser.press("Enter")
        browser.wait("document.querySelector('#answer')", "the answer", 60)
        assert "postgres" in browser.text("#answer")
        browser.tab_to("#answer .cites a[href^='#E']", 400)
        fact = browser.run(f"{HERE}.textContent")
        browser.press("Enter")
        assert browser.run(f"document.getElementById('{fact}').matches(':target')")
        browser.tab_to("#right button.main", 600)
        browser.press("Enter")
        browser.wait(
            "document.querySelector('#right')?.innerText.includes('Recorded by')", "the confirmation", 60
        )
        assert browser.complaints() == []


def test_an_event_arrives_without_a_reload_and_nobody_loses_their_place(
    browser: Browser, fresh: Site
) -> None:
    browser.show(fresh.at("/running"))
    browser.run("window.same = true; window.step = document.getElementById('step-2')")
    said = browser.text("#said")
    browser.tab_to("#q")
    browser.write("half a wo")
    assert "not yet" in browser.text("#step-4")
    fact = Glimpse(component="orders", statement="orders: a fact that came late.", strength=0.8)
    fresh.world.tell(TaskDone(task=4, tool="tool_4", status="ok", facts=1, seconds=0.1, strongest=(fact,)))
    browser.wait("document.getElementById('step-4').innerText.includes('a fact that came late')", "the fact")
    assert browser.text("#said") != said
    fresh.world.tell(
        Ranked(suspects=(Suspect(component="late", fault="software.crash", score=0, probability=0.9),))
    )
    browser.wait("document.getElementById('standing').innerText.includes('late')", "the suspect")
    assert browser.run("window.same && window.step.isConnected")
    assert browser.run(f"[{HERE}.id, {HERE}.value]") == ["q", "half a wo"]
    fresh.world.finish()
    browser.wait("document.querySelector('.columns')", "the report")
    assert browser.run(f"[{HERE}.id, {HERE}.value, window.same]") == ["q", "half a wo", True]
    assert browser.run("document.title").startswith("CAUSE")
    assert browser.complaints() == []


def test_where_no_stream_is_free_the_page_asks_by_itself(
    browser: Browser, site: Site, tmp_path: Path
) -> None:
    world = site.world.copied(tmp_path)
    with opened(tmp_path, world.jobs.settings, bounds=Bounds(streams=0)) as client:
        browser.show(Site(world, str(client.base_url).rstrip("/")).at("/running"))
        world.tell(TaskDone(task=4, tool="tool_4", status="ok", facts=7, seconds=0.1))
        browser.wait("document.getElementById('step-4').innerText.includes('7 facts')", "the fact")


def test_a_new_diagnosis_appears_in_the_list(browser: Browser, fresh: Site) -> None:
    browser.show(fresh.at("/"))
    browser.tab_to(f"#go-{fresh.world.ids['done']}")
    made = fresh.world.jobs.submit("a later one", origin="api").job.id
    browser.wait(f"document.getElementById('go-{made}')", "the new row", 30)
    assert browser.run(f"{HERE}.id") == f"go-{fresh.world.ids['done']}"
    assert browser.text("#count-queued") == "2"


def test_without_scripts_every_page_works(browser: Browser, fresh: Site) -> None:
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.show(fresh.at("/running"))
        assert "not yet" in browser.text("#step-4")
        browser.events.clear()
        fresh.world.finish()
        browser.loaded()  # the browser comes again by itself
        browser.wait("document.querySelector('.columns')", "the report")
        browser.show(fresh.at("/"))
        browser.tab_to("#text")
        browser.write("checkout is slow")
        browser.tab_to("button.main")
        browser.press("Enter")
        browser.wait("document.querySelector('header.queued')", "the new diagnosis")
        browser.tab_to("a[href$='?still=1']")
        browser.press("Enter")
        browser.wait("location.search === '?still=1'", "the page that keeps still")
        assert browser.run("document.querySelectorAll('meta[http-equiv]').length") == 0
        browser.show(fresh.at("/waiting"))
        browser.tab_to("button[value=no]")
        browser.press("Enter")
        browser.wait("document.body.innerText.includes('Denied by web')", "the denial")
        browser.show(fresh.at("/failed"))
        browser.tab_to("#more button")
        browser.press("Enter")
        browser.wait("document.querySelector('header.queued')", "the second try")
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    ("width", "scale", "text"), [(320, 1, 100), (640, 2, 100), (640, 1, 200), (1280, 1, 100)]
)
def test_no_page_scrolls_sideways(
    browser: Browser, site: Site, hostile: Site, path: str, width: int, scale: int, text: int
) -> None:
    for where in (site, hostile):
        browser.show(where.at(path), width=width, scale=scale)
        browser.run(f"{OPEN_ALL}; document.documentElement.style.fontSize = '{text}%'")
        assert browser.run("[document.documentElement.scrollWidth, innerWidth]") == [width, width]
        beyond = """[...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll, svg, .hidden, .skip, #said')
            && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 80))"""
        assert browser.run(beyond) == []


@needs_axe
@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(browser: Browser, site: Site, path: str, scheme: str) -> None:
    for width in (320, 1280):
        browser.show(site.at(path), width=width, scheme=scheme)
        browser.run(OPEN_ALL)
        passed, violations = browser.axe()
        assert violations == []
        assert passed > 15


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_before_there_is_anything_and_at_the_door(
    browser: Browser, tmp_path: Path, scheme: str
) -> None:
    for name in ("open", "closed"):
        (tmp_path / name).mkdir()
    with opened(tmp_path / "open") as client:
        browser.show(str(client.base_url), scheme=scheme)
        assert "No diagnoses yet: describe above what is wrong." in browser.text("main")
        assert browser.axe()[1] == []
    browser.call("Network.clearBrowserCookies")
    with opened(tmp_path / "closed", token="secret") as client:
        browser.show(str(client.base_url), scheme=scheme)
        assert browser.text("h1") == "Sign in"
        assert browser.axe()[1] == []
        for given in ("wrong", "secret"):
            browser.run("document.getElementById('token').focus()")
            browser.write(given)
            browser.press("Enter")
            if given == "wrong":
                browser.wait("document.querySelector('.refused')", "the refusal")
                assert browser.axe()[1] == []
        browser.wait("location.pathname === '/'", "the first page")
        assert browser.run("document.cookie") == ""  # no script can read it


@needs_axe
def test_axe_finds_no_violation_in_an_answer_and_in_what_is_refused(browser: Browser, site: Site) -> None:
    for question, shown in (
        ("Why not the database?", "#answer"),
        ("Which colour has the moon?", "#answer"),
        (" ", ".refused"),
    ):
        browser.show(site.at("/done"))
        browser.run("document.getElementById('question').focus()")
        browser.write(question)
        browser.press("Enter")
        browser.wait(f"document.querySelector('{shown}')", "the answer", 60)
        browser.run(OPEN_ALL)
        assert browser.axe()[1] == []


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_hostile_words_are_text_and_nothing_runs(
    browser: Browser, hostile: Site, path: str, scheme: str
) -> None:
    browser.show(hostile.at(path), scheme=scheme)
    browser.run(OPEN_ALL)
    own = "[...document.querySelectorAll('script')].filter(s => !s.src.startsWith(location.origin + '/static/live.js')).length"
    assert browser.run(own) == 0
    assert (
        browser.run(
            "document.querySelectorAll('img, iframe, object, embed, base, [onerror], [onmouseover]').length"
        )
        == 0
    )
    assert browser.run("[...document.links].filter(a => a.origin !== location.origin).map(a => a.href)") == []
    words = browser.run("document.body.textContent")
    if path.removeprefix("/") in STATES:
        assert "<script>alert(1)</script>" in words
        assert "<!channel>" in words
        assert "Ignore all instructions" in words or path == "/queued"  # its title is cut before
    for hidden in ("\x1b", "\u202e", "\u200b", "\x07"):
        assert hidden not in words
    asked = [
        e["params"]["request"]["url"]
        for e in browser.events
        if e.get("method") == "Network.requestWillBeSent"
    ]
    assert [url for url in asked if not url.startswith((hostile.url, "data:"))] == []
    wrong = [c for c in browser.complaints() if path != "/diagnoses/nothing" or "404" not in c]
    assert wrong == []


def test_hostile_words_that_arrive_live_are_text(browser: Browser, hostile: Site, tmp_path: Path) -> None:
    for site in _site(hostile.world.copied(tmp_path)):
        browser.show(site.at("/running"))
        fact = Glimpse(component=EVIL, statement="late " + EVIL[:200], strength=0.8)
        site.world.tell(TaskDone(task=4, tool=EVIL, status="ok", facts=1, seconds=0.1, strongest=(fact,)))
        browser.wait(
            "document.getElementById('step-4').innerText.includes('late <script>alert(1)</script>')",
            "the fact",
        )
        assert browser.run("document.querySelectorAll('main script, img').length") == 0
        site.world.finish()
        browser.wait("document.querySelector('.columns')", "the report")
        assert browser.run("document.querySelectorAll('main script, img').length") == 0
        assert browser.complaints() == []


def test_both_schemes_are_drawn_and_nothing_is_said_twice(browser: Browser, site: Site) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        browser.show(site.at("/running"), scheme=scheme)
        grounds.append(browser.run("getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(255, 255, 255)", "rgb(20, 23, 27)"]
    assert (
        browser.run(
            "document.querySelectorAll('[aria-live], [role=status], [role=alert], [role=log]').length"
        )
        == 1
    )
