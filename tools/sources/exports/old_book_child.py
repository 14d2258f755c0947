"""Prints the sheets of a binary workbook, a line of JSON for each row; run alone, in a process with limits of its own.

The reader of these files lays a sheet out as a whole, however far apart its cells lie: a small file may ask for any memory.
"""

from __future__ import annotations

import datetime
import json
import resource
import sys
from typing import Any

MOST_MEMORY = 2 << 30
MOST_SECONDS = 120
MISSING = 3  # how the process ends where the package is not installed


def main(path: str, most_cells: int) -> int:
    """Print each sheet's name, then its rows; a line to stderr and 1 where the file cannot be read."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        from python_calamine import CalamineWorkbook
    except ImportError:
        return MISSING
    try:
        book = CalamineWorkbook.from_path(path)
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            if (sheet.height or 0) * (sheet.width or 0) > most_cells:
                print(f"sheet {name!r} has more than {most_cells:,} cells", file=sys.stderr)
                return 1
            print(json.dumps(name))
            for row in sheet.iter_rows():
                print(json.dumps([_text(v) for v in row]))
    except Exception as error:  # whatever the reader raises, the file is why
        print(str(error)[:300], file=sys.stderr)
        return 1
    return 0


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, datetime.date | datetime.time) else str(value).strip()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], int(sys.argv[2])))
