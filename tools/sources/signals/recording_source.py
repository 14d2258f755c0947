"""Vibration recordings as a source: a .wav, .npz, .tdms, .uff or .csv, or a folder of them, with what is known of the machine."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from aitia.core.errors import BadInput, SourceError
from aitia.core.words import Holding, SourceRef, Window
from aitia.tools.sources.base import Configured, Waveform
from aitia.tools.sources.paths import check_file, iter_files
from aitia.tools.sources.signals.picture_times import owner_in, stamp_in
from aitia.tools.sources.signals.recording_options import OPTIONS, RECORDED, About
from aitia.tools.sources.signals.recordings import Channel, read_recording
from aitia.tools.sources.time_texts import configured_zone
from aitia.tools.tags.equipment_words import mention_in
from aitia.tools.tags.names import machine_in, parts_of

MOST_HELD: Final = 60_000_000  # samples of all recordings in a window: 480 MB
MOST_FILES: Final = 20_000  # of a folder


@dataclass(frozen=True, kw_only=True)
class Named:
    """A file of a folder: whose recording it is, the point on the machine, and when it began, None where no name tells it."""

    path: Path
    component: str
    point: str
    at: datetime | None


class RecordingSource(Configured):
    """A signal source over one recording, whose component is the source's, else the file's name; or over those of a folder.

    In a folder the names tell machine, point and time: `P-101A_DE_2026-03-10_06-25.wav`, or folders called as machines.
    """

    KIND = "signals"
    OPTIONS = OPTIONS | {"timezone"}

    def describe(self, window: Window) -> Holding:
        """The recordings' channels, where they lie in the window; of a folder by the names of its files where these tell it."""
        named = list(self._named())
        if named and all(n.at for n in named):
            held = [n for n in named if n.at and window.contains(n.at)]
            components, items = {n.component for n in held}, {n.point for n in held}
        else:
            blocks = self.waveforms(window)
            components, items = {b.component for b in blocks}, {b.channel for b in blocks}
            held = named if blocks else []
        by_file = not self._about.ended and any(n.at is None for n in named)
        guessed = "taken when the file was last written (else set options.ended)" if by_file else ""
        if self._several:
            told = "machine, point and time from the names of the files"
            unknown = [k for k in ("rpm", "bearing") if not self._config.options.get(k)]
            more = (
                f"; nobody tells {', '.join(unknown)} (set options.{', options.'.join(unknown)})"
                if unknown
                else ""
            )
            guessed = f"{told if not by_file else 'machine and point from the names of the files; ' + guessed}{more}"
        none = "no recording is of this window" if self._several else "the recording is not of this window"
        return Holding(
            source=self.name,
            kind=self.kind,
            components=tuple(sorted(components)),
            items=tuple(sorted(filter(None, items))),
            count=len(held) if self._several else len(items),
            guessed=guessed,
            note="" if held else none,
        )

    def waveforms(self, window: Window) -> list[Waveform]:
        """The channels as one block each, where they begin in the window, by time. Raises as `read_recording` does."""
        found: list[Waveform] = []
        for named in self._named():
            if named.at is not None and not window.contains(named.at):
                continue
            blocks = [self._block(c, named) for c in read_recording(named.path).channels]
            found += [b for b in blocks if window.contains(b.at)]
            if sum(b.x.size for b in found) > MOST_HELD:
                raise SourceError(
                    f"The recordings of source {self.name!r} in the window have more than the limit of {MOST_HELD:,} samples."
                    " Shorten it, or narrow `path`."
                )
        return sorted(found, key=lambda b: (b.at, b.component, b.channel))

    def extent(self, near: datetime) -> tuple[float, float] | None:
        """When the first recording begins and the last one ends; where names tell the times, when it begins."""
        named = list(self._named())
        known = [n.at.timestamp() for n in named if n.at is not None]
        if self._several and len(known) == len(named):
            return (min(known), max(known)) if known else None
        blocks = [self._block(c, n) for n in named for c in read_recording(n.path).channels]
        if not blocks:
            return None
        return min(b.at.timestamp() for b in blocks), max(b.at.timestamp() + b.x.size / b.fs for b in blocks)

    @property
    def _several(self) -> bool:
        """Whether the path is a folder or a pattern."""
        path = self._root / Path(self._config.path).expanduser()
        return path.is_dir() or not path.exists()

    def _named(self) -> Iterator[Named]:
        """The files in the order of their names. Raises SourceError where there is none."""
        if not self._several:
            path = check_file(self._config, self._root)
            yield Named(path=path, component=self._config.component or path.stem, point="", at=None)
            return
        if self._about.ended:
            raise BadInput(
                f"Remove options.ended of source {self.name!r}: its files are several, each of its own time."
            )
        root = self._root / Path(self._config.path).expanduser()
        root = root if root.is_dir() else root.parent
        zone = configured_zone(self._config)
        endings = (
            *RECORDED,
            *([] if (self._root / Path(self._config.path)).is_dir() else [".csv", ".txt", ".tsv"]),
        )
        files = [p for p in iter_files(self._config, self._root) if p.suffix.lower() in endings]
        if not files or len(files) > MOST_FILES:
            why = f"more than {MOST_FILES:,} recordings" if files else f"no recording ({', '.join(RECORDED)})"
            raise SourceError(f"{str(root)!r} holds {why}. Fix `path` of source {self.name!r}.")
        for path in files:
            component, point = owner_of(path, root)
            yield Named(
                path=path,
                component=self._config.component or component,
                point=point,
                at=stamp_in(path.stem, zone),
            )

    @property
    def _about(self) -> About:
        given: dict[str, Any] = {k: v for k, v in self._config.options.items() if k != "timezone"}
        try:
            made = About.model_validate(given)
        except ValidationError as error:
            first = error.errors()[0]
            raise BadInput(
                f"Set option {first['loc'][0]!r} of source {self.name!r} right: {first['msg']}"
            ) from None
        if made.scale and made.sensitivity:
            raise BadInput(f"Give source {self.name!r} scale or sensitivity, not both.")
        return made

    def _block(self, channel: Channel, named: Named) -> Waveform:
        about = self._about
        rate = about.rate or channel.fs
        if not math.isfinite(rate):
            raise BadInput(
                f"The file does not say the sampling rate of {channel.name!r}. Set options.rate of source {self.name!r}."
            )
        factor = about.scale or (1000.0 / about.sensitivity if about.sensitivity else 1.0)
        ended = about.ended or datetime.fromtimestamp(named.path.stat().st_mtime, tz=UTC)
        plain = named.point and channel.name == "channel"
        return Waveform(
            component=named.component,
            channel=named.point if plain else f"{named.point} {channel.name}".strip(),
            at=named.at or ended - timedelta(seconds=channel.x.size / rate),
            x=channel.x * factor,
            fs=rate,
            unit=(about.unit or channel.unit) if channel.scaled or about.scale or about.sensitivity else "",
            rpm=about.rpm or channel.rpm,
            load=about.load,
            designation=about.bearing,
            group=about.group,
            support=about.support,
            ref=SourceRef(source=self.name, query=channel.name, path=named.path.name),
        )


def owner_of(path: Path, root: Path) -> tuple[str, str]:
    """Machine and point of a file: as its name without the time spells them, else the machine is the folder that it lies in."""
    said, folder = owner_in(path.stem), path.parent.name
    if path.parent == root and not (machine_in(folder) or mention_in(folder)):
        folder = ""
    told = parts_of(f"{said} vibration") if said else None
    if told is not None and told.asset and not told.loop and told.asset != said:
        return told.asset, told.point.removesuffix("vibration").strip(" _-.")
    if told is not None and told.asset == said:
        return said, ""
    if folder:
        return folder, said
    head, _, rest = said.partition("_")
    return (head, rest) if head else (path.stem, "")
