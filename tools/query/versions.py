"""Which version of a component runs: by its build information, its image, or the last deploy that names one."""

from __future__ import annotations

import re
from typing import Final

from aitia.core.words import SourceRef
from aitia.tools.query.found import Found, Row, unknown
from aitia.tools.query.happened import changes
from aitia.tools.query.lines import lines, loggers
from aitia.tools.query.measured import Measured, measured, series_of
from aitia.tools.query.site import Site
from aitia.tools.query.statistics import shown, stat
from aitia.tools.query.words import Changes, Get, Lines, Stat

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


_SAID: Final = re.compile(  # by which programs tell their own version when they start
    r"(?i)(?<![a-z])version(?:\"?\s*[:=]|\s+is|\s)\s*['\"]?v?(\d+\.\d+(?:\.\d+)?[\w.+-]*)"
    r"|(?:starting|started|running|start of service)\W+(?:\w+\W+){0,2}?v?(\d+\.\d+(?:\.\d+)?[\w.+-]*)"
    r"|(?<![\w/])[a-z][\w-]{2,}/v?(\d+\.\d+\.\d+)[^\n]*\b(?:configured|started|starting|listening|ready)"
)
_OTHERS: Final = re.compile(
    r"(?i)protocol|schema|tls|ssl|http/|api version|client|compiled by|requires?|java version"
)


def _logged(component: str, site: Site) -> tuple[str, Row] | None:
    """The version that a component's own log tells last, with the line."""
    if component not in loggers(site):
        return None
    for words in ("version", "start", "configured"):
        for row in reversed(lines(Lines(component=component, words=words, limit=50), site).rows):
            found = _SAID.search(row.text)
            if found and not _OTHERS.search(row.text[: found.end()]):
                return next(g for g in found.groups() if g).rstrip("."), row
    return None


_RUNTIME: Final = re.compile(
    r"(?:nodejs|python|go|jvm|java|dotnet|ruby|php)_"
)  # whose version is no component's own
_ROLES: Final = ("role", "server_role", "instance_role")


def version(query: Get, site: Site) -> Found:
    """What is known of it, the surest first."""
    told: list[str] = []
    runtime: list[str] = []
    refs: list[SourceRef] = []
    for m in measured(site):
        labels = dict(m.labels)
        held = [v for k, v in m.labels if (k in _KEYS or k.endswith("version")) and _NUMBER.search(v)]
        if m.component == query.component and held and ("info" in m.metric or "version" in labels):
            of = runtime if _RUNTIME.match(m.metric) else told
            of += [f"{v} ({m.metric})" for v in held[-1:]]
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
    if not told and (logged := _logged(query.component, site)) is not None:
        number_said, line = logged
        when = f" (logged {line.at:%Y-%m-%d %H:%M:%S} UTC)" if line.at else ""
        told.append(f"{number_said}{when}")
        refs.append(line.ref)
    told = runtime if query.part == "runtime" else told or runtime
    if not told:
        return unknown(
            f"No source tells the version of {'the runtime of ' * (query.part == 'runtime')}{query.component}.",
            "a deploy journal, build information or a cluster source",
        )
    return Found(
        status="found",
        kind="text",
        at=found.rows[-1].at if found.rows else None,
        names=tuple(told),
        said=f"{'Runtime' if query.part == 'runtime' else 'Version'} of {query.component}: {'; '.join(dict.fromkeys(told))}.",
        sources=tuple(refs[:4]),
    )


def role(query: Get, site: Site) -> Found:
    """Whether a store is the one that is written to: by a label `role`, by what its measurements say, by its own log."""
    told: list[str] = []
    refs: list[SourceRef] = []
    for m in measured(site):
        if query.component not in ("", m.component):
            continue
        named = _newest_role(m, site)
        if named or re.search(r"in_recovery|is_(?:master|primary|leader)$|_master$", m.metric):
            found = stat(Stat(component=m.component, metric=m.metric), site)
            if found.status == "found":
                told.append(f"{m.component}: {named or f'{m.metric} is {shown(found.value or 0.0)}'}")
                refs += found.sources[:1]
    rows = _spoken(query.component, site)
    told += [f"{r.component} said at {r.at:%Y-%m-%d %H:%M:%S} UTC: {r.text}" for r in rows if r.at]
    if not told:
        return unknown(
            f"No source tells the role of {query.component or 'any store'}.",
            "a metric with a role, or the store's log",
        )
    return Found(
        status="found",
        kind="text",
        at=rows[-1].at if rows else None,
        names=tuple(dict.fromkeys(told)),
        rows=tuple(rows),
        said=f"Role{f' of {query.component}' if query.component else ''}: {'; '.join(dict.fromkeys(told))}.",
        sources=tuple([*refs, *(r.ref for r in rows)][:4]),
    )


def _newest_role(m: Measured, site: Site) -> str:
    """The label `role` of the series that has the newest sample."""
    if not any(k in _ROLES for k, _ in m.labels):
        return ""
    held = [
        s for _, s in series_of(site, m.component, m.metric, site.window(None, None)) if s.t.size and s.v[-1]
    ]
    newest = max(held, key=lambda s: float(s.t[-1]), default=None)
    return next((v for k, v in newest.labels.items() if k in _ROLES), "") if newest else ""


def _spoken(component: str, site: Site) -> list[Row]:
    """The last lines of logs by which stores change their part."""
    found: list[Row] = []
    for words in ("master mode", "switch-master", "promot"):
        at = lines(Lines(component=component, words=words, limit=1), site)
        found += [r for r in at.rows if r not in found]
    return sorted(found, key=lambda r: r.at or site.now)[-2:]
