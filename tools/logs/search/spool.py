"""Records on their way to Parquet: batches in memory, redacted together, written as one part each.

DuckDB's reader of delimited text takes a batch seven times faster than Python values one by one. In that text 0x1F ends
a column, 0x1E is a line break within one; both are taken out of what a log holds before.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aitia.core.redact import Redactor

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ROWS: Final = 61_440  # of a batch
_BYTES: Final = 48 << 20  # characters of a batch
_BREAK: Final = "\x1e"
_UNSAFE = re.compile("[\0\x1c-\x1f\r]")
_ITEM = re.compile(r'([^="]*)="(.*)"', re.DOTALL)
_READ: Final = """
SELECT * FROM read_csv(?, auto_detect=false, header=false, delim=chr(31), quote='', escape='', comment='',
  new_line='\\n', max_line_size=16000000, nullstr=chr(29), columns={'file': 'INTEGER', 'time': 'BIGINT',
  'line': 'BIGINT', 'lines': 'INTEGER', 'byte_offset': 'BIGINT', 'byte_size': 'BIGINT', 'level': 'VARCHAR',
  'form': 'INTEGER', 'message': 'VARCHAR', 'exception': 'VARCHAR', 'more': 'VARCHAR', 'keys': 'VARCHAR',
  'texts': 'VARCHAR'})
"""
RECORDS: Final = """
SELECT file, make_timestamp(time) AS time, line, lines, byte_offset, byte_size, level, form,
  replace(message, chr(30), chr(10)) AS message, exception, replace(more, chr(30), chr(10)) AS more,
  CASE WHEN keys = '' THEN MAP([], []) ELSE map(string_split(keys, chr(30)), string_split(texts, chr(30))) END
    ::MAP(VARCHAR, VARCHAR) AS fields
FROM read_parquet({paths})
"""
"""What a part says, computed where it is asked for."""
NULL: Final = "\x1d"  # of an undated record's time
_encoded: Final = json.JSONEncoder(ensure_ascii=False).encode
Row = tuple[str, str, str, str, str]
"""Columns before the message, message, exception, more, and fields as `items` gives them."""


def items(fields: Iterable[tuple[str, object]]) -> str:
    """Fields as text in which the redactor sees which name has which value."""
    return "\n".join(f"{_name(key)}={_encoded(str(value))}" for key, value in fields)


@lru_cache(maxsize=2000)
def _name(key: str) -> str:
    return re.sub(r"[\s=\"\x00-\x1f]", "_", key)[:120]


class Spool:
    """Takes records, writes parts of about 60,000 into a folder. Call `close` at the end."""

    def __init__(self, db: DuckDBPyConnection, folder: Path, redactor: Redactor) -> None:
        self._db, self._folder, self._redactor = db, folder, redactor
        self._rows: list[Row] = []
        self._held = 0
        self.parts: list[Path] = []
        self.count = 0

    def extend(self, rows: Sequence[Row]) -> None:
        """Take records."""
        self._rows += rows
        self._held += _size(rows)
        while len(self._rows) >= ROWS or self._held > _BYTES:
            self._write()

    def close(self) -> None:
        """Write what is left; a part at least, so that there is something to ask."""
        if self._rows or not self.parts:
            self._write()

    def _write(self) -> None:
        rows, self._rows = self._rows[:ROWS], self._rows[ROWS:]
        self._held = _size(self._rows)
        text, part = self._folder / "batch.txt", self._folder / f"part-{len(self.parts):06}.parquet"
        with text.open("w", encoding="utf-8", errors="replace", newline="") as file:
            file.writelines(self._lines(rows))
        self._db.execute(f"COPY ({_READ}) TO {quoted(part)} (FORMAT parquet, COMPRESSION zstd)", [str(text)])
        text.unlink()
        self.parts.append(part)
        self.count += len(rows)

    def _lines(self, rows: Sequence[Row]) -> Iterator[str]:
        texts = self._safe([_cleaned(f"{m}\n{more}" if more else m) for _, m, _, more, _ in rows])
        sets = self._fields(rows)
        for (numbers, _, exception, more, fields), text in zip(rows, texts, strict=True):
            message = text
            if more:  # what redaction made of a record may hold fewer lines than it
                message, _, more = text.partition("\n")
                more = more.replace("\n", _BREAK)
                exception = self._redactor.text(_cleaned(exception)) if exception else ""
            elif "\n" in message:
                message = message.replace("\n", _BREAK)
            yield f"{numbers}\x1f{message}\x1f{exception}\x1f{more}\x1f{sets[fields]}\n"

    def _safe(self, texts: list[str]) -> list[str]:
        """The texts redacted; only those are looked at in which something may have to be replaced."""
        data = "\n".join(texts).encode("utf-8", "replace")
        ends: list[int] = []
        at = line = 0
        for start, end in self._redactor.spans(data):
            ends = ends or list(accumulate(text.count("\n") + 1 for text in texts))
            line += data.count(b"\n", at, start)
            at = start
            last = line + data.count(b"\n", start, end)
            for i in range(bisect_right(ends, line), bisect_right(ends, last) + 1):
                texts[i] = self._redactor.text(texts[i])
        return texts

    def _fields(self, rows: Sequence[Row]) -> dict[str, str]:
        """Keys and values of each distinct set of fields, redacted."""
        distinct = list(dict.fromkeys(fields for *_, fields in rows))
        return dict(zip(distinct, map(_columns, self._safe([*distinct])), strict=True))


def _size(rows: Sequence[Row]) -> int:
    """Characters of some records."""
    return sum([len(message) + len(more) + len(fields) for _, message, _, more, fields in rows])


def _columns(text: str) -> str:
    """Two columns: keys, and values without their quotes."""
    pairs: dict[str, str] = {}
    for line in text.split("\n") if text else ():
        match = _ITEM.fullmatch(line)
        key, value = (match[1], match[2]) if match else ("redacted", line)
        if "\\" in value:
            with suppress(ValueError):  # where redaction replaced a part of an escape
                value = str(json.loads(f'"{value}"'))
        pairs[_name(key)] = _cleaned(value).replace("\n", " ").replace(_BREAK, " ")
    return f"{_BREAK.join(pairs)}\x1f{_BREAK.join(pairs.values())}"


def _cleaned(text: str) -> str:
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text) if not text.isprintable() else text


def quoted(path: Path) -> str:
    """A path as a literal of SQL, for statements that take no parameter there."""
    return "'" + str(path).replace("'", "''") + "'"
