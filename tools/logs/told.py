"""A survey as plain data for people and programs, redacted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from aitia.core.redact import Redactor
from aitia.tools.logs.change import Departure, Slot, departure
from aitia.tools.logs.change.summary import Change, summary
from aitia.tools.logs.count import Count
from aitia.tools.logs.survey import Survey, changes, events, named
from aitia.tools.text.templates.gaps import name as gap_name

EVENTS: Final = 1_000_000  # records that are kept one by one to find when a log leaves its normal


def told(found: Survey, redactor: Redactor, *, top: int, most: int, compared: bool) -> dict[str, Any]:
    """What one component logged: totals, its `top` templates, and where `compared` its `most` surprising changes.

    Otherwise the interval in which it departs from its own normal, where there is one.
    """
    out: dict[str, Any] = {
        "component": found.component,
        "files": [str(f.path) for f in found.files],
        "layout": found.layout,
        "lines": found.lines,
        "start": _iso(found.new[0], found),
        "end": _iso(found.new[1], found),
        "templates": [_template(found, c, redactor) for c in found.counts if c.window][:top],
        "template_count": sum(c.window > 0 for c in found.counts),
        "skipped": found.skipped.say(),
    }
    if compared:
        ranked = changes(found) if found.lines and found.old_lines else []
        out |= {
            "lines_before": found.old_lines,
            "change_count": len(ranked),
            "changes": _changes(found, ranked, redactor, most),
        }
    elif left := _left(found):
        out["departure"] = {
            "start": _iso(left.start, found),
            "start_earliest": _iso(left.onset[0], found),
            "start_latest": _iso(left.onset[2], found),
            "end": _iso(left.end, found),
            "open": left.open,
            "cell_s": round(left.cell_s, 3),
        }
    return out


def _left(found: Survey) -> Departure | None:
    kept = events(found, -1)
    return departure([kept]) if kept is not None else None


def _changes(found: Survey, ranked: Sequence[Change], redactor: Redactor, most: int) -> list[dict[str, Any]]:
    name = named(found, redactor)

    def gap(slot: Slot) -> str:
        return gap_name(found.counts[slot[0]].template.text, slot[1])

    def quote(value: str) -> str:
        return repr(redactor.text(value))

    out = []
    for change in ranked:
        lines = summary(
            [change], 1, name=name, gap=gap, quote=quote, level=lambda row: found.counts[row].level
        )
        row = getattr(change, "template", getattr(change, "first", -1))
        count = found.counts[row] if row >= 0 else None
        out.append(
            {
                "what": _WHAT[type(change).__name__],
                "text": redactor.text(lines[0]),
                "template": count.template.id if count else "",
                "first": _place(found, count) if count else "",
                "bits": round(change.bits, 1),
                "q": float(f"{change.q:.3g}"),
                "detail": {
                    k: v for k, v in asdict(change).items() if k not in ("template", "first", "then", "slot")
                },
            }
        )
    return _two_of_each(out)[:most]


_WHAT: Final = {
    "RateChange": "rate",
    "NumberShift": "number",
    "MixChange": "mix",
    "Concentration": "concentration",
    "Reordered": "order",
}


def _two_of_each(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    seen: dict[str, int] = {}
    out = []
    for row in rows:
        seen[row["template"]] = seen.get(row["template"], 0) + 1
        if seen[row["template"]] <= 2:
            out.append(row)
    return out


def _template(found: Survey, count: Count, redactor: Redactor) -> dict[str, Any]:
    return {
        "id": count.template.id,
        "template": redactor.text(count.template.text),
        "level": count.level,
        "count": count.window,
        "count_before": count.before,
        "first": _place(found, count),
    }


def _place(found: Survey, count: Count) -> str:
    """File and line of the first record in the window."""
    seen = count.record
    if seen is None:
        return ""
    file = found.files[seen.file]
    line = seen.line if file.packed else file.line(seen.offset)
    return f"{file.path}:{line}"


def _iso(at: float, found: Survey) -> str:
    if found.undated or not at:
        return ""
    return datetime.fromtimestamp(at, tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
