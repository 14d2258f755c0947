"""What persons say of runs, and what is learned from it: the front door of `aitia confirm` and `aitia learn`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aitia.core.errors import BadInput
from aitia.core.home import aitia_home
from aitia.core.store import RunStore

if TYPE_CHECKING:
    from aitia.agent.learned import Learned
    from aitia.graphs.learning import Effect
    from aitia.graphs.outcome import Said
    from aitia.tools.memory.words import Outcome


def confirm(
    run: str,
    *,
    right: bool = True,
    component: str = "",
    fault: str = "",
    cause: str = "",
    mitigation: tuple[str, ...] = (),
    note: str = "",
    by: str = "",
    home: Path | None = None,
) -> Said:
    """Say that a run's cause was right, or (with `right=False`) which component and fault it really was."""
    from aitia.graphs.outcome import confirm as keep

    home = home or aitia_home()
    return keep(
        RunStore.open(home, run),
        home,
        right=right,
        component=component,
        fault=fault,
        cause=cause,
        mitigation=mitigation,
        note=note,
        by=by,
    )


def revert(run: str, *, by: str = "", home: Path | None = None) -> str:
    """Take back what was said of a run; its whole id. Raises BadInput where nothing was said."""
    from aitia.graphs.outcome import revert as forget

    home = home or aitia_home()
    known = [o.run for o in outcomes(home=home)]
    found = [r for r in known if r == run] or [r for r in known if run and r.startswith(run)]
    whole = (
        found[0] if len(found) == 1 else RunStore.open(home, run).id
    )  # the run itself may be deleted by now
    if not forget(whole, home, by=by):
        raise BadInput(f"Run {whole!r} was neither confirmed nor corrected. Give one that was.")
    return whole


def outcomes(*, home: Path | None = None) -> list[Outcome]:
    """What persons said of runs, the last word on each."""
    from aitia.graphs.outcome import outcomes as said

    return said(home or aitia_home())


def learned(*, home: Path | None = None) -> Learned:
    """What is learned from them."""
    from aitia.graphs.outcome import learned as lessons

    return lessons(home or aitia_home())


def learned_effects(*, home: Path | None = None) -> list[Effect]:
    """Every recorded run, weighed without and with what was learned."""
    from aitia.graphs.learning import check

    return list(check(home or aitia_home()))
