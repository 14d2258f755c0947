"""What a look returned: the number, the lines or the names, a sentence about it, and where it can be read again."""

from __future__ import annotations

from typing import Literal

from aitia.core.words import Moment, SourceRef, Window, Word

Kind = Literal["number", "names", "lines", "text", "time", "curve"]
Status = Literal["found", "empty", "unknown", "unclear"]


class Point(Word):
    """One sample of a curve."""

    at: Moment
    value: float


class Row(Word):
    """One line, change or event: when, whose, its text, and the file and line it stands in."""

    at: Moment | None = None
    component: str = ""
    text: str
    ref: SourceRef


class Figure(Word):
    """A number that a text tells, with the word it is of."""

    name: str = ""
    value: float
    unit: str = ""


class Found(Word):
    """The result of a query.

    status   found; empty: the source was read and holds nothing of it; unknown: no source holds such a thing
    value    the number; `at` the moment that it is of
    names    the components or objects; `values` beside them, where a part was asked for
    figures  numbers that the text of an object or of a line tells
    said     the sentence, written by code
    needs    where nothing is known: what would have it
    """

    status: Status
    kind: Kind = "text"
    value: float | None = None
    unit: str = ""
    at: Moment | None = None
    names: tuple[str, ...] = ()
    values: dict[str, str] = {}
    figures: tuple[Figure, ...] = ()
    rows: tuple[Row, ...] = ()
    curve: tuple[Point, ...] = ()
    window: Window | None = None
    said: str = ""
    needs: str = ""
    sources: tuple[SourceRef, ...] = ()
    notes: tuple[str, ...] = ()


def unknown(said: str, needs: str = "") -> Found:
    """Nothing that was read could hold it."""
    return Found(status="unknown", said=said, needs=needs)
