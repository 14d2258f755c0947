"""What may be said of a picture beside its file: a sidecar (YAML or JSON) of the same name, or options.

A sidecar holds numbers and names only. It names no file: what a picture is held against, a person or a configuration says.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from aitia.core.bounds import load_yaml, read_text
from aitia.core.errors import BadInput, SourceError
from aitia.core.words import Moment, Word

PICTURES: Final = (".png", ".tif", ".tiff", ".jpg", ".jpeg")
MATRICES: Final = (".csv", ".txt", ".tsv", ".npy", ".npz")
SIDECARS: Final = (".yaml", ".yml", ".json")
_MOST_BYTES: Final = 1 << 20
_MOST_REGIONS: Final = 64

Pair = tuple[float, float]
Box = tuple[int, int, int, int]


class About(Word):
    """What is known of a picture; all of it optional.

    Thermal: `range` (°C of the ends of the colour bar, or of the darkest and brightest grey), `counts` (gain and offset of raw
    counts: 0.04, -273.15), `unit` of both, `palette` by name, `bar` and `plot` as boxes (x, y, width, height in points from the
    top left), `regions` by name, `alike` regions by group, `equipment`. Spectrogram: `time` in seconds and `frequency` in Hz of
    the plot's edges, `scale`, `level` in dB of the ends of the colour bar, `rpm` or `speed` as (seconds, rpm).
    """

    kind: Literal["thermal", "spectrogram", ""] = ""
    component: str = Field(default="", max_length=200)
    taken: Moment | None = None
    range: Pair | None = None
    counts: Pair | None = None
    unit: Literal["C", "F", "K"] = "C"
    palette: str = Field(default="", max_length=40)
    bar: Box | None = None
    plot: Box | None = None
    regions: dict[str, Box] = {}
    alike: tuple[tuple[str, ...], ...] = ()
    equipment: Literal["electrical", ""] = ""
    time: Pair | None = None
    frequency: Pair | None = None
    scale: Literal["linear", "log"] = "linear"
    level: Pair | None = None
    rpm: float | None = Field(default=None, gt=0)
    speed: tuple[Pair, ...] = ()

    @field_validator("range", "time", "level")
    @classmethod
    def _rising(cls, pair: Pair | None) -> Pair | None:
        if pair is not None and not (all(map(math.isfinite, pair)) and pair[0] < pair[1]):
            raise ValueError("give a lower and a higher value")
        return pair

    @field_validator("bar", "plot")
    @classmethod
    def _box(cls, box: Box | None) -> Box | None:
        return None if box is None else _checked(box)

    @field_validator("regions")
    @classmethod
    def _named(cls, regions: dict[str, Box]) -> dict[str, Box]:
        if len(regions) > _MOST_REGIONS:
            raise ValueError(f"give at most {_MOST_REGIONS} regions")
        if any(not name.strip() or len(name) > 80 for name in regions):
            raise ValueError("give each region a name of 1 to 80 characters")
        return {name: _checked(box) for name, box in regions.items()}

    @model_validator(mode="after")
    def _fits(self) -> About:
        if self.range and self.counts:
            raise ValueError("give range or counts, not both")
        if self.counts and not (all(map(math.isfinite, self.counts)) and self.counts[0] > 0):
            raise ValueError("give counts as a gain above 0 and an offset")
        if self.frequency and not (
            all(map(math.isfinite, self.frequency)) and 0 <= self.frequency[0] < self.frequency[1]
        ):
            raise ValueError("give frequency as a lower and a higher value in Hz")
        if self.scale == "log" and self.frequency and self.frequency[0] <= 0:
            raise ValueError("a logarithmic axis begins above 0 Hz")
        if self.speed and not all(math.isfinite(t) and math.isfinite(r) and r > 0 for t, r in self.speed):
            raise ValueError("give speed as pairs of seconds and rpm above 0")
        if any(b[0] <= a[0] for a, b in zip(self.speed, self.speed[1:], strict=False)):
            raise ValueError("give speed in the order of time")
        for name in {n for group in self.alike for n in group} - set(self.regions):
            raise ValueError(f"alike names {name!r}, which is no region")
        return self


def _checked(box: Box) -> Box:
    x, y, w, h = box
    if x < 0 or y < 0 or w < 1 or h < 1:
        raise ValueError("give a box as x, y, width, height in points from the top left")
    return box


def about_of(given: Mapping[str, Any], where: str) -> About:
    """The words of a sidecar or of options. Raises BadInput, which names what is wrong in `where`."""
    try:
        return About.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        said = first["msg"].removeprefix("Value error, ")
        raise BadInput(f"Fix {where}{f', {key!r}' if key else ''}: {said}.") from None


def sidecar_of(picture: Path) -> Path | None:
    """The sidecar beside a picture: `NAME.png.yaml` before `NAME.yaml`, YAML before JSON; None where there is none."""
    for stem in (picture.name, picture.stem):
        for ending in SIDECARS:
            place = picture.with_name(stem + ending)
            if place.is_file():
                return place
    return None


def read_about(path: Path) -> About:
    """The words of a sidecar file. Raises SourceError for what cannot be read, BadInput for what it says."""
    try:
        told = load_yaml(read_text(path, most=_MOST_BYTES), values=20_000)
    except OSError as error:
        raise SourceError(f"Cannot read {str(path)!r}: {error.strerror or error}.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SourceError(f"{path.name!r} is no YAML or JSON: {str(error)[:120]}.") from None
    if not isinstance(told, dict) or not all(isinstance(key, str) for key in told):
        raise BadInput(f"Write {path.name!r} as names and values, such as range: [20, 90].")
    return about_of(told, repr(path.name))
