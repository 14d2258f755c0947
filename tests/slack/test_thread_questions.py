"""What people ask and correct in a thread, while a diagnosis runs and afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from aitia.core.steering import waiting

from .canned import Canned
from .fake import BOT_USER, FakeSlack
from .site import ANN, BEN, OPS, Site, provokes, until
from .threads import diagnosed, result_of, texts


def test_questions_in_the_thread_are_answered_with_citations_and_talk_is_not(
    site: Site, slack: FakeSlack, run: Path
) -> None:
    with Canned(site.jobs, run), site.door():
        thread = diagnosed(site, slack)["thread_ts"]
        before = len(slack.messages)
        slack.say(OPS, BEN, "I restarted the pod", thread=thread)
        slack.say(OPS, BEN, f"<@{ANN}> did you deploy anything?", thread=thread)
        slack.say(OPS, BEN, "elsewhere, why is that?")
        slack.say(OPS, "UBOT", "why is that?", thread=thread, bot_id="BOTHER")
        slack.say(OPS, BEN, "why orders?", thread=thread)
        answer = until(lambda: [m for m in slack.messages[before:] if m["user"] == BOT_USER], 30)[0]
        slack.say(OPS, BEN, f"<@{BOT_USER}> and postgres?", thread=thread)
        until(lambda: len([m for m in slack.messages[before:] if m["user"] == BOT_USER]) == 2, 30)
    assert answer["thread_ts"] == thread
    assert "orders" in texts(answer["blocks"])
    assert any(f"[{kind}" in texts(answer["blocks"]) for kind in "ES")
    said = [m for m in slack.messages[before:] if m["user"] == BOT_USER]
    assert len(said) == 2, [texts(m["blocks"])[:200] for m in said]
    asked = list((site.home / "runs").glob("*/asks/*"))
    assert len(asked) == 1, "one conversation a thread"


def test_live_systems_are_asked_in_the_thread_and_a_line_is_looked_at_again(
    site: Site, slack: FakeSlack, run: Path
) -> None:
    with Canned(site.jobs, run), site.door():
        thread = diagnosed(site, slack)["thread_ts"]

        def told(text: str) -> str:
            before = len(slack.messages)
            slack.say(OPS, BEN, text, thread=thread)
            found = until(lambda: [m for m in slack.messages[before:] if m["user"] == BOT_USER], 30)[0]
            return str(texts(found["blocks"]))

        counted = told("how many components are there?")
        assert "count(of=" in counted
        again = told(f"<@{BOT_USER}> E1")
        assert "series(component=" in again
        assert "▁" in again
        assert "SELECT" not in again
        row = next(
            b
            for b in result_of(slack, thread)["blocks"]
            if "Check next" in texts(b) and b["type"] == "actions"
        )
        before = len(slack.messages)
        slack.press(result_of(slack, thread), row["elements"][0]["action_id"], BEN)
        looked = until(lambda: [m for m in slack.messages[before:] if m["user"] == BOT_USER], 30)[0]
        assert "query " in texts(looked["blocks"])
        assert "I cannot tell what you rule out" in told(f"<@{BOT_USER}> not the moon, we checked")
        refused = told(f"<@{BOT_USER}> restart postgres")
        assert "nothing was run or changed" in refused
        before = len(slack.messages)
        slack.say(OPS, BEN, "not the database, we checked", thread=thread)  # to a colleague: no correction
        slack.say(OPS, BEN, "why orders?", thread=thread)
        until(lambda: [m for m in slack.messages[before:] if m["user"] == BOT_USER], 30)
        assert site.jobs.list()[0].revision == 1
        assert "Taken as a correction" in told(f"<@{BOT_USER}> not the database, we checked")
        until(lambda: site.jobs.list()[0].revision == 2, 30)
    (said,) = site.jobs.incident(site.jobs.list()[0].id).corrections
    assert said.excluded == ("postgres",)
    assert said.by == f"slack:{BEN}"


@provokes(
    "message_not_in_streaming_state"
)  # its steps were shown to the end, and it is set back for the test
def test_a_diagnosis_that_runs_is_asked_corrected_and_stopped_in_its_thread(
    site: Site, slack: FakeSlack, run: Path
) -> None:
    with Canned(site.jobs, run), site.door():
        thread = diagnosed(site, slack)["thread_ts"]
        job = site.jobs.list()[0]
        store = site.jobs.run_store(job.id)  # as it was before its report, in the hands of a worker
        (store.path / "report.json").unlink()
        store.update_meta(state="running")
        far = (datetime.now(tz=UTC) + timedelta(minutes=5)).isoformat()
        site.jobs.table.set(job.id, state="running", owner="tests/1/1", lease_until=far, begun=1)

        def told(text: str, wanted: str) -> None:
            before = len(slack.messages)
            slack.say(OPS, BEN, text, thread=thread)
            until(lambda: [m for m in slack.messages[before:] if wanted in texts(m.get("blocks"))], 60)

        told(f"<@{BOT_USER}> how far are you?", "still running")
        told("why not the database?", "postgres")  # to nobody by name
        told(f"<@{BOT_USER}> not the database, we checked", "Taken as a correction")
        said = waiting(store)
        assert said is not None
        assert said.incident is not None
        assert [c.excluded for c in said.incident.corrections] == [("postgres",)]
        told(f"<@{BOT_USER}> stop", "stops after the present step")
        assert waiting(store) == said.model_copy(update={"stop": True})


def test_evidence_and_ask_open_forms_and_the_answer_comes_to_the_thread(
    site: Site, slack: FakeSlack, run: Path
) -> None:
    with Canned(site.jobs, run), site.door():
        shown = diagnosed(site, slack)
        slack.press(shown, "evidence", ANN)
        view = until(lambda: slack.views, 10)[-1]
        assert "E1 " in texts(view)
        slack.press(shown, "ask", ANN)
        view = until(lambda: [v for v in slack.views if v.get("callback_id") == "ask"], 10)[-1]
        slack.submit(view, ANN, {"question": "why not postgres?"})
        until(lambda: "why not postgres?" in texts(slack.messages[-1]), 20)
    assert slack.messages[-1]["thread_ts"] == shown["thread_ts"]


def test_a_correction_is_told_by_what_it_changed_and_its_question_is_answered(
    site: Site, slack: FakeSlack, run: Path
) -> None:
    with Canned(site.jobs, run), site.door():
        thread = diagnosed(site, slack)["thread_ts"]
        text = f"<@{BOT_USER}> it was not the deploy, we rolled it back. could it be payment?"
        before = len(slack.messages)
        slack.say(OPS, BEN, text, thread=thread)
        taken = until(lambda: [m for m in slack.messages[before:] if m["user"] == BOT_USER], 30)[0]
        assert "Your question is answered from what comes of it" in texts(taken["blocks"])
        asked = "“could it be payment?”"
        answer = until(lambda: [m for m in slack.messages[before:] if asked in texts(m.get("blocks"))], 60)[0]
        assert "payment" in texts(answer["blocks"][1:])
        result = result_of(slack, thread)
        told = texts(result["blocks"])
        assert "after “it was not the deploy, we rolled it back.”" in told
        assert "still first" in told
        assert "No longer proposed: If orders was deployed before this began, roll it back" in told
        assert "Timeline" not in told  # the whole report is the file's
        assert "Confirm" in told
    (said,) = site.jobs.incident(site.jobs.list()[0].id).corrections
    assert ([d.kind for d in said.denied], said.done) == (["change.deploy"], ("rollback",))
