"""Files to rows of cells: text with any separator, spreadsheets, Parquet; packed or not."""

from __future__ import annotations

import contextlib
import gzip
import re
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from aitia.core.bounds import load_json
from aitia.core.errors import BadInput, SourceError
from aitia.tools.sources.duck import database
from aitia.tools.sources.exports.comtrade import comtrade_rows, config_beside
from aitia.tools.sources.exports.forms import form_of
from aitia.tools.sources.exports.joined_tables import joined
from aitia.tools.sources.exports.letters import reread
from aitia.tools.sources.exports.limits import DAMAGED, MOST_CELLS, TOO_MANY
from aitia.tools.sources.exports.markup import is_markup, is_table, objects_of, rows_of_table
from aitia.tools.sources.exports.meter_messages import espi_rows, is_espi
from aitia.tools.sources.exports.objects import rows_of_objects
from aitia.tools.sources.exports.old_book import old_book
from aitia.tools.sources.exports.open_document import book_of
from aitia.tools.sources.exports.separators import NAMED, split, trimmed
from aitia.tools.sources.exports.sqlite_tables import tables_of
from aitia.tools.sources.exports.told_in_text import unfolded
from aitia.tools.sources.text_form import encoding_of, head_of, known_encoding, opened, text_of

TEXTS: Final = (
    ".csv",
    ".tsv",
    ".txt",
    ".lis",
    ".dat",
    ".asc",
    ".prn",
    ".tab",
    ".log",
    ".lst",
    ".rpt",
    ".out",
    ".las",
    ".lvm",
    ".zrx",
    ".zrxp",
)
SHEETS: Final = (".xlsx", ".xlsm", ".ods", ".xlsb")
PARQUET: Final = (".parquet", ".pq")
JSONS: Final = (".json", ".jsonl", ".ndjson")
MARKUPS: Final = (".xml", ".html", ".htm", ".xls")
DATABASES: Final = (".sqlite", ".sqlite3", ".db")
SUFFIXES: Final = (*TEXTS, *JSONS, *SHEETS, *PARQUET, *MARKUPS, *DATABASES, ".zip", ".gz")
_OLD_BOOK: Final = bytes.fromhex("d0cf11e0a1b11ae1")  # how files of OLE begin
MOST_BYTES: Final = 256 << 20  # of one unpacked file that is read here, in memory
MOST_MEMBERS: Final = 5_000  # of an archive
_HEAD_BYTES: Final = 64 << 10  # of a text, for the same
_HEAD_ROWS: Final = 400  # of a file, by which its layout is told
_NET_DATE: Final = re.compile(
    r"/Date\((\d+)(?:[+-]\d{4})?\)/"
)  # as JSON of .NET writes a time, in ms since 1970


@dataclass
class Sheet:
    """Rows of cells as text. `name` is the file's or the sheet's, `path` where it lies, parts by `/`; `said` how it was read."""

    name: str
    path: str
    rows: list[list[str]]
    said: list[str] = field(default_factory=list)
    mark: str = ""  # what stands between the columns of a text
    form: bool = False  # a text with a standard of its own: read as a whole

    @property
    def commas_part(self) -> bool:
        """Whether commas stand between the columns."""
        return self.mark == ","


def sheets_of(path: Path, *, root: Path, encoding: str = "", delimiter: str = "") -> Iterator[Sheet]:
    """The sheets of a file. Raises SourceError for what cannot be read, BadInput where a package is missing."""
    where = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    suffix = path.suffix.lower()
    if suffix in PARQUET:
        yield _parquet(path, where)
    elif suffix == ".ods":
        yield from _open_document(path, where)
    elif suffix in (".xlsx", ".xlsm") or (suffix == ".xls" and zipfile.is_zipfile(path)):
        with path.open("rb") as file:
            yield from _workbook(file, where)
    elif suffix in JSONS:
        yield _objects(path, where)
    elif suffix == ".zip":
        yield from _archive(path, where, encoding=encoding, delimiter=delimiter)
    elif suffix in DATABASES:
        yield from _database(path, where)
    elif suffix == ".xlsb" or _is_old_book(path):
        yield from _old_book(path, where)
    elif (config := config_beside(path)) is not None:
        try:
            rows = comtrade_rows(config, path)
        except (ValueError, OverflowError) as error:
            raise SourceError(f"Check {where!r}, a recording in COMTRADE: {error}.") from None
        yield Sheet(name=stem_of(where), path=where, rows=rows, said=["a recording in COMTRADE"], mark=",")
    else:
        yield from _text(path, where, encoding=encoding, delimiter=delimiter)


def _is_old_book(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_OLD_BOOK)) == _OLD_BOOK


def stem_of(path: str) -> str:
    """A file's name without its endings."""
    name = PurePosixPath(path).name
    while (cut := name.rpartition("."))[0] and f".{cut[2].lower()}" in SUFFIXES:
        name = cut[0]
    return name


