"""Quantities that a site calculates from its tags, by the formula that the site states: a difference, a specific energy.

A formula holds names of tags (with or without their unit in brackets), numbers, + - * / and brackets, nothing else; a name and
`=` may stand before it. It is taken apart by Python's own grammar and computed node by node: nothing is ever executed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from aitia.core.errors import BadInput
from aitia.tools.meaning.unit_table import unit_named
from aitia.tools.sources.rows import Floats

LONGEST: Final = 400  # characters
_RESTS: Final = 0.1  # of a divisor's usual size: what is divided by less says nothing
_HELD: Final = 3.0  # usual intervals for which a point's last value holds
_FIGURES: Final = re.compile(r"[\d.eE+\-*/()\sp]*")


class Sampled(Protocol):
    """Epoch seconds and values of equal length, NaN where unknown, and the unit as it is written ("" where nobody does)."""

    @property
    def t(self) -> Floats:
        """Times."""
        ...

    @property
    def v(self) -> Floats:
        """Values."""
        ...

    @property
    def unit(self) -> str:
        """The unit."""
        ...


@dataclass(frozen=True, kw_only=True)
class Calculated:
    """What a formula gives, at the times of the first tag that it names; `unit` where sums alone keep it."""

    t: Floats
    v: Floats
    unit: str = ""


@dataclass(frozen=True)
class _Part:
    v: Floats
    unit: str | None = None  # None where factors leave it open


def sides(formula: str) -> tuple[str, str]:
    """The name before `=` ("" without one), and what is calculated."""
    name, mark, body = formula.partition("=")
    return (name.strip(), body.strip()) if mark else ("", formula.strip())


def names_in(formula: str, names: Mapping[str, object]) -> list[str]:
    """The known names that a formula holds, longest first."""
    return [n for n in _longest(names, formula) if _pattern(n).search(formula)]


def calculated(formula: str, points: Mapping[str, Sampled]) -> Calculated:
    """The calculated quantity; NaN where a divisor is near nothing.

    Raises BadInput where the formula holds a word that is none of the points, anything but arithmetic, or a sum of two units.
    """
    names = _longest(points, formula)
    text = sides(formula)[1]
    for k, name in enumerate(names):
        text = _pattern(name).sub(f" p{k}p ", text)
    text = re.sub(r"\)\s*\[[^\]]*\]", ")", text)  # the unit of what stands in brackets
    used = [k for k in range(len(names)) if f" p{k}p " in text]
    if len(formula) > LONGEST or not used or not _FIGURES.fullmatch(text):
        raise BadInput(
            f"Write the formula {formula[:LONGEST]!r} with names of tags, numbers, + - * / and brackets only. Tags:"
            f" {', '.join(sorted(points)[:12])}."
        )
    t = np.asarray(points[names[min(used, key=lambda k: text.index(f" p{k}p "))]].t, dtype=np.float64)
    values = {f"p{k}p": _Part(_at(points[names[k]], t), points[names[k]].unit or None) for k in used}
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError as error:
        raise BadInput(f"Check the brackets and signs of the formula {formula!r}: {error.msg}.") from error
    told = _value(tree.body, values, formula)
    return Calculated(t=t, v=np.array(np.broadcast_to(told.v, t.shape)), unit=told.unit or "")


def _longest(points: Mapping[str, object], formula: str) -> list[str]:
    return sorted((n for n in points if n and n in formula), key=lambda n: (-len(n), n))


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w]){re.escape(name)}(?:\s*\[[^\]]*\])?(?!\w)")


def _value(node: ast.expr, values: Mapping[str, _Part], formula: str) -> _Part:
    match node:
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int() | float() as number):
            return _Part(np.asarray(float(number)))
        case ast.Name(id=name) if name in values:
            return values[name]
        case ast.UnaryOp(op=ast.USub(), operand=one):
            part = _value(one, values, formula)
            return _Part(-part.v, part.unit)
        case ast.BinOp(left=one, op=op, right=two):
            return _joined(op, _value(one, values, formula), _value(two, values, formula), formula)
    raise BadInput(f"Write the formula {formula!r} with names of tags, numbers, + - * / and brackets only.")


def _joined(op: ast.operator, one: _Part, two: _Part, formula: str) -> _Part:
    match op:
        case ast.Add():
            return _Part(np.asarray(one.v + two.v), _same_unit(one, two, formula))
        case ast.Sub():
            return _Part(np.asarray(one.v - two.v), _same_unit(one, two, formula))
        case ast.Mult():
            return _Part(np.asarray(one.v * two.v))
        case ast.Div():
            known = np.abs(two.v[np.isfinite(two.v)])
            least = _RESTS * float(np.quantile(known, 0.9)) if known.size else 0.0
            divisor = np.where(np.abs(two.v) > max(least, 1e-300), two.v, np.nan)
            return _Part(np.asarray(one.v / divisor))
    raise BadInput(f"Write the formula {formula!r} with + - * / only.")


def _same_unit(one: _Part, two: _Part, formula: str) -> str | None:
    """The unit of a sum. Raises BadInput where both are known and not the same."""
    if one.unit is None or two.unit is None:
        return one.unit or two.unit
    first, second = unit_named(one.unit), unit_named(two.unit)
    alike = one.unit == two.unit or (
        first is not None
        and second is not None
        and (first.to, first.factor, first.offset) == (second.to, second.factor, second.offset)
    )
    if not alike:
        raise BadInput(
            f"Give one side of the formula {formula!r} a factor: it adds or subtracts {one.unit} and {two.unit}."
        )
    return one.unit


def _at(point: Sampled, t: Floats) -> Floats:
    """Values at other times: the last one, for as long as the point is usually silent."""
    own = np.asarray(point.t, dtype=np.float64)
    v = np.asarray(point.v, dtype=np.float64)
    if own.shape == t.shape and np.array_equal(own, t):
        return v
    order = np.argsort(own, kind="stable")
    own, v = own[order], v[order]
    place = np.searchsorted(own, t, side="right") - 1
    age = t - own[np.maximum(place, 0)]
    usual = float(np.median(np.diff(own))) if own.size > 1 else 0.0
    return np.where((place >= 0) & (age <= _HELD * usual), v[np.maximum(place, 0)], np.nan)
