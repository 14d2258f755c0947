"""How a text file of rows is written: its encoding, what separates its columns, and at which line it begins."""

from __future__ import annotations

import codecs
import csv
import gzip
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from aitia.core.errors import SourceError

NATIVE: Final = ("utf-8", "utf-16", "latin-1")
"""Encodings that DuckDB reads itself; its UTF-16 is little-endian, its Latin-1 without the bytes 80 to 9F."""
MOST_CONVERTED: Final = 1 << 30  # bytes of a file in any other encoding: it is copied as UTF-8 first
_CHECKED: Final = 64 << 20  # bytes that are looked at to tell the encoding
_BLOCK: Final = 1 << 20
_HEAD: Final = 64 << 10
_ROWS: Final = 200  # of the head, by which the separator is told
_MARKS: Final = ";\t,|"
_NAME: Final = 60  # characters of a name in a message
_SHARE: Final = 0.8  # of these rows that have as many columns as most of them
_C1: Final = bytes(range(0x80, 0xA0))  # letters and signs in Windows-1252, control characters in Latin-1
_KNOWN: Final = re.compile(r"(utf|cp|windows|iso|latin|koi8|mac|shift|gb|big5|euc)[\w-]*", re.IGNORECASE)
_SHOWN: Final = {
    "latin-1": "Windows-1252",
    "cp1252": "Windows-1252",
    "utf-16": "UTF-16",
    "utf-16-be": "UTF-16",
}
_DECIMAL: Final = re.compile(r"\s*[+-]?\d*,\d+(?:[eE][+-]?\d+)?\s*")
_SEPARATORS: Final = {"\t": "tab", ";": "';'", "|": "'|'", ",": "','"}


@dataclass(frozen=True, kw_only=True)
class TextForm:
    """How a file of rows is written. `skip` lines stand before the line of column names; `padded`: rows end with a separator."""

    encoding: str = "utf-8"
    delimiter: str = ","
    skip: int = 0
    padded: bool = False

    @property
    def said(self) -> list[str]:
        """What is not as most files have it."""
        told = []
        if self.encoding != "utf-8":
            told.append(f"not UTF-8: read as {_SHOWN.get(self.encoding, self.encoding)}")
        if self.delimiter != ",":
            told.append(f"columns separated by {_SEPARATORS.get(self.delimiter, repr(self.delimiter))}")
        if self.skip:
            told.append(f"the first {self.skip} line{'s' * (self.skip > 1)} passed over: column names follow")
        return told


def form_of(path: Path, *, encoding: str = "", delimiter: str = "") -> TextForm:
    """How a file is written; what is given is not guessed. Raises SourceError for a binary file, OSError."""
    encoding = known_encoding(encoding) or encoding_of(path)
    delimiter = {"tab": "\t", "\\t": "\t"}.get(delimiter, delimiter)
    if len(delimiter) > 1:
        raise SourceError(f"Set `options.delimiter` to one character or to tab, not {delimiter[:20]!r}.")
    mark, skip, padded = separator_of(head_of(path, encoding), delimiter)
    return TextForm(encoding=encoding, delimiter=mark, skip=skip, padded=padded)


def known_encoding(name: str) -> str:
    """The encoding by one of its names, "" for none. Raises SourceError for an unknown one."""
    if not name:
        return ""
    try:
        if not _KNOWN.fullmatch(name):
            raise LookupError
        found = codecs.lookup(name).name
    except LookupError:
        raise SourceError(
            f"Set `options.encoding` to one such as utf-8, utf-16, cp1252 or iso8859-15, not {name[:40]!r}."
        ) from None
    return {"iso8859-1": "cp1252", "utf-8-sig": "utf-8"}.get(found, found)


def encoding_of(path: Path) -> str:
    """UTF-8 where its bytes are that, UTF-16 by its mark or its zeros, else Windows-1252. Raises SourceError."""
    try:
        with opened(path) as file:
            first = file.read(4096)
            if wide := _utf16(first):
                return wide
            file.seek(0)
            return _narrow(file, path)
    except (zlib.error, EOFError, gzip.BadGzipFile) as error:
        raise SourceError(f"Fix or leave out {str(path)!r}: what it packs is damaged ({error}).") from None


def _utf16(first: bytes) -> str:
    if first.startswith(codecs.BOM_UTF16_LE):
        return "utf-16"
    even, odd = first[::2].count(0) / max(len(first), 1), first[1::2].count(0) / max(len(first), 1)
    if first.startswith(codecs.BOM_UTF16_BE) or (even > 0.2 and odd < 0.05):
        return "utf-16-be"
    return "utf-16" if odd > 0.2 and even < 0.05 else ""


def _narrow(file: BinaryIO, path: Path) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    valid, signs = True, False
    for start in range(0, _CHECKED, _BLOCK):
        block = file.read(_BLOCK)
        if start == 0 and b"\0" in block:
            raise SourceError(
                f"Fix the table {str(path)!r}: it is binary, not text. Save it as CSV or Parquet."
            )
        try:
            if valid:
                decoder.decode(block, final=not block)
        except UnicodeDecodeError:
            valid = False
        signs = signs or len(block.translate(None, _C1)) != len(block)
        if not block or (signs and not valid):
            break
    return "utf-8" if valid else "cp1252" if signs else "latin-1"


