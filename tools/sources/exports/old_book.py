"""Binary workbooks of Excel, `.xls` of 1997 to 2003 and `.xlsb`, read by calamine in a process with limits of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from aitia.core.errors import BadInput, SourceError
from aitia.tools.sources.exports.limits import MOST_CELLS
from aitia.tools.sources.exports.old_book_child import MISSING, MOST_SECONDS

_CHILD: Final = Path(__file__).with_name("old_book_child.py")
_MOST_OUT: Final = 1 << 30  # characters of all sheets


def old_book(path: Path, where: str) -> Iterator[tuple[str, list[list[str]]]]:
    """The sheets of a binary workbook, name and rows. Raises SourceError, BadInput where the package is missing."""
    command = [sys.executable, "-I", str(_CHILD), str(path.resolve()), str(MOST_CELLS)]
    sheets: list[tuple[str, list[list[str]]]] = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        read = 0
        for line in child.stdout:
            read += len(line)
            if read > _MOST_OUT:
                child.kill()
                raise SourceError(f"Split {where!r}: its sheets hold more than {_MOST_OUT >> 20} MiB.")
            held = json.loads(line)
            if isinstance(held, str):
                sheets.append((held, []))
            else:
                sheets[-1][1].append(_trimmed(held))
        said = child.stderr.read(300).strip()
    if child.returncode == MISSING:
        raise BadInput(
            f"{where!r} needs the package python-calamine: pip install '.[excel]'. Or save it as .xlsx or CSV."
        )
    if child.returncode:
        said = (
            said.splitlines()[0]
            if said
            else f"it needs more memory or time than a workbook may ({MOST_SECONDS} s)"
        )
        raise SourceError(f"Save {where!r} as .xlsx or CSV: this binary workbook cannot be read ({said}).")
    yield from sheets


def _trimmed(row: list[str]) -> list[str]:
    while row and not row[-1]:
        row.pop()
    return row
