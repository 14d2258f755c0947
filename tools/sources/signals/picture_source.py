"""Thermal pictures and spectrograms of a folder as a source: which were taken when, of what. The tool reads their points."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aitia.core.errors import BadInput, SourceError
from aitia.core.words import Holding, SourceRef, Window
from aitia.tools.sources.base import Configured
from aitia.tools.sources.paths import iter_files
from aitia.tools.sources.signals.picture_about import (
    MATRICES,
    PICTURES,
    About,
    about_of,
    read_about,
    sidecar_of,
)
from aitia.tools.sources.signals.picture_times import exif_time, owner_in, stamp_in, written

MOST_PICTURES: Final = 5_000


@dataclass(frozen=True, kw_only=True)
class TakenPicture:
    """A picture file, whose it is (raw name), when it was taken, what is known of it, and how its time was told where guessed."""

    path: Path
    component: str
    at: datetime
    about: About
    ref: SourceRef
    guessed: str = ""

    @property
    def ends(self) -> datetime:
        """When what it shows ends: a spectrogram begins at `at`."""
        return self.at + timedelta(seconds=self.about.time[1]) if self.about.time else self.at


class PictureSource(Configured):
    """A source over a folder (or file, or glob) of pictures; options say what holds for all of them."""

    KIND = "pictures"
    OPTIONS = frozenset({"range", "palette", "zone"})

    def describe(self, window: Window) -> Holding:
        """The pictures of the window; reads names, sidecars and the camera's clock only."""
        taken = self.pictures(window.end)
        inside = [p for p in taken if window.contains(p.at) or window.contains(p.ends)]
        return Holding(
            source=self.name,
            kind=self.kind,
            components=tuple(sorted({p.component for p in inside})),
            items=tuple(sorted(p.path.name for p in inside))[:200],
            count=len(inside),
            guessed=next((p.guessed for p in inside if p.guessed), ""),
            note="" if inside else "no picture of this window",
        )

    def pictures(self, until: datetime) -> list[TakenPicture]:
        """All pictures taken before a moment, by time and name. Raises SourceError, BadInput for a wrong sidecar or option."""
        files = [
            p for p in iter_files(self._config, self._root) if p.suffix.lower() in (*PICTURES, *MATRICES)
        ]
        if len(files) > MOST_PICTURES:
            raise SourceError(
                f"Source {self.name!r} has {len(files):,} pictures, at most {MOST_PICTURES:,} are looked at. Narrow its path."
            )
        common = self._common()
        made = [self._taken(path, common) for path in files]
        return sorted((p for p in made if p.at <= until), key=lambda p: (p.at, p.path.name))

    def _taken(self, path: Path, common: dict[str, Any]) -> TakenPicture:
        beside = sidecar_of(path)
        told = read_about(beside).model_dump(exclude_unset=True) if beside else {}
        if told.get("counts"):
            common = {k: v for k, v in common.items() if k != "range"}
        about = about_of(common | told, f"what source {self.name!r} says of {path.name!r}")
        at, guessed = about.taken or stamp_in(path.stem, self._zone), ""
        if at is None:
            at, guessed = exif_time(path, self._zone), "the time is the camera's own clock"
        if at is None:
            at, guessed = (
                written(path),
                "taken when the file was last written (else put the time into its name or a sidecar)",
            )
        owner = about.component or self._config.component or owner_in(path.stem) or path.parent.name
        ref = SourceRef(source=self.name, query=path.name, path=path.name)
        return TakenPicture(
            path=path,
            component=owner,
            at=at,
            about=about,
            ref=ref,
            guessed=guessed if not about.taken else "",
        )

    def _common(self) -> dict[str, Any]:
        options, made = self._config.options, dict[str, Any]()
        if "range" in options:
            try:
                low, high = (float(part) for part in str(options["range"]).replace("..", ",").split(","))
            except ValueError:
                raise BadInput(
                    f"Set options.range of source {self.name!r} as 20..90, not {options['range']!r}."
                ) from None
            made["range"] = (low, high)
        if "palette" in options:
            made["palette"] = str(options["palette"])
        return made

    @property
    def _zone(self) -> tzinfo:
        name = str(self._config.options.get("zone", ""))
        try:
            return ZoneInfo(name) if name else UTC
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise BadInput(
                f"Set options.zone of source {self.name!r} to a time zone such as Europe/Berlin, not {name!r}."
            ) from None
