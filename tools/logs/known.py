"""What is known of the shapes of lines, by layout: shared by the files, passes and tallies of one miner."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from aitia.tools.text.headers import Header, Level
from aitia.tools.text.templates import Form

SHAPES: Final = 150_000
JOINS: Final = 50_000
_LAYOUTS: Final = 16


class Time(NamedTuple):
    """The bytes of a line where its time stands, to the second, and those of its fraction, in units of `scale` s."""

    start: int = 0
    end: int = 0
    frac: int = 0
    frac_end: int = 0
    scale: float = 0.0


UNKNOWN: Final = Time()


class Entry:
    """What is known of a shape.

    how  0: no header; 1: its form, and where its time stands; 2: its form; 3: nothing, it is parsed each time
    """

    __slots__ = ("form", "how", "level", "time")

    def __init__(self, how: int, form: Form | None = None, level: Level = "", time: Time = UNKNOWN) -> None:
        self.how, self.form, self.level, self.time = how, form, level, time


CONTINUED: Final = Entry(0)
EXACT: Final = Entry(3)


class _Numbers(dict[bytes, int]):
    """Numbers by shape; -1 where it is not known."""

    def __missing__(self, key: bytes) -> int:
        return -1


class Memory:
    """What passes over lines of one layout have learned of shapes, and of records with an exception below."""

    def __init__(self) -> None:
        self.numbers: dict[bytes, int] = _Numbers()
        self.entries: list[Entry] = []
        self.joins: dict[tuple[Form, bytes], tuple[Form, Level]] = {}

    def learn(self, shape: bytes, entry: Entry) -> int:
        """The number of a new shape."""
        number = self.numbers[shape] = len(self.entries)
        self.entries.append(entry)
        return number

    def clear(self) -> None:
        """Forget all of it: forms were folded, or it is too much."""
        self.numbers.clear()
        self.entries.clear()
        self.joins.clear()


def memory_of(kept: dict[object, Any], key: object) -> Memory:
    """The memory of a layout among those that a miner keeps; of many layouts the oldest is forgotten."""
    if key not in kept:
        if len(kept) >= _LAYOUTS:
            del kept[next(iter(kept))]
        kept[key] = Memory()
    found: Memory = kept[key]
    return found


def layout(header: Header | None) -> object:
    """What headers have in common that read every line alike, but for the zone of a time that names none."""
    parts = getattr(header, "headers", (header,))
    return tuple((getattr(h, "regex", h), h and (h.fixed, h.zone_text)) for h in parts)
