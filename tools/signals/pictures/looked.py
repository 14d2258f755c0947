"""One picture with the one before it: its facts, and what is kept of it to draw it again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aitia.core.errors import BadInput, SourceError
from aitia.core.words import Evidence, Window
from aitia.tools.signals.pictures.drawn import heat_artifact, plane_artifact
from aitia.tools.signals.pictures.facts import AGAINST, heat_facts, ridge_facts
from aitia.tools.signals.pictures.plane import plane_of
from aitia.tools.signals.pictures.read import read_picture
from aitia.tools.signals.pictures.ridges import ridges
from aitia.tools.signals.pictures.scale import field_of
from aitia.tools.signals.pictures.thermal import Heat, hot_spots
from aitia.tools.sources.signals.picture_source import TakenPicture


@dataclass(frozen=True, kw_only=True)
class Looked:
    """Facts, what draws the picture with what was found outlined, and whether it was held against an earlier one."""

    facts: tuple[Evidence, ...]
    artifact: Callable[[], bytes]
    compared: bool = False


def is_spectrogram(taken: TakenPicture) -> bool:
    """Whether it shows levels over time and frequency, by what is known of it."""
    return taken.about.kind == "spectrogram" or (not taken.about.kind and taken.about.frequency is not None)


def looked_at(
    now: TakenPicture, before: TakenPicture | None, *, component: str, window: Window, resolve: Callable[[str], str],
    problems: list[str],
) -> Looked:  # fmt: skip
    """What a picture shows of `component`; what could not be done is added to `problems`. Raises BadInput, SourceError."""
    if is_spectrogram(now):
        plane = plane_of(field_of(read_picture(now.path), now.about, level=True), now.about)
        found = ridges(plane, now.about)
        lines = ridge_facts(found, component, now.at, window, now.ref)
        return Looked(facts=tuple(lines), artifact=lambda: plane_artifact(plane, found))
    heat = _heat(now, before, problems)
    if not heat.unit:
        why = next((n for n in heat.notes if "no temperature" in n), "no temperature is told")
        problems.append(f"{now.path.name}: {why}.")
    facts = heat_facts(heat, component, now.at, window, now.ref, resolve)
    return Looked(facts=tuple(facts), artifact=lambda: heat_artifact(heat), compared=heat.against == AGAINST)


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
