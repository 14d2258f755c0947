"""The ask box of a page: questions, lines that are looked at again, corrections; and what a running diagnosis says."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from aitia.core.steering import waiting
from aitia.correcting import correct
from aitia.render.html import render_html
from aitia.web.embed import embedded
from tests.conftest import Diagnosed

from .reading import FORM, page, sent
from .served import opened
from .states import World

pytestmark = pytest.mark.server


def test_a_question_is_answered_with_links_to_what_it_rests_on(client: httpx.Client, world: World) -> None:
    path = f"/diagnoses/{world.ids['done']}/questions"
    told = sent(client, path, question="Why not the database?").text
    answer = told[told.index('class="answer"') :]
    cites = re.findall(r'class="cites">\[(.*?)\]</span>', answer)
    assert cites
    for target in re.findall(r'href="#([^"]+)"', " ".join(cites)):
        assert f' id="{target}"' in told
    conversation = re.search(r'name="conversation" value="([^"]+)"', told)
    assert conversation is not None
    more = sent(client, path, question="and what is its probability?", conversation=conversation[1])
    assert f'value="{conversation[1]}"' in more.text
    assert sent(client, path, question="x", conversation="20260101-000000-000000-abcd").status_code == 422
    assert sent(client, path, question=" ").status_code == 422
    unknown = sent(client, path, question="Which colour has the moon?").text
    assert "None of my sources answers that." in unknown
    early = sent(client, f"/diagnoses/{world.ids['failed']}/questions", question="why?")
    assert early.status_code == 422


def test_live_systems_answer_in_the_ask_box_with_query_and_curve(client: httpx.Client, world: World) -> None:
    path = f"/diagnoses/{world.ids['done']}/questions"
    fact = next(
        e for e in world.jobs.run_store(world.ids["done"]).report().evidence if e.kind == "metric.shift"
    )
    told = sent(client, path, question=fact.id).text
    answer = told[told.index('class="answer"') :]
    assert html.escape(fact.statement) in answer
    assert "<code>series(component=" in answer
    assert 'id="answer-1"' in answer or "<polyline" in answer
    counted = sent(client, path, question="how many components are there?").text
    assert "<code>count(of=&#34;components&#34;)</code>" in counted
    refused = sent(client, path, question="restart postgres").text
    assert "nothing was run or changed" in refused
    hostile = sent(client, path, question='how many lines contain "<script>alert(1)</script>"?').text
    assert "<script>alert" not in hostile
    assert sent(client, path, question="E99999").status_code == 422


def test_each_line_has_a_button_that_looks_again(client: httpx.Client, world: World) -> None:
    shown = page(client, f"/diagnoses/{world.ids['done']}")
    report = world.jobs.run_store(world.ids["done"]).report()
    cited = next(e for e in report.evidence if e.kind == "metric.shift")
    assert f'form="look" name="question" value="{cited.id}"' in shown
    assert f'<form id="look" method="post" action="/diagnoses/{world.ids["done"]}/questions#ask">' in shown
    assert "To look again: <code>" not in shown


def test_next_checks_have_a_button_with_a_key(diagnosed: Callable[[str], Diagnosed]) -> None:
    done = diagnosed("connection-exhaustion")
    report = done.report
    kept = {e.artifact: done.store.artifact(e.artifact) for e in report.evidence if e.artifact}
    body = str(embedded(render_html(report, artifacts=kept)).body)
    assert re.search(r'form="look" name="question" value="next (\d)" accesskey="\1"', body)
    assert "To look again: <code>" not in body


def test_a_running_diagnosis_says_how_far_it_is(client: httpx.Client, world: World) -> None:
    path = f"/diagnoses/{world.ids['running']}"
    assert 'name="question"' in page(client, path)
    told = sent(client, f"{path}/questions", question="how far are you?").text
    answer = told[told.index('class="answer"') :]
    assert "still running" in answer
    assert "So far: 70 % orders resource.connections" in answer
    assert "data-events" not in told  # the answer's page is not loaded again by itself


def test_a_correction_is_taken_and_the_diagnosis_goes_on_from_there(world: World, tmp_path: Path) -> None:
    other = world.copied(tmp_path / "home")
    with opened(other.jobs.home, other.jobs.settings) as client:
        id = other.ids["done"]
        taken = sent(client, f"/diagnoses/{id}/questions", question="not the database, we checked")
        assert (taken.status_code, taken.headers["location"]) == (303, f"/diagnoses/{id}")
        job = other.jobs.get(id)
        assert (job.state, job.revision) == ("queued", 2)
        (said,) = other.jobs.incident(id).corrections
        assert (said.excluded, said.by) == (("postgres",), "web")
        nothing = client.post(
            f"/v1/diagnoses/{id}/answers", json={"kind": "correction", "text": "not orders"}, headers=FORM
        )
        assert nothing.status_code == 422  # it has not ended
        running, known = other.ids["running"], other.jobs.run_store(id).meta()
        under_way = {name: known[name] for name in ("incident", "opened", "components")}
        other.jobs.run_store(running).update_meta(**under_way)
        taken = sent(client, f"/diagnoses/{running}/questions", question="not the database")
        assert (taken.status_code, taken.headers["location"]) == (303, f"/diagnoses/{running}")
        told = waiting(other.jobs.run_store(running))  # one that runs reads it between two steps
        assert told is not None
        assert told.incident is not None
        assert [c.excluded for c in told.incident.corrections] == [("postgres",)]


def test_a_change_is_ruled_out_and_a_question_beside_it_answered(world: World, tmp_path: Path) -> None:
    other = world.copied(tmp_path / "home")
    with opened(other.jobs.home, other.jobs.settings) as client:
        id = other.ids["done"]
        told = sent(
            client,
            f"/diagnoses/{id}/questions",
            question="it was not the deploy, we rolled it back. could it be payment?",
        )
        assert told.status_code == 200
        assert "payment" in told.text[told.text.index('class="answer"') :]
        assert "From before your correction" in told.text
        (said,) = other.jobs.incident(id).corrections
        assert [d.kind for d in said.denied] == ["change.deploy"]
        assert said.done == ("rollback",)
        assert "could it be" not in said.text


def test_what_a_correction_changed_stands_above_the_report(world: World, tmp_path: Path) -> None:
    other = world.copied(tmp_path / "home")
    store = other.jobs.run_store(other.ids["done"])
    correct(store.id, "not the deploy, we rolled it back", by="ann", home=other.jobs.home, trust=[store.path])
    with opened(other.jobs.home, other.jobs.settings) as client:
        shown = page(client, f"/diagnoses/{other.ids['done']}")
    changed = shown[shown.index("What your correction changed") :]
    assert "orders (connections exhausted): 8" in changed[:600]
    assert "No longer proposed: If orders was deployed before this began" in changed[:1500]
