"""How long a job's runs took, by the cluster's own times of their beginning and end."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from aitia.tools.cluster.manifest import at, name_of
from aitia.tools.query.found import Found
from aitia.tools.query.lines import span_told
from aitia.tools.query.objects import ref_of, selected
from aitia.tools.query.site import Site
from aitia.tools.query.words import Get
from aitia.tools.sources.cluster.cluster_recorded import moment

_MOST: Final = 10  # runs that are told
_LATE: Final = timedelta(seconds=30)  # by which a run may begin beside the moment that is named; by hand


def job_runs(query: Get, site: Site) -> Found:
    """Seconds of the last run that ended, with those before it; of those that began in the span, where one is told."""
    held = selected(site, "jobs", "", query.component, "", "")
    if isinstance(held, Found):
        return held
    runs = sorted(
        (
            (began, ended, ref_of(source, "jobs", reader.namespace, name_of(doc)))
            for source, reader, doc in held
            if (began := moment(at(doc, "status", "startTime")))
            and (ended := moment(at(doc, "status", "completionTime")))
            and (query.since is None or began >= query.since - _LATE)
            and (query.until is None or began <= query.until + _LATE)
        ),
        key=lambda run: run[0],
        reverse=True,
    )
    if not runs:
        when = span_told(query.since, query.until)
        return Found(status="empty", said=f"No run of {query.component} that began{when} and ended is known.")
    told = [
        f"{began:%Y-%m-%d %H:%M:%S} UTC: {(ended - began).total_seconds():.0f} s" for began, ended, _ in runs
    ]
    more = f" Before it {'; '.join(told[1:_MOST])}." if len(told) > 1 else ""
    return Found(
        status="found",
        kind="number",
        value=(runs[0][1] - runs[0][0]).total_seconds(),
        unit="s",
        at=runs[0][0],
        said=f"Run of {query.component} that began {told[0]}.{more}",
        sources=tuple(ref for _, _, ref in runs[:4]),
    )
