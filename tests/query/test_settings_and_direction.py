"""Settings that a question writes out, and which end of a call it asks for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aitia.agent.asking.question.direction import direction
from aitia.agent.asking.question.pieces import Pieces
from aitia.core.config import SourceConfig
from aitia.graphs.looking import opened
from aitia.tools.sources import open_sources

from .conftest import Sitting

NOW = datetime(2026, 5, 6, 12, 0, tzinfo=UTC)
CHANGES = (
    {"at": "2026-05-04T08:00:00Z", "component": "ledger", "kind": "config", "text": "spool_size 6 to 8"},
    {"at": "2026-05-06T11:30:00Z", "component": "gate", "kind": "deploy", "text": "gate 2.1"},
)
LEDGER = """\
2026-05-06 11:00:00.000 INFO limits: fd 20000, max_guests: 150, expected 204
2026-05-06 11:20:00.000 INFO limits: fd 20000, max_guests: 30, expected 84
2026-05-06 11:21:00.000 ERROR turned away (max_guests)
2026-05-06 11:21:30.000 INFO retryLimit=7 idle.check=off
"""


@pytest.fixture
def office(tmp_path: Path) -> Sitting:
    """A program whose changes and log tell settings."""
    (tmp_path / "changes.jsonl").write_text("".join(json.dumps(c) + "\n" for c in CHANGES), encoding="utf-8")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/ledger.log").write_text(LEDGER, encoding="utf-8")
    made = [
        SourceConfig(name="logs", kind="logs", type="log_files", path="logs"),
        SourceConfig(name="changes", kind="changes", type="changes", path="changes.jsonl"),
    ]
    return Sitting(opened(open_sources(made, tmp_path), now=NOW))


@pytest.mark.parametrize(
    ("asked", "value"),
    [
        ("what is spool_size of ledger set to?", 8),
        ("what was spool_size of ledger before?", 6),
        ("auf welchen Wert ist max_guests bei ledger eingestellt?", 30),
        ("max_guests on ledger - whats it set to?", 30),
        ("quelle est la valeur de retryLimit de ledger ?", 7),
    ],
)
def test_a_setting_is_told_by_what_named_it_last(office: Sitting, asked: str, value: float) -> None:
    found = office.ask(asked).found
    assert [f.value for f in found.figures] == [value]


def test_a_setting_that_nothing_tells_has_no_value(office: Sitting) -> None:
    assert office.ask("what is max_guests of gate set to?").answer.status != "answered"
    assert office.ask("what is min_guests of ledger set to?").answer.status != "answered"
    assert office.ask("what is max_guests of porch set to?").answer.status != "answered"
    assert "off" in office.ask("what is idle.check of ledger?").answer.text


def test_what_a_setting_was_an_hour_ago(office: Sitting) -> None:
    found = office.ask("what was max_guests of ledger at 11:10?").found
    assert [f.value for f in found.figures] == [150]


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("which services depend on orders directly?", "called_by"),
        ("which components connect to orders?", "called_by"),
        ("what calls the orders service?", "called_by"),
        ("what does orders connect to?", "calls"),
        ("which services does orders use?", "calls"),
        ("who is called by orders?", "calls"),
        ("wer hängt von orders ab?", "called_by"),
        ("wovon hängt orders ab?", "calls"),
        ("welche Dienste rufen orders auf?", "called_by"),
        ("welche Dienste ruft orders auf?", "calls"),
        ("was ruft orders auf?", "calls"),
        ("welcher Dienst nutzt orders?", "called_by"),
        ("quels services appellent orders ?", "called_by"),
        ("quels services appelle orders ?", "calls"),
        ("quel composant appelle orders ?", "called_by"),
        ("de quoi dépend orders ?", "calls"),
        ("qué servicios dependen de orders?", "called_by"),
        ("a quién llama orders?", "calls"),
        ("quién llama a orders?", "called_by"),
        ("chi si collega a orders?", "called_by"),
        ("da cosa dipende orders?", "calls"),
        ("quali servizi chiamano orders?", "called_by"),
    ],
)
def test_which_end_of_a_call_is_asked_for(shop: Sitting, asked: str, meant: str) -> None:
    assert direction(Pieces(asked=asked, site=shop.site)) == meant
    assert f'does="{meant}"' in shop.ask(asked).query


def test_a_call_of_the_past_is_no_relation(shop: Sitting) -> None:
    assert direction(Pieces(asked="when did orders connect to postgres?", site=shop.site)) == ""
    assert direction(Pieces(asked="which service failed to call orders?", site=shop.site)) == ""
