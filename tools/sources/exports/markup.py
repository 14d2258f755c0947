"""Tables in HTML, as many programs call `.xls`, and exports in XML, as rows and objects."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any, Final
from xml.parsers import expat

from aitia.tools.sources.exports.limits import MOST_CELLS, TOO_MANY

_ROWS: Final = ("tr", "table")
_CELLS: Final = ("td", "th")
_SPREADSHEET: Final = re.compile(r"<(?:\w+:)?Workbook[\s>]")
_DEEPEST: Final = 50  # elements within one another
_WIDEST: Final = 1_000  # columns that one cell covers
_FARTHEST: Final = 20_000  # the column that a cell may name as its own


def is_markup(text: str) -> bool:
    """Whether a text is HTML or XML."""
    return (
        bool(re.match(r"\s*<(?:\?xml|!doctype|html|table|head|body|meta|[A-Za-z][\w:.-]*[\s>])", text, re.I))
        and "</" in text
    )


def is_table(text: str) -> bool:
    """Whether a markup holds rows of cells: HTML, or a spreadsheet of Excel 2003."""
    return bool(re.search(r"<tr[\s>]", text[:200_000], re.I)) or bool(_SPREADSHEET.search(text[:5_000]))


class _Cells(HTMLParser):
    """Rows of cells; a cell over several columns is followed by empty ones."""

    def __init__(self, *, spreadsheet: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[str]] = []
        self._row, self._cell = ("row",), ("cell",)
        if not spreadsheet:
            self._row, self._cell = ("tr",), _CELLS  # type: ignore[assignment]
        self._text: list[str] | None = None
        self._span = 1
        self._held = 0  # rows and cells

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        tag = tag.rpartition(":")[2]
        if tag in self._row:
            self._close()
            self.rows.append([])
            self._count(1)
        elif tag in self._cell:
            self._close()
            told = {k.rpartition(":")[2]: v or "" for k, v in attrs}
            self._text = []
            across, index = told.get("colspan", "1"), told.get("index", "")
            self._span = _bounded(across, _WIDEST) or 1
            if self.rows and (left := _bounded(index, _FARTHEST) - 1 - len(self.rows[-1])) > 0:
                self._count(left)
                self.rows[-1] += [""] * left
        elif tag == "br" and self._text is not None:
            self._text.append("\n")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem:  # of a style or script
            return
        if self._text is not None:
            self._text.append(data)
        elif data.strip() and not self.rows:
            self.rows.append([data.strip()])  # a title above the table

    def handle_endtag(self, tag: str) -> None:
        if tag.rpartition(":")[2] in (*self._cell, *self._row):
            self._close()

    def _close(self) -> None:
        if self._text is not None and self.rows:
            self._count(self._span)
            self.rows[-1] += ["".join(self._text).strip(), *[""] * (self._span - 1)]
        self._text = None

    def _count(self, more: int) -> None:
        self._held += more
        if self._held > MOST_CELLS:
            raise ValueError(TOO_MANY)


def _bounded(number: str, end: int) -> int:
    """A number of an attribute, 0 for none below `end`; thousands of digits are never read."""
    return value if number.isdecimal() and len(number) < 10 and (value := int(number)) < end else 0


def rows_of_table(text: str) -> list[list[str]]:
    """The rows of all tables of a page, in their order. Raises ValueError for more than MOST_CELLS."""
    reader = _Cells(spreadsheet=bool(_SPREADSHEET.search(text[:5_000])))
    reader.feed(text)
    return reader.rows


def objects_of(text: str) -> Any:
    """The elements of an XML text as objects: attributes, texts, and lists of elements called alike.

    Raises ValueError for a text that is no XML, declares entities or nests too deeply.
    """
    root: dict[str, Any] = {}
    open_: list[tuple[str, dict[str, Any], list[str]]] = [("", root, [])]

    def start(name: str, attributes: Mapping[str, str]) -> None:
        if len(open_) > _DEEPEST:
            raise ValueError("it is nested too deeply")
        open_.append(
            (
                name.rpartition(":")[2],
                {k.rpartition(":")[2]: v for k, v in attributes.items() if k[:5] != "xmlns"},
                [],
            )
        )

    def end(_: str) -> None:
        name, held, texts = open_.pop()
        text = "".join(texts).strip()
        if held and text:
            held.setdefault("value", text)
        inner, above = held or text, open_[-1][1]
        if name not in above:
            above[name] = inner
        elif isinstance(above[name], list):
            above[name].append(inner)
        else:
            above[name] = [above[name], inner]

    def refuse(*_: object) -> None:
        raise ValueError("it declares entities")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = lambda data: open_[-1][2].append(data)
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(re.sub(r"^\s*<\?xml[^>]*\?>", "", text), True)
    except expat.ExpatError as error:
        raise ValueError(str(error)) from None
    return root
