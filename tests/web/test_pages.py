"""The pages as a browser without scripts and a program see them: who may come in, forms, what is shown and how."""

from __future__ import annotations

import asyncio
import html
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aitia.core.events import PlanMade, Ranked, TaskDone
from aitia.core.store import remove_run
from aitia.core.words import Suspect, Task
from aitia.jobs import Approval, Job, Jobs
from aitia.settings import Settings
from aitia.web.embed import embedded
from aitia.web.progress import progress
from tests.shop import shop_alert, small_settings

from .reading import page, sent
from .served import opened
from .states import ARGS, STATES, World

pytestmark = pytest.mark.server
MOST = 60_000  # bytes of a page without a report


def test_nothing_is_shown_without_the_token(tmp_path: Path) -> None:
    with opened(tmp_path, token="right") as client:
        for path in ("/", "/diagnoses/x", "/search?q=a"):
            answer = client.get(path, headers={"Accept": "text/html"})
            assert (answer.status_code, answer.headers["location"][:12]) == (303, "/login?next=")
        assert "Sign in" in page(client, "/login?next=/search")
        assert sent(client, "/diagnoses", text="x").status_code in (303, 401)
        assert Jobs(tmp_path, Settings()).list() == []
        wrong = sent(client, "/login", token="wrong", next="/search")
        assert "Wrong token. Enter the right one." in page(client, wrong.headers["location"], 401)
        right = sent(client, "/login", token="right", next="/search")
        assert right.headers["location"] == "/search"
        assert "Sign out" in page(client, "/search")
        sent(client, "/logout")
        client.cookies.clear()
        assert client.get("/", headers={"Accept": "text/html"}).status_code == 303


def test_files_are_kept_by_the_browser_until_they_change(client: httpx.Client) -> None:
    found = re.findall(r'"(/static/[\w.]+\?v=\w+)"', page(client, "/"))
    assert len(found) == 4
    for path in found:
        first = client.get(path)
        assert "immutable" in first.headers["cache-control"]
        again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert client.get(path.split("?")[0]).headers["cache-control"] == "no-cache"
    assert client.get("/static/pages.py").status_code == 404


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_listed_and_has_a_page(client: httpx.Client, world: World, state: str) -> None:
    listed = page(client, f"/?state={state}")
    assert re.findall(r'href="/diagnoses/([\w-]+)"', listed) == [world.ids[state]]
    shown = page(client, f"/diagnoses/{world.ids[state]}")
    for text in (listed, *([shown] if state != "done" else [])):
        assert len(text.encode()) < MOST
    ids = Counter(re.findall(r'\sid="([^"]+)"', shown))
    assert [name for name, times in ids.items() if times > 1] == []
    told = {"running": "Steps", "waiting": "Waiting for your answer", "failed": "Try again", "queued": "WAITS FOR A WORKER",
            "done": "Ask about this"}  # fmt: skip
    assert told[state] in shown


def test_a_long_list_has_pages_and_stays_light(tmp_path: Path) -> None:
    settings = small_settings()
    jobs = Jobs(tmp_path, settings)
    made = [jobs.submit("w" * 500, origin="api").job.id for _ in range(65)]
    seen: list[str] = []
    with opened(tmp_path, settings) as client:
        path = "/"
        while path:
            text = page(client, path)
            assert len(text.encode()) < MOST
            seen += re.findall(r'href="/diagnoses/([\w-]+)"', text)
            older = re.search(r'href="([^"]+)">Older', text)
            path = html.unescape(older[1]) if older else ""
    assert seen == sorted(made, reverse=True)


def test_a_diagnosis_tells_when_it_began_and_when_it_was_asked(tmp_path: Path) -> None:
    settings = Settings()
    jobs = Jobs(tmp_path, settings)
    alert = jobs.submit(shop_alert(), origin="alertmanager").job
    words = jobs.submit("checkout is slow", origin="api").job
    with opened(tmp_path, settings) as client:
        for path in ("/", f"/diagnoses/{alert.id}"):
            shown = page(client, path)
            assert re.search(r"began <time[^>]*>2026-11-25 01:09:27 UTC<", shown)
            assert f"{alert.created_at:%Y-%m-%d %H:%M:%S} UTC" in shown
        assert "began" not in page(client, f"/diagnoses/{words.id}")


