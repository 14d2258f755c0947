"""The sheets of an OpenDocument workbook (`.ods`; ISO/IEC 26300-3), with nothing but Python's own parts."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from xml.parsers import expat

from aitia.tools.sources.exports.limits import DAMAGED, MOST_CELLS, TOO_MANY

_MOST_BYTES: Final = 512 << 20  # of the unpacked content
_STEP: Final = 1 << 20  # bytes that are parsed at once
_DURATION: Final = re.compile(r"PT(\d+)H(\d+)M(\d+)(?:[.,](\d+))?S")
_CELLS: Final = ("table:table-cell", "table:covered-table-cell")
_EMPTY_ROWS: Final = 2  # of many side by side, as they stand below each sheet


def book_of(path: Path) -> list[tuple[str, list[list[str]]]]:
    """Name and rows of each sheet. Raises ValueError for no readable workbook and for one above the bounds."""
    reader = _Reader()
    try:
        with zipfile.ZipFile(path) as packed, packed.open("content.xml") as content:
            read = 0
            while block := content.read(_STEP):
                read += len(block)
                if read > _MOST_BYTES:
                    raise ValueError(f"it unpacks to more than {_MOST_BYTES >> 20} MiB")
                reader.parser.Parse(block, False)
            reader.parser.Parse(b"", True)
    except (*DAMAGED, KeyError, expat.ExpatError) as error:
        raise ValueError(f"it is no readable workbook ({error})") from None
    return reader.sheets


class _Reader:
    """What stands in the cells: numbers, dates and clocks as they are stored, texts as they are shown."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, list[list[str]]]] = []
        self._row: list[str] = []
        self._repeats = {"row": 1, "cell": 1}
        self._stored: str | None = None
        self._text: list[str] = []
        self._aside = 0  # within remarks on a cell
        self._cells = 0  # of all sheets, which are held together
        self._gap = 0
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler, self.parser.EndElementHandler = self._start, self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.EntityDeclHandler = self._refuse

    def _refuse(self, *_: object) -> None:
        raise ValueError("it declares entities")

    def _start(self, name: str, told: Mapping[str, str]) -> None:
        if name == "table:table":
            self.sheets.append((told.get("table:name", ""), []))
        elif name == "table:table-row":
            self._row, self._gap = [], 0
            self._repeats["row"] = max(1, int(told.get("table:number-rows-repeated", 1)))
        elif name in _CELLS:
            self._text, self._stored = [], _stored(told)
            self._repeats["cell"] = max(1, int(told.get("table:number-columns-repeated", 1)))
        elif name == "office:annotation":
            self._aside += 1
        elif name == "text:p" and self._text and not self._aside:
            self._text.append("\n")
        elif name in ("text:s", "text:tab") and not self._aside:
            self._text.append(" ")

    def _characters(self, text: str) -> None:
        if not self._aside:
            self._text.append(text)

    def _end(self, name: str) -> None:
        if name == "office:annotation":
            self._aside -= 1
        elif name in _CELLS:
            cell = "".join(self._text).strip() if self._stored is None else self._stored
            if not cell:  # those behind the last cell are left out, however many they are
                self._gap += self._repeats["cell"]
                return
            self._count(self._gap + self._repeats["cell"])
            self._row += [*[""] * self._gap, *[cell] * self._repeats["cell"]]
            self._gap = 0
        elif name == "table:table-row" and self.sheets:
            times = self._repeats["row"] if self._row else min(self._repeats["row"], _EMPTY_ROWS)
            self._count((times - 1) * len(self._row))
            self.sheets[-1][1].extend(list(self._row) for _ in range(times))

    def _count(self, cells: int) -> None:
        self._cells += cells
        if self._cells > MOST_CELLS:
            raise ValueError(TOO_MANY)


def _stored(told: Mapping[str, str]) -> str | None:
    """A cell's value as it is stored; None for a text."""
    if date := told.get("office:date-value"):
        return date.replace("T", " ")
    if clock := _DURATION.fullmatch(told.get("office:time-value", "")):
        return f"{int(clock[1]):02}:{clock[2]}:{clock[3]}" + (
            f".{clock[4].rstrip('0')}" if clock[4] and int(clock[4]) else ""
        )
    return told.get("office:boolean-value") or told.get("office:value")
