"""Questions that are not answered offer what they may mean, and a person chooses by a number; nothing is run before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aitia.agent.asking.question.choosing import NOTHING, pick
from aitia.asking import ask
from aitia.consent import remember
from aitia.core.config import SourceConfig
from aitia.core.errors import StoreDamaged
from aitia.graphs.looking import opened, picked, withdraw
from aitia.tools.query.notation import parse
from aitia.tools.sources import open_sources

from .conftest import Sitting

NOW = datetime(2026, 5, 6, 12, 0, tzinfo=UTC)
NAMES = ("queue_depth", "answer_seconds", "disk_used_percent")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two programs, three measurements each, a log."""
    rows = ["time,component,metric,value"]
    for minute in range(60):
        at = (NOW - timedelta(minutes=60 - minute)).isoformat()
        rows += [f"{at},{c},{m},{minute + len(m)}" for c in ("ledger", "gate") for m in NAMES]
    (tmp_path / "metrics.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/ledger.log").write_text(
        "2026-05-06 11:20:00.000 ERROR voucher turned away\n", encoding="utf-8"
    )
    return tmp_path


SOURCES = [
    {"name": "metrics", "kind": "metrics", "type": "table", "path": "metrics.csv",
     "columns": {"time": "time", "component": "component", "metric": "metric", "value": "value"}},
    {"name": "logs", "kind": "logs", "type": "log_files", "path": "logs"},
]  # fmt: skip


@pytest.fixture
def office(folder: Path) -> Sitting:
    return Sitting(opened(open_sources([SourceConfig.model_validate(s) for s in SOURCES], folder), now=NOW))


def test_what_is_not_read_is_offered_and_not_run(office: Sitting) -> None:
    answer = office.ask("gribbly backlog of ledger, all frumious?").answer
    assert answer.status in ("unclear", "not_known")
    assert not answer.found
    assert 0 < len(answer.choices) <= 3
    assert any("queue_depth" in c for c in answer.choices)
    for number, query in enumerate(answer.choices, 1):
        parse(query, now=NOW)
        assert f"\n{number}. " in answer.text


@pytest.mark.parametrize(
    "asked",
    [
        "restart the gribbly ledger",
        "what will queue_depth of ledger be tomorrow?",
        "is it the network?",
        "what is the queue_depth of ledger?",
    ],
)
def test_orders_the_future_guesses_and_answers_offer_nothing(office: Sitting, asked: str) -> None:
    assert office.ask(asked).answer.choices == ()


def test_a_name_that_nobody_knows_offers_no_other_things_figures(office: Sitting) -> None:
    assert office.ask("what is the queue_depth of zyzzyva-77?").answer.choices == ()


@pytest.mark.parametrize(
    ("said", "offered", "chosen"),
    [
        ("2", ("a", "b", "c"), "b"),
        ("no. 3", ("a", "b", "c"), "c"),
        ("Nummer 1", ("a", "b"), "a"),
        ("4", ("a", "b", "c"), None),
        ("0", ("a",), None),
        ("yes", ("a",), "a"),
        ("oui !", ("a",), "a"),
        ("yes", ("a", "b"), None),
        ("2 pods", ("a", "b"), None),
        ("1", (), None),
    ],
)
def test_a_number_or_yes_chooses(said: str, offered: tuple[str, ...], chosen: str | None) -> None:
    assert pick(said, offered) == chosen


def test_the_next_turn_of_a_conversation_runs_what_is_chosen(folder: Path, tmp_path: Path) -> None:
    settings = folder / "aitia.yaml"
    listed = "".join(f"  - {s}\n".replace("'", '"') for s in SOURCES)
    settings.write_text(f"sources:\n{listed}model: {{name: none}}\n", encoding="utf-8")
    remember(settings)
    home = tmp_path / "home"
    first = ask("gribbly backlog of ledger, all frumious?", config=settings, home=home, model=None, at=NOW)
    number = next(n for n, c in enumerate(first.choices, 1) if "queue_depth" in c)
    second = ask(str(number), conversation=first.conversation, home=home, model=None)
    assert second.status == "answered"
    assert second.queries == (first.choices[number - 1],)
    third = ask("and of gate?", conversation=first.conversation, home=home, model=None)
    assert "gate" in third.queries[0]
    assert ask("2", conversation=first.conversation, home=home, model=None).text == NOTHING
    again = ask(
        "gribbly backlog of ledger, all frumious?", conversation=first.conversation, home=home, model=None
    )
    assert again.choices
    ask("how do I bake bread?", conversation=first.conversation, home=home, model=None)
    assert ask("1", conversation=first.conversation, home=home, model=None).text == NOTHING


def test_what_was_offered_is_for_the_next_turn_alone(folder: Path, tmp_path: Path) -> None:
    home, readers = tmp_path / "home", open_sources([SourceConfig.model_validate(s) for s in SOURCES], folder)
    first = ask("gribbly backlog of ledger, all frumious?", sources=readers, home=home, model=None, at=NOW)
    assert first.choices
    kept = home / "asks" / first.conversation
    assert picked("1", kept) == first.choices[0]
    withdraw(kept)
    assert picked("1", kept) is None


def test_a_damaged_turn_is_said(tmp_path: Path) -> None:
    (tmp_path / "looks.json").write_text('["no turn"]', encoding="utf-8")
    with pytest.raises(StoreDamaged):
        picked("1", tmp_path)
    (tmp_path / "looks.json").write_text('[{"query": "", "choices": ["rm -rf /"]}]', encoding="utf-8")
    assert picked("yes", tmp_path) is None
