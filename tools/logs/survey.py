"""A survey of logs without an incident: what they hold by template, what changed, and the same as plain, redacted data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Final

import numpy as np

from aitia.core.errors import SourceError
from aitia.core.redact import Redactor
from aitia.tools.logs.change import (
    Cells,
    Concentration,
    Departure,
    Events,
    MixChange,
    Slot,
    departure,
    reordered,
)
from aitia.tools.logs.change.summary import Change, ranked, summary
from aitia.tools.logs.count import Count
from aitia.tools.logs.tally import Side, Tally
from aitia.tools.logs.values import columns
from aitia.tools.logs.work import FOREVER, OnBlock, Work, on_cluster, shared
from aitia.tools.text.access import canonical
from aitia.tools.text.reader import LogFile, open_each
from aitia.tools.text.reading import LogSet, Skipped
from aitia.tools.text.templates import Miner
from aitia.tools.text.templates.gaps import kinds
from aitia.tools.text.templates.gaps import name as gap_name
from aitia.tools.text.templates.masks import NUMBER

_IDS: Final = ("<uuid>", "<hex>", "<id>", "<time>")
_STATUS: Final = re.compile(r"[1-5]\d\d")
QUOTE: Final = 160  # characters of a template in a sentence
CELLS: Final = 60  # of the incident's span
_OLD_CELLS: Final = 600  # of the baseline's, at most
_UNKNOWN_S: Final = 10.0  # width of a cell where the span is not known beforehand

Spans = tuple[float, float]  # half open, epoch seconds


@dataclass(kw_only=True)
class Survey:
    """What one component logged. `old` and `new` are the spans that its records cover, in epoch seconds."""

    component: str
    files: list[LogFile] = field(default_factory=list)
    counts: list[Count] = field(default_factory=list)
    tally: Tally
    skipped: Skipped
    undated: bool = False
    old: Spans = (0.0, 0.0)
    new: Spans = (0.0, 0.0)

    @property
    def lines(self) -> int:
        """Records of the incident's span."""
        return self.tally.lines[-1]

    @property
    def old_lines(self) -> int:
        """Records of the baseline."""
        return self.tally.lines[0]

    @property
    def layout(self) -> str:
        """The layout of its lines, in words."""
        names = dict.fromkeys(f.header.name for f in self.files if f.header is not None)
        return "; ".join(names) or "no timestamps"


def survey(
    logs: LogSet,
    *,
    window: Spans = (-FOREVER, FOREVER),
    baseline: Spans | None = None,
    before: LogSet | None = None,
    zone: tzinfo,
    near: datetime,
    jobs: int = 1,
    ray: str = "",
    on_block: OnBlock = lambda size, lines: None,
    miner: Miner | None = None,
    redact: Callable[[str], str] = str,
    events: int = 0,
) -> Survey:
    """Count a set's records of the window, and of the baseline or of another set `before`.

    Of logs without timestamps the lines are the time, and they cannot be divided into spans. `jobs` processes share the
    work, or the Ray cluster at the address `ray`. With one process the first `events` records are also kept one by one,
    for their order.
    """
    skipped = Skipped()
    files = opened(logs, zone, near, skipped)
    old_files = opened(before, zone, near, skipped) if before else []
    width, origin = _cells(files, window)
    tally = Tally(
        miner=miner or Miner(),
        baselines=1,
        origin=origin,
        width=width,
        redact=redact,
        access=canonical,
        keep_events=events if jobs == 1 and not ray else 0,
    )
    out = Survey(component=logs.component, files=[*files, *old_files], tally=tally, skipped=skipped)
    out.undated = all(f.header is None for f in out.files)
    sides = [Side(start=window[0], end=window[1], index=-1)]
    if baseline:
        sides.insert(0, Side(start=baseline[0], end=min(baseline[1], window[0]), index=0))
    always = [Side(start=-FOREVER, end=FOREVER, index=0)]
    plan = [Work(file=f, index=i, sides=sides if i < len(files) else always) for i, f in enumerate(out.files)]
    if ray:
        on_cluster(tally, plan, skipped, ray, zone, near, on_block)
    elif jobs > 1:
        shared(tally, plan, skipped, jobs, zone, near, on_block)
    else:
        for work in plan:
            work.run(tally, skipped, on_block)
    out.new, out.old = tally.covers(-1), tally.covers(0)
    out.counts = sorted(
        tally.settled(), key=lambda c: (-c.window, -c.before, c.template.group, c.template.text)
    )
    return out