def opened(path: Path) -> BinaryIO:
    """The bytes of a file, unpacked where it is packed with gzip."""
    return cast(BinaryIO, gzip.open(path)) if path.suffix.lower() == ".gz" else path.open("rb")


def head_of(path: Path, encoding: str) -> str:
    """The first lines of a file as text."""
    with opened(path) as file:
        data = file.read(_HEAD)
    text = data.decode(_decoded(encoding), errors="replace").removeprefix("\ufeff")
    return text if len(data) < _HEAD else text[: text.rfind("\n") + 1] or text


def _decoded(encoding: str) -> str:
    """Python's codec: what Latin-1 names as control characters are signs of Windows-1252."""
    return "cp1252" if encoding == "latin-1" else encoding


def separator_of(text: str, given: str = "") -> tuple[str, int, bool]:
    """What separates the columns, how many lines stand before their names, and whether rows have one column more.

    The separator by which most rows have one number of columns, best from the first line on.
    """
    lines = text.splitlines()[:_ROWS]
    if lines and (told := re.fullmatch(r"sep=(.)", lines[0])):  # Excel's own word for it
        return given or told[1], 1, False
    remarks = _remarks(lines)
    ranked = []
    for mark in given or _MARKS:
        widths = [(len(row), at) for row, at in _rows(lines, mark) if any(row) and at >= remarks]
        usual, votes = max(Counter(w for w, _ in widths).items(), key=lambda one: one[1], default=(0, 0))
        if usual > 1 and votes >= _SHARE * len(widths):
            fit = [(width, at) for width, at in widths if width in (usual - 1, usual) and width > 1]
            width, skip = fit[0]
            ranked.append((skip == remarks, round(votes / len(widths), 1), usual, mark, skip, width < usual))
    if any(one[3] != "," and _has_decimals(lines, one[3]) for one in ranked):
        ranked = [one for one in ranked if one[3] != ","]  # its commas stand within numbers
    if not ranked:
        return given or ",", 0, False
    *_, mark, skip, padded = max(ranked, key=lambda one: one[:3])
    return mark, skip, padded


def _has_decimals(lines: list[str], mark: str) -> bool:
    """Whether most cells between these marks are numbers with a decimal comma."""
    cells = [cell for row, _ in _rows(lines, mark) if len(row) > 1 for cell in row]
    return 2 * sum(bool(_DECIMAL.fullmatch(cell)) for cell in cells) > len(cells)


def _remarks(lines: list[str]) -> int:
    """How many lines begin with a # before one that names columns; a # before names themselves is no remark."""
    count = next((n for n, line in enumerate(lines) if not line.startswith("#")), 0)
    return count if count and not re.search(r"(?<![\w.])\d+(?![\w.])", lines[count]) else 0


def _rows(lines: list[str], mark: str) -> Iterator[tuple[list[str], int]]:
    reader = csv.reader((line + "\n" for line in lines), delimiter=mark)
    before = 0
    try:
        for row in reader:
            yield row, before
            before = reader.line_num
    except csv.Error:  # an overlong field: what was seen so far must do
        return


def separated(text: str, form: TextForm) -> list[str]:
    """The names of the columns."""
    rows = _rows(text.splitlines()[:_ROWS], form.delimiter)
    return next((row for row, before in rows if before >= form.skip and any(row)), [])


def converted(path: Path, encoding: str, folder: Path) -> Path:
    """A copy of a file in UTF-8. Raises SourceError for one that is too large."""
    target = folder / f"{len(list(folder.iterdir()))}-{path.name.removesuffix('.gz')}"
    decoder = codecs.getincrementaldecoder(_decoded(encoding))("replace")
    with opened(path) as file, target.open("w", encoding="utf-8", newline="") as copy:
        for _ in range(MOST_CONVERTED // _BLOCK):
            block = file.read(_BLOCK)
            copy.write(decoder.decode(block, final=not block).removeprefix("\ufeff"))
            if not block:
                return target
    raise SourceError(
        f"Write {str(path)!r} as UTF-8 (iconv -f {encoding.upper()} -t UTF-8): it is larger than the limit of"
        f" {MOST_CONVERTED >> 30} GiB for other encodings."
    )


def text_of(path: Path, encoding: str, most: int) -> str:
    """All of a file as text. Raises SourceError for one of more than `most` bytes."""
    with opened(path) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise SourceError(f"Split {str(path)!r}: it is larger than the limit of {most >> 20} MiB.")
    return data.decode(_decoded(encoding), errors="replace").removeprefix("\ufeff")


def few(names: list[str] | tuple[str, ...], most: int = 5) -> str:
    """Some names, clipped, and how many more there are."""
    names = [name if len(name) <= _NAME else f"{name[:_NAME]}…" for name in names[:most]] + list(names[most:])
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
