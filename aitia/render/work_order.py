"""The work order of a machine's fault: as JSON, as a section of the report, and as one printable page."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from aitia.agent.same_hours import MAY_EXPLAIN
from aitia.agent.work_order import PLAIN
from aitia.core.errors import BadInput
from aitia.core.percent import chance
from aitia.core.words import Report, WorkOrder
from aitia.core.work_order import FirstLook, Priority, Remaining, StepKind
from aitia.render import sections
from aitia.render import text as t
from aitia.render.all_clear import nothing_to_order, rest_of, to_ask, until_empty
from aitia.render.items import Item, Section
from aitia.render.plant import is_plant
from aitia.render.plots import plot
from aitia.tools.series.numbers import with_unit
from aitia.tools.series.spoken import signal_spoken

PRIORITIES: Final[Mapping[Priority, str]] = {
    "now": "Act now", "soon": "Act soon", "plan": "Plan for the next stop", "unknown": "Urgency not known",
}  # fmt: skip
_HEADINGS: Final[Mapping[StepKind, str]] = {
    "make safe": "Safe state (advice: your site's rules come first)", "decide": "Measure first", "inspect": "Inspect",
    "repair": "Repair or replace", "confirm": "Afterwards",
}  # fmt: skip
_MOST_PLOTS: Final = 3
_HOW_BAD: Final = "not known: what departs may be the instrument, the machine, or an unusual way of running"
_TOOLS: Final = frozenset({"metrics_scan", "signals_scan", "signals_watch", "vibration_look", "logs_scan"})
_LACKS: Final = re.compile(r"\d %|empty|nothing in|cannot|could not|no metrics|too few")
"""What of a source's notes says that a verdict rests on less: single cells that are no numbers do not."""
_MOST_DATA: Final = 3
_DAY_H: Final = 48.0  # hours from which on days are said


def order_of(report: Report) -> WorkOrder:
    """The report's work order. Raises BadInput where it has none."""
    if report.work_order is None:
        raise BadInput(
            "This run has no work order: it names no machine as the cause. Say in the topology which components are machines "
            "(type: machine), or read the report: aitia report " + t.clean(report.run)
        )
    return report.work_order


