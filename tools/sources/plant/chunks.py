"""A folder of samples in Parquet: small chunks as they come, one file an hour once it is over, the oldest deleted at a bound."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from aitia.core.errors import BadInput, StoreError
from aitia.tools.sources.duck import database
from aitia.tools.sources.metrics.table_sql import quote
from aitia.tools.sources.plant.readings import Reading

PATTERN: Final = "*.parquet"
METADATA: Final = "units.json"
_HOUR: Final = "%Y-%m-%dT%H"
_FILE: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d)(-\d\d-\d\d\.\d{3})?\.parquet")
_PARQUET: Final = "(FORMAT parquet, COMPRESSION zstd)"


class Chunks:
    """The recording of one source. Files are dated by when they were written, so that no sample chooses a file.

    A file is written aside and renamed: a kill leaves whole files only, and costs what was not written yet.
    """

    def __init__(self, folder: Path, *, days: float, most_bytes: int) -> None:
        self.folder, self._days, self._most = folder, days, most_bytes
        self._units: dict[str, str] = {}
        self._lock = -1

    @contextlib.contextmanager
    def open(self) -> Iterator[Chunks]:
        """Make the folder, and keep other recorders out of it. Raises BadInput."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.folder, os.O_RDONLY)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise BadInput(
                f"Stop the other recorder: one writes into {str(self.folder)!r} already."
            ) from None
        except OSError as error:
            raise BadInput(
                f"Cannot write to {str(self.folder)!r} ({error.strerror}). Choose another `path` for the source."
            ) from None
        try:
            self._units = self._known_units()
            for part in self.folder.glob(".*.part"):  # of a recorder that was killed
                part.unlink(missing_ok=True)
            yield self
        finally:
            os.close(self._lock)

    def write(self, readings: Sequence[Reading], at: datetime) -> None:
        """One chunk more. Raises StoreError where the disk is full or the folder is gone."""
        if not readings:
            return

        name = f"{at.astimezone(UTC):{_HOUR}-%M-%S}.{at.microsecond // 1000:03d}.parquet"
        rows = {
            "t": np.array([r.at for r in readings], dtype=np.float64),
            "component": np.array([r.component for r in readings], dtype=object),
            "metric": np.array([r.metric for r in readings], dtype=object),
            "value": np.array([r.value for r in readings], dtype=np.float64),
        }
        with database() as db, self._aside(name) as part, _told(self.folder):
            db.register("rows", rows)
            db.execute(
                "COPY (SELECT make_timestamptz((t * 1e6)::BIGINT) AS time, component::VARCHAR AS component,"
                f" metric::VARCHAR AS metric, value FROM rows ORDER BY component, metric, t) TO {quote(str(part))} {_PARQUET}"
            )
        self._keep_units(readings)

    def tidy(self, at: datetime) -> None:
        """Merge the chunks of hours that are over, then delete what is too old or too much.

        Chunks go an hour after they were merged, so that nobody who reads them just now misses them.
        """
        hour = f"{at.astimezone(UTC):{_HOUR}}"
        by_hour: dict[str, list[Path]] = {}
        for path, of, small in self._files():
            if small and of < hour:
                by_hour.setdefault(of, []).append(path)
        before = f"{at.astimezone(UTC) - timedelta(hours=1):{_HOUR}}"
        for of, smalls in by_hour.items():
            merged = self.folder / f"{of}.parquet"
            if not merged.exists() or any(p.stat().st_mtime > merged.stat().st_mtime for p in smalls):
                self._merge(merged, smalls)
            elif of < before:
                for path in smalls:
                    path.unlink(missing_ok=True)
        self._bound(at)

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(path.stat().st_size for path, _, _ in self._files())

    def _merge(self, merged: Path, smalls: Sequence[Path]) -> None:

        files = [*([merged] if merged.exists() else []), *smalls]
        listed = ", ".join(quote(str(f)) for f in files)
        with database() as db, self._aside(merged.name) as part, _told(self.folder):
            db.execute("SET threads = 1; SET memory_limit = '512MB'")
            db.execute(
                f"COPY (SELECT DISTINCT * FROM read_parquet([{listed}]) ORDER BY component, metric, time)"
                f" TO {quote(str(part))} {_PARQUET}"
            )

    def _bound(self, at: datetime) -> None:
        """Delete hours older than `days`, then the oldest until all fits."""
        oldest = f"{at.astimezone(UTC) - timedelta(days=self._days):{_HOUR}}"
        files = sorted(self._files(), key=lambda f: f[0].name)
        size = sum(path.stat().st_size for path, _, _ in files)
        for path, of, _ in files:
            if of < oldest or size > self._most:
                size -= path.stat().st_size
                path.unlink(missing_ok=True)

    def _files(self) -> list[tuple[Path, str, bool]]:
        """Our files: path, hour, and whether it is a chunk of that hour. Anything else in the folder is left alone."""
        found = [(path, _FILE.fullmatch(path.name)) for path in self.folder.glob(PATTERN)]
        return [(path, m[1], m[2] is not None) for path, m in found if m and path.is_file()]

    @contextlib.contextmanager
    def _aside(self, name: str) -> Iterator[Path]:
        part = self.folder / f".{name}.part"
        try:
            yield part
            os.replace(part, self.folder / name)
        finally:
            part.unlink(missing_ok=True)

    def _keep_units(self, readings: Sequence[Reading]) -> None:
        """The units of signals by name, as `options.metadata` reads them; of two that differ neither."""
        known = dict(self._units)
        for reading in readings:
            if reading.unit:
                before = self._units.setdefault(reading.metric, reading.unit)
                self._units[reading.metric] = before if before == reading.unit else "?"
        if known != self._units:
            told = {name: {"unit": unit} for name, unit in sorted(self._units.items()) if unit != "?"}
            with self._aside(METADATA) as part, _told(self.folder):
                part.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    def _known_units(self) -> dict[str, str]:
        try:
            raw = json.loads((self.folder / METADATA).read_text(encoding="utf-8"))
            return {str(name): str(entry["unit"]) for name, entry in raw.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise BadInput(
                f"Delete {str(self.folder / METADATA)!r}: it is damaged, and is written anew."
            ) from None


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Errors of the disk as ours."""
    import duckdb

    try:
        yield
    except (OSError, duckdb.IOException, duckdb.OutOfMemoryException) as error:
        reason = " ".join(str(error).split())[:200]
        raise StoreError(
            f"Cannot write to {str(folder)!r} ({reason}). Free some room or check its permissions."
        ) from None
