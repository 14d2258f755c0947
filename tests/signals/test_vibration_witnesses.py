"""A past that ends where the fault began, and lines that are heard from another bearing."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from aitia.core.words import Component, Evidence, Link, SourceRef
from aitia.tools.signals.partners import quantity_facts
from aitia.tools.signals.vibration.began_before import of_the_past
from aitia.tools.signals.vibration.echo import without_echoes
from aitia.tools.signals.vibration.shaft import ORDERS, ShaftOrders, rises
from aitia.tools.signals.vibration.verdict import LEAD

PARTS = (
    Component(id="V-1", type="machine"),
    *(Component(id=p, type="part", links=(Link(relation="part_of", to="V-1"),)) for p in ("V-1-A", "V-1-B")),
    Component(id="V-2-A", type="part", links=(Link(relation="part_of", to="V-2"),)),
)


@pytest.mark.parametrize(
    ("past", "now", "kept"),
    [
        ([-62.6, -62.6, -63.3, -35.8], -35.6, 3),
        ([-58.3, -66.6, -28.7], -28.3, 2),
        ([-62.6, -62.6, -63.3, -62.9], -35.6, 4),  # none of it is of what began
        ([-62.6, -35.8, -63.3, -62.9], -35.6, 4),  # one block in the middle is no beginning
        ([-62.6, -35.8], -35.6, 2),  # of two nobody knows which is usual
        ([-50.7, -51.0, -50.6, -50.5], -50.4, 4),  # nothing began
        ([-62.6, -35.1, -35.8, -35.3], -35.6, 4),  # most of the past has it: then it is usual
    ],
)
def test_the_past_ends_where_it_began(past: list[float], now: float, kept: int) -> None:
    assert of_the_past(past, now, least=5.0) == kept


def line(component: str, aspect: str, hz: float = 85.9, **height: float) -> Evidence:
    return Evidence(
        component=component, kind="vibration.line", aspect=f"vibration.{aspect}", statement=f"{component}: a line.",
        values={"frequency_hz": hz, **height}, direction="up", strength=0.9, source=SourceRef(source="v", query="v"),
    )  # fmt: skip


def test_a_defects_line_is_of_the_bearing_at_which_it_is_highest() -> None:
    near, far = line("V-1-A", "bpfo", snr_db=21.0), line("V-1-B", "bpfo", 85.2, snr_db=10.1)
    first, second = without_echoes([near, far], PARTS)
    assert (first.strength, second.strength) == (0.9, LEAD)
    assert "V-1-A" in second.statement


@pytest.mark.parametrize(
    "other",
    [
        line("V-1-B", "bpfo", 60.0, snr_db=10.1),  # of another frequency
        line("V-1-B", "bpfo", snr_db=20.0),  # as high
        line("V-2-A", "bpfo", snr_db=10.1),  # of another machine
        line("V-1-B", "1x", rise_db=10.1),
    ],
)
def test_what_is_not_the_same_line_is_no_echo(other: Evidence) -> None:
    assert [e.strength for e in without_echoes([line("V-1-A", "bpfo", snr_db=21.0), other], PARTS)] == [
        0.9,
        0.9,
    ]


def test_the_first_multiples_are_of_the_many_that_rose_more() -> None:
    many = line("V-1-A", "harmonics", rise_db=39.0)
    facts = [many, line("V-1", "2x", rise_db=34.0), line("V-1-B", "2x", rise_db=45.0)]
    assert [e.strength for e in without_echoes(facts, PARTS)] == [0.9, LEAD, 0.9]


def orders(level: float) -> ShaftOrders:
    levels = tuple(level if order == 2.0 else -80.0 for order in ORDERS)
    return ShaftOrders(levels=levels, standing=tuple(order == 2.0 for order in ORDERS))


@pytest.mark.parametrize(
    ("past", "counts"), [((-62.6, -62.9, -63.3, -35.8), True), ((-35.1, -36.0, -35.5, -35.8), False)]
)
def test_a_line_rose_though_the_last_block_of_the_past_has_it(past: tuple[float, ...], counts: bool) -> None:
    now, before = [orders(-35.6), orders(-35.4)], [orders(p) for p in past]
    assert next(r for r in rises(now, before, in_time=True) if r.name == "2x").counts is counts
    assert not next(
        r for r in rises(now, before) if r.name == "2x"
    ).counts  # references of any order are all of the past


@pytest.mark.parametrize(
    ("jump", "due", "instrument"),
    [(25.0, 40.0, True), (25.0, 10.0, False), (0.4, 40.0, False)],
    ids=["most of it", "a small part", "as masses do"],
)
def test_a_temperature_that_leapt_is_its_instruments(
    monkeypatch: pytest.MonkeyPatch, jump: float, due: float, instrument: bool
) -> None:
    monkeypatch.setattr(quantity_facts, "inert", lambda *_: True)
    x = np.full((60, 1), 40.0)
    x[::2] += 0.3
    x[45:] += jump
    plant = SimpleNamespace(grid=SimpleNamespace(x=x, reference=40))
    left = SimpleNamespace(signal=0, since=44, ends=(40.0 + jump, due))
    assert quantity_facts.leapt(plant, left) is instrument  # type: ignore[arg-type]
