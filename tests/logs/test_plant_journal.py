"""A plant's journal: what names a machine and is no alarm is told, with whether something acted."""

from __future__ import annotations

import pytest

from aitia.core.redact import Redactor
from aitia.core.words import Component, Evidence, SourceRef, Window, from_epoch
from aitia.tools.logs.plant_journal import journal, machines_in
from aitia.tools.text.names import Names
from aitia.tools.text.reading.record import Record

COMPONENTS = [
    Component(id="N09", type="asset"), Component(id="F1", type="asset", aliases=("bay feeder 1",)),
    Component(id="web", type="service"),
]  # fmt: skip
START = 1_770_000_000.0
WINDOW = Window(start=from_epoch(START), end=from_epoch(START + 18_000))


def told(*lines: tuple[float, str]) -> list[Evidence]:
    records = [Record(START + at, "info", text, 0, 0, n) for n, (at, text) in enumerate(lines)]
    machines = machines_in(COMPONENTS)
    return list(
        journal(
            records,
            machines,
            WINDOW,
            Names(COMPONENTS),
            Redactor(b"k" * 32),
            SourceRef(source="journal", query=""),
        )
    )


@pytest.mark.parametrize(
    ("line", "machine", "acted"),
    [
        ("N09 evt customer announces start of kiln, 1.2 MW", "N09", "no"),
        ("F1 evt XCBR1 open command executed, user=dispatch1", "F1", "yes"),
        ("[F1] flushing crew on site", "F1", "no"),
        ("Leistungsschalter F1 ausgelöst", "F1", "yes"),
    ],
)
def test_entries_that_name_a_machine_are_told(line: str, machine: str, acted: str) -> None:
    (fact,) = told((60.0, line))
    assert (fact.component, fact.kind, fact.values["acted"]) == (machine, "journal.entry", acted)
    assert line in fact.statement
    assert fact.taint


@pytest.mark.parametrize(
    "line",
    [
        "N09 ALM undervoltage: MMXU1.PPV.phsAB=18.44 limit=18.9",
        "N09 evt undervoltage: ack user=dispatch1",
        "N09 evt undervoltage: reset",
        "N09 Spannung tief quittiert durch Schicht 1",
        "web restarted",
        "nothing of note",
    ],
)
def test_alarms_their_ends_computers_and_lines_without_a_machine_are_not(line: str) -> None:
    assert told((60.0, line)) == []


def test_what_is_said_often_is_routine_and_what_was_said_days_ago_is_past() -> None:
    often = [(60.0 * n, f"N09 evt round {n} done") for n in range(9)]
    assert told(*often) == []
    assert told((-3 * 86_400.0, "N09 evt customer announces start of kiln")) == []