def test_a_request_is_taken_once_and_a_wrong_one_comes_back_with_what_was_typed(tmp_path: Path) -> None:
    settings = small_settings()
    with opened(tmp_path, settings) as client:
        form = {"text": "checkout is slow", "since": "", "key": "one"}
        places = {sent(client, "/diagnoses", **form).headers["location"] for _ in range(2)}
        (job,) = Jobs(tmp_path, settings).list()
        assert places == {f"/diagnoses/{job.id}"}
        assert (job.origin, job.by, job.title) == ("api", "web", "checkout is slow")
        for wrong, says in (({"since": "2099-01-01T00:00:00Z"}, "in the future"), ({"since": "soon"}, "Write a time"),
                            ({"text": " "}, "Say what is wrong")):  # fmt: skip
            answer = sent(client, "/diagnoses", **(form | {"text": "a <b>word</b>", "key": "two"} | wrong))
            assert answer.status_code == 422
            assert says in answer.text
            assert 'aria-invalid="true"' in answer.text
            assert "&lt;b&gt;word" in answer.text or wrong.get("text")
        assert len(Jobs(tmp_path, settings).list()) == 1


def test_a_full_queue_is_told(tmp_path: Path) -> None:
    settings = small_settings(places=1)
    with opened(tmp_path, settings) as client:
        assert sent(client, "/diagnoses", text="one").status_code == 303
        assert sent(client, "/diagnoses", text="two").status_code == 503
        assert "Send it again later" in sent(client, "/diagnoses", text="two").text


def test_what_is_approved_is_shown_letter_for_letter_and_bound_to_its_hash(
    world: World, tmp_path: Path
) -> None:
    world = world.copied(tmp_path)
    with opened(tmp_path, world.jobs.settings) as client:
        path = f"/diagnoses/{world.ids['waiting']}"
        shown = html.unescape(page(client, path))
        assert "restart_service" in shown
        assert f'"command": "{ARGS["command"]}"' in shown
        assert r"a\u202eb\u001b[31m" in shown  # what cannot be seen is written out
        assert "ab" * 32 in shown
        assert sent(client, f"{path}/approvals", hash="ef" * 32, approved="yes").status_code == 422
        stranger = client.post(f"{path}/approvals", data={"hash": "ab" * 32, "approved": "yes"},
                               headers={"Origin": "http://evil.example"})  # fmt: skip
        assert stranger.status_code == 403
        assert world.jobs.get(world.ids["waiting"]).state == "waiting"
        assert sent(client, f"{path}/approvals", hash="ab" * 32, approved="yes", by="Ada").status_code == 303
        assert "Approved by Ada" in page(client, path)
        assert sent(client, f"{path}/approvals", hash="cd" * 32, approved="no").status_code == 303
    row = world.jobs.table.row(world.ids["waiting"])
    assert row["state"] == "queued"
    assert json.loads(row["answers"]) == {"ab" * 32: True, "cd" * 32: False}


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=4))
def test_arguments_are_shown_exactly_and_can_be_seen(args: dict[str, str]) -> None:
    shown = Approval(hash="h", tool="t", args=args).shown
    assert json.loads(shown) == args
    assert all(" " <= c <= "~" or c == "\n" for c in shown)


def test_the_cause_is_confirmed_corrected_and_taken_back(world: World, tmp_path: Path) -> None:
    world = world.copied(tmp_path)
    with opened(tmp_path, world.jobs.settings) as client:
        path = f"/diagnoses/{world.ids['done']}"
        assert sent(client, f"{path}/outcome", right="yes", by="Ada").headers["location"] == f"{path}#right"
        assert "Recorded by <bdi>Ada</bdi>" in page(client, path)
        found = page(client, "/search?q=gateway")
        assert "1 past incident, 1 diagnosis" in found
        assert "confirmed" in found
        sent(client, f"{path}/outcome", right="revert")
        assert "Yes, that was the cause" in page(client, path)
        sent(
            client,
            f"{path}/outcome",
            right="no",
            component="postgres",
            fault="resource.connections",
            cause="A <i>leak</i>",
        )
        told = page(client, path)
        assert "postgres: connections exhausted" in told
        assert "A &lt;i&gt;leak" in told
        wrong = sent(client, f"{path}/outcome", right="no", component="nothing-of-the-kind")
        assert wrong.status_code == 422
        assert "is not a component" in wrong.text


def test_what_a_form_lacks_is_said_on_its_page(client: httpx.Client, world: World) -> None:
    done, queued = (f"/diagnoses/{world.ids[state]}" for state in ("done", "queued"))
    for path, form, says in (
        (f"{done}/outcome", {"right": "no"}, "Name the component"),
        (
            f"{done}/questions",
            {"question": "why?", "conversation": "zzz"},
            "There is no such conversation about this",
        ),
        (f"{queued}/questions", {"question": "why?"}, "The diagnosis is queued. Wait for the report."),
        (f"{queued}/outcome", {"right": "yes"}, "The diagnosis is queued. Wait for the report."),
    ):
        answer = sent(client, path, **form)
        assert answer.status_code == 422
        assert says in re.findall(r'class="refused" role="alert"[^>]*>([^<]+)<', answer.text)[0]


