"""Makes a recorded folder fit: what says least goes first, and `scenario.yaml` tells what was left out.

A folder is only ever thinned as a retention would do it: fewer series, fewer samples, logs that begin later. Nothing after
the onset is cut out of a log, and no series is chosen by chance.
"""

from __future__ import annotations

import lzma
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import yaml

from aitia.core.scenario import load_scenario
from aitia.lab.folder import copy_table, write_yaml
from aitia.lab.words import LAB, Made
from aitia.tools.text.headers import detect

LIMIT_BYTES: Final = 200_000
WHOLE: Final = "All series are kept."
LEFT_OUT: Final = "Left out to keep the folder small: "
_CHATTY: Final = 4_000  # packed bytes of a log above which it may begin later
_SERIES: Final = "component, metric, labels"


@dataclass(frozen=True, kw_only=True)
class Step:
    """What is left out: `rows` of the table stay, logs that are large begin about `lead_s` before the onset."""

    words: str
    rows: str = ""
    lead_s: float = 0.0
    every: int = 1  # sample that stays


def _series_with(condition: str) -> str:
    return f"(metric = 'up' OR ({_SERIES}) IN (SELECT ({_SERIES}) FROM samples GROUP BY {_SERIES} HAVING {condition}))"


STEPS: Final = (
    Step(words="metrics of language runtimes", rows=r"NOT regexp_matches(metric, '^(go|promhttp|python|net_conntrack)_')"),
    Step(words="series that were always 0", rows=_series_with("max(abs(value)) > 0")),
    Step(words="the beginning of large logs", lead_s=100.0),
    Step(words="every second sample", every=2),
    Step(words="series that never changed", rows=_series_with("max(value) > min(value)")),
    Step(words="more of the beginning of large logs", lead_s=50.0),
    Step(words="buckets of histograms", rows="metric NOT LIKE '%\\_bucket' ESCAPE '\\'"),
    Step(words="half of the samples that were left", every=2),
)  # fmt: skip


def fit(folder: Path, limit: int) -> bool:
    """Leave out step by step until the folder takes at most `limit` bytes; False where it does not come to that.

    What the scenario says was left out before is not done twice.
    """
    table = folder / "metrics.parquet"
    stated = yaml.safe_load((folder / "scenario.yaml").read_text(encoding="utf-8"))
    told = [
        step.words
        for step in STEPS
        if step.words in stated["recorded"]["notes"].rstrip(".").split(LEFT_OUT)[-1].split("; ")
    ]
    before = len(told)
    onset, every = _onset(folder), 1
    early = random.Random(folder.name).uniform(0.8, 1.2)  # where a log begins must not tell the onset
    for step in STEPS[before:]:
        if size(folder) <= limit:
            break
        if step.lead_s:
            _begin_later(folder / "logs", onset - early * step.lead_s)
        else:
            _thin(table, step)
        every *= step.every
        told.append(step.words)
    if len(told) > before:
        _tell(folder, stated, told, every)
    return size(folder) <= limit


def size(folder: Path) -> int:
    """Bytes of all files."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _onset(folder: Path) -> float:
    made = Made.model_validate_json((folder / LAB).read_text(encoding="utf-8"))
    return (made.onset or load_scenario(folder).incident.started_at).timestamp()


def _thin(table: Path, step: Step) -> None:
    import duckdb

    thinned = table.with_suffix(".thinned")
    with duckdb.connect() as db:
        db.execute("CREATE TABLE samples AS FROM read_parquet(?)", [str(table)])
        query = f"SELECT * FROM samples WHERE {step.rows or 'true'}"
        if step.every > 1:
            query += f" QUALIFY row_number() OVER (PARTITION BY {_SERIES} ORDER BY time) % {step.every} = 1"
        copy_table(db, f"{query} ORDER BY {_SERIES}, time", thinned)
    thinned.replace(table)


def _begin_later(logs: Path, begin: float) -> None:
    """Cut what is older than `begin` (epoch seconds) from every large log; a line without a time goes with the one before it."""
    for file in sorted(logs.rglob("*.log.xz")):
        if file.stat().st_size <= _CHATTY:
            continue
        lines = lzma.decompress(file.read_bytes()).decode().splitlines(keepends=True)
        first = _first_from(lines, begin)
        if 0 < first < len(lines):
            file.write_bytes(lzma.compress("".join(lines[first:]).encode(), preset=9 | lzma.PRESET_EXTREME))


def _first_from(lines: Sequence[str], begin: float) -> int:
    """The place of the first line with a time of at least `begin`; 0 where no time is recognised."""
    near = datetime.fromtimestamp(begin, tz=UTC)
    header = detect([line.rstrip("\n") for line in lines], zone=UTC, near=near)
    if header is None:
        return 0
    for place, line in enumerate(lines):
        parsed = header(line.rstrip("\n"))
        if parsed is not None and parsed[0] is not None and parsed[0] >= begin:
            return place
    return 0


def _tell(folder: Path, stated: dict[str, Any], told: Sequence[str], every: int) -> None:
    kept = stated["recorded"]["notes"].removesuffix(WHOLE).split(LEFT_OUT)[0].strip()
    stated["recorded"]["notes"] = f"{kept} {LEFT_OUT}{'; '.join(told)}.".strip()
    for source in stated["sources"]:
        if source["name"] == "metrics":
            source["step_s"] *= every
    write_yaml(folder / "scenario.yaml", stated)
    load_scenario(folder)
