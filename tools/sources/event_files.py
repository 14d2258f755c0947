"""What files of events have in common, whatever they tell: encoding and separators, rows by name, times, what was guessed."""

from __future__ import annotations

import csv
import io
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from typing import ClassVar, Final, Generic, TypeVar

from aitia.core.errors import SourceError
from aitia.core.words import Holding
from aitia.tools.sources.base import Configured
from aitia.tools.sources.paths import iter_files
from aitia.tools.sources.text_form import TextForm, encoding_of, form_of, known_encoding
from aitia.tools.sources.time_texts import TimeTexts, configured_order, configured_zone, usual_texts

MOST_STAMPS: Final = 5000  # times by which their notation is told
UNZONED: Final = "times without a zone are read as UTC (else set options.timezone)"
Row = dict[str, str]
E = TypeVar("E")


@dataclass(kw_only=True)
class Read(Generic[E]):
    """The entries of all files, and what there is to say of how they were read."""

    entries: list[E] = field(default_factory=list)
    guessed: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)

    def holding(
        self, source: EventFiles[E], *, components: set[str], items: set[str], count: int, none: str
    ) -> Holding:
        """What a source holds by these entries; `none` is said where it holds nothing."""
        notes = [] if count else [none]
        return Holding(
            source=source.name,
            kind=source.kind,
            components=tuple(sorted(components)),
            items=tuple(sorted(items)),
            count=count,
            note="; ".join([*notes, *dict.fromkeys(self.dropped)]),
            guessed="; ".join(dict.fromkeys(self.guessed)),
        )


class EventFiles(Configured, Generic[E]):
    """A source over files that list what happened, one entry a row or object."""

    OPTIONS: ClassVar[frozenset[str] | None] = frozenset({"timezone", "date_order", "encoding", "delimiter"})

    @property
    def files(self) -> list[Path]:
        """The files that it reads. Raises SourceError where there are none."""
        return list(iter_files(self._config, self._root))

    @property
    def zone(self) -> tzinfo:
        """The zone of times without one."""
        return configured_zone(self._config)

    @abstractmethod
    def _file(self, path: Path, near: datetime, found: Read[E]) -> None:
        """Add the entries of one file. Raises SourceError, OSError."""

    def _all(self, near: datetime) -> Read[E]:
        """The entries of all files; `near` tells years of two digits apart. Raises SourceError."""
        found: Read[E] = Read()
        for path in self.files:
            try:
                self._file(path, near, found)
            except OSError as error:
                raise SourceError(f"{str(path)!r} is not readable (source {self.name!r}): {error}") from None
        return found

    def _encoding(self, path: Path) -> str:
        return known_encoding(str(self._config.options.get("encoding", ""))) or encoding_of(path)

    def _form(self, path: Path, encoding: str) -> TextForm:
        return form_of(path, encoding=encoding, delimiter=str(self._config.options.get("delimiter", "")))

    def _notation(self, stamps: Sequence[str], near: datetime) -> TimeTexts | None:
        """How the times are written, by the first of them and what the options say."""
        return usual_texts(stamps, zone=self.zone, near=near, order=configured_order(self._config))

    def _zone_guessed(self, notation: TimeTexts | None) -> Iterator[str]:
        """That times were read as UTC, where nobody says otherwise."""
        if notation is not None and not notation.zoned and "timezone" not in self._config.options:
            yield UNZONED

    def _shown(self, path: Path) -> str:
        """A file as it is configured, else its name."""
        return self._config.path if path == self._root / self._config.path else path.name


@dataclass(frozen=True)
class NamedRows:
    """The names of a file's columns, and its rows by name with the line that each ends in (from 1)."""

    names: tuple[str, ...]
    rows: tuple[tuple[int, Row], ...]


def named_rows(text: str, form: TextForm, where: str, most: int) -> NamedRows:
    """Rows that hold anything, at most so many; names and cells without blanks around them. Raises SourceError with the line."""
    lines = io.StringIO(text, newline="")
    for _ in range(form.skip):
        lines.readline()
    reader = csv.reader(lines, delimiter=form.delimiter)
    found: list[tuple[int, Row]] = []
    try:
        names = tuple(name.strip().lstrip("\ufeff") for name in next(reader, []))
        for row in reader:
            if len(found) >= most:
                break
            if any(row):
                cells = dict(zip(names, (c.strip() for c in row), strict=False))
                found.append((form.skip + reader.line_num, cells))
    except csv.Error as error:
        raise SourceError(f"Fix line {form.skip + reader.line_num} of {where}: {error}.") from None
    return NamedRows(names, tuple(found))
