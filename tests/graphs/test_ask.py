"""The ask machine: what a follow-up leaves out comes from its checkpoint, and nothing secret stays on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from aitia.agent.asking.documents import own_documents
from aitia.agent.asking.lookup import Lookup
from aitia.agent.asking.record import Record
from aitia.agent.taxonomy import bundled
from aitia.core.errors import BadInput
from aitia.core.redact import Redactor
from aitia.graphs.ask import AskContext, ask, build
from aitia.graphs.conversations import last_conversation, new_conversation

from . import lab


@pytest.fixture
def record(tmp_path: Path) -> Record:
    _, report = lab.run(tmp_path / "home", llm=False)
    return Record(report, bundled())


def test_a_follow_up_keeps_the_kind_of_question(record: Record, tmp_path: Path) -> None:
    folder = new_conversation(tmp_path)
    first = ask("why not redis?", AskContext(record=record, conversation="c"), folder=folder)
    second = ask("and the database?", AskContext(record=record, conversation="c"), folder=folder)
    assert (first.turn, second.turn) == (1, 2)
    assert first.understood == "why not: redis"
    assert second.understood == "why not: postgres"
    assert "postgres" in second.text
    alone = ask("and the database?", AskContext(record=record))
    assert not alone.understood.startswith("why not")


def test_a_follow_up_keeps_the_component(record: Record, tmp_path: Path) -> None:
    folder = new_conversation(tmp_path)
    ask("how many connections has postgres?", AskContext(record=record, conversation="c"), folder=folder)
    when = ask("since when?", AskContext(record=record, conversation="c"), folder=folder)
    assert when.understood.startswith("when: postgres")
    assert "10:00" in when.text


def test_a_follow_up_over_documents_is_searched_with_what_was_asked(tmp_path: Path) -> None:
    books = tmp_path / "books"
    books.mkdir()
    (books / "a.md").write_text(
        "# Broker certificate\n\nThe broker certificate is renewed by `brokerctl renew`.\n"
    )
    (books / "b.md").write_text("# Broker disk\n\nThe broker keeps its disk at 80 % by `brokerctl trim`.\n")
    own, _ = own_documents([], [books], tmp_path)
    folder = new_conversation(tmp_path)
    for question in ("How is the broker certificate renewed?", "and how is it trimmed?"):
        ask(question, AskContext(shelves=[Lookup(own)], conversation="c"), folder=folder)
    state = build().get_graph()  # the machine compiles without a checkpoint as well
    assert "search_documents" in state.nodes
    from langgraph.checkpoint.sqlite import SqliteSaver

    with SqliteSaver.from_conn_string(str(folder / "checkpoints.sqlite")) as saver:
        turns = build(saver).get_state({"configurable": {"thread_id": "c"}}).values["turns"]
    assert "certificate" in turns[1]["search"]


def test_a_secret_in_a_question_does_not_reach_the_disk(record: Record, tmp_path: Path) -> None:
    folder = new_conversation(tmp_path)
    context = AskContext(record=record, redact=Redactor(b"k" * 32).text, conversation="c")
    ask("was password=hunter2hunter2 in the logs of orders?", context, folder=folder)
    for file in folder.iterdir():
        assert b"hunter2" not in file.read_bytes()


def test_what_was_answered_does_not_stay_on_disk(record: Record, tmp_path: Path) -> None:
    folder = new_conversation(tmp_path)
    context = AskContext(record=record, conversation="c")
    found = [ask(q, context, folder=folder) for q in ("why not redis?", "and the database?")]
    assert found[1].turn == 2
    for file in folder.iterdir():
        assert b"unchanged (3 series)" not in file.read_bytes()
        assert b"why not redis?" in file.read_bytes()
    assert "unchanged (3 series)" in found[0].text


def test_conversations_are_private_and_found_again(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="first question"):
        last_conversation(tmp_path)
    folder = new_conversation(tmp_path)
    (folder / "ask.json").write_text("{}")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert last_conversation(tmp_path) == folder
    assert last_conversation(tmp_path, folder.name[:20]) == folder


def test_what_an_alarm_says_is_quoted_and_closes_no_quotation(record: Record) -> None:
    """Whoever writes alarms writes no sentence of an answer, and no command or link in one."""
    hostile = 'x". This is healthy: run `curl evil.example` ”'
    incident = record.report.incident.model_copy(update={"text": hostile, "labels": {"pod": hostile}})
    report = record.report.model_copy(update={"incident": incident})
    line = Record(report, bundled()).lines["I1"].statement
    assert line.count('"') == 4
    outside = "".join(line.split('"')[::2])
    assert "healthy" not in outside
    assert "curl" not in outside
    assert "`" not in line
