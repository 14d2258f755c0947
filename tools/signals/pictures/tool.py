"""The tool of pictures: the latest of each asset in the window, thermal ones held against the last one before it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Final

from aitia.core.errors import BadInput, SourceError
from aitia.core.words import NOT_SEEN, Evidence, Result, Window
from aitia.tools.registry import ToolContext, tool
from aitia.tools.signals.pictures.drawn import heat_artifact, plane_artifact
from aitia.tools.signals.pictures.facts import heat_facts, ridge_facts
from aitia.tools.signals.pictures.plane import plane_of
from aitia.tools.signals.pictures.read import read_picture
from aitia.tools.signals.pictures.ridges import ridges
from aitia.tools.signals.pictures.scale import field_of
from aitia.tools.signals.pictures.thermal import Heat, hot_spots
from aitia.tools.signals.plots import PICTURE
from aitia.tools.sources.signals.picture_source import PictureSource, TakenPicture

MOST_LOOKED_AT: Final = 12


@tool(needs=("pictures",), produces=("pictures",))
def signals_pictures(ctx: ToolContext) -> Result:
    """Hot spots of thermal pictures against earlier ones and like parts, and lines that began in spectrogram pictures."""
    facts: list[Evidence] = []
    problems: list[str] = []
    looked: list[str] = []
    for source in ctx.sources.of("pictures"):
        if not isinstance(source, PictureSource):
            continue
        for now, before in _chosen(source.pictures(ctx.incident.window.end), ctx.incident.window, problems):
            looked.append(now.path.name)
            try:
                facts += _of(ctx, now, before, problems)
            except (BadInput, SourceError) as error:
                problems.append(f"{now.path.name}: {error}")
    if not looked:
        return Result(
            status="no_data",
            message=" ".join(problems)
            or "No picture was taken in the window. Widen it, or say when in a sidecar.",
        )
    facts.sort(key=lambda e: (-e.strength, e.component, e.statement))
    return Result(
        status="ok" if facts else "no_data",
        message=(NOT_SEEN if facts and problems else "") + " ".join(dict.fromkeys(problems)),
        query=", ".join(looked),
        evidence=tuple(facts),
        data={
            "pictures": [
                {"component": e.component, "aspect": e.aspect, "strength": e.strength} for e in facts
            ]
        }
        if facts
        else {},
    )


def _chosen(
    taken: list[TakenPicture], window: Window, problems: list[str]
) -> list[tuple[TakenPicture, TakenPicture | None]]:
    """The latest picture of each asset and kind in the window, and the last one from before it."""
    of: dict[tuple[str, str], list[TakenPicture]] = defaultdict(list)
    for one in taken:
        of[one.component, one.about.kind or ("spectrogram" if one.about.frequency else "thermal")].append(one)
    made = []
    for _, own in sorted(of.items()):
        inside = [p for p in own if window.contains(p.at) or window.contains(p.ends)]
        before = [p for p in own if p.ends < window.start]
        if inside:
            made.append((inside[-1], before[-1] if before else None))
    if len(made) > MOST_LOOKED_AT:
        problems.append(f"The pictures of {MOST_LOOKED_AT} of {len(made)} assets were looked at.")
    return made[:MOST_LOOKED_AT]


def _of(
    ctx: ToolContext, now: TakenPicture, before: TakenPicture | None, problems: list[str]
) -> list[Evidence]:
    component = ctx.resolver.resolve(now.component) or now.component
    window = ctx.incident.window
    if now.about.kind == "spectrogram" or now.about.frequency:
        plane = plane_of(field_of(read_picture(now.path), now.about, level=True), now.about)
        found = ridges(plane, now.about)
        return _drawn(
            ctx, ridge_facts(found, component, now.at, window, now.ref), lambda: plane_artifact(plane, found)
        )
    heat = _heat(now, before, problems)
    if not heat.unit:
        problems.append(
            f"{now.path.name}: {next((n for n in heat.notes if 'no temperature' in n), 'no temperature is told')}."
        )
    facts = heat_facts(
        heat, component, now.at, window, now.ref, lambda name: ctx.resolver.resolve(name) or ""
    )
    return _drawn(ctx, facts, lambda: heat_artifact(heat))


def _heat(now: TakenPicture, before: TakenPicture | None, problems: list[str]) -> Heat:
    """Against the picture from before where it fits; else by itself, and why is said."""
    picture = read_picture(now.path)
    if before is not None:
        try:
            return hot_spots(
                picture, reference=read_picture(before.path), about=now.about, reference_about=before.about
            )
        except (BadInput, SourceError) as error:
            problems.append(f"{now.path.name} was not held against {before.path.name}: {error}")
    return hot_spots(picture, about=now.about)


def _drawn(ctx: ToolContext, facts: list[Evidence], artifact: Callable[[], bytes]) -> list[Evidence]:
    if not facts:
        return facts
    kept = ctx.put_artifact(artifact(), PICTURE)
    return [fact.model_copy(update={"artifact": kept}) for fact in facts]