def work_order_json(report: Report) -> str:
    """The order as JSON: sorted keys, two spaces, a final newline."""
    told = order_of(report).model_dump(mode="json")
    return json.dumps(told, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def work_order_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a work order."""
    version = WorkOrder.model_fields["schema_version"].default
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:aitia:work-order:{version}",
    }
    return head | WorkOrder.model_json_schema(mode="serialization")


def work_order_schema_text() -> str:
    """The schema as it is printed and kept."""
    return json.dumps(work_order_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def runs_for(remaining: Remaining) -> str:
    """How long the machine can run, in words: an interval, or why nobody knows."""
    if remaining.why_none.startswith("it does not run"):
        return remaining.why_none
    if remaining.hours is None:
        return f"not known: {remaining.why_none}"
    low, high = remaining.low_hours, remaining.high_hours
    span = f" ({_time(low)} to {_time(high)})" if low is not None and high is not None else ""
    by = f", by {remaining.by}" if remaining.by else ""
    when = f"; at the earliest {remaining.earliest:%Y-%m-%d %H:%M} UTC" if remaining.earliest else ""
    return f"about {_time(remaining.hours)}{span}{by}{when}"


def _time(hours: float | None) -> str:
    if hours is None:
        return "an unknown time"
    return f"{hours:.0f} h" if hours < _DAY_H else f"{hours / 24:.0f} days"


def section(report: Report) -> Section:
    """What a planner needs, in the report of a machine: how bad, since when, how long, with which part and tool."""
    order = report.work_order
    if order is None:
        return Section(title="Maintenance", items=(*_data(report), *_look_first(report)))
    told = [
        *(("data", item.text) for item in _data(report)),
        ("order", order.job),
        ("done by", order.done_by),
        *(("note", told) for told in order.repeats),
        ("urgency", f"{PRIORITIES[order.priority].removeprefix('Urgency ')}: {order.priority_why}"),
        ("asset", _asset(order)),
        ("plainest at", _plainest(report)),
        ("can run", runs_for(order.remaining) if _bounded(order.remaining) else ""),
        *(("safe state", f"{s.text} (advice)") for s in order.steps if s.kind == "make safe"),
        ("decides", next((s.text for s in order.steps if s.kind == "decide"), "")),
        ("parts", _parts(order)),
        ("tools", ", ".join(order.tools)),
        ("effect", order.effect),
        ("history", order.expected),
        ("recent work", "; ".join(order.recent)),
    ]
    items = tuple(Item(lead=lead, text=t.clean(text)) for lead, text in told if text)
    return Section(title="Maintenance", items=items, note="as a work order: aitia report RUN --work-order")


def _parts(order: WorkOrder) -> str:
    """The parts; of a cause that is not plain only once the measurement has proven it: nothing is bought before a cheap look."""
    if not order.parts:
        return ""
    until = "" if order.certainty >= PLAIN else " (order them once the measurement has proven it)"
    return f"{', '.join(order.parts)}{until}"


def _bounded(remaining: Remaining) -> bool:
    """Whether anything is known of how long it can run: a time, or a trend that a limit would make one of."""
    return remaining.hours is not None or any(
        w in remaining.why_none for w in ("set one", "already", "does not run")
    )


def _look_first(report: Report) -> tuple[Item, ...]:
    """Where no cause is named: that nothing is ordered yet, where to look first, and which reading would raise an order."""
    look = report.look_first
    if look is None:
        if not is_plant(report) or report.verdict == "cause":
            return ()
        return tuple(Item(lead=lead, text=t.clean(text)) for lead, text in nothing_to_order(report) if text)
    told = [
        ("order", look.order or _over(report, look) or "none yet: no fault is proven", ()),
        ("look first", look.how, (look.fact,)),
        ("why", look.why, (look.fact,)),
        ("order if", look.order_if, ()),
        ("look next", "; ".join(look.then), ()),
        ("urgency", _standing_alarm(report) or _HOW_BAD, ()),
        *((lead, text, ()) for lead, text in (*to_ask(report), *rest_of(report))),
    ]
    return tuple(Item(lead=lead, text=t.clean(text), cites=cites) for lead, text, cites in told if text)


def _over(report: Report, look: FirstLook) -> str:
    """That what departed is back and began with a work or a command of those hours, which then may be all; "" where it is not."""
    if not look.order_if.startswith("it departs again"):
        return ""
    with_it = (s.text for s in report.same_hours if look.fact in s.cites and MAY_EXPLAIN in s.text)
    work = next((text.partition(MAY_EXPLAIN)[0] for text in with_it), "")
    return f"nothing to order now: what departed is back, and it began with {work}" if work else ""


def _standing_alarm(report: Report) -> str:
    """That the alarm stands, and how far its signal is beyond the limit: then somebody looks soon, whatever the cause."""
    for e in report.evidence:
        told = [v for k in ("now", "usual", "limit") if isinstance(v := e.values.get(k), int | float)]
        if e.kind == "alarm.signal" and len(told) == 3 and (told[0] - told[2]) * (told[1] - told[2]) < 0:
            since = f" since {e.values['since']}" if e.values.get("since") else ""
            moves = f", {e.values['moves']}" if e.values.get("moves") else ""
            tag = signal_spoken(
                str(e.values.get("channel", "")), e.aspect, str(e.values.get("described", ""))
            )
            name = f"{tag or 'its signal'} of {e.component}"
            now, usual, limit = (with_unit(v, t.clean(str(e.values.get("unit", "")))) for v in told)
            return (
                f"look soon: the alarm stands, {name} reads {now} for a limit of {limit} (usually {usual})"
                f"{since}{moves} [{e.id}]{until_empty(report, e)}"
            )
    return ""


def _data(report: Report) -> tuple[Item, ...]:
    """What was missing of a plant's data: a verdict is worth what was looked at, so that it comes first."""
    if not is_plant(report):
        return ()
    told = [f"{_source(i)}{i.text}" for i in sections.unread(report)]
    lacking = [text for text in dict.fromkeys(told) if _LACKS.search(text)]
    return tuple(Item(lead="data", text=text) for text in lacking)[:_MOST_DATA]


def _source(note: Item) -> str:
    """Of which source a note is, where it does not say so: a tool's name says nothing to a planner."""
    return f"{note.lead}: " if note.lead and note.lead not in _TOOLS and note.lead not in note.text else ""


def _plainest(report: Report) -> str:
    """The part at which a fault of the whole shows most, where a fact names it."""
    own = [e for e in report.evidence if e.component == report.component and e.values.get("at")]
    lead = max(own, key=lambda e: e.strength, default=None)
    return t.clean(f"{lead.values['at']}, its {lead.values.get('channel', 'signals')}") if lead else ""


def _asset(order: WorkOrder) -> str:
    """The asset with its other names, its kind of machine, and what it is part of."""
    known = [*order.called, *([order.machine] if order.machine not in order.called else [])]
    what = f" ({', '.join(k for k in known if k)})" if any(known) else ""
    return f"{order.asset}{what}{', part of ' + ', '.join(order.path) if order.path else ''}"


def render_work_order(report: Report, *, artifacts: Mapping[str, bytes] | None = None) -> str:
    """One page for the printer: no script, no request, outside text escaped."""
    order = order_of(report)
    by_id = {e.id: e for e in report.evidence}
    drawn: list[tuple[str, Markup]] = []
    for fact in (by_id[f.id] for f in order.facts if f.id in by_id):
        picture = plot(fact, report.incident.window, artifacts or {})
        if picture is not None and len(drawn) < _MOST_PLOTS:
            drawn.append((t.clean(fact.statement), picture))
    return _environment().get_template("work_order.html").render(
        order=order, urgency=PRIORITIES[order.priority], sure=chance(order.certainty), runs=runs_for(order.remaining),
        since=_since(order), asset=t.clean(_asset(order)), groups=_groups(order), drawn=drawn,
        reported=t.clean(report.incident.title),
        at=f"{report.incident.window.end:%Y-%m-%d %H:%M} UTC", clean=t.clean,
    )  # fmt: skip


def _since(order: WorkOrder) -> str:
    if order.since is None:
        return "not known"
    error = f", within {t.duration(order.since_error_s)}" if order.since_error_s else ""
    return f"{order.since:%Y-%m-%d %H:%M} UTC{error}"


def _groups(order: WorkOrder) -> list[tuple[str, list[str]]]:
    """The steps by what they are for, in the order in which they are done."""
    found = [
        (_HEADINGS[kind], [t.clean(s.text) for s in order.steps if s.kind == kind]) for kind in _HEADINGS
    ]
    return [(heading, steps) for heading, steps in found if steps]


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("aitia.render"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
