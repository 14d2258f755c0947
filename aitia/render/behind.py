"""What stands behind a report's lines: the curve of each fact, and the query that looks again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from aitia.core.aspects import CONTEXT
from aitia.core.words import Report
from aitia.render import text as t
from aitia.render.items import Item, Section
from aitia.render.plant import checks_of
from aitia.render.sparklines import LEGEND, curve_line
from aitia.tools.query.behind import behind, behind_check
from aitia.tools.query.notation import written


def with_curves(section: Section, report: Report, artifacts: Mapping[str, bytes]) -> Section:
    """Each cited measurement has its curve once: below the first sentence that cites it, or the fact itself."""
    known = {e.id: e for e in report.evidence}
    cited, told = set(t.cited_ids(report)), set[str]()
    items: list[Item] = []
    for item in section.items:
        ids = item.cites or (item.lead.partition(" ")[0],)
        fresh = [i for i in dict.fromkeys(ids) if i in known and i in cited and i not in told]
        told.update(fresh)
        lines = (curve_line(known[i], artifacts) for i in fresh)
        items.append(replace(item, curves=tuple(filter(None, lines))))
    drawn = any(i.curves for i in items)
    note = "; ".join(filter(None, (section.note, LEGEND if drawn else "")))
    return replace(section, items=tuple(items), note=note)


def with_looks(section: Section, report: Report, artifacts: Mapping[str, bytes], *, full: bool) -> Section:
    """Next checks that are looks, as queries that one command runs; a query is cut to a line unless all is told."""
    items: list[Item] = []
    for number, (item, check) in enumerate(zip(section.items, checks_of(report), strict=True), 1):
        query = behind_check(check, report, artifacts)
        if query is None:
            items.append(item)
        else:
            command, look = t.clean(written(query)), f"next {number}"
            items.append(replace(item, command=command, shell=False, glance=not full, look=look))
    looks = [item.look for item in items if item.look]
    if not looks:
        return section
    note = f"to look: aitia ask {t.clean(report.run)} {looks[0]}"
    return replace(section, items=tuple(items), note=note, numbered=True)


def with_steps(section: Section, report: Report, artifacts: Mapping[str, bytes]) -> Section:
    """The first step that only looks and has no command carries the look at what speaks most for the cause."""
    at = next((n for n, i in enumerate(section.items) if i.mark == "read-only"), None)
    if at is None or section.items[at].command or report.verdict != "cause":
        return section
    known = {e.id: e for e in report.evidence}
    told = (known[i] for s in report.suspects[:1] for i in s.supporting if i in known)
    looks = ((e, behind(e, artifacts.get(e.artifact, b""))) for e in told if e.aspect not in CONTEXT)
    fact, query = next(((e, q) for e, q in looks if q is not None), (None, None))
    if fact is None or query is None:
        return section
    if "until" in type(query).model_fields:
        query = query.model_copy(update={"until": None})  # as it is now
    carried = replace(
        section.items[at], command=t.clean(written(query)), shell=False, glance=True, look=fact.id
    )
    return replace(section, items=(*section.items[:at], carried, *section.items[at + 1 :]))
