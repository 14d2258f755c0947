"""Labelled lines from a table: CSV, JSON lines or xlsx, a text column and a label column."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aitia.core.errors import BadInput

MAX_BYTES = 200 * 2**20


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """Lines with their labels. `skipped` rows had no text or no label."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    skipped: int
    sha256: str


def read(path: Path, *, text: str = "text", label: str = "label") -> Labelled:
    """The labelled lines of a file; raises BadInput with what to mend."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadInput(f"{str(path)!r} is larger than {MAX_BYTES // 2**20} MiB. Give a sample.")
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"Cannot read {str(path)!r} ({error.strerror}). Give a readable file.") from None
    rows = _READERS.get(path.suffix.casefold())
    if rows is None:
        raise BadInput(f"{str(path)!r} is not a .csv, .jsonl or .xlsx file. Give one that is.")
    texts, labels, skipped = [], [], 0
    for row in rows(data, path):
        if text not in row or label not in row:
            has = ", ".join(repr(str(name)) for name in row if name)
            raise BadInput(f"Name the columns with --text and --label: {path.name!r} has {has}.")
        line, name = _cell(row[text]), _cell(row[label]).strip()
        if not line.strip() or not name:
            skipped += 1
            continue
        texts.append(line)
        labels.append(name)
    return Labelled(
        texts=tuple(texts),
        labels=tuple(labels),
        skipped=skipped,
        sha256=hashlib.sha256(data).hexdigest(),
    )


def _cell(value: Any) -> str:
    """A cell's text; nothing for an empty cell and for NaN."""
    return "" if value is None or value != value else str(value)


def _decoded(data: bytes, path: Path) -> str:
    if b"\0" in data:
        raise BadInput(f"{str(path)!r} is binary. Give a text table.")
    return data.decode("utf-8-sig", "replace")


def _csv(data: bytes, path: Path) -> Iterator[dict[str, Any]]:
    try:
        yield from csv.DictReader(io.StringIO(_decoded(data, path), newline=""))
    except csv.Error as error:
        raise BadInput(f"Fix {str(path)!r}: {error}.") from None


def _jsonl(data: bytes, path: Path) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(_decoded(data, path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise BadInput(f"Line {number} of {str(path)!r} is not a JSON object. Fix it.")
        yield row


def _xlsx(data: bytes, path: Path) -> Iterator[dict[str, Any]]:
    try:
        import openpyxl
    except ImportError:
        raise BadInput("Install openpyxl (pip install openpyxl), or save the sheet as CSV.") from None
    try:
        sheet = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True).active
        rows: Iterator[Sequence[Any]] = iter(sheet.iter_rows(values_only=True) if sheet else ())
        names = ["" if name is None else str(name) for name in next(rows, ())]
        yield from (dict(zip(names, row, strict=False)) for row in rows)
    except BadInput:
        raise
    except Exception as error:  # openpyxl raises what its zip and XML parsers raise
        raise BadInput(f"{str(path)!r} cannot be read as xlsx ({type(error).__name__}). Fix it.") from None


_READERS = {".csv": _csv, ".jsonl": _jsonl, ".ndjson": _jsonl, ".xlsx": _xlsx}