def _archive(path: Path, where: str, *, encoding: str, delimiter: str) -> Iterator[Sheet]:
    import tempfile

    try:
        with zipfile.ZipFile(path) as packed, tempfile.TemporaryDirectory() as folder:
            members = [
                m
                for m in packed.infolist()
                if not m.is_dir() and not PurePosixPath(m.filename).name.startswith((".", "_"))
            ]
            if len(members) > MOST_MEMBERS or sum(m.file_size for m in members) > 4 * MOST_BYTES:
                raise SourceError(
                    f"Unpack {path.name!r} and give its folder: it holds more than {MOST_MEMBERS:,} files"
                    f" or {4 * MOST_BYTES >> 20} MiB."
                )
            for number, member in enumerate(members):
                suffix = PurePosixPath(member.filename).suffix.lower()
                if suffix not in (*TEXTS, *JSONS, *SHEETS, *PARQUET, *MARKUPS, ".gz"):
                    continue
                copy = Path(folder) / f"{number}{suffix}"  # never the name that the archive chooses
                try:
                    with packed.open(member) as source:
                        copy.write_bytes(source.read(MOST_BYTES + 1))
                    for sheet in sheets_of(copy, root=Path(folder), encoding=encoding, delimiter=delimiter):
                        sheet.path = (
                            member.filename if sheet.path == copy.name else f"{member.filename}/{sheet.name}"
                        )
                        sheet.name = stem_of(member.filename) if sheet.name == str(number) else sheet.name
                        yield sheet
                except (SourceError, *DAMAGED) as error:
                    if len(members) == 1:
                        raise
                    said = f"it cannot be read: {str(error).replace(copy.name, member.filename)}"
                    yield Sheet(name=stem_of(member.filename), path=member.filename, rows=[], said=[said])
                finally:
                    copy.unlink(
                        missing_ok=True
                    )  # one at a time: all together may be more than the disk holds
    except DAMAGED as error:
        raise SourceError(
            f"{path.name!r} is no readable ZIP archive: {error}. Pack it again without a password."
        ) from None


def _workbook(file: IO[bytes], where: str) -> Iterator[Sheet]:
    try:
        import openpyxl
        from openpyxl.utils.exceptions import InvalidFileException
    except ImportError:
        raise BadInput(f"{where!r} needs the package openpyxl: pip install '.[excel]'.") from None
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except (InvalidFileException, *DAMAGED, KeyError, ValueError) as error:
        raise SourceError(
            f"{where!r} is no readable workbook: {error}. Save it as .xlsx or CSV again."
        ) from None
    for sheet in book.worksheets:
        rows, cells = [], 0
        for row in sheet.iter_rows(values_only=True):
            texts = [_cell(value) for value in row]
            while texts and not texts[-1]:
                texts.pop()
            rows.append(texts)
            cells += len(texts)
            if cells > MOST_CELLS:
                raise SourceError(
                    f"Split {where!r}: sheet {sheet.title!r} has more than {MOST_CELLS:,} cells."
                )
        if any(rows):
            place = f"{where}/{sheet.title}" if len(book.worksheets) > 1 else where
            yield Sheet(name=sheet.title, path=place, rows=rows, said=[f"sheet {sheet.title!r}"])


def _open_document(path: Path, where: str) -> Iterator[Sheet]:
    try:
        held = [(name, rows) for name, rows in book_of(path) if any(map(any, rows))]
    except ValueError as error:
        raise SourceError(f"Save {where!r} as .xlsx or CSV again: {error}.") from None
    for name, rows in held:
        place = f"{where}/{name}" if len(held) > 1 else where
        yield Sheet(name=name, path=place, rows=rows, said=[f"sheet {name!r}"])


def _old_book(path: Path, where: str) -> Iterator[Sheet]:
    held = [(name, rows) for name, rows in old_book(path, where) if any(map(any, rows))]
    for name, rows in held:
        place = f"{where}/{name}" if len(held) > 1 else where
        yield Sheet(name=name, path=place, rows=rows, said=[f"sheet {name!r}"])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and (found := _NET_DATE.fullmatch(value)):
        return found[1]
    return repr(value) if isinstance(value, float) else str(value).strip()


def head_sheet(path: Path) -> Sheet:
    """The first rows of a text or Parquet file, by which its layout is told. Raises SourceError."""
    if path.suffix.lower() in PARQUET:
        return _parquet(path, path.name, most=_HEAD_ROWS)
    if config_beside(path) is not None:
        return Sheet(name=stem_of(path.name), path=path.name, rows=[], form=True)
    text, said = _decoded(path, "", _HEAD_BYTES)
    mark, rows = split(text)
    form = form_of(text) is not None or is_markup(text)
    return Sheet(name=stem_of(path.name), path=path.name, rows=rows, said=said, mark=mark, form=form)


def _parquet(path: Path, where: str, most: int = 0) -> Sheet:
    import duckdb

    try:
        with database() as db:
            db.execute("SET TimeZone = 'UTC'")
            bound = f" LIMIT {most}" if most else ""
            found = db.execute(f"SELECT * FROM read_parquet(?){bound}", [str(path)])
            names = [str(d[0]) for d in found.description or ()]
            rows = [[_cell(v) for v in row] for row in found.fetchall()]
    except duckdb.Error as error:
        raise SourceError(
            f"Fix the table {where!r}: it is no readable Parquet file ({' '.join(str(error).split())[:200]})."
        ) from None
    return Sheet(name=stem_of(where), path=where, rows=[names, *rows])


