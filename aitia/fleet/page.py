"""A fleet as lines of text and as one page of HTML with sparklines: no script, no request, readable on paper."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from aitia.fleet.words import Fleet, Pictured, Ranked
from aitia.render import svg
from aitia.render import text as t
from aitia.render.seen import read_seen, seen_svg

SHOWN: Final = 25  # assets on a terminal
MOST_WELL: Final = 2000  # names of assets that are well, on the page
_WIDTH, _HEIGHT, _PAD = 160.0, 28.0, 3.0  # pixels


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture on the page: what it is, what it shows, and itself with that outlined."""

    asset: str
    title: str
    said: tuple[str, ...]
    notes: tuple[str, ...]
    drawing: Markup | None


@dataclass(frozen=True, kw_only=True)
class Row:
    """An asset on the page."""

    rank: int
    asset: str
    kind: str
    criticality: str
    risk: int
    severity: str
    said: tuple[str, ...]
    sparks: tuple[tuple[str, Markup], ...]
    pictures: tuple[Picture, ...] = ()


def fleet_lines(fleet: Fleet, *, most: int = SHOWN) -> Iterator[str]:
    """The fleet as text, the most urgent first."""
    told = [r for r in fleet.assets if r.judged.findings]
    unknown = [r for r in fleet.assets if r.judged.status != "ok"]
    well = len(fleet.assets) - len(told) - len(unknown)
    yield f"{t.count(len(fleet.assets), 'asset')}: {len(told)} with findings, {well} well, {len(unknown)} not judged"
    for one in told[:most]:
        yield f"{one.rank:>4}  {t.clean(one.asset)}  risk {round(100 * one.risk)} %, criticality {_level(one)}"
        yield from (f"      {_severity(f.severity)}: {t.clean(f.statement)}" for f in one.judged.findings[:3])
    if len(told) > most:
        yield f"      and {len(told) - most} more (--json or --html shows all)"
    for one in unknown[:most]:
        yield f"   ?  {t.clean(one.asset)}: {t.clean(one.judged.why or 'not judged')}"
    if len(unknown) > most:
        yield f"      and {len(unknown) - most} more that were not judged"
    yield from _picture_lines(fleet, most)


def _picture_lines(fleet: Fleet, most: int) -> Iterator[str]:
    """Of each asset whose last picture shows something, what it is: no part of the ranking."""
    told = [p for p in fleet.pictures if p.said]
    if fleet.pictures:
        yield f"pictures of {t.count(len({p.asset for p in fleet.pictures}), 'asset')}: {len(told)} show something"
    for one in told[:most]:
        yield from (f"      {t.clean(said)}" for said in one.said[:3])
    if len(told) > most:
        yield f"      and {len(told) - most} more (--json or --html shows all)"


def _level(one: Ranked) -> str:
    return f"{one.criticality} of 5" + ("" if one.stated else " (nobody says: assumed)")


def _severity(word: str) -> str:
    return {"act": "act now", "plan": "plan", "watch": "watch"}[word]


def render_fleet(fleet: Fleet, *, title: str, made: datetime) -> str:
    """The whole page."""
    drawn: dict[str, list[Picture]] = defaultdict(list)
    for n, taken in enumerate(fleet.pictures):
        drawn[taken.asset.casefold()].append(_picture(taken, f"p{n}"))
    rows = [_row(one, drawn.pop(one.asset.casefold(), ())) for one in fleet.assets if one.judged.findings]
    well = [one.asset for one in fleet.assets if one.judged.status == "ok" and not one.judged.findings]
    unknown = [
        (one.asset, one.judged.why or "not judged") for one in fleet.assets if one.judged.status != "ok"
    ]
    return _environment().get_template("fleet.html").render(
        title=t.clean(title),
        made=f"{made:%Y-%m-%d %H:%M} UTC",
        rows=rows,
        well=[t.clean(name) for name in well[:MOST_WELL]],
        more_well=max(0, len(well) - MOST_WELL),
        unknown=[(t.clean(name), t.clean(why)) for name, why in unknown],
        errors=[(t.clean(name), t.clean(why)) for name, why in fleet.errors.items()],
        total=len(fleet.assets),
        unfinished=fleet.unfinished,
        pictures=[one for own in drawn.values() for one in own],
    )  # fmt: skip


def _picture(taken: Pictured, key: str) -> Picture:
    against = f", held against {taken.before}" if taken.before else ""
    title = t.clean(f"{taken.file}, {taken.taken:%Y-%m-%d %H:%M}{against}")
    seen = read_seen(taken.drawn.encode())
    said = tuple(t.clean(s) for s in taken.said[:5])
    desc = f"{len(seen.marks) + len(seen.lines)} places outlined" if seen else ""
    drawing = seen_svg(seen, key=key, title=title, desc=desc) if seen else None
    return Picture(
        asset=t.clean(taken.asset),
        title=title,
        said=said,
        notes=tuple(map(t.clean, taken.notes)),
        drawing=drawing,
    )


def _row(one: Ranked, pictures: Sequence[Picture]) -> Row:
    findings = one.judged.findings
    return Row(
        rank=one.rank,
        asset=t.clean(one.asset),
        kind=t.clean(one.kind),
        criticality=_level(one),
        risk=round(100 * one.risk),
        severity=_severity(findings[0].severity),
        said=tuple(t.clean(f.statement) for f in findings[:5]),
        pictures=tuple(pictures),
        sparks=tuple(
            (t.clean(point), sparkline(levels, f"s{one.rank}-{n}", f"{one.asset} {point}"))
            for n, (point, levels) in enumerate(one.judged.sparkline.items())
        ),
    )


def sparkline(levels: Sequence[float], key: str, name: str) -> Markup:
    """The course of a signal as a line, its last level marked."""
    known = [v for v in levels if v == v]  # NaN is not itself
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    room = (high - low) or 1.0
    points = [
        (
            round(_PAD + (_WIDTH - 2 * _PAD) * n / max(1, len(levels) - 1), 1),
            round(_HEIGHT - _PAD - (_HEIGHT - 2 * _PAD) * (v - low) / room, 1),
        )
        for n, v in enumerate(levels)
        if v == v
    ]
    line = svg.tag(
        "polyline", {"points": " ".join(f"{x},{y}" for x, y in points), "fill": "none", "class": "line"}
    )
    last = (
        svg.tag("circle", {"cx": points[-1][0], "cy": points[-1][1], "r": 2.5, "class": "last"})
        if points
        else ""
    )
    desc = (
        f"from {known[0]:.4g} to {known[-1]:.4g}, between {low:.4g} and {high:.4g}" if known else "no values"
    )
    size = {"viewBox": f"0 0 {_WIDTH:g} {_HEIGHT:g}", "width": _WIDTH, "height": _HEIGHT}
    return svg.picture(key, line, last, title=name, desc=desc, attributes=size)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("aitia.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
