"""What logs say that needs no comparison: lines that were asked for, errors without a time, and how long steps took."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import Final

from aitia.core.home import aitia_home
from aitia.core.redact import Redactor, load_key
from aitia.core.words import Evidence, Result, SourceRef, Window
from aitia.tools.logs.plant_journal import journal, machines_in
from aitia.tools.logs.releases import releases
from aitia.tools.logs.told import changes, commands, effects, restarts
from aitia.tools.registry import ToolContext, tool
from aitia.tools.sources.base import LogStream
from aitia.tools.text.asked import QUOTE, found_lines, phrases, shown, speaks_of_time
from aitia.tools.text.classes import Meaning, meaning
from aitia.tools.text.headers.levels import in_text
from aitia.tools.text.names import Names, attribute, known
from aitia.tools.text.reader import Extract, LogFile
from aitia.tools.text.reading.record import Record
from aitia.tools.text.streams import streams

MOST_BYTES: Final = 2 << 20  # of the end of a file
BEFORE_S: Final = 1800.0
SLOW_S: Final = 1.0  # a step of a request that takes longer is slow by itself; by hand
OFTEN: Final = 2  # how often a step must have been slow
EACH: Final = 3  # facts of a kind for one component
NEARLY_ALL: Final = 0.7  # share of the whole from which a step is where the time goes
_TOOK: Final = re.compile(
    r"(?i)\b(?:took|taken|completed? in|finished in|done in|returned (?:in|after)|rendered in|responded (?:in|after)"
    r"|elapsed|duration|latency|after|in)\b[\s:=]*(\d+(?:\.\d+)?)\s?(ms|milliseconds?|s|secs?|seconds?|min|minutes?)\b"
)
_SECONDS: Final = {"m": 1e-3, "s": 1.0, "min": 60.0}
# A step that waits for somebody else, by what its message calls it.
_CALL: Final = re.compile(
    r"(?i)\b(?:database|db|sql|query|queries|procedure|transaction|redis|cache|upstream|backend|downstream|api|rpc|grpc|http|remote"
    r"|external|call(?:ed|ing)?|request to|fetch(?:ed|ing)?|lookup|connect(?:ed|ing|ion)?)\b"
)
_NUMBERS: Final = re.compile(r"\d+(?:\.\d+)?")


@dataclass(kw_only=True)
class Step:
    """Messages of one shape that tell how long something took."""

    text: str  # the slowest
    worst: float = 0.0
    took: list[float] = field(default_factory=list)


@tool(needs=("logs",), produces=("templates",))
def logs_stated(ctx: ToolContext) -> Result:
    """Lines that the question asks for, errors and slow steps of logs that bear no times, restarts, settings that changed."""
    redactor, names, wanted = Redactor(load_key(aitia_home())), known(ctx), phrases(ctx.incident)
    slow = speaks_of_time(ctx.incident)
    facts: list[Evidence] = []
    read: list[str] = []
    for component, each in streams(ctx).items():
        asked = not ctx.incident.hints or component in ctx.incident.hints
        for source, stream in each:
            for file, ref in _files(ctx, source, stream):
                read.append(ref.query)
                undated = file.header is None
                lines = _last(file) if undated or (asked and wanted) else []
                if asked and wanted and (fact := _asked(component, lines, wanted, ctx, redactor, ref)):
                    facts.append(fact)
                if not undated:
                    facts += _told(component, file, ctx, names, redactor, ref)
                    continue
                facts += _errors(component, lines, ctx.incident.window, names, redactor, ref)
                if asked and slow:
                    facts += _steps(component, lines, ctx.incident.window, redactor, ref)
    query = ", ".join(read)[:400]
    if not facts:
        return Result(
            status="no_data",
            message="nothing was asked for, and no log without times is at hand",
            query=query,
        )
    facts.sort(key=lambda e: (-e.strength, e.component, e.statement))
    return Result(
        status="ok", query=query, evidence=tuple(facts[: ctx.limits.evidence]), data={"templates": []}
    )


def _files(ctx: ToolContext, source: str, stream: LogStream) -> Iterator[tuple[LogFile, SourceRef]]:
    """The files of a stream that hold text."""
    for path in stream.paths:
        file = LogFile(
            path, zone=stream.zone, near=ctx.incident.window.end, component=stream.component, only=stream.only
        )
        if file.size and not file.form.binary:
            yield file, SourceRef(source=source, query=str(path), path=str(path))


def _told(
    component: str, file: LogFile, ctx: ToolContext, names: Names, redactor: Redactor, ref: SourceRef
) -> list[Evidence]:
    """What a dated log tells of its process, in the window and half an hour before: a change may precede what is felt."""
    window = ctx.incident.window
    start, end = window.epoch
    found = list(file.records(start - BEFORE_S, end, budget=MOST_BYTES, extract=Extract()))
    whole = partial(_whole, file)
    machines = machines_in(ctx.resolver.components) - {component}
    past = file.records(_earliest(ctx), end, budget=MOST_BYTES, extract=Extract()) if machines else ()
    return [
        *journal(list(past), machines, window, names, redactor, ref),
        *restarts(component, found, window, names, redactor, ref, whole),
        *[*changes(component, found, window, names, redactor, ref, whole)][-EACH:],
        *[*effects(component, found, window, names, redactor, ref, whole)][-EACH:],
        *[*commands(component, found, window, names, redactor, ref)][-EACH:],
        *[*releases(component, found, window, names, redactor, ref)][-EACH:],
    ]


def _earliest(ctx: ToolContext) -> float:
    """When the first baseline begins (epoch s)."""
    return min(
        w.start for w in (ctx.incident.window, *(b.window for b in ctx.incident.baselines))
    ).timestamp()


def _whole(file: LogFile, record: Record) -> str:
    """A record as it stands, with all its fields."""
    return file.text(record, file.read_at(record.offset, record.size))


def _last(file: LogFile) -> list[str]:
    """The last lines of a file, as they stand."""
    with file.open() as handle:
        handle.seek(max(0, file.size - MOST_BYTES) if not file.packed else 0)
        return file.shown(handle.read(MOST_BYTES)).split("\n")


def _asked(
    component: str,
    lines: Sequence[str],
    wanted: Sequence[str],
    ctx: ToolContext,
    redactor: Redactor,
    ref: SourceRef,
) -> Evidence | None:
    last, total = found_lines(lines, wanted, ctx.incident)
    if not total and component not in ctx.incident.hints:
        return None
    return Evidence(
        component=component,
        kind="log.asked",
        aspect="log.other",
        statement=shown(component, [redactor.text(line) for line in last], total, wanted),
        values={"count": total},
        unit="lines",
        window=ctx.incident.window,
        direction="none",
        strength=0.3,
        source=ref,
        taint=True,
    )


def _errors(
    component: str, lines: Sequence[str], window: Window, names: Names, redactor: Redactor, ref: SourceRef
) -> Iterator[Evidence]:
    """Errors of a log without times: since when is not known, that they are there is."""
    shapes: dict[str, tuple[str, Meaning, int]] = {}
    for line in (x.strip() for x in lines if x.strip()):
        what = meaning(line, in_text(line))
        if not what.bad or what.severity == "warning":
            continue
        shape = _NUMBERS.sub("#", line[:QUOTE])
        count = shapes[shape][2] if shape in shapes else 0
        shapes[shape] = (line, what, count + 1)
    most = sorted(shapes.values(), key=lambda s: (-s[1].weight, -s[2], s[0]))[:EACH]
    for line, what, count in most:
        about, peer = attribute(component, line, names)
        times = "once" if count == 1 else f"{count} times"
        text = redactor.text(line).replace('"', "'")
        yield Evidence(
            component=about,
            peer=peer,
            kind="log.undated",
            aspect=what.aspect,
            statement=f'{component} logged {times} (its log bears no times): "{text[:QUOTE]}"',
            values={
                "template": text[:QUOTE],
                "count_window": count,
                "level": what.severity,
                "reported_by": component,
            },
            unit="lines",
            window=window,
            direction="new",
            strength=0.55 if what.aspect != "log.error" else 0.45,
            source=ref,
            taint=True,
        )


def _steps(
    component: str, lines: Sequence[str], window: Window, redactor: Redactor, ref: SourceRef
) -> Iterator[Evidence]:
    """Steps that took long, by the component's own word: calls to others before what they are part of."""
    steps: dict[str, Step] = {}
    for line in lines:
        if match := _TOOK.search(line):
            seconds = float(match[1]) * _scale(match[2])
            step = steps.setdefault(_NUMBERS.sub("#", line[:QUOTE]), Step(text=line.strip()))
            step.took.append(seconds)
            if seconds > step.worst:
                step.worst, step.text = seconds, line.strip()
    slow = [
        s for s in steps.values() if sum(t >= SLOW_S for t in s.took) >= OFTEN and median(s.took) >= SLOW_S
    ]
    slow.sort(key=lambda s: (not _CALL.search(s.text), -median(s.took), s.text))
    whole = max((median(s.took) for s in slow if not _CALL.search(s.text)), default=0.0)
    for step in slow[:EACH]:
        call = bool(_CALL.search(step.text))
        text = redactor.text(step.text).replace('"', "'")[:QUOTE]
        low, high = min(step.took), max(step.took)
        most = call and whole > 0 and median(step.took) >= NEARLY_ALL * whole
        share = f", nearly all of the {whole:.2f} s that the whole takes" if most else ""
        what = "a call" if call else "a step"
        yield Evidence(
            component=component,
            kind="log.duration.call" if call else "log.duration",
            aspect="log.slow",
            statement=f"{component} logged {len(step.took)} times how long {what} took: between {low:.2f} "
            f'and {high:.2f} s (median {median(step.took):.2f} s{share}), such as "{text}".',
            values={
                "median_s": round(median(step.took), 3),
                "max_s": round(high, 3),
                "count_window": len(step.took),
                "template": text,
            },
            unit="s",
            window=window,
            direction="up",
            strength=0.8 if call else 0.5,
            source=ref,
            taint=True,
        )


def _scale(unit: str) -> float:
    word = unit.casefold()
    return _SECONDS["min" if word.startswith("min") else "m" if word.startswith("m") else "s"]
