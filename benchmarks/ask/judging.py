"""Whether an answer is right, by code: numbers within a tolerance, sets as sets, lines and texts by what they must hold."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol


class Said(Protocol):
    """What is judged."""

    @property
    def status(self) -> str:
        """See `Said` of questions.py."""
        ...

    @property
    def text(self) -> str:
        """See `Said` of questions.py."""
        ...

    @property
    def numbers(self) -> tuple[tuple[float, str], ...]:
        """See `Said` of questions.py."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """See `Said` of questions.py."""
        ...

    @property
    def moments(self) -> tuple[datetime, ...]:
        """See `Said` of questions.py."""
        ...

    @property
    def documents(self) -> tuple[str, ...]:
        """See `Said` of questions.py."""
        ...

    @property
    def rows(self) -> int:
        """See `Said` of questions.py."""
        ...


SCALES: Final = (1.0, 1e-3, 1e3, 1e-2, 1e2, 2.0**-10, 2.0**-20, 2.0**-30, 1e-6, 1e-9, 60.0, 1 / 60.0)
"""Between units of one quantity: ms and s, % and a share, bytes and MiB, per minute and second; tried where a unit is wanted."""


def judged(said: Said, wanted: Mapping[str, Any]) -> dict[str, bool]:
    """`right` of an answerable question, `refused` of one that is not, and of any whether it is `wrong`."""
    told = said.status == "answered"
    if not wanted["answerable"]:
        return {"refused: unanswerable": not told, "wrong: all": told}
    ok = told and right(said, str(wanted["kind"]), wanted["expected"] or {})
    return {"right: answerable": ok, "wrong: all": told and not ok}


def right(said: Said, kind: str, expected: Mapping[str, Any]) -> bool:
    """Whether an answer holds what is expected of its kind: of `also` one other will do, and what stands under `and` as well."""
    if isinstance(more := expected.get("and"), Mapping) and not right(
        said, kind, {"tolerance": expected.get("tolerance"), **more}
    ):
        return False
    checks = [
        _CHECKS[key](said, value, expected)
        for key, value in expected.items()
        if key in _CHECKS and value is not None
    ]
    return bool(checks) and all(checks)


def _value(said: Said, value: object, expected: Mapping[str, Any]) -> bool:
    if any(
        _value(said, o["value"], {**o, "tolerance": expected.get("tolerance")})
        for o in expected.get("also") or ()
        if isinstance(o, Mapping)
    ):
        return True
    if not isinstance(value, int | float):
        return _flat(str(value)) in _flat(said.text)
    tolerance = float(expected.get("tolerance") or 0.0)
    scales = SCALES if expected.get("unit") else (1.0,)
    held = [n for n, _ in said.numbers] or list(_numbers(said.text))
    return any(_close(n * s, float(value), tolerance) for n in held for s in scales)


def _close(n: float, value: float, tolerance: float) -> bool:
    return math.isclose(n, value, rel_tol=max(tolerance, 1e-6), abs_tol=1e-9)


def _numbers(text: str) -> Iterator[float]:
    yield from (float(n) for n in re.findall(r"(?<![\w.-])-?\d+(?:\.\d+)?(?![\w-])", text))


def _items(said: Said, items: Sequence[object], expected: Mapping[str, Any]) -> bool:
    wanted = {_flat(str(i)) for i in items}
    if said.names and {_flat(n) for n in said.names} == wanted:
        return True
    listed = bool(said.names) and len(said.names) > len(wanted)
    return not listed and all(i in _flat(said.text) for i in wanted)


def _contains(said: Said, parts: Sequence[object], expected: Mapping[str, Any]) -> bool:
    return all(_flat(str(p)) in _flat(said.text) for p in parts)


def _count(said: Said, count: object, expected: Mapping[str, Any]) -> bool:
    """How many lines are shown, or how many there are in all."""
    return count in (said.rows, *(n for n, _ in said.numbers))


def _moment(said: Said, iso: object, expected: Mapping[str, Any]) -> bool:
    at = datetime.fromisoformat(str(iso))
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if any(
        _moment(said, o, {"tolerance_s": expected.get("tolerance_s")})
        for o in expected.get("also") or ()
        if isinstance(o, str)
    ):
        return True
    return any(
        abs((m - at).total_seconds()) <= float(expected.get("tolerance_s") or 1.0) for m in said.moments
    )


def _any(said: Said, options: Sequence[object], expected: Mapping[str, Any]) -> bool:
    return any(_flat(str(o)) in _flat(said.text) for o in options)


def _documents(said: Said, options: Sequence[object], expected: Mapping[str, Any]) -> bool:
    stems = [_flat(str(o)).removesuffix(".md") for o in options]
    return any(s in _flat(d) for s in stems for d in said.documents)


def _flat(text: str) -> str:
    return " ".join(text.split()).casefold()


_CHECKS: Final = {
    "value": _value, "items": _items, "contains": _contains, "count": _count, "iso": _moment, "any": _any,
    "document_any": _documents,
}  # fmt: skip
