"""A query, answered: each verb by the module that reads what it asks for."""

from __future__ import annotations

from aitia.core.errors import BadInput
from aitia.tools.query.comparisons import compare
from aitia.tools.query.found import Found, unknown
from aitia.tools.query.happened import changes, events
from aitia.tools.query.job_runs import job_runs
from aitia.tools.query.lines import count_lines, lines
from aitia.tools.query.objects import count_objects, get_part, list_objects
from aitia.tools.query.relations import inventory, who
from aitia.tools.query.restarts import restarts
from aitia.tools.query.shares import share
from aitia.tools.query.site import Site
from aitia.tools.query.spells import beyond
from aitia.tools.query.statistics import curve, stat
from aitia.tools.query.trends import trend
from aitia.tools.query.versions import role, version
from aitia.tools.query.words import (
    Beyond,
    Changes,
    Compare,
    Count,
    Curve,
    Events,
    Get,
    Lines,
    List,
    Query,
    Share,
    Stat,
    Who,
)  # fmt: skip

_COVERED = 0.003  # the least share of a span that must be recorded for a figure to tell of it; by hand (docs/fitted.md)
LONGER = "a source that keeps its data for longer"
"""What is needed where the time that is asked for lies before all data."""
_OWN = ("components", "machines", "measurements", "sources")


def execute(query: Query, site: Site) -> Found:
    """Look. Reads only; what cannot be read is a note of the site. Raises BadInput for a verb that is not a look."""
    if (outside := _before_all(query, site)) is not None:
        return outside
    match query:
        case Lines():
            return lines(query, site)
        case Count():
            return _counted(query, site)
        case List():
            return inventory(query, site) if query.of in _OWN else list_objects(query, site)
        case Get():
            return _got(query, site)
        case Stat():
            return stat(query, site)
        case Share():
            return share(query, site)
        case Beyond():
            return beyond(query, site)
        case Curve():
            return trend(query, site) if query.way else curve(query, site)
        case Compare():
            return compare(query, site)
        case Events():
            return events(query, site)
        case Changes():
            return changes(query, site)
        case Who():
            return who(query, site)
    raise BadInput(f"{query.verb} is no look at telemetry: put it as a question.")


def _before_all(query: Query, site: Site) -> Found | None:
    """A span of which next to nothing was recorded, or that begins after now."""
    until, since = getattr(query, "until", None), getattr(query, "since", None)
    if since is not None and since > site.now:
        return unknown(f"{since:%Y-%m-%d %H:%M} UTC is after now ({site.now:%Y-%m-%d %H:%M} UTC).")
    extent = site.extent
    history = isinstance(query, Changes) or (isinstance(query, Count) and query.of == "changes")
    if extent is None or history or not (since or until):
        return None
    last = min(until or site.now, site.now)
    held = (last - max(since or extent[0], extent[0])).total_seconds()
    if until is None or until >= extent[0]:
        if since is None or held >= _COVERED * (last - since).total_seconds():
            return None
        said = f"Only the last {max(held, 0.0) / 60:.0f} min of that time were recorded"
    else:
        said = f"Nothing was recorded before {extent[0]:%Y-%m-%d %H:%M} UTC"
    return unknown(
        f"{said}: what there is lies between {extent[0]:%Y-%m-%d %H:%M} and {extent[1]:%Y-%m-%d %H:%M} UTC.",
        LONGER,
    )


def _got(query: Get, site: Site) -> Found:
    if query.part == "role":
        return role(query, site)
    if query.part == "duration":
        return job_runs(query, site)
    if query.part == "runtime":
        return version(query, site)
    if query.part != "version":
        return get_part(query, site)
    image = get_part(query.model_copy(update={"part": "image"}), site) if site.readers() else None
    found = version(query, site)
    return found if found.status == "found" or image is None else image


def _counted(query: Count, site: Site) -> Found:
    if query.of == "lines":
        return count_lines(query, site)
    if query.of == "events":
        return events(query, site)
    if query.of == "changes":
        return changes(query, site)
    if query.of == "restarts":
        return restarts(query, site)
    return inventory(query, site) if query.of in _OWN else count_objects(query, site)
