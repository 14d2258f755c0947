"""The components around the cause, drawn by who calls whom: which moved, which did not, which way it spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final

from markupsafe import Markup

from aitia.core.words import Link, Report
from aitia.render import text as t
from aitia.render.facts import named, steps
from aitia.render.layered import HIGH, WIDTH, Place, place, route
from aitia.render.svg import fit, picture, tag, text

MOST: Final = 12
_KIND: Final = {
    "cause": "cause", "likeliest suspect": "cause", "in the chain": "chained", "not seen": "unseen",
}  # fmt: skip
_WORD: Final = {"calls": "calls", "runs_on": "runs on", "part_of": "is part of", "feeds": "feeds"}


@dataclass(frozen=True, kw_only=True)
class Around:
    """The drawing, and in words what it leaves out or only hints at."""

    drawing: Markup
    relations: tuple[str, ...]
    note: str


def around(report: Report) -> Around | None:
    """The cause (else the likeliest suspect), the chain, the alarm's component and their neighbours."""
    links = {c.id: c.links for c in report.inventory.components}
    core = [c for c in _core(report) if c in links]
    near = [c for c in links if any(_joined(links, c, k) for k in core) and c not in core]
    shown = (core + near)[:MOST]
    drawn = [
        (a, link) for a in shown for link in links[a]
        if link.to in shown and link.to != a and (link.relation != "runs_on" or link.to in core)
    ]  # fmt: skip
    if not core or not drawn:
        return None
    shown = [c for c in shown if c in core or any(c in (a, link.to) for a, link in drawn)]
    pairs = list(dict.fromkeys(_upper_first(a, link) for a, link in drawn))
    places, bends, height = place(shown, pairs)
    state = {c: _state(report, c) for c in shown}
    way = [name for name, _ in groupby(s.fact.component for s in steps(report))]
    if report.component and report.component not in way:
        way.insert(0, report.component)
    felt = [c for c in way if c in places]
    spread = {pair for a, b in pairwise(felt) for pair in route(pairs, a, b, core)}
    relations = tuple(_sentence(c, links[c]) for c in shown if links[c])
    kinds = {_upper_first(a, link): link.relation for a, link in drawn}
    body = []
    for pair in sorted(pairs, key=lambda p: bool({p, p[::-1]} & spread)):
        thick = " spread" if {pair, pair[::-1]} & spread else ""
        body.append(_curve(places[pair[0]], places[pair[1]], bends[pair], kind=kinds[pair] + thick))
    body += [part for c in shown for part in _box(places[c], c, state[c])]
    left = len(set(links) - set(shown))
    drawing = picture(
        "around", *body, title="Components around the cause" if report.component else "Components around the alarm",
        desc=" ".join(f"{named(c)}: {state[c]}." for c in shown),
        attributes={"viewBox": f"0 0 {WIDTH} {height}", "class": "around"},
    )  # fmt: skip
    notes = [f"Thick: the path of the chain, {' → '.join(named(c) for c in felt)}."] if spread else []
    notes += (
        [f"{t.count(left, 'component')} further away or connected only through a host: not drawn."]
        if left
        else []
    )
    return Around(drawing=drawing, relations=relations, note=" ".join(notes))


def _first(report: Report) -> str:
    """The cause; where it is open, the likeliest suspect."""
    suspect = next((s.component for s in report.suspects if s.component), "")
    return report.component or (suspect if report.verdict == "unknown" else "")


def _core(report: Report) -> list[str]:
    first = _first(report)
    return list(dict.fromkeys([first, *(s.fact.component for s in steps(report)), *report.incident.hints]))


def _joined(links: Mapping[str, tuple[Link, ...]], a: str, b: str) -> bool:
    """Whether one names the other; a shared host alone brings no neighbour."""
    return any(
        link.to == y and link.relation != "runs_on" for x, y in ((a, b), (b, a)) for link in links.get(x, ())
    )


def _upper_first(a: str, link: Link) -> tuple[str, str]:
    return (link.to, a) if link.relation == "part_of" else (a, link.to)


def _sentence(component: str, links: tuple[Link, ...]) -> str:
    by = {_WORD[r]: [named(link.to) for link in links if link.relation == r][:30] for r in _WORD}
    return f"{named(component)} " + "; ".join(f"{word} {', '.join(to)}" for word, to in by.items() if to)


def _state(report: Report, component: str) -> str:
    """In a word what the facts say of it."""
    if component == _first(report):
        return "cause" if report.component else "likeliest suspect"
    here = [e for e in report.evidence if e.component == component and e.kind.partition(".")[0] != "rank"]
    chained = {s.fact.id for s in steps(report)}
    if any(e.id in chained for e in here):
        return "in the chain"
    if any(e.onset is not None and e.strength >= 0.5 and not e.kind.startswith("change") for e in here):
        return "moved too"
    return "as usual" if any(e.kind.endswith(".quiet") for e in here) else "not seen"


def _box(at: Place, component: str, state: str) -> list[Markup]:
    kind = f"box {_KIND.get(state, '')}".strip()
    shape = {"x": at.x - at.wide / 2, "y": at.y, "width": at.wide, "height": HIGH, "rx": 6}
    name = fit(named(component), at.wide - 8, 13, bold=True)
    return [
        tag("rect", {**shape, "class": kind}),
        text(at.x, at.y + 18, name, kind="name small", anchor="middle"),
        text(at.x, at.y + 35, state, kind="state", anchor="middle"),
    ]


def _curve(a: Place, b: Place, bends: Sequence[Place], *, kind: str) -> Markup:
    """From the lower edge of the upper box to the upper edge of the lower one, by way of the bends."""
    if a.y == b.y:  # side by side: below both
        y = a.y + HIGH
        path = f"M{a.x:.0f} {y:.0f}C{a.x:.0f} {y + 24:.0f} {b.x:.0f} {y + 24:.0f} {b.x:.0f} {y:.0f}"
        return tag("path", {"d": path, "class": f"link {kind}"})
    upper, lower = (a, b) if a.y < b.y else (b, a)
    points = [(upper.x, upper.y + HIGH)]
    for bend in bends:
        points += [(bend.x, bend.y), (bend.x, bend.y + HIGH)]
    points.append((lower.x, lower.y))
    path = f"M{points[0][0]:.0f} {points[0][1]:.0f}"
    for (ax, ay), (bx, by) in pairwise(points):
        middle = (ay + by) / 2
        path += f"C{ax:.0f} {middle:.0f} {bx:.0f} {middle:.0f} {bx:.0f} {by:.0f}"
    return tag("path", {"d": path, "class": f"link {kind}"})
