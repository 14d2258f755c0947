"""`--from-site`: only what persons said is learned, redacted, and only where it was asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from aitia.core.errors import BadInput
from aitia.core.redact import Redactor
from aitia.graphs.outcome import confirm
from aitia.models.curriculum.judge import Judge
from aitia.site_examples import AUTHOR, site_items
from aitia.tools.meaning.dictionary import Dictionary, Entry, Message

from ..memory.test_confirm import home, ran  # noqa: F401  # a fixture

REDACTOR = Redactor(b"k" * 32)
FOUND = Dictionary(
    names={
        "qx_11_wait": Entry(quantity="latency", direction="up"),
        "qx_12_wait": Entry(quantity="latency", direction="up", by="model small", confidence=0.99),
    },
    messages={
        "password=hunter2secret refused for * by gate": Message(fault=True),
        "evening run of gate ended": Message(fault=False),
        "gate hums": Message(fault=True, by="model small", confidence=0.9),
    },
)


def test_the_dictionarys_persons_are_learned_from_and_models_are_not(tmp_path: Path) -> None:
    made = site_items(["names", "messages"], FOUND, tmp_path, REDACTOR)
    assert [(i.role, i.author) for i in made] == [
        ("names", AUTHOR),
        ("messages", AUTHOR),
        ("messages", AUTHOR),
    ]
    name, fault, normal = made
    assert (name.prompt, name.told) == (" qx_11_wait\nQuantity, bad direction:", " latency, up")
    assert "hunter2" not in fault.prompt
    assert "<secret:" in fault.prompt
    assert (fault.told, normal.told) == (" fault", " normal")


def test_a_confirmed_run_becomes_a_judgement(home: Path) -> None:  # noqa: F811
    store, report = ran(home)
    assert len(report.suspects) > 1
    confirm(store, home, right=True, by="ann")
    (made,) = site_items(["judge"], None, home, REDACTOR)
    assert "\nSuspect: orders: connections exhausted\nCause: yes" in f"{made.prompt}{made.told}"
    assert made.prompt.partition("\n")[0].count("; ") > 1
    assert made.answer[0].labels == Judge().items(0, 1, "train")[0].answer[0].labels == ("yes", "no")


def test_a_correction_teaches_what_it_really_was(home: Path) -> None:  # noqa: F811
    store, _ = ran(home)
    confirm(store, home, right=False, component="postgres", fault="resource.disk", by="ann")
    (made,) = site_items(["judge"], None, home, REDACTOR)
    assert "\nSuspect: postgres: disk full\nCause: yes" in f"{made.prompt}{made.told}"


def test_nothing_said_is_an_error_that_tells_how_to_say_it(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"^Leave out --from-site, or set entries of the dictionary"):
        site_items(["texts"], FOUND, tmp_path, REDACTOR)
