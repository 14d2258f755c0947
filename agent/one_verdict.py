"""One verdict per series: a fact that something stayed as usual does not deny what another fact says of the same series."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from aitia.core.words import Evidence

_LEAST: Final = 0.12  # strength below which a change is not told of; as in the tools that find changes
_MEASURED: Final = ("metric.", "signal.", "condition.")
_UNLIKE: Final = frozenset({"signal.apart", "signal.quantity", "signal.stuck"})


def reworded(evidence: Sequence[Evidence]) -> list[Evidence]:
    """The same facts; one of a level or a pattern that stayed says so where another test found its series changed."""
    changed: dict[tuple[str, str], list[Evidence]] = defaultdict(list)
    for e in evidence:
        if _is_change(e):
            changed[e.component, e.peer].append(e)
    return [
        _beside(e, changed[e.component, e.peer]) if (e.component, e.peer) in changed else e for e in evidence
    ]


def _is_change(e: Evidence) -> bool:
    quiet = e.kind.endswith(".quiet") or e.direction in ("steady", "none")
    return e.kind.startswith(_MEASURED) and not quiet and e.strength >= _LEAST


def _beside(quiet: Evidence, changed: Sequence[Evidence]) -> Evidence:
    if quiet.kind == "metric.quiet" and any(_same_series(quiet, e) for e in changed):
        by = "in another way it did change"
    elif quiet.kind == "signal.quiet" and (
        unlike := [e for e in changed if e.kind in _UNLIKE and series_of(e)]
    ):
        by = f"in another way {series_of(max(unlike, key=lambda e: e.strength))} did not"
    else:
        return quiet
    said = quiet.statement.replace(" unchanged,", " kept its level,", 1).removesuffix(".")
    return quiet.model_copy(update={"statement": f"{said}; {by}."})


def _same_series(quiet: Evidence, changed: Evidence) -> bool:
    """Whether a change is of the series that stayed, or of another one of the quantity that is said to have stayed."""
    return series_of(quiet) == series_of(changed) or quiet.aspect == changed.aspect


def series_of(e: Evidence) -> str:
    """The name of the signal or metric that a fact is of; "" where it is of none."""
    return str(e.values.get("channel") or e.values.get("metric") or "")
