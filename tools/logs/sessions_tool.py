"""Which sessions (requests, traces, jobs, blocks) of the incident window go another way than those before it."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aitia.core.errors import BadInput
from aitia.core.home import aitia_home
from aitia.core.redact import Redactor, load_key
from aitia.core.words import Direction, Evidence, Result, SourceRef, Window, from_epoch
from aitia.tools.logs.sequence import Normal, Reason, Session, Verdict
from aitia.tools.logs.sequence.stream import Place, Told, told
from aitia.tools.registry import ToolContext, tool
from aitia.tools.sources.logs.remote_lines import hash_of, time_of
from aitia.tools.text.classes import meaning
from aitia.tools.text.names import known
from aitia.tools.text.streams import spans, streams

GROUPS: Final = 8
QUOTE: Final = 90
ALPHA: Final = 0.01
_DIRECTION: Final[dict[str, Direction]] = {"event": "new", "end": "gone", "duration": "up"}


@dataclass(frozen=True, kw_only=True)
class _Odd:
    session: Session
    verdict: Verdict
    places: Sequence[Place | None]

    @property
    def reason(self) -> Reason:
        """The strongest one."""
        return self.verdict.reasons[0]

    @property
    def position(self) -> int:
        """Of the event that the reason is about."""
        last = len(self.places) - 1
        return min(self.reason.at[-1], last) if self.reason.at else last

    @property
    def place(self) -> Place | None:
        """Of the record there, or of the nearest one before or, in need, after it that was kept."""
        before = [p for p in self.places[: self.position + 1] if p]
        return before[-1] if before else next((p for p in self.places if p), None)


@tool(needs=("logs",), produces=("sessions",))
def logs_sessions(ctx: ToolContext, *, component: str = "", false_alarms: float = 0.005) -> Result:
    """Which requests, traces or jobs take another course in the logs than those before the incident."""
    window, baselines = spans(ctx)
    found = told(streams(ctx, component), window, baselines, known(ctx))
    notes = "; ".join(found.notes)
    if found.by is None:
        if not found.records:
            text = (
                f"No log records were read: {notes}." if notes else "There are no log records in the window."
            )
            return Result(status="no_data", message=text)
        text = (
            f"No id groups the {found.records} log records into sessions: none recurs across several "
            f"templates. {notes}"
        )
        return Result(status="no_data", message=text.strip())
    try:
        normal = Normal(false_alarms=false_alarms).fit(found.normal)
    except BadInput as error:
        return Result(status="no_data", message=f"{error} {notes}".strip())
    verdicts = [(s, normal.score(s), places) for s, places in found.window]
    odd = [_Odd(session=s, verdict=v, places=p) for s, v, p in verdicts if v.anomalous]
    redactor = Redactor(load_key(aitia_home()))
    facts = [
        fact for group in _grouped(odd) if (fact := _fact(group, found, normal, window, redactor)) is not None
    ]
    facts.sort(key=lambda e: (-e.strength, e.component, e.statement))
    message = (
        ""
        if facts
        else (
            f"The {len(verdicts)} sessions in the window follow the same pattern as the {normal.n} before it."
        )
    )
    return Result(
        status="ok" if facts else "no_data",
        message="; ".join(filter(None, (message, notes))),
        query=f"sessions by {redactor.text(found.by.name)}",
        evidence=tuple(facts[: min(GROUPS, ctx.limits.evidence)]),
        data={
            "sessions": {
                "normal": normal.n,
                "window": len(verdicts),
                "anomalous": len(odd),
                "expected": round(normal.bound * len(verdicts), 2),
            }
        },
    )


def _grouped(odd: Sequence[_Odd]) -> list[list[_Odd]]:
    """Sessions that differ in the same way, the largest groups first."""
    groups: dict[tuple[str, tuple[str, ...]], list[_Odd]] = {}
    for one in odd:
        groups.setdefault((one.reason.kind, one.reason.events), []).append(one)
    return sorted(groups.values(), key=lambda group: (-len(group), group[0].verdict.p))


def _fact(
    group: Sequence[_Odd], found: Told, normal: Normal, window: Window, redactor: Redactor
) -> Evidence | None:
    """The fact of a group; None where normal sessions would give as many by chance."""
    cited = [(o, place) for o in group if (place := o.place)]
    if not cited:
        return None
    first, place = min(cited, key=lambda pair: pair[0].session.times[pair[0].position])
    chance = _at_least(len(group), len(found.window), max(o.verdict.p for o in group))
    if chance > ALPHA:
        return None
    names = {e: _quoted(found.texts.get(e, e), redactor) for e in first.reason.events}
    components = Counter(p.component for _, p in cited)
    component = max(sorted(components), key=lambda c: components[c])
    many = f"{len(group)} of {len(found.window)} sessions" if len(group) > 1 else "a session"
    name = redactor.text(found.by.name) if found.by else ""
    return Evidence(
        component=component,
        kind="log.session",
        aspect=_aspect(first.reason, found),
        statement=(
            f"{component}: {many} ({name}) took a different course than before the window: "
            f"{first.reason.words(names)}."
        ),
        values={
            "sessions": len(group),
            "sessions_window": len(found.window),
            "sessions_baseline": normal.n,
            "differs_in": first.reason.kind,
            "p_value": float(f"{first.verdict.p:.3g}"),
            "by": name,
        },
        unit="sessions",
        window=window,
        onset=from_epoch(first.session.times[first.position]),
        direction=_DIRECTION.get(first.reason.kind, "changed"),
        strength=round(min(0.9, 0.4 + 0.5 * min(1.0, -math.log10(max(chance, 1e-12)) / 8)), 2),
        source=_reference(place),
        taint=True,
    )


def _aspect(reason: Reason, found: Told) -> str:
    """Of an event that tells of something bad its own; else that requests do something else, or take longer."""
    if reason.kind == "event" and (what := meaning(found.texts.get(reason.events[0], ""), "")).bad:
        return what.aspect
    return "latency" if reason.kind == "duration" else "log.flow"


def _at_least(k: int, n: int, p: float) -> float:
    """P(X >= k) for X ~ Binomial(n, p)."""
    from scipy.special import betainc

    return float(betainc(k, n - k + 1, p)) if p < 1 else 1.0


def _quoted(text: str, redactor: Redactor) -> str:
    shown = " ".join(redactor.text(text).replace("<*>", "…").split()).replace('"', "'")
    return shown if len(shown) <= QUOTE else shown[: QUOTE - 1] + "…"


def _reference(place: Place) -> SourceRef:
    record = place.record
    raw = place.file.read_at(record.offset, record.size)
    if place.query:
        return SourceRef(source=place.source, query=f"{place.query} at {time_of(raw)}", sha256=hash_of(raw))
    path, line = str(place.file.path), record.line
    lines = None if line < 0 else (line, line + record.lines - 1)
    where = f"{lines[0]}-{lines[1]}" if lines else f"bytes={record.offset}-{record.offset + record.size}"
    return SourceRef(
        source=place.source,
        query=f"{path}:{where}",
        path=path,
        lines=lines,
        sha256=hashlib.sha256(raw).hexdigest(),
    )