def test_a_form_that_is_refused_is_made_beside_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = Jobs.list

    def beside(self: Jobs, **how: Any) -> list[Job]:
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()
        return listed(self, **how)

    with opened(tmp_path) as client:
        monkeypatch.setattr(Jobs, "list", beside)
        assert sent(client, "/diagnoses", text="slow", since="200000d").status_code == 422


def test_looking_again_keeps_the_earlier_report(world: World, tmp_path: Path) -> None:
    world = world.copied(tmp_path)
    with opened(tmp_path, world.jobs.settings) as client:
        path = f"/diagnoses/{world.ids['done']}"
        first = page(client, f"{path}/report.html")
        assert sent(client, f"{path}/again").headers["location"] == path
        world.jobs.run_store(world.ids["done"]).revise()
        assert f"{path}/report.html?revision=1" in page(client, path)
        assert page(client, f"{path}/report.html?revision=1") == first
        assert "WAITS FOR A WORKER" in page(client, path)
        assert page(client, f"{path}/report.html", 409)


def test_what_is_not_there_is_said_on_a_page(client: httpx.Client) -> None:
    assert ". Give the id of one that was requested." in page(client, "/diagnoses/nothing", 404)
    assert page(client, "/diagnoses/a%20b", 422)
    assert sent(client, "/diagnoses/nothing/again").status_code == 404


def test_the_address_of_an_answered_form_leads_back(client: httpx.Client, world: World) -> None:
    path = f"/diagnoses/{world.ids['done']}"
    for form in ("questions", "outcome", "approvals", "again"):
        assert client.get(f"{path}/{form}").headers["location"] == path
    assert client.get("/diagnoses").headers["location"] == "/"


def test_without_a_script_a_running_page_comes_again_until_told_not_to(
    client: httpx.Client, world: World
) -> None:
    path = f"/diagnoses/{world.ids['running']}"
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page(client, path)
    assert "http-equiv" not in page(client, f"{path}?still=1")
    for state in ("waiting", "failed", "done"):
        assert "http-equiv" not in page(client, f"/diagnoses/{world.ids[state]}")


def test_a_deleted_run_leaves_a_page_that_says_so(world: World, tmp_path: Path) -> None:
    world = world.copied(tmp_path)
    remove_run(tmp_path, world.jobs.get(world.ids["done"]).run)
    with opened(tmp_path, world.jobs.settings) as client:
        assert "Its run was deleted" in page(client, f"/diagnoses/{world.ids['done']}")


def test_another_template_of_the_report_is_noticed() -> None:
    with pytest.raises(ValueError, match="template"):
        embedded("<html><body><p>other</p></body></html>")


def test_steps_are_planned_then_done_and_suspects_move() -> None:
    def ranked(*shares: tuple[str, float]) -> Ranked:
        return Ranked(
            suspects=tuple(Suspect(component=c, fault="f", score=0, probability=p) for c, p in shares)
        )

    events: list[Any] = [
        PlanMade(
            round=1, by="rules", tasks=(Task(id=1, tool="a", args={"x": "y\x1b[31m"}), Task(id=2, tool="b"))
        ),
        ranked(("one", 0.2), ("two", 0.5)),
        TaskDone(task=1, tool="a", status="no_data", message="nothing", seconds=1),
        ranked(("one", 0.6), ("two", 0.3), ("three", 0.1)),
    ]
    seen = progress(events, named=lambda component, fault: component)
    assert [(s.tool, s.mark, s.args) for s in seen.steps] == [("a", "nothing", "x=y"), ("b", "runs", "")]
    assert [(s.name, s.move) for s in seen.suspects] == [("one", "up"), ("two", "down"), ("three", "new")]
    assert seen.now == "Step 1 of 2: a, nothing (1.0 s)"


def test_an_alert_of_a_megabyte_is_shown_short(tmp_path: Path) -> None:
    settings = small_settings()
    with opened(tmp_path, settings) as client:
        body = shop_alert()
        body["alerts"][0]["annotations"] = {"summary": "<script>" * 60_000, "description": "<b>" * 150_000}
        assert client.post("/v1/diagnoses", json=body).status_code == 202
        assert sent(client, "/diagnoses", text="<script>" * 50_000).status_code == 303
        assert len(page(client, "/").encode()) < MOST
        for job in Jobs(tmp_path, settings).list():
            text = page(client, f"/diagnoses/{job.id}")
            assert len(text.encode()) < MOST
            assert "<script>&lt;" not in text
            assert text.count("<script") == 1
