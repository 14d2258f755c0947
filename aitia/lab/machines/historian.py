"""Exports as historians write them: wide or long, CSV or Parquet, in local time, with a quality column or holes."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np

from aitia.lab.machines.case import Floats
from aitia.lab.machines.sensors import Tag


@dataclass(frozen=True, kw_only=True)
class Style:
    """How a site exports its values. `columns` of a long table: time, component, metric, value, quality, unit."""

    file: str
    layout: Literal["wide", "long"]
    time: str = "%Y-%m-%dT%H:%M:%SZ"
    zone: str = "UTC"
    delimiter: str = ","
    decimal: str = "."
    join: str = "."  # between component and point in a wide table's column names
    time_column: str = "time"
    columns: tuple[str, ...] = ()
    quality: tuple[str, str] = ("Good", "Bad")
    missing: str = ""

    def clock(self, at: float) -> str:
        """A moment as the site writes it."""
        return datetime.fromtimestamp(at, tz=ZoneInfo(self.zone)).strftime(self.time)


def export(
    style: Style, out: Path, t: Floats, readings: Mapping[Tag, Floats], step_s: float
) -> dict[str, Any]:
    """Write the file; returns its source as `scenario.yaml` lists it."""
    path = out / style.file
    if style.file.endswith(".parquet"):
        _parquet(style, path, t, readings)
    else:
        lines = _wide(style, t, readings) if style.layout == "wide" else _long(style, t, readings)
        _text(path, lines)
    source: dict[str, Any] = {
        "name": "historian", "kind": "metrics", "type": "table", "path": style.file, "step_s": step_s
    }  # fmt: skip
    if style.layout == "long":
        names = style.columns
        given = {"time": names[0], "component": names[1], "metric": names[2], "value": names[3]}
        source["columns"] = {k: v for k, v in given.items() if v}
    if style.zone != "UTC" and not style.file.endswith(".parquet"):
        source["options"] = {"timezone": style.zone}
    return source


def _text(path: Path, lines: Iterable[str]) -> None:
    raw = "".join(f"{line}\n" for line in lines).encode()
    if path.suffix != ".gz":
        path.write_bytes(raw)
        return
    with path.open("wb") as file, gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as packed:
        packed.write(raw)


def _digits(tag: Tag) -> int:
    return max(0, int(np.ceil(-np.log10(tag.digit) - 1e-9)))


def _cell(style: Style, tag: Tag, value: float) -> str:
    if np.isnan(value):
        return style.missing
    return f"{value:.{_digits(tag)}f}".replace(".", style.decimal)


def _wide(style: Style, t: Floats, readings: Mapping[Tag, Floats]) -> Iterable[str]:
    names = [f"{tag.component}{style.join}{tag.name}" for tag in readings]
    yield style.delimiter.join((style.time_column, *names))
    for i, at in enumerate(t):
        cells = (_cell(style, tag, float(values[i])) for tag, values in readings.items())
        yield style.delimiter.join((style.clock(float(at)), *cells))


def _long(style: Style, t: Floats, readings: Mapping[Tag, Floats]) -> Iterable[str]:
    """A row for each stored value: with a dead band only where it changed, and once an hour at least."""
    yield style.delimiter.join(name for name in style.columns if name)
    for tag, values in readings.items():
        last, since = np.inf, -np.inf
        for at, value in zip(t, values, strict=True):
            if tag.deadband and value == last and at - since < 3_600:
                continue
            last, since = value, at
            row = (
                style.clock(float(at)), tag.component, tag.name, _cell(style, tag, float(value)),
                style.quality[int(np.isnan(value))], tag.unit,
            )  # fmt: skip
            yield style.delimiter.join(
                c for c, name in zip(row, (*style.columns, *[""] * 6), strict=False) if name
            )


def _parquet(style: Style, path: Path, t: Floats, readings: Mapping[Tag, Floats]) -> None:
    import duckdb

    stamp = "make_timestamp((round(t * 1000) * 1000)::BIGINT)"
    target = str(path).replace("'", "''")
    with duckdb.connect() as db:
        if style.layout == "wide":
            names = [f"{tag.component}{style.join}{tag.name}" for tag in readings]
            db.register("samples", {"t": t, **dict(zip(names, readings.values(), strict=True))})
            shown = ", ".join(f'CASE WHEN isnan("{n}") THEN NULL ELSE "{n}" END AS "{n}"' for n in names)
            query = f'SELECT {stamp} AS "{style.time_column}", {shown} FROM samples ORDER BY t'
        else:
            n, tags = t.size, list(readings)
            held = [np.concatenate([[True], np.diff(readings[tag]) != 0]) for tag in tags]
            hourly = np.arange(n) % max(1, int(3_600 / (t[1] - t[0]))) == 0
            keep = np.concatenate(
                [h | hourly if tag.deadband else np.ones(n, bool) for tag, h in zip(tags, held, strict=True)]
            )
            columns: dict[str, Any] = {
                "t": np.tile(t, len(tags))[keep],
                "c": np.repeat(np.array([tag.component for tag in tags], dtype=object), n)[keep],
                "m": np.repeat(np.array([tag.name for tag in tags], dtype=object), n)[keep],
                "u": np.repeat(np.array([tag.unit for tag in tags], dtype=object), n)[keep],
                "v": np.concatenate([readings[tag] for tag in tags])[keep],
            }
            db.register("samples", columns)
            names = [*style.columns, "", "", ""][:6]
            shown = ", ".join(
                f'{source} AS "{name}"'
                for source, name in zip(
                    (stamp, "c", "m", "CASE WHEN isnan(v) THEN NULL ELSE v END",
                     f"CASE WHEN isnan(v) THEN '{style.quality[1]}' ELSE '{style.quality[0]}' END", "u"),
                    names, strict=True,
                ) if name
            )  # fmt: skip
            query = f"SELECT {shown} FROM samples ORDER BY c, m, t"
        db.execute(f"COPY ({query}) TO '{target}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 15)")


def iso(epoch: float) -> str:
    """Epoch seconds as ISO 8601 UTC, to the second."""
    return datetime.fromtimestamp(round(epoch), tz=UTC).isoformat().replace("+00:00", "Z")
