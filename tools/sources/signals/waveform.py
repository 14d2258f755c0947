"""High-rate waveforms: a `signals.yaml` that lists blocks of samples held in .npz or .npy files."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from pydantic import ValidationError

from aitia.core.aspects import VIBRATION
from aitia.core.bounds import load_yaml, read_text
from aitia.core.errors import BadInput, SourceError
from aitia.core.trust import checked, is_below
from aitia.core.words import Holding, SourceRef, Window
from aitia.tools.sources.base import Configured, Pulses, Waveform
from aitia.tools.sources.paths import check_file
from aitia.tools.sources.rows import Floats
from aitia.tools.sources.signals.arrays import check_arrays
from aitia.tools.sources.signals.waveform_blocks import Block, Tachometers, shared

MAX_SAMPLES = 20_000_000  # of a block
MOST_HELD = 60_000_000  # of all blocks in a window: 480 MB


class WaveformSource(Configured):
    """A signal source over a listing of blocks."""

    KIND = "signals"
    OPTIONS = frozenset({"fault_model", "class.*"})

    def describe(self, window: Window) -> Holding:
        """The channels with blocks in the window; reads the listing only."""
        found = [b for b in self._blocks() if window.contains(b.at)]
        return Holding(
            source=self.name,
            kind=self.kind,
            components=tuple(sorted({b.component for b in found})),
            items=tuple(sorted({b.channel for b in found})),
            count=len(found),
            note="" if found else "no blocks in the window",
        )

    def waveforms(self, window: Window) -> list[Waveform]:
        """The blocks that begin in the window, by time, component and channel; tachometers go with the blocks of others."""
        listed = self._blocks()
        tachometers = Tachometers.of(listed)
        blocks = [b for b in listed if window.contains(b.at) and b.place not in tachometers.places]
        ordered = sorted(blocks, key=lambda b: (b.at, b.component, b.channel, b.key))
        return list(self._within(self._waveform(b, tachometers) for b in ordered))

    def _within(self, found: Iterable[Waveform]) -> Iterator[Waveform]:
        held = 0
        for waveform in found:
            held += waveform.x.size
            if held > MOST_HELD:
                raise SourceError(
                    f"The window has more than the limit of {MOST_HELD:,} samples. Shorten it, or list fewer "
                    f"blocks in source {self.name!r}."
                )
            yield waveform

    @property
    def fault_model(self) -> Path | None:
        """The file of `aitia signals train` that `options: {fault_model: FILE}` names."""
        file = self._config.options.get("fault_model")
        return self._root / str(file) if file else None

    @property
    def classes(self) -> dict[str, str]:
        """`class.LABEL: ASPECT` of the options. Raises BadInput for an aspect that is none of vibration."""
        found = {
            k.removeprefix("class."): str(v)
            for k, v in self._config.options.items()
            if k.startswith("class.")
        }
        for label, aspect in found.items():
            if aspect not in (allowed := {*VIBRATION, "vibration"}):
                raise BadInput(
                    f"Set class.{label} of source {self.name!r} to one of {', '.join(sorted(allowed))}, not {aspect!r}."
                )
        return found

    def _blocks(self) -> list[Block]:
        listing = self._listing
        try:
            raw: Any = load_yaml(read_text(listing))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise SourceError(f"Fix the YAML of {str(listing)!r} (source {self.name!r}): {error}") from None
        entries = raw.get("blocks", raw.get("signals")) if isinstance(raw, dict) else raw
        common = raw.get("defaults") or {} if isinstance(raw, dict) else {}
        if not isinstance(entries, list) or not isinstance(common, dict):
            raise SourceError(f"{str(listing)!r} needs a list under `blocks` (source {self.name!r}).")
        return [self._block(entry, common, index) for index, entry in enumerate(entries)]

    @property
    def _listing(self) -> Path:
        path = check_file(self._config, self._root)
        return path / "signals.yaml" if path.is_dir() else path

    def _block(self, entry: object, common: dict[str, Any], index: int) -> Block:
        if not isinstance(entry, dict):
            raise SourceError(f"Entry {index} of {str(self._listing)!r} must be a mapping.")
        try:
            return Block.model_validate(common | entry)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise SourceError(
                f"Fix {where!r} in entry {index} of {str(self._listing)!r}: {first['msg']}"
            ) from None

    def _waveform(self, block: Block, tachometers: Tachometers) -> Waveform:
        rpm, x = block.rpm if block.rpm else float("nan"), self._samples(block)
        return Waveform(
            component=block.component,
            channel=block.channel,
            at=block.at,
            x=x,
            fs=block.fs,
            unit=block.unit,
            rpm=rpm,
            load=block.load,
            bearing={} if isinstance(block.bearing, str) else {k.lower(): v for k, v in sorted(block.bearing.items())},
            designation=block.bearing if isinstance(block.bearing, str) else "",
            tachometer=self._pulses(block, x.size / block.fs, tachometers) if block.tachometer else None,
            group=block.group,
            support=block.support,
            ref=SourceRef(source=self.name, query=f"{block.file}:{block.key}" if block.key else block.file,
                          path=block.file),
        )  # fmt: skip

    def _pulses(self, block: Block, seconds: float, tachometers: Tachometers) -> Pulses:
        """What the block's tachometer measured in its time; one that cannot be read leaves the block itself readable."""
        held = tachometers.beside(block, seconds)
        if isinstance(held, str):
            return Pulses(component=block.component, channel=block.tachometer, problem=held)
        try:
            x, problem = shared(block, seconds, held, self._samples(held)), ""
        except SourceError as error:
            x, problem = np.zeros(0), str(error)
        if not x.size:
            problem = problem or "it has no samples at the time of the block"
        return Pulses(component=held.component, channel=held.channel, x=x, fs=held.fs, per_rev=held.pulses_per_rev,
                      problem=problem)  # fmt: skip

    def _samples(self, block: Block) -> Floats:
        listing = self._listing
        path = listing.parent / block.file
        if not is_below(path, listing.parent):
            raise SourceError(
                f"{block.file!r} is outside the folder of {str(listing)!r}. Move it into that folder."
            )
        checked(path, self._config.within)
        try:
            check_arrays(path, most=8 * MAX_SAMPLES, only=block.key)
            loaded = np.load(path, allow_pickle=False)
            array = loaded if isinstance(loaded, np.ndarray) else self._member(loaded, block, path)
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise SourceError(
                f"{str(path)!r} is not a readable .npz or .npy file (source {self.name!r}): {error}"
            ) from None
        samples = np.asarray(array).ravel()
        if samples.size > MAX_SAMPLES or not np.issubdtype(samples.dtype, np.number):
            raise SourceError(
                f"Store numbers, at most {MAX_SAMPLES} per block, in {str(path)!r} key {block.key!r} (it has "
                f"{samples.size} of {samples.dtype})."
            )
        return samples.astype(np.float64)

    def _member(self, archive: Any, block: Block, path: Path) -> Any:
        keys = list(archive.files)
        key = block.key or (keys[0] if len(keys) == 1 else "")
        if key not in keys:
            raise SourceError(f"Set `key` to one of {', '.join(keys)} for {str(path)!r}, not {block.key!r}.")
        return archive[key]
