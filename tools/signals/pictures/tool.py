"""The tool of pictures: the latest of each asset in the window, thermal ones held against the last one before it."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from aitia.core.errors import BadInput, SourceError
from aitia.core.words import NOT_SEEN, Evidence, Result, Window
from aitia.tools.registry import ToolContext, tool
from aitia.tools.signals.pictures.looked import is_spectrogram, looked_at
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
    of: dict[tuple[str, bool], list[TakenPicture]] = defaultdict(list)
    for one in taken:
        of[one.component, is_spectrogram(one)].append(one)
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
    looked = looked_at(
        now,
        before,
        component=ctx.resolver.resolve(now.component) or now.component,
        window=ctx.incident.window,
        resolve=lambda name: ctx.resolver.resolve(name) or "",
        problems=problems,
    )
    if not looked.facts:
        return []
    kept = ctx.put_artifact(looked.artifact(), PICTURE)
    return [fact.model_copy(update={"artifact": kept}) for fact in looked.facts]
