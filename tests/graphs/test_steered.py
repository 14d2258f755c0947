"""A run that is stopped, corrected and asked while it is under way: real runs, told between two of their steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aitia import api
from aitia.agent.asking.question.sorting import is_talk, of_live
from aitia.agent.asking.questions import in_english
from aitia.asking import ask
from aitia.core.events import Corrected, Event, NodeDone, RunStarted, TaskDone
from aitia.core.steering import FILE, Stopped, say
from aitia.core.store import RunStore, report_bytes
from aitia.core.words import Report
from aitia.correcting import stop, tell
from aitia.correction_words import denies, meant
from aitia.graphs.rerun import rerun
from aitia.graphs.so_far import asks_progress, report_so_far
from aitia.settings import load_settings
from aitia.tools import Registry
from tests.cli.shop import AT, settle

SCENARIO = Path(__file__).parents[2] / "scenarios" / "connection-exhaustion"
WORDS = "the gateway answers with 5xx"
Told = Callable[[RunStore, Event], None]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each tool was called with the same arguments."""
    made: Counter[str] = Counter()
    real = Registry.call

    def counted(self: Registry, task: Any, given: Any) -> Any:
        made[f"{task.tool} {sorted(task.args.items())}"] += 1
        return real(self, task, given)

    monkeypatch.setattr(Registry, "call", counted)
    return made


def diagnosed(home: Path, told: Told) -> Report:
    """Diagnose a recorded incident; `told` hears each event of the run and may speak to it."""
    held: list[RunStore] = []

    def hear(event: Event) -> None:
        if isinstance(event, RunStarted):
            held.append(RunStore.open(home, event.run))
        if held:
            told(held[0], event)

    settle(home, SCENARIO)
    at = datetime.fromisoformat(AT)
    since = at - timedelta(seconds=40)
    return api.diagnose(
        WORDS, config=home / "aitia.yaml", model=None, at=at, started_at=since, home=home, on_event=hear
    )


class Once:
    """Speaks at the n-th event of a kind, once."""

    def __init__(self, kind: type[Event], nth: int, do: Callable[[RunStore], object]) -> None:
        self._kind, self._left, self._do = kind, nth, do
        self.events: list[Event] = []

    def __call__(self, store: RunStore, event: Event) -> None:
        """Hear an event."""
        self.events.append(event)
        if isinstance(event, self._kind):
            self._left -= 1
            if self._left == 0:
                self._do(store)


def test_a_run_goes_on_from_a_correction_without_reading_again(tmp_path: Path, calls: Counter[str]) -> None:
    heard = Once(TaskDone, 6, lambda s: tell(s, "not orders, we rolled it back", by="ann"))
    report = diagnosed(tmp_path, heard)
    (fact,) = [e for e in report.evidence if e.kind == "person.excluded"]
    assert (fact.component, fact.source.source) == ("orders", "ann")
    assert [e.text for e in heard.events if isinstance(e, Corrected)] == ["not orders, we rolled it back"]
    assert set(calls.values()) == {1}
    store = RunStore.open(tmp_path, report.run)
    assert store.meta().get("revision", 1) == 1
    assert not (store.path / FILE).exists()
    assert store.meta()["state"] == "finished"
    assert report_bytes(rerun(store)) == store.report_json()


def test_another_beginning_is_looked_at_over_its_own_window(tmp_path: Path) -> None:
    report = diagnosed(tmp_path, Once(TaskDone, 3, lambda s: tell(s, "it began at 01:08")))
    assert report.incident.started_at == datetime(2026, 11, 25, 1, 8, tzinfo=UTC)
    assert [e.kind for e in report.evidence if e.kind.startswith("person.")] == ["person.onset"]


def test_two_corrections_both_count(tmp_path: Path) -> None:
    def both(store: RunStore) -> None:
        assert tell(store, "not redis")
        assert tell(store, "it isn't payment either, we checked payment") in (True, False)

    report = diagnosed(tmp_path, Once(TaskDone, 4, both))
    assert "redis" in [e.component for e in report.evidence if e.kind == "person.excluded"]
    assert len(report.incident.corrections) == 2


def test_what_is_said_at_the_last_step_is_the_next_revision(tmp_path: Path) -> None:
    class Published(Once):
        def __call__(self, store: RunStore, event: Event) -> None:
            if isinstance(event, NodeDone) and event.node == "publish" and not self.events:
                self.events.append(event)
                assert tell(store, "not the database, we checked")

    report = diagnosed(tmp_path, Published(TaskDone, 0, lambda s: None))
    store = RunStore.open(tmp_path, report.run)
    assert [c.excluded for c in report.incident.corrections] == [("postgres",)]
    assert store.meta()["revision"] == 2
    assert not store.revision(1).report().incident.corrections


def test_a_stopped_run_is_resumed_to_the_same_verdict(tmp_path: Path) -> None:
    run: list[str] = []

    def halt(store: RunStore) -> None:
        run.append(store.id)
        assert stop(store, by="ann")

    with pytest.raises(Stopped, match="stopped by ann"):
        diagnosed(tmp_path, Once(TaskDone, 5, halt))
    store = RunStore.open(tmp_path, run[0])
    assert store.meta()["state"] == "interrupted"
    assert not stop(store)
    report = api.resume(run[0], model=None, home=tmp_path)
    assert (report.component, report.fault) == ("orders", "resource.connections")


