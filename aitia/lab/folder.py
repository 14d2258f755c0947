"""Writes a scenario folder: `scenario.yaml`, JSON Lines, topology and the long Parquet table of samples."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from aitia.core.errors import BadInput
from aitia.core.scenario import load_scenario

if TYPE_CHECKING:
    import duckdb

LIMIT_BYTES = 3_000_000
Row = tuple[float, str, str, str, float]  # epoch seconds, component, metric, labels as JSON, value


def iso(epoch: float) -> str:
    """Epoch seconds as ISO 8601 UTC with milliseconds."""
    return datetime.fromtimestamp(epoch, tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_folder(out: Path) -> Path:
    """An empty folder at `out`; only a folder that holds a scenario (or nothing) is replaced."""
    if out.exists() and any(out.iterdir()) and not (out / "scenario.yaml").exists():
        raise BadInput(f"Give --out a new folder: {str(out)!r} holds something that is no scenario.")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    return out


def write_yaml(path: Path, value: Mapping[str, Any]) -> None:
    """One YAML file, keys in the order given."""
    text = yaml.safe_dump(dict(value), sort_keys=False, allow_unicode=True, width=110)
    path.write_text(text, encoding="utf-8")


def write_jsonl(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """One JSON object a line."""
    lines = (json.dumps(record, ensure_ascii=False) for record in records)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def write_table(path: Path, rows: Sequence[Row]) -> None:
    """The long table (time, component, metric, labels, value) as zstd Parquet, sorted so that it packs well."""
    import duckdb
    import numpy as np

    ordered = sorted(rows, key=lambda row: (row[1], row[2], row[3], row[0]))
    columns: dict[str, Any] = {
        "t": np.array([row[0] for row in ordered], dtype=np.float64),
        "component": np.array([row[1] for row in ordered], dtype=object),
        "metric": np.array([row[2] for row in ordered], dtype=object),
        "labels": np.array([row[3] for row in ordered], dtype=object),
        "value": np.array([row[4] for row in ordered], dtype=np.float64),
    }
    with duckdb.connect() as db:
        db.register("samples", columns)
        copy_table(
            db,
            "SELECT make_timestamp((round(t * 1000) * 1000)::BIGINT) AS time, component, metric, labels, value FROM samples",
            path,
        )


def copy_table(db: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    """What `query` gives as zstd Parquet."""
    target = str(path).replace("'", "''")
    # Values that never come twice pack better plain than through a dictionary.
    db.execute(
        f"COPY ({query}) TO '{target}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 19, DICTIONARY_SIZE_LIMIT 2000)"
    )


def pack_log(path: Path, *, above: int = 120_000) -> Path:
    """Gzip a log that is larger than `above` bytes (repeatable: no name, no time in the header)."""
    if path.stat().st_size <= above:
        return path
    packed = path.with_name(path.name + ".gz")
    with packed.open("wb") as raw, gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as file:
        file.write(path.read_bytes())
    path.unlink()
    return packed


def finish(out: Path, scenario: Mapping[str, Any]) -> int:
    """Write and check `scenario.yaml`; returns the folder's size. Raises BadInput where it is too large."""
    write_yaml(out / "scenario.yaml", scenario)
    load_scenario(out)
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    if size >= LIMIT_BYTES:
        raise BadInput(f"Record less: {str(out)!r} takes {size} bytes, a scenario may take {LIMIT_BYTES}.")
    return size
