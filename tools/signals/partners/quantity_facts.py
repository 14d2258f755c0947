"""Which quantities of a machine are off and which way, once it is known that the fault is its own: that tells which fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aitia.core.words import Evidence
from aitia.tools.series.gather import Gathered
from aitia.tools.series.metric_facts import subject
from aitia.tools.series.numbers import scale, sig3, text, with_unit
from aitia.tools.signals.partners.culprit import APART, Departure, first_beyond
from aitia.tools.signals.partners.expect import SPAN, Expectations
from aitia.tools.signals.partners.own_curve import OwnDeparture
from aitia.tools.signals.partners.plant import Plant, moment, plant_fact
from aitia.tools.signals.partners.siblings import Sibling
from aitia.tools.signals.partners.standstill import resting
from aitia.tools.signals.quantities import aspect_of, unit_of

PLAINLY: Final = 1.2
"""Times the limit from which on a quantity is said to be off, once it is known whose fault it is; by hand."""


_JUMPED: Final = "; it jumped as what it measures cannot, and nothing else of it moved"
_LONE: Final = "; without it the machine's other signals keep their relation"
_INERT: Final = frozenset({"temperature", "level"})
_FASTER: Final = 4.0  # times the fastest move of the reference within a row of the grid; by hand
_MOST_OF_IT: Final = 0.75  # of how far off it is; by hand


@dataclass(frozen=True, kw_only=True)
class _Off:
    """A signal that is off: how many times its limit, by how much in its unit, and since which row of the grid."""

    signal: int
    times: float
    size: float
    since: int
    reads: float | None = (
        None  # where it was furthest off, a mean over some rows; None where that is not known
    )


def own_facts(plant: Plant, own: OwnDeparture, gathered: Gathered, *, whose: str = "") -> list[Evidence]:
    """A machine that left its own curve: that it did, and which of its quantities are off and which way; told of `whose`, the
    machine that it is part of, where other parts of that are where they never were.
    """
    channel, times = plant.channels[own.signal], sig3(abs(own.times))
    lead = _Off(signal=own.signal, times=own.times, size=own.sizes[own.signal], since=own.since)
    plain = [k for k, peak in own.peaks.items() if abs(peak) >= PLAINLY]
    sudden = plain == [own.signal] and jumped(plant, own.signal, own.since)
    lone = own.lone and not inert(plant, own.signal)
    instrument = (sudden or lone) and not whose
    rest = _JUMPED if sudden else _LONE if lone else "; every other machine keeps its own relation"
    if whose:
        rest = f"; other parts of {whose} are where they never were"
    apart = plant_fact(
        plant, own.signal, gathered, component=whose or own.component, kind="signal.apart",
        aspect=instrument_aspect(drifts=own.drifts and not sudden) if instrument else "pattern.apart",
        said=f"{_is_off(plant, lead, 'its own other signals tell')}{rest}.",
        since=own.since, direction="up" if own.times > 0 else "down", strength=0.95 * (1.0 - 0.5 ** (abs(own.times) / APART)),
        values={"channel": channel.metric, "times_limit": times, "by": "own curve"},
    )  # fmt: skip
    if instrument:
        return [apart]
    off = [_Off(signal=k, times=peak, size=own.sizes[k], since=own.since) for k, peak in own.peaks.items()]
    return [apart, *_plain_ones(plant, off, gathered)]


def sibling_facts(plant: Plant, odd: Sibling, gathered: Gathered) -> list[Evidence]:
    """A part that left its like: that it did, and which of its quantities, which way; of one quantity that jumped as it cannot
    that its instrument is wrong.
    """
    off = [_Off(signal=k, times=t, size=odd.sizes[k], since=odd.since[k]) for k, t in odd.times.items()]
    lead = max(off, key=lambda o: (abs(o.times), -o.signal))
    plain = [o for o in off if abs(o.times) >= PLAINLY]
    instrument = len(plain) == 1 and jumped(plant, lead.signal, lead.since)
    tell = f"the {odd.alike} parts of {odd.whole} that are built like it tell"
    channel = plant.channels[lead.signal]
    apart = plant_fact(
        plant, lead.signal, gathered, component=odd.component, kind="signal.apart",
        aspect="pattern.offset" if instrument else "pattern.apart", said=f"{_is_off(plant, lead, tell)}.", since=lead.since,
        direction="up" if lead.times > 0 else "down", strength=0.95 * (1.0 - 0.5 ** (abs(lead.times) / APART)),
        values={"channel": channel.metric, "times_limit": sig3(abs(lead.times)), "by": "like parts"},
    )  # fmt: skip
    return [apart] if instrument else [apart, *_plain_ones(plant, off, gathered)]


def instrument_aspect(*, drifts: bool) -> str:
    """How an instrument is wrong: more and more, or by a step."""
    return "pattern.drift" if drifts else "pattern.offset"


def inert(plant: Plant, signal: int) -> bool:
    """Whether a mass stands behind a quantity, so that it cannot jump, and may creep though nothing else shows it."""
    return aspect_of(plant.channels[signal]) in _INERT


def jumped(plant: Plant, signal: int, since: int) -> bool:
    """Whether a temperature or a level moved faster at its departure than masses can: many times faster than in the reference."""
    if not inert(plant, signal):
        return False
    moves = np.abs(np.diff(plant.grid.x[:, signal]))
    near = moves[max(0, since - SPAN) : since + SPAN]
    return bool(near.size and np.max(near) > _FASTER * float(np.max(moves[: plant.grid.reference - 1])))


def leapt(plant: Plant, left: Departure) -> bool:
    """Whether a temperature or a level jumped so, and that jump is most of how far off it is: its instrument."""
    if not jumped(plant, left.signal, left.since):
        return False
    moves = np.abs(np.diff(plant.grid.x[:, left.signal]))
    size = float(np.max(moves[max(0, left.since - SPAN) : left.since + SPAN]))
    return size >= _MOST_OF_IT * abs(left.ends[0] - left.ends[1])


def quantity_facts(
    plant: Plant, told: Expectations, left: Departure, known: frozenset[int], gathered: Gathered
) -> list[Evidence]:
    """`signal.quantity` facts: which quantities of the machine that left the others did so, and which way.

    Each of its signals is held against what all others tell of it, without any of its own: by how much flow, power or pressure
    is off tells the kind of its fault. An instrument that left alone has no such quantity: it shows what is not.
    """
    if not left.component or not left.plain or left.alone:
        return []
    wrong = {left.signal} if leapt(plant, left) else set[int]()
    whose = plant.parts_of(left.component)
    group = frozenset(k for k, owner in enumerate(plant.owners) if owner in whose)
    off = [
        _against_others(plant, told, k, known | group) for k in sorted(group - known - wrong) if told.moves[k]
    ]
    return _plain_ones(plant, off, gathered)


def _against_others(plant: Plant, told: Expectations, signal: int, left_out: frozenset[int]) -> _Off:
    residual = told.residual(signal, left_out)
    peak = int(np.argmax(np.abs(residual)))
    times, since = float(residual[peak]), max(0, first_beyond(residual, peak) - SPAN // 2)
    size = told.size(signal, times, peak, left_out)
    reads, _ = told.reading(signal, peak)
    return _Off(signal=signal, times=times, size=size, since=plant.grid.reference + since, reads=reads)


def _plain_ones(plant: Plant, off: Sequence[_Off], gathered: Gathered) -> list[Evidence]:
    """A fact for each quantity that is plainly off and of which it is known what it measures."""
    return [
        _quantity(plant, o, aspect, gathered)
        for o in off
        if abs(o.times) >= PLAINLY and (aspect := aspect_of(plant.channels[o.signal]))
    ]


def _quantity(plant: Plant, off: _Off, aspect: str, gathered: Gathered) -> Evidence:
    channel, times = plant.channels[off.signal], sig3(abs(off.times))
    return plant_fact(
        plant, off.signal, gathered, component=channel.component, kind="signal.quantity", aspect=aspect,
        said=f"{_is_off(plant, off, 'how the plant runs explains')}.", since=off.since,
        direction="up" if off.times > 0 else "down", strength=1.0 - 0.5 ** abs(off.times),
        values={
            "channel": channel.metric, "times_limit": times, "off_by": sig3(off.size), "usual": sig3(_usual(plant, off.signal)),
        },
    )  # fmt: skip


def _usual(plant: Plant, signal: int) -> float:
    """The median of a signal over its reference while its machine runs."""
    n, runs = plant.grid.reference, _running(plant, plant.channels[signal].component)
    past = plant.grid.x[:n, signal]
    return float(np.median(past[runs[:n]] if runs[:n].any() else past))


def _is_off(plant: Plant, off: _Off, than: str) -> str:
    """By how much a signal is off, in its unit where that is known."""
    channel = plant.channels[off.signal]
    factor, unit = scale(unit_of(channel), abs(off.size))
    at = moment(plant, off.since)
    x, runs = plant.grid.x[:, off.signal], _running(plant, channel.component)
    last = int(np.flatnonzero(runs)[-1]) if runs.any() else len(runs) - 1
    usual, end = _usual(plant, off.signal), float(x[last])
    was, now, limit = (with_unit(sig3(v * factor), unit) for v in (usual, end, abs(off.size / off.times)))
    ran = "now" if last == len(runs) - 1 else f"when it last ran ({moment(plant, last)}; it stands now)"
    way = "higher" if off.times > 0 else "lower"
    # A value that shows no such change beside the usual one would only confuse: what counts is what was expected there.
    beside = (
        f", usually {was}"
        if (end - usual) * np.sign(off.times) >= 0.5 * abs(off.size) and off.reads is None
        else ""
    )
    if off.reads is not None:
        due = off.reads - abs(off.size) * (1.0 if off.times > 0 else -1.0)
        read, expected = (with_unit(sig3(v * factor), unit) for v in (off.reads, due))
        beside = f" (at its furthest {read} where {expected} is expected)"
    return (
        f"{subject(channel)} is {with_unit(sig3(abs(off.size) * factor), unit)} {way} than {than} since {at},"
        f" {text(sig3(abs(off.times)))} times the limit ({limit}); {ran} {now}{beside}"
    )


def _running(plant: Plant, component: str) -> NDArray[np.bool_]:
    """In which rows a machine runs, by its own signals; in all where rest cannot be told."""
    rests = resting(plant.grid, plant.members[component])
    return np.ones(len(plant.grid.t), dtype=np.bool_) if rests is None else ~rests
