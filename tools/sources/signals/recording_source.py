"""One vibration recording as a source: a .wav, .npz, .tdms, .uff or .csv with what is known of the machine beside the file."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from aitia.core.errors import BadInput
from aitia.core.words import Holding, SourceRef, Window
from aitia.tools.sources.base import Configured, Waveform
from aitia.tools.sources.paths import check_file
from aitia.tools.sources.signals.recording_options import OPTIONS, About
from aitia.tools.sources.signals.recordings import Channel, Recording, read_recording


class RecordingSource(Configured):
    """A signal source over one recording; its component is the source's, else the file's name."""

    KIND = "signals"
    OPTIONS = OPTIONS

    def describe(self, window: Window) -> Holding:
        """The recording's channels, where it lies in the window."""
        blocks = self.waveforms(window)
        guessed = "" if self._about.ended else "taken when the file was last written (else set options.ended)"
        return Holding(
            source=self.name,
            kind=self.kind,
            components=tuple(sorted({b.component for b in blocks})),
            items=tuple(b.channel for b in blocks),
            count=len(blocks),
            guessed=guessed,
            note="" if blocks else "the recording is not of this window",
        )

    def waveforms(self, window: Window) -> list[Waveform]:
        """The channels as one block each, where they begin in the window. Raises SourceError and BadInput as `read_recording`."""
        recording = self._recording
        return [b for b in (self._block(c, recording) for c in recording.channels) if window.contains(b.at)]

    def extent(self, near: datetime) -> tuple[float, float] | None:
        """When the recording begins and ends."""
        blocks = [self._block(c, self._recording) for c in self._recording.channels]
        if not blocks:
            return None
        ends = [b.at.timestamp() + b.x.size / b.fs for b in blocks]
        return min(b.at.timestamp() for b in blocks), max(ends)

    @property
    def _path(self) -> Path:
        return check_file(self._config, self._root)

    @property
    def _recording(self) -> Recording:
        return read_recording(self._path)

    @property
    def _about(self) -> About:
        given: dict[str, Any] = dict(self._config.options)
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

    def _block(self, channel: Channel, recording: Recording) -> Waveform:
        about = self._about
        rate = about.rate or channel.fs
        if not math.isfinite(rate):
            raise BadInput(
                f"The file does not say the sampling rate of {channel.name!r}. Set options.rate of source {self.name!r}."
            )
        factor = about.scale or (1000.0 / about.sensitivity if about.sensitivity else 1.0)
        ended = about.ended or datetime.fromtimestamp(self._path.stat().st_mtime, tz=UTC)
        return Waveform(
            component=self._config.component or self._path.stem,
            channel=channel.name,
            at=ended - timedelta(seconds=channel.x.size / rate),
            x=channel.x * factor,
            fs=rate,
            unit=(about.unit or channel.unit) if channel.scaled or about.scale or about.sensitivity else "",
            rpm=about.rpm or channel.rpm,
            load=about.load,
            designation=about.bearing,
            group=about.group,
            support=about.support,
            ref=SourceRef(source=self.name, query=channel.name, path=self._path.name),
        )
