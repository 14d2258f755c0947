"""What a run did not look at, because its time was over or the verdict stood: for the verdict, and for the report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from aitia.agent.looks import look
from aitia.agent.weigher import TELEMETRY
from aitia.core.percent import chance
from aitia.core.words import GivenUp
from aitia.graphs.state import Context, read_of
from aitia.graphs.view import View

# What other documents hold names no cause.
_OVERTURNS: Final = TELEMETRY | {"changes", "alerts", "maintenance"}


@dataclass(frozen=True, kw_only=True)
class _Left:
    what: str
    why: str
    kinds: frozenset[str] = frozenset()
    component: str = ""
    stood: bool = False


def overturning(view: View, context: Context) -> list[str]:
    """Why what was given up is not known, of what could overturn the verdict."""
    return [left.why for left in _late(view, context) if left.what == "sources" or left.kinds & _OVERTURNS]


def given_up(view: View, context: Context) -> tuple[GivenUp, ...]:
    """All that was given up, and how a person looks at it."""
    return tuple(
        GivenUp(
            what=left.what,
            why=left.why,
            look=look(
                f"Look at {_named(left)}",
                left.kinds & _OVERTURNS,
                left.component,
                view.inventory,
                view.evidence,
            ),
            stood=left.stood,
        )
        for left in (*_late(view, context), *_uncalled(view, context))
    )


def _named(left: _Left) -> str:
    kinds = ", ".join(sorted(left.kinds & _OVERTURNS)) or "the sources"
    return f"{kinds} of {left.component}" if left.component else kinds


def _uncalled(view: View, context: Context) -> Iterator[_Left]:
    """Planned calls that were not made, because the verdict stood."""
    done = {r.task for r in view.results}
    for task in view.tasks if context.options.stop_at else ():
        if task.id not in done:
            yield _Left(
                what=task.tool,
                why=f"Not called: the verdict stood at {chance(view.weighed.probability)}.",
                kinds=_kinds(task.tool, context),
                component=str(task.args.get("component", "")),
                stood=True,
            )


def _kinds(tool: str, context: Context) -> frozenset[str]:
    """The kinds of sources that a tool reads; none of one that is not installed here."""
    known = tool in context.registry.names()
    return frozenset(context.registry[tool].needs if known else ())


def _late(view: View, context: Context) -> Iterator[_Left]:
    """What took too long, in the order of the run, each reason once."""
    told: set[str] = set()
    for why in dict.fromkeys((*view.inventory.given_up, *read_of(context).given_up)):
        told.add(why)
        yield _Left(what="sources", why=why)
    for result in view.results:
        kinds = _kinds(result.tool, context)
        component = str(result.args.get("component", ""))
        for why in (w for w in result.given_up if w not in told):
            told.add(why)
            yield _Left(what=result.tool, why=why, kinds=kinds, component=component)