def _objects(path: Path, where: str) -> Sheet:
    """Objects as rows: a list of them, one in each line, or deep within others."""
    text = text_of(path, "utf-8", MOST_BYTES)
    try:
        try:
            held = load_json(text)
        except ValueError:
            held = [load_json(line) for line in text.splitlines() if line.strip()]
    except ValueError as error:
        raise SourceError(f"{where!r} is no readable JSON: {error}.") from None
    return _of_objects(held, where)


def _of_objects(held: Any, where: str) -> Sheet:
    try:
        names, *rows = rows_of_objects(held)
    except ValueError as error:
        raise SourceError(f"Split {where!r}: {error}.") from None
    return Sheet(name=stem_of(where), path=where, rows=[names, *([_cell(v) for v in row] for row in rows)])


def _markup(text: str, where: str) -> Sheet:
    if is_table(text):
        try:
            rows = [trimmed(row) for row in rows_of_table(text)]
        except ValueError as error:
            raise SourceError(f"Split {where!r}: {error}.") from None
        return Sheet(name=stem_of(where), path=where, rows=rows, said=["a table in markup"])
    try:
        held = objects_of(text)
        if is_espi(text):
            return Sheet(
                name=stem_of(where), path=where, rows=espi_rows(held), said=["readings of Green Button"]
            )
    except ValueError as error:
        raise SourceError(f"{where!r} is no readable XML: {error}.") from None
    return _of_objects(held, where)


def _database(path: Path, where: str) -> Iterator[Sheet]:
    """The tables of an SQLite file, which is never written to."""
    try:
        held: dict[str, list[list[str]]] = {}
        cells = 0
        for table in tables_of(path):
            if table.error:
                said = [f"table {table.name!r} left out: {table.error}"]
                yield Sheet(name=table.name, path=f"{where}/{table.name}", rows=[], said=said)
                continue
            cells += sum(map(len, table.rows))
            if cells > MOST_CELLS:
                raise ValueError(TOO_MANY)
            held[table.name] = [[_cell(v) for v in row] for row in table.rows]
        made = joined(held)
        for name, rows in made.items():
            said = ["what its keys name stands in its rows"] if rows[:1] != held[name][:1] else []
            yield Sheet(name=name, path=where if len(made) == 1 else f"{where}/{name}", rows=rows, said=said)
    except sqlite3.Error as error:
        raise SourceError(f"{where!r} is no readable SQLite file: {error}.") from None
    except ValueError as error:
        raise SourceError(f"Split {where!r}: {error}.") from None


def _text(path: Path, where: str, *, encoding: str, delimiter: str) -> Iterator[Sheet]:
    try:
        text, said = _decoded(path, encoding)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise SourceError(f"{where!r} is no readable gzip file: {error}.") from None
    if is_markup(text[:100_000]):
        yield _markup(text, where)
        return
    if text.lstrip()[:1] in ("{", "["):
        with contextlib.suppress(SourceError):
            yield _objects(path, where)
            return
    if form := form_of(text):
        try:
            rows = form.rows(text)
        except (ValueError, OverflowError) as error:
            raise SourceError(f"Check {where!r}, {form.said}: {error}.") from None
        yield Sheet(name=stem_of(where), path=where, rows=rows, said=[*said, form.said], mark=form.mark)
        return
    mark, rows = split(text, delimiter)
    if mark == NAMED:
        said.append("values named in each line")
    elif mark != ",":
        shown = {"\t": "tabs", "  ": "blanks", " ": "blanks"}.get(mark, repr(mark))
        said.append(f"columns separated by {shown}")
    try:
        if (inner := unfolded(rows)) is not None:
            rows = [[_cell(v) for v in row] for row in inner]
            said.append("objects of JSON within a column")
    except ValueError as error:
        raise SourceError(f"Split {where!r}: {error}.") from None
    yield Sheet(name=stem_of(where), path=where, rows=rows, said=said, mark=mark)


def _decoded(path: Path, encoding: str, most: int = MOST_BYTES) -> tuple[str, list[str]]:
    """The text of a file, and in which letters it is read where it is not UTF-8."""
    known = known_encoding(encoding) or encoding_of(path)
    if encoding or known not in ("latin-1", "cp1252"):
        said = [f"not UTF-8: read as {known.upper()}"] if known != "utf-8" else []
        return text_of(path, known, MOST_BYTES) if most == MOST_BYTES else head_of(path, known), said
    with opened(path) as file:
        raw = file.read(most + 1)
    if len(raw) > most == MOST_BYTES:
        raise SourceError(f"Split {str(path)!r}: it is larger than the limit of {most >> 20} MiB.")
    cut = raw if len(raw) <= most else raw[: raw.rfind(b"\n") + 1]
    text, name = reread(cut)
    return text, [f"not UTF-8: read as {name}"]
