"""Quantities that a site calculates from its points, by the formula that the site states: an approach, a specific energy.

A formula holds names of points (with or without their unit in brackets), numbers, + - * / and brackets, nothing else.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Final

import numpy as np

from aitia.core.errors import BadInput
from aitia.tools.signals.condition.words import Point
from aitia.tools.sources.rows import Floats

_LONGEST: Final = 400  # characters
_RESTS: Final = 0.1  # of a divisor's usual size: what is divided by less says nothing
_HELD: Final = 3.0  # usual intervals for which a point's last value holds
_FIGURES: Final = re.compile(r"[\d.eE+\-*/()\sp]*")


def calculated(formula: str, points: Mapping[str, Point], *, quantity: str = "", unit: str = "") -> Point:
    """The calculated point, at the times of the first point that the formula names; NaN where a divisor is near nothing.

    Raises BadInput where the formula holds a word that is no point of the asset, or anything but arithmetic.
    """
    names = sorted((n for n in points if n in formula), key=lambda n: (-len(n), n))
    text = formula
    for k, name in enumerate(names):
        text = re.sub(rf"(?<![\w]){re.escape(name)}(?:\s*\[[^\]]*\])?(?!\w)", f" p{k}p ", text)
    text = re.sub(r"\)\s*\[[^\]]*\]", ")", text)  # the unit of what stands in brackets
    used = [k for k in range(len(names)) if f" p{k}p " in text]
    if len(formula) > _LONGEST or not used or not _FIGURES.fullmatch(text):
        raise BadInput(
            f"Write the formula {formula[:_LONGEST]!r} with points of the asset, numbers, + - * / and brackets only; its points"
            f" are {', '.join(sorted(points))}."
        )
    t = np.asarray(points[names[min(used, key=lambda k: text.index(f" p{k}p "))]].t, dtype=np.float64)
    values = {f"p{k}p": _at(points[names[k]], t) for k in used}
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError as error:
        raise BadInput(f"Check the brackets and signs of the formula {formula!r}: {error.msg}.") from error
    return Point(
        t=t, v=np.broadcast_to(_value(tree.body, values, formula), t.shape), quantity=quantity, unit=unit
    )


def _value(node: ast.expr, values: Mapping[str, Floats], formula: str) -> Floats:
    match node:
        case ast.Constant(value=int() | float() as number):
            return np.asarray(float(number))
        case ast.Name(id=name) if name in values:
            return values[name]
        case ast.UnaryOp(op=ast.USub(), operand=one):
            return -_value(one, values, formula)
        case ast.BinOp(left=one, op=op, right=two):
            return _joined(op, _value(one, values, formula), _value(two, values, formula), formula)
    raise BadInput(f"Write the formula {formula!r} with points, numbers, + - * / and brackets only.")


def _joined(op: ast.operator, one: Floats, two: Floats, formula: str) -> Floats:
    match op:
        case ast.Add():
            return np.asarray(one + two)
        case ast.Sub():
            return np.asarray(one - two)
        case ast.Mult():
            return np.asarray(one * two)
        case ast.Div():
            known = np.abs(two[np.isfinite(two)])
            least = _RESTS * float(np.quantile(known, 0.9)) if known.size else 0.0
            divisor = np.where(np.abs(two) > max(least, 1e-300), two, np.nan)
            return np.asarray(one / divisor)
    raise BadInput(f"Write the formula {formula!r} with + - * / only.")


def _at(point: Point, t: Floats) -> Floats:
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
