"""Deploys, configuration changes and maintenance around the incident: what people did, and how close to the onset."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final, Literal

from aitia.core.errors import SourceError
from aitia.core.home import aitia_home
from aitia.core.redact import Redactor, load_key
from aitia.core.words import Evidence, Incident, Result, Window
from aitia.tools.change.nearness import near, proximity
from aitia.tools.diffs.reading import MOST_CHARS, read_diff
from aitia.tools.memory.expected_order import expected_orders
from aitia.tools.registry import ToolContext, tool
from aitia.tools.sources.base import ChangeSource, RecordedChange
from aitia.tools.sources.changes.change_fields import short

MAX_TEXT = 120
MAX_ID = 40
MOST_EDITS = 3  # risky edits that a statement tells
_HOUR = 3600.0
_HISTORY = timedelta(days=3650)
_WORK_AGE_S = 24 * _HOUR  # maintenance older than this is history
_MOST_HISTORY = 12
_NOUNS: Final = {
    "maintenance.work": "work order",
    "change.deploy": "deploy",
    "change.config": "configuration change",
    "change.flag": "feature-flag change",
    "change.scale": "scaling",
    "change.maintenance": "maintenance",
}


@tool(needs=("changes",), produces=("changes",))
def changes_list(ctx: ToolContext) -> Result:
    """Which deploys, configuration changes, scalings and maintenance came before the incident, and on what."""
    return _listed(ctx, "changes", "changes")


@tool(needs=("maintenance",), produces=("work",))
def maintenance_list(ctx: ToolContext) -> Result:
    """Which maintenance acts and work orders the machines of the incident have in their history."""
    return _listed(ctx, "maintenance", "work")


def _listed(ctx: ToolContext, kind: Literal["changes", "maintenance"], product: str) -> Result:
    """The entries of all sources of one kind as evidence, strongest first."""
    history = kind == "maintenance"
    span = _span(ctx.incident, history=history)
    found: list[RecordedChange] = []
    problems: list[str] = []
    for source in ctx.sources.of(kind):
        if isinstance(source, ChangeSource):
            try:
                found += source.read(span)
            except SourceError as error:
                problems.append(str(error))
    if problems and not found:
        raise SourceError(problems[0])
    facts = sorted(_facts(ctx, found), key=lambda e: (-e.strength, str(e.onset), e.component, e.statement))
    facts += expected_orders(ctx) if history else []
    query = f"{kind} between {span.start.isoformat()} and {span.end.isoformat()}"
    if not facts:
        message = f"No {kind} recorded in this span: check that the journal is up to date."
        return Result(status="no_data", message=message, query=query)
    return Result(
        status="ok",
        message=" ".join(problems),
        query=query,
        evidence=tuple(facts),
        data={product: [_row(e) for e in facts]},
    )


def _span(incident: Incident, *, history: bool) -> Window:
    start = min([b.window.start for b in incident.baselines] + [incident.window.start])
    return Window(start=incident.window.end - _HISTORY if history else start, end=incident.window.end)


def _facts(ctx: ToolContext, changes: list[RecordedChange]) -> Iterator[Evidence]:
    symptom, start = ctx.incident.started_at, _span(ctx.incident, history=False).start
    seen: set[tuple[object, ...]] = set()
    history: list[Evidence] = []
    for change in sorted(changes, key=lambda c: (c.at, c.component, c.kind, c.text), reverse=True):
        key = (change.at, change.component, change.kind, change.text)
        if key in seen or change.at >= ctx.incident.window.end:
            continue
        seen.add(key)
        before = (symptom - change.at).total_seconds()
        if change.kind == "maintenance" and before > _WORK_AGE_S:
            history.append(_fact(ctx, change, "maintenance.work", before))
        elif change.at >= start or change.kind == "maintenance":
            yield _fact(ctx, change, f"change.{change.kind}", before)
    yield from history[:_MOST_HISTORY]


def _fact(ctx: ToolContext, change: RecordedChange, aspect: str, before: float) -> Evidence:
    component = ctx.resolver.resolve(change.component) or change.component
    redact = Redactor(load_key(aitia_home())).text
    quoted, named = quote(redact(change.text)), quote(redact(change.id))
    if named and (shown := short(named)) not in quoted:  # the id is not what a long text loses
        quoted = f"{quote(quoted, MAX_TEXT - min(len(shown), MAX_ID) - 3)} ({quote(shown, MAX_ID)})"
    when = f"{change.at:%H:%M:%S} UTC" if before < 20 * _HOUR else f"{change.at:%Y-%m-%d %H:%M} UTC"
    gap = f"{_duration(before)} before the alarm" if before >= 0 else f"{_duration(-before)} after the alarm"
    noun, touched = _NOUNS[aspect], _touched(change, redact)
    edits = [told.partition(": ")[2] for told in touched.get("risks", "").split("; ")][:MOST_EDITS]
    diff = "; its diff has " + ", ".join(f'"{edit}"' for edit in edits) if edits[0] else ""
    return Evidence(
        component=component,
        kind=aspect,
        aspect=aspect,
        statement=f'{component or "unknown component"}: {noun} at {when}, {gap}: "{quoted}"{diff}.',
        values={
            "text": quoted,
            "before_alarm_s": round(before),
            **({"change_id": named} if named else {}),
            **touched,
        },
        window=ctx.incident.window,
        onset=change.at,
        direction="changed",
        strength=round(proximity(near(before, ctx.incident), history=aspect == "maintenance.work"), 3),
        source=change.ref,
        taint=True,
    )


def _touched(change: RecordedChange, redact: Callable[[str], str]) -> dict[str, str]:
    """What a change touched, as words: of its diff nothing else is kept."""
    if not (change.diff or change.files):
        return {}
    files = [redact(file) for file in change.files]
    touched = read_diff(redact(change.diff[:MOST_CHARS]), files)
    told = {
        "nature": touched.nature,
        "touches": " ".join(touched.terms),
        "near": " ".join(touched.near),
        "risks": "; ".join(
            f"{seen.risk}: {quote(seen.told, 60).replace(';', ',')}" for seen in touched.risks
        ),
        "files": quote(" ".join(touched.files)),
    }
    return {name: value for name, value in told.items() if value}


def quote(text: str, most: int = MAX_TEXT) -> str:
    """Outside text on one line, at most `most` characters, with its quotation marks tamed."""
    line = " ".join(text.replace('"', "'").split())
    return line if len(line) <= most else line[: most - 1] + "…"


def _duration(seconds: float) -> str:
    for least, unit in ((2 * 86400.0, "days"), (2 * 3600.0, "hours"), (120.0, "minutes")):
        if seconds >= least:
            return f"{round(seconds / (least / 2))} {unit}"
    return f"{round(seconds)} s"


def _row(e: Evidence) -> dict[str, object]:
    return {
        "component": e.component,
        "aspect": e.aspect,
        "at": e.onset.isoformat() if e.onset else "",
        "text": str(e.values["text"]),
        "strength": e.strength,
    }