def test_what_was_said_to_a_killed_run_is_heard_when_it_is_resumed(tmp_path: Path) -> None:
    class Killed(BaseException):
        pass

    def die(store: RunStore) -> None:
        raise Killed

    run: list[RunStore] = []
    with pytest.raises(Killed):
        diagnosed(tmp_path, Once(TaskDone, 4, lambda s: (run.append(s), die(s))))
    run[0].update_meta(state="running")  # as a kill leaves it
    assert tell(run[0], "not redis")
    assert stop(run[0])  # over by the time it is carried on
    report = api.resume(run[0].id, model=None, home=tmp_path)
    assert [c.excluded for c in report.incident.corrections] == [("redis",)]


def test_it_answers_from_what_it_has_so_far(tmp_path: Path) -> None:
    said: list[Any] = []

    def question(store: RunStore) -> None:
        for text in ("how far is it?", "why not the cache?", "what changed?", "who approved the release?"):
            said.append(ask(text, run=store.id, home=tmp_path, model=None))
        found = report_so_far(store)
        assert found is not None
        assert found.suspects

    report = diagnosed(tmp_path, Once(TaskDone, 6, question))
    far, cache, changed, approved = said
    assert "still running" in far.text
    assert "to come: " in far.text
    assert "redis" in cache.text
    assert "orders" in changed.text
    assert all("still running: so far only" in a.notes[0] for a in (cache, changed))
    assert approved.status == "not_known"
    assert report.component == "orders"


def test_live_systems_are_looked_at_while_a_run_has_returned_nothing(tmp_path: Path) -> None:
    said: list[Any] = []

    def question(store: RunStore) -> None:
        live = load_settings(tmp_path / "aitia.yaml")
        for text in ("how many error lines has orders?", "how far is it?", "who approved the release?"):
            said.append(
                ask(text, run=store.id, home=tmp_path, model=None, live=live, at=datetime.fromisoformat(AT))
            )
        assert report_so_far(store) is None

    diagnosed(tmp_path, Once(RunStarted, 1, question))
    lines, far, approved = said
    assert lines.status == "answered"
    assert lines.queries[0].startswith("count(")
    assert "still running" in far.text
    assert not approved.queries


MEANT = {
    "stop": "stop",
    "please stop the diagnosis.": "stop",
    "stopp": "stop",
    "arrête": "stop",
    "stop redis": "",
    "it began at 01:08": "correction",
    "not the database, we checked": "correction",
    "why not the database?": "",
    "thanks": "",
}


def test_what_a_sentence_wants_of_a_run(tmp_path: Path) -> None:
    seen: dict[str, str] = {}

    def wanted(store: RunStore) -> None:
        seen.update({text: meant(text, store) for text in MEANT})
        stop(store)

    with pytest.raises(Stopped):
        diagnosed(tmp_path, Once(TaskDone, 3, wanted))
    assert seen == MEANT


@pytest.mark.parametrize(
    "text", ["how far is it?", "wie weit bist du?", "où en es-tu ?", "¿cuánto falta?", "a che punto sei?"]
)
def test_how_far_it_is_is_asked_in_five_languages(text: str) -> None:
    assert asks_progress(text)
    assert not asks_progress("why not the cache?")


def test_nothing_is_told_to_a_run_that_is_over(tmp_path: Path) -> None:
    report = diagnosed(tmp_path, lambda store, event: None)
    store = RunStore.open(tmp_path, report.run)
    assert not tell(store, "not redis")
    assert not say(store, lambda s: s)
    assert "is over" in ask("how long will it take?", run=report.run, home=tmp_path, model=None).text
    assert not (store.path / FILE).exists()


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("warum nicht redis?", "why not redis?"),
        ("pourquoi pas le cache ?", "why not le cache?"),
        ("¿por qué no es postgres?", "why not postgres?"),
        ("perché non è redis?", "why not redis?"),
        ("was soll ich als nächstes prüfen?", "what should I check next?"),
        ("¿qué hago?", "what should I do now?"),
        ("e il gateway?", "and il gateway?"),
        ("why not the cache?", "why not the cache?"),
        ("seit wann?", "when did it start?"),
        ("wann hat die Störung angefangen?", "when did it start?"),
        ("seit wann ist das Zertifikat abgelaufen?", "when did it start Zertifikat abgelaufen?"),
    ],
)
def test_the_usual_questions_about_a_run_are_read_in_five_languages(text: str, asked: str) -> None:
    assert in_english(text) == asked


@pytest.mark.parametrize(
    ("text", "live"),
    [
        ("which logs did you look at?", False),
        ("show me the last 3 errors of orders", True),
        ("have you any pods failing?", True),
        ("what was the highest vibration of P-101A in the last hour?", True),
        ("wie hoch war das Maximum seit 9 Uhr?", True),
        ("what was the highest latency?", False),
    ],
)
def test_what_we_looked_at_is_no_question_of_live_systems(text: str, live: bool) -> None:
    assert of_live(text) == live


@pytest.mark.parametrize(
    ("text", "denied"),
    [
        ("not the deploy, we rolled it back", True),
        ("the network is not it, we checked", True),
        ("es war nicht das Deployment", True),
        ("ce n'est pas le déploiement", True),
        ("why not the deploy?", False),
        ("not ready yet", False),
        ("the gateway is slow", False),
    ],
)
def test_what_is_said_not_to_be_it_is_told_from_questions_and_troubles(text: str, denied: bool) -> None:
    assert denies(text) == denied


def test_thanks_are_no_question() -> None:
    assert is_talk("thanks")
    assert is_talk("ok danke")
    assert not is_talk("payment")