def opened(logs: LogSet, zone: tzinfo, near: datetime, skipped: Skipped) -> list[LogFile]:
    """The files of a set; one that cannot be opened is counted."""

    def refused(path: Path, error: SourceError) -> None:
        skipped.files[str(path)] = str(error)

    return open_each(logs.paths, zone=zone, near=near, refused=refused)


def _cells(files: Sequence[LogFile], window: Spans) -> tuple[float, float]:
    """Width and beginning of the cells that rates are looked at in."""
    extents = [f.extent() for f in files]
    known = [e for e in extents if e is not None]
    start = window[0] if np.isfinite(window[0]) else min((a for a, _ in known), default=0.0)
    if None in extents and not np.isfinite(window[1]):
        return _UNKNOWN_S, start
    end = window[1] if np.isfinite(window[1]) else max((b for _, b in known), default=start)
    return max((end - start) / CELLS, 1e-3), start


def changes(found: Survey) -> list[Change]:
    """What differs between the two spans, the most surprising first: rates, order, numbers and values in the messages.

    That another id or number stands where one always stood is no news: of these only that one of many is now named alone.
    """
    old_columns, new_columns = (
        columns(found.tally, found.counts, old=True),
        columns(found.tally, found.counts, old=False),
    )
    old, new = _rates(found)
    sides = events(found, -1), events(found, 0)
    order = reordered(sides[1], sides[0]) if sides[0] and sides[1] else []
    levels = tuple(c.level for c in found.counts)
    return list(_news(found, ranked(old, new, old_columns, new_columns, levels=levels, order=order)))


def _news(found: Survey, changes: Sequence[Change]) -> Iterator[Change]:
    """Without other ids in place of ids, and each value once."""
    told: set[str] = set()
    for change in changes:
        if isinstance(change, MixChange | Concentration) and change.slot is not None:
            row, position = change.slot
            kind = kinds(found.counts[row].template.text)[position]
            an_id = kind in _IDS or (kind == NUMBER and not _STATUS.fullmatch(change.value))
            narrowed = isinstance(change, Concentration) and change.entropy[0] - change.entropy[1] >= 1.0
            if (an_id and not narrowed) or change.value in told:
                continue
            told.add(change.value)
        yield change


def _rates(found: Survey) -> tuple[Cells, Cells]:
    """Counts per cell of either span; the time of undated logs is their lines."""
    width, origin = found.tally.width, found.tally.origin
    return (
        _counted([c.old_cells for c in found.counts], found.old, origin, width, _OLD_CELLS),
        _counted([c.cells for c in found.counts], found.new, origin, width, CELLS),
    )


def _counted(cells: Sequence[dict[int, int]], span: Spans, origin: float, width: float, most: int) -> Cells:
    """Rows of counts over a span, in at most `most` cells."""
    first, last = int((span[0] - origin) // width), int((span[1] - origin) // width)
    step = -(-(last - first + 1) // most)
    out = np.zeros((len(cells), (last - first) // step + 1), dtype=np.int64)
    for row, counts in enumerate(cells):
        for cell, n in counts.items():
            out[row, (cell - first) // step] += n
    seconds = max(span[1] - span[0], width)  # the first and the last cell are cut by the span
    return Cells(start=span[0], width=seconds / out.shape[1], counts=out)


def named(found: Survey, redactor: Redactor) -> Callable[[int], str]:
    """The redacted, quoted text of a template by its row."""

    def name(row: int) -> str:
        text = redactor.text(found.counts[row].template.text)
        return f'"{text if len(text) <= QUOTE else text[: QUOTE - 1] + "…"}"'

    return name


def events(found: Survey, index: int) -> Events | None:
    """The records of a side one by one, by template row; None where not all were kept, or none is dated."""
    kept = None if found.undated else found.tally.kept_events(index)
    if kept is None or not kept[0]:
        return None
    rows = {count.template.id: row for row, count in enumerate(found.counts)}
    times, ids = kept
    return Events.of(times, [rows[i] for i in ids], levels=[c.level for c in found.counts])


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
