"""The page of a drill in a real Chromium: by keyboard alone, without scripts, with hostile telemetry; nothing tells the answer before."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import yaml

from aitia import api
from aitia.core.errors import BadInput
from aitia.core.serving import listening
from aitia.drill.records import kept
from aitia.drill.sitting import opened
from aitia.graphs.replay import Replayed
from aitia.web.drill import Table, create_drill_app
from aitia.web.server import server, url_of
from tests.browser import OPEN_ALL, Browser, needs_axe, needs_browser

from .served import wait_for
from .states import EVIL

pytestmark = pytest.mark.server
END = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
SECRETS = ("software.failure", "zz-why", "zz-id", "zz-notes")
ODD = "<script>alert(1)</script>"


def scenario(folder: Path, said: str = "shop answers with errors", line: str = "odd") -> Path:
    """One service with a series and a log."""
    (folder / "logs").mkdir(parents=True)
    times = [END - timedelta(seconds=30 * n) for n in range(140, 0, -1)]
    bad = [at > END - timedelta(minutes=2) for at in times]
    series = [
        f"{at.isoformat()},shop,errors_per_second,{9 if b else 0.1}" for at, b in zip(times, bad, strict=True)
    ]
    lines = [
        f"{at.isoformat()} {f'ERROR {line}' if b else 'INFO served'}"
        for at, b in zip(times, bad, strict=True)
    ]
    (folder / "metrics.csv").write_text("\n".join(["time,component,metric,value", *series]) + "\n")
    (folder / "logs" / "shop.log").write_text("\n".join(lines) + "\n")
    begin = END - timedelta(minutes=10)
    told = {
        "id": "zz-id", "title": "zz-id", "recorded": {"by": "a test", "notes": "zz-notes"},
        "incident": {"title": said[:300], "text": said, "started_at": END - timedelta(minutes=2)},
        "now": END, "window": {"start": begin, "end": END},
        "baselines": [{"name": "preceding", "window": {"start": begin - timedelta(hours=1), "end": begin}}],
        "sources": [{"name": "metrics", "kind": "metrics", "type": "table", "path": "metrics.csv"},
                    {"name": "logs", "kind": "logs", "type": "log_files", "path": "logs"}],
        "expected": {"verdict": "cause", "component": "shop", "fault": "software.failure", "why": f"zz-why {said}"[:200]},
    }  # fmt: skip
    (folder / "scenario.yaml").write_text(yaml.safe_dump(told))
    return folder


class Site:
    """A drill and where its page is."""

    def __init__(self, table: Table, client: httpx.Client, home: Path) -> None:
        self.table, self.client, self.home = table, client, home
        self.url = str(client.base_url).rstrip("/")

    def done(self) -> str:
        """The page once the comparison is there."""
        wait_for(lambda: self.table.state == "done", 90)
        return self.client.get("/").text


@contextmanager
def served(
    folder: Path, home: Path, *, token: str = "", diagnose: Callable[[Path], Replayed] | None = None
) -> Iterator[Site]:
    home.mkdir(exist_ok=True)

    def replayed(place: Path) -> Replayed:
        return api.replay(place, model=None, home=home)

    with opened(folder, home) as held:
        table, listener = Table(held, diagnose or replayed), listening("127.0.0.1", 0)
        running = server(create_drill_app(table, token=token))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            with httpx.Client(base_url=url_of(listener), timeout=60, trust_env=False) as client:
                wait_for(lambda: running.started)
                yield Site(table, client, home)
        finally:
            running.should_exit = True
            thread.join(20)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    found = Browser(tmp_path_factory.mktemp("profile"))
    yield found
    found.close()


def choose(browser: Browser, select: str, value: str) -> None:
    """As a person types into a select that has the focus: the option is chosen, and the page told."""
    browser.run(f"(() => {{ const s = document.querySelector({select!r}); s.value = {value!r}; "
                "s.dispatchEvent(new Event('change', {bubbles: true})); return s.value })()")  # fmt: skip
    assert browser.run(f"document.querySelector({select!r}).value") == value


@needs_browser
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_by_keyboard_from_the_alarm_to_the_comparison(
    browser: Browser, tmp_path: Path, scripts: bool
) -> None:
    with served(scenario(tmp_path / "incident"), tmp_path / "home") as site:
        browser.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        try:
            browser.show(site.url)
            assert browser.text("h1") == "shop answers with errors"
            browser.tab_to("#what")
            choose(browser, "#what", "lines")
            browser.tab_to("#component")
            choose(browser, "#component", "shop")
            browser.tab_to("#text")
            browser.write("odd")
            browser.press("Enter")
            browser.wait("document.body.innerText.includes(\"3 lines with 'odd'\")", "the log lines")
            browser.tab_to("#line")
            browser.write("series shop")
            browser.press("Enter")
            browser.wait("document.body.innerText.includes('errors_per_second')", "the series")
            assert browser.text("#seen-2") == "series shop"
            for secret in SECRETS[1:]:  # every kind of fault stands in the list to choose from
                assert secret not in browser.run("document.documentElement.outerHTML")
            browser.tab_to("#suspect")
            choose(browser, "#suspect", "shop")
            browser.tab_to("#fault")
            choose(browser, "#fault", "software.failure")
            browser.tab_to("#sure")
            browser.write("80")
            browser.press("Enter")
            browser.wait("document.querySelector('#recorded')", "the comparison", 120)
        finally:
            browser.call("Emulation.setScriptExecutionDisabled", value=False)
        assert "zz-why" in browser.text("#recorded")
        assert "80 %" in browser.text("#yours")
        assert "✓ right" in browser.text("#yours")
        assert "lines shop odd" in browser.text("#yours")
        assert "shop" in browser.text("#aitias")
        assert browser.run("document.querySelectorAll('#whole .report').length") == 1
        assert browser.complaints() == []
        (record,) = kept(site.home)
        assert (record.person.right, record.person.probability, record.person.looks) == (True, 0.8, 2)
        assert record.aitia is not None


@needs_browser
def test_hostile_telemetry_is_text_and_nothing_runs(browser: Browser, tmp_path: Path) -> None:
    folder = scenario(
        tmp_path / "incident", said=EVIL, line=f"{ODD} \x1b[31m\u202e odd <img src=x onerror=alert(1)>"
    )
    with served(folder, tmp_path / "home") as site:
        for line in ("lines shop", "hint", "look logs_diff", "series <b>bold</b>"):
            site.client.post("/looks", data={"line": line}, headers={"Accept": "text/html"})
        browser.show(site.url)
        _is_text(browser, site)
        site.client.post("/answer", data={"give_up": "yes"})
        site.done()
        browser.show(site.url)
        browser.run(OPEN_ALL)
        _is_text(browser, site)


def _is_text(browser: Browser, site: Site) -> None:
    assert (
        browser.run(
            "document.querySelectorAll('main script, img, iframe, object, [onerror], [onmouseover]').length"
        )
        == 0
    )
    assert browser.run("[...document.links].filter(a => a.origin !== location.origin).length") == 0
    words = browser.run("document.body.textContent")
    assert ODD in words
    for hidden in ("\x1b", "\u202e", "\u200b", "\x07"):
        assert hidden not in words
    asked = [
        e["params"]["request"]["url"]
        for e in browser.events
        if e.get("method") == "Network.requestWillBeSent"
    ]
    assert [url for url in asked if not url.startswith((site.url, "data:"))] == []
    assert browser.complaints() == []


@needs_browser
@needs_axe
def test_axe_finds_no_violation_and_no_page_scrolls_sideways(browser: Browser, tmp_path: Path) -> None:
    with served(
        scenario(tmp_path / "incident", said=EVIL, line="odd " + "x" * 300), tmp_path / "home"
    ) as site:
        for step in ("open", "seen", "refused", "done"):
            if step == "seen":
                for line in ("lines shop", "series shop", "look metrics_scan"):
                    site.client.post("/looks", data={"line": line})
            if step == "done":
                site.client.post(
                    "/answer", data={"suspect": "shop", "fault": "software.failure", "sure": "55"}
                )
                site.done()
            for width in (320, 1280):
                for scheme in ("light", "dark"):
                    browser.show(site.url, width=width, scheme=scheme)
                    if step == "refused":
                        browser.run("document.getElementById('line').focus()")
                        browser.write("nonsense")
                        browser.press("Enter")
                        browser.wait("document.querySelector('.refused')", "the refusal")
                    browser.run(OPEN_ALL)
                    assert browser.axe()[1] == [], (step, width, scheme)
                    assert browser.run("document.documentElement.scrollWidth") == width, (step, width)


def test_nothing_on_the_page_tells_the_answer_before(tmp_path: Path) -> None:
    asked: list[Path] = []

    def refusing(place: Path) -> Replayed:
        asked.append(place)
        raise BadInput("no model is there")

    with served(scenario(tmp_path / "incident"), tmp_path / "home", diagnose=refusing) as site:
        for line in (
            "incident",
            "sources",
            "tools",
            "changes",
            "hint",
            "help",
            "lines shop",
            "series shop",
            "look metrics_scan",
        ):
            assert site.client.post("/looks", data={"line": line}).status_code == 303, line
        before = site.client.get("/").text
        assert before.count("<pre>") == 9
        assert (
            before.count("software.failure") == before.count('value="software.failure"') * 2
        )  # the list of all kinds alone
        assert not any(secret in before for secret in SECRETS[1:])
        assert asked == []  # aitia is asked afterwards
        for wrong in ({"suspect": "shop"}, {"suspect": "nobody", "fault": "software.failure"}, {},
                      {"suspect": "shop", "fault": "software.failure", "sure": "101"}):  # fmt: skip
            assert (
                site.client.post("/answer", data=wrong, headers={"Accept": "text/html"}).status_code == 422
            ), wrong
        for line in ("answer shop software.failure", "give up", "quit", " "):
            assert site.client.post("/looks", data={"line": line}).status_code == 422
        assert kept(site.home) == []
        assert site.client.post("/answer", data={"suspect": "unknown"}).status_code == 303
        after = site.done()
        assert "zz-why" in after
        assert "✗ wrong" in after
        assert "no model is there" in after
        assert len(asked) == 1
        site.client.post("/answer", data={"suspect": "shop", "fault": "software.failure"})  # it is answered
        (record,) = kept(site.home)
        assert record.person.verdict == "unknown"


def test_the_door_is_that_of_the_service(tmp_path: Path) -> None:
    with served(scenario(tmp_path / "incident"), tmp_path / "home") as site:
        assert site.client.get("/", headers={"Host": "drill.example"}).status_code == 403
        for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            assert site.client.post("/looks", data={"line": "hint"}, headers=headers).status_code == 403
            assert site.client.post("/answer", data={"give_up": "yes"}, headers=headers).status_code == 403
        assert site.table.state == "open"
        assert site.table.shown == []
        policy = site.client.get("/").headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert site.client.get("/answer").headers["location"] == "/"
    with served(scenario(tmp_path / "other"), tmp_path / "home", token="secret") as site:
        page = {"Accept": "text/html"}
        assert site.client.get("/", headers=page).headers["location"] == "/login?next=/"
        assert site.client.post("/answer", data={"give_up": "yes"}).status_code == 401
        assert site.client.post("/login", data={"token": "secret"}).status_code == 303
        assert "shop answers with errors" in site.client.get("/").text
