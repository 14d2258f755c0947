"""The cause chain and the components around the cause, drawn. Everything a drawing says, the page also says in words."""

from __future__ import annotations

from itertools import groupby

from markupsafe import Markup

from aitia.core.words import Evidence, Report
from aitia.render import text as t
from aitia.render.facts import Step, apart, brief, named, steps, timed
from aitia.render.svg import fit, picture, tag, text, width, wrap

WIDTH, _PAD, _LINE, _GAP = 340, 12, 16, 40


def chain(report: Report) -> Markup | None:
    """The chain from top to bottom: a box per component with its facts, an arrow per step with its time and citation."""
    found = steps(report)
    if len(found) < 2:
        return None
    groups = [(name, list(of)) for name, of in groupby(found, key=lambda s: s.fact.component)]
    if report.component and report.component not in (name for name, _ in groups):
        groups.insert(0, (report.component, []))  # known only by what others felt of it
    body: list[Markup] = [_arrowhead("chain-head")]
    y = 1.0
    before: Evidence | None = None
    for place, (component, facts) in enumerate(groups):
        if place:
            body += _arrow(y, facts[0], before)
            y += _GAP
        badge = "cause" if component == report.component else ""
        if not badge and place == len(groups) - 1:
            badge = "symptom"
        box, y = _box(y, component, facts, badge, t.clean(t.fault_name(report)))
        body += box
        before = facts[-1].fact if facts else None
    told = "; then ".join(f"{t.clip(t.clean(s.fact.statement), 300)} ({s.fact.id})" for s in found)
    return picture(
        "chain", *body, title=f"Cause chain: {', then '.join(named(name) for name, _ in groups)}", desc=told,
        attributes={"viewBox": f"0 0 {WIDTH} {y + 1:.0f}", "class": "chain"},
    )  # fmt: skip


def _box(y: float, component: str, facts: list[Step], badge: str, fault: str) -> tuple[list[Markup], float]:
    top, inner = y, WIDTH - 2 * _PAD
    y += 22
    room = inner - (width(badge) + 14 if badge else 0)
    body = [text(_PAD, y, fit(named(component), room, 14, bold=True), kind="name")]
    if badge:
        body.append(text(WIDTH - _PAD, y, badge, kind="badge", anchor="end"))
    if not facts:
        y += _LINE + 2
        body.append(text(_PAD, y, fit(fault, inner)))
    previous: Evidence | None = None
    for step in facts:
        if previous is not None:
            y += _LINE + 4
            words = " · ".join(p for p in (f"↓ {step.led}", apart(previous, step.fact)) if p)
            body.append(text(_PAD + 2, y, words, kind="step"))
        lead = f"{t.at(step.fact.onset)} " if step.fact.onset and timed(step.fact) else ""
        y += 2
        for line in wrap(f"{lead}{brief(step.fact)}", inner, lines=5):
            y += _LINE
            body.append(text(_PAD, y, line))
        body.append(text(WIDTH - _PAD, y + _LINE, f"[{step.fact.id}]", kind="cite", anchor="end"))
        y += _LINE
        previous = step.fact
    y += 8
    kind = f"box {badge}".strip()
    return [
        tag("rect", {"x": 1, "y": top, "width": WIDTH - 2, "height": y - top, "rx": 6, "class": kind}),
        *body,
    ], y


def _arrow(y: float, to: Step, before: Evidence | None) -> list[Markup]:
    """From the box above to the one below; the number is the sentence's."""
    line = {"x1": 30, "y1": y, "x2": 30, "y2": y + _GAP - 2, "class": "led", "marker-end": "url(#chain-head)"}
    if before is None:
        words = f"as seen by {named(to.fact.component)} · [{to.fact.id}]"
        return [tag("line", line), text(48, y + _GAP / 2 + 1, fit(words, WIDTH - 56), kind="step")]
    cited = f"[{before.id} → {to.fact.id}]"
    words = " · ".join(p for p in (apart(before, to.fact), cited) if p)
    return [
        tag("line", line),
        tag("circle", {"cx": 30, "cy": y + _GAP / 2 - 3, "r": 9, "class": "number"}),
        text(30, y + _GAP / 2 + 1, str(to.led), kind="in", anchor="middle"),
        text(48, y + _GAP / 2 + 1, words, kind="step"),
    ]


def _arrowhead(key: str) -> Markup:
    head = {
        "id": key,
        "viewBox": "0 0 10 10",
        "refX": 9,
        "refY": 5,
        "markerWidth": 6,
        "markerHeight": 6,
        "orient": "auto",
    }
    return tag("defs", {}, tag("marker", head, tag("path", {"d": "M0 0 10 5 0 10z", "class": "head"})))
