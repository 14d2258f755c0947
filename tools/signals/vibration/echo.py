"""Impacts travel: the line of one bearing's defect stands at the other bearing of its machine as well, only lower.

Where many multiples of the shaft's speed rose, its first two are of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from aitia.core.words import Component, Evidence
from aitia.tools.series.numbers import text
from aitia.tools.signals.vibration.verdict import LEAD

_TRAVELS: Final = tuple(f"vibration.{name}" for name in ("bpfo", "bpfi", "bsf", "ftf", "harmonics"))
_MULTIPLES: Final = frozenset({"vibration.1x", "vibration.2x"})
_LOWER_DB: Final = (
    3.0  # half the power: by so much a line must be lower than the other to be its echo; by hand
)
_SAME: Final = (
    0.02  # of a frequency, within which two lines are one; by hand: two blocks are not taken at one speed
)


def without_echoes(facts: Sequence[Evidence], components: Iterable[Component]) -> list[Evidence]:
    """The facts, those of a line that stands higher at another part of the same machine as leads: they hear that part; so those
    of the shaft's speed and its double where many multiples and halves rose more.
    """
    wholes = {c.id: next((k.to for k in c.links if k.relation == "part_of"), "") for c in components}
    heard = [_as_echo(e, source) if (source := _source(e, facts, wholes)) else e for e in facts]
    return [_as_multiple(e, many) if (many := _many(e, facts, wholes)) else e for e in heard]


def _many(e: Evidence, facts: Sequence[Evidence], wholes: dict[str, str]) -> Evidence | None:
    """The many multiples that rose more, at any part of its machine."""
    if e.kind != "vibration.line" or e.aspect not in _MULTIPLES:
        return None
    whole = wholes.get(e.component) or e.component
    near = [
        o for o in facts
        if o.aspect == "vibration.harmonics" and whole in (o.component, wholes.get(o.component)) and _height(o) >= _height(e)
    ]  # fmt: skip
    return max(near, key=lambda o: (_height(o), o.component), default=None)


def _as_multiple(e: Evidence, many: Evidence) -> Evidence:
    said = f"{e.statement.rstrip('.')}; a lead only: many multiples and halves rose more at {many.component}, of which it is one."
    return e.model_copy(update={"statement": said, "strength": min(e.strength, LEAD)})


def _source(e: Evidence, facts: Sequence[Evidence], wholes: dict[str, str]) -> Evidence | None:
    """The highest line of the same kind and frequency at another part of its machine, where it is higher."""
    if e.kind != "vibration.line" or e.aspect not in _TRAVELS or not wholes.get(e.component):
        return None
    near = [
        o for o in facts
        if o.kind == e.kind and o.aspect == e.aspect and o.component != e.component
        and wholes.get(o.component) == wholes[e.component] and _same_line(o, e) and _height(o) >= _height(e) + _LOWER_DB
    ]  # fmt: skip
    return max(near, key=lambda o: (_height(o), o.component), default=None)


def _same_line(a: Evidence, b: Evidence) -> bool:
    if a.aspect == "vibration.harmonics":  # of many multiples the one that rose most is told
        return True
    one, other = (float(e.values.get("frequency_hz", 0.0)) for e in (a, b))
    return abs(one - other) <= _SAME * max(one, other)


def _height(e: Evidence) -> float:
    return float(e.values.get("rise_db", e.values.get("snr_db", 0.0)))


def _as_echo(e: Evidence, source: Evidence) -> Evidence:
    said = (
        f"{e.statement.rstrip('.')}; a lead only: it stands {text(_height(source) - _height(e))} dB higher at"
        f" {source.component}, from where impacts travel."
    )
    return e.model_copy(update={"statement": said, "strength": min(e.strength, LEAD)})
