"""Five lines that say what many thousand did: all changes of two spans, ranked by surprise, as sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from aitia.core.percent import percent
from aitia.tools.logs.change.events import Cells, Column, Slot
from aitia.tools.logs.change.numbers import NumberShift, is_numeric, shifts
from aitia.tools.logs.change.order import Reordered
from aitia.tools.logs.change.rates import ALPHA, RateChange, rate_changes
from aitia.tools.logs.change.values import Concentration, MixChange, concentration, mix_changes
from aitia.tools.text.headers.levels import RANK, Level

Change = RateChange | NumberShift | MixChange | Concentration | Reordered
_VERB: Final = {"new": "is new", "surge": "rose", "fade": "fell", "vanished": "vanished"}


def ranked(
    old: Cells,
    new: Cells,
    old_columns: Mapping[Slot, Column],
    new_columns: Mapping[Slot, Column],
    *,
    levels: Sequence[Level] = (),
    order: Sequence[Reordered] = (),
    alpha: float = ALPHA,
) -> list[Change]:
    """The changes of counts, parameters and order in one ranking."""
    found: list[Change] = [
        *rate_changes(old, new, alpha=alpha),
        *shifts(old_columns, new_columns, alpha=alpha),
        *mix_changes(old_columns, new_columns, alpha=alpha),
        *_concentrations(old_columns, new_columns, alpha),
        *order,
    ]
    return sorted(found, key=lambda c: (-c.bits, -_severity(c, levels), -c.effect, _template(c)))


def summary(
    changes: Sequence[Change],
    top: int = 5,
    *,
    name: Callable[[int], str] = "template {}".format,
    quote: Callable[[str], str] = repr,
    gap: Callable[[Slot], str] = lambda slot: f"number {slot[1]}",
    level: Callable[[int], str] = lambda template: "",
) -> list[str]:
    """The first `top` changes as lines, at most two of one template.

    `name` tells a template's text, `quote` a value's, `gap` a parameter's name: they have to redact what is not for the
    reader.
    """
    lines: list[str] = []
    told: dict[int, int] = {}
    for change in changes:
        template = _template(change)
        told[template] = told.get(template, 0) + 1
        if told[template] <= 2:
            word = level(template)
            lines.append((f"[{word}] " if word else "") + _line(change, name, quote, gap))
        if len(lines) == top:
            break
    return lines


def _concentrations(
    old: Mapping[Slot, Column], new: Mapping[Slot, Column], alpha: float
) -> list[Concentration]:
    """Per parameter that is no number; corrected for how many were asked."""
    asked = [slot for slot in sorted(new) if not is_numeric(new[slot].values)]
    found = []
    for slot in asked:
        before = old[slot].values if slot in old else ()
        if one := concentration(before, new[slot].values, slot=slot, alpha=alpha / len(asked)):
            found.append(one)
    return found


def _severity(change: Change, levels: Sequence[Level]) -> int:
    template = _template(change)
    level = levels[template] if 0 <= template < len(levels) else ""
    worse = isinstance(change, RateChange) and change.kind in ("new", "surge")
    return RANK[level] if worse else min(RANK[level], 1)


def _template(change: Change) -> int:
    return change.first if isinstance(change, Reordered) else change.template


def _line(
    change: Change, name: Callable[[int], str], quote: Callable[[str], str], gap: Callable[[Slot], str]
) -> str:
    what = name(_template(change))
    match change:
        case RateChange():
            return _rate(change, what)
        case NumberShift():
            unit = f" {change.unit}" if change.unit else ""
            return (
                f"{gap(change.slot)} of {what} went from a median of {_g(change.median[0])}{unit} to "
                f"{_g(change.median[1])}{unit} (90th percentile {_g(change.p90[0])} to {_g(change.p90[1])})"
            )
        case MixChange():
            return (
                f"{quote(change.value)} in {what}: {percent(change.share[1])} of {change.n[1]}, "
                f"before {percent(change.share[0])} of {change.n[0]}"
            )
        case Concentration():
            of = what if change.slot else "them"
            before = f", before {percent(change.share[0])}" if change.n[0] else ""
            return f"{percent(change.share[1])} of {of} ({change.n[1]}) mention {quote(change.value)}{before}"
        case Reordered():
            return (
                f"{what} came before {name(change.then)} in {percent(change.before)} of {change.sessions[0]} sessions, "
                f"now in {percent(change.after)} of {change.sessions[1]}"
            )


def _rate(change: RateChange, what: str) -> str:
    if change.kind in ("new", "vanished"):
        count = change.after if change.kind == "new" else change.before
        return f"{what} {_VERB[change.kind]} ({count} {'line' if count == 1 else 'lines'})"
    times = change.ratio if change.kind == "surge" else 1 / change.ratio
    to = f"{_g(times)} times" if change.kind == "surge" else f"1/{_g(times)} of"
    return f"{what} {_VERB[change.kind]} to {to} its rate ({change.before} lines before, {change.after} now)"


def _g(value: float) -> str:
    return f"{value:.3g}"
