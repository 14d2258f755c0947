"""What is asked of an export, and what is read of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from aitia.tools.sources.rows import Floats


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the options say: zone and order of day and month of times without them, the mark before decimals."""

    zone: tzinfo = UTC
    zone_given: bool = False
    order: str = ""
    decimal: str = ""
    near: datetime


@dataclass(kw_only=True)
class Tag:
    """A tag as the file names it, with what the file says of it."""

    name: str
    asset: str = ""
    unit: str = ""
    description: str = ""
    place: str = ""  # the file, and sheet, that it stands in
    title: str = ""  # the machine that a line above the table names
    section: str = ""  # what a line above this block of the file calls it, beside the name of its column
    headline: str = ""  # a line that stands alone above the block
    generic: bool = False  # the file names no tag: it is called after the file
    states: bool = False  # its cells are words for states


@dataclass(kw_only=True)
class Samples:
    """Samples of a tag in the order of the file: epoch seconds, values (NaN where there is none), words that stand for none."""

    tag: Tag
    t: Floats
    v: Floats
    words: Counter[str] = field(default_factory=Counter)
    twice: int = 0  # rows that repeat a sample, left out
    bad: int = 0  # samples whose quality is bad
    doubtful: int = 0
    states: dict[str, float] = field(default_factory=dict)
    other_unit: str = ""


@dataclass
class Reading:
    """What was read of a sheet."""

    series: list[Samples] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    zoned: bool = True
    zone: tzinfo | None = None  # that the first table tells
    above: list[list[str]] = field(default_factory=list)  # the lines before the first row of data
