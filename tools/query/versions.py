"""Which version of a component runs: by its build information, its image, or the last deploy that names one."""

from __future__ import annotations

import re
from typing import Final

from aitia.core.words import SourceRef
from aitia.tools.query.found import Found, unknown
from aitia.tools.query.happened import changes
from aitia.tools.query.measured import measured
from aitia.tools.query.site import Site
from aitia.tools.query.words import Changes, Get

_KEYS: Final = (
    "version",
    "short_version",
    "redis_version",
    "pgbouncer_version",
    "release",
    "app_version",
    "build",
)
_NUMBER: Final = re.compile(r"(?<![\w.])v?\d+\.\d+(?:\.\d+)?[\w.-]*|build-\d+")


def version(query: Get, site: Site) -> Found:
    """What is known of it, the surest first."""
    told: list[str] = []
    refs: list[SourceRef] = []
    for m in measured(site):
        labels = dict(m.labels)
        held = [v for k, v in m.labels if (k in _KEYS or k.endswith("version")) and _NUMBER.search(v)]
        if m.component == query.component and held and ("info" in m.metric or "version" in labels):
            told += [f"{v} ({m.metric})" for v in held[-1:]]
            refs.append(SourceRef(source=m.source, query=m.metric))
    found = changes(Changes(component=query.component, limit=50), site)
    for row in reversed(found.rows):
        if (
            row.component == query.component
            and (number := _NUMBER.search(row.text))
            and row.text.startswith("deploy")
        ):
            told.append(f"{number[0]} (deployed {row.at:%Y-%m-%d %H:%M:%S} UTC)")
            refs.append(row.ref)
            break
    if not told:
        return unknown(
            f"No source tells the version of {query.component}.",
            "a deploy journal, build information or a cluster source",
        )
    return Found(
        status="found",
        kind="text",
        at=found.rows[-1].at if found.rows else None,
        names=tuple(told),
        said=f"Version of {query.component}: {'; '.join(dict.fromkeys(told))}.",
        sources=tuple(refs[:4]),
    )
