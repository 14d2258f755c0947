"""Changes to a recorded scenario that must not change what is diagnosed, and one that must."""

from __future__ import annotations

import gzip
import json
import random
import re
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import yaml

_TEXT = {".yaml", ".jsonl", ".json", ".log", ".md"}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def copy(scenario: Path, to: Path) -> Path:
    """A copy that may be changed."""
    shutil.copytree(scenario, to)
    return to


def names(folder: Path) -> list[str]:
    """All components of the scenario's topology, longest first."""
    topology = yaml.safe_load((folder / "topology.yaml").read_text(encoding="utf-8"))
    return sorted((c["id"] for c in topology["components"]), key=len, reverse=True)


def rename(folder: Path) -> dict[str, str]:
    """Give every component a name that says nothing; returns old to new."""
    new = {name: f"unit-{chr(97 + i)}{7 * i + 3}" for i, name in enumerate(sorted(names(folder)))}
    pattern = re.compile("|".join(rf"(?<![\w-]){re.escape(n)}(?![\w-])" for n in names(folder)))
    _rewrite_text(folder, lambda text: pattern.sub(lambda m: new[m[0]], text))
    for path in sorted(folder.rglob("*"), key=lambda p: -len(p.parts)):
        stem = path.name.split(".")[0]
        if path.is_file() and stem in new:
            path.rename(path.with_name(path.name.replace(stem, new[stem], 1)))
    for table in folder.glob("*.parquet"):
        rows, columns = _read(table)
        _write(
            table,
            [
                tuple(pattern.sub(lambda m: new[m[0]], v) if isinstance(v, str) else v for v in r)
                for r in rows
            ],
            columns,
        )
    return new


def shift_time(folder: Path, days: int = 37) -> None:
    """Move everything by whole days: dates change, times of day stay."""
    delta = timedelta(days=days)

    def iso(match: re.Match[str]) -> str:
        return (date.fromisoformat(match[0]) + delta).isoformat()

    def clf(match: re.Match[str]) -> str:
        moved = date(int(match[3]), _MONTHS.index(match[2]) + 1, int(match[1])) + delta
        return f"{moved.day:02d}/{_MONTHS[moved.month - 1]}/{moved.year}"

    def slashed(match: re.Match[str]) -> str:
        return (date(int(match[1]), int(match[2]), int(match[3])) + delta).strftime("%Y/%m/%d")

    def redis(match: re.Match[str]) -> str:
        moved = date(int(match[3]), _MONTHS.index(match[2]) + 1, int(match[1])) + delta
        return f"{moved.day:02d} {_MONTHS[moved.month - 1]} {moved.year}"

    def change(text: str) -> str:
        text = re.sub(r"\b20\d\d-\d\d-\d\d\b(?=[T \"'])|\b20\d\d-\d\d-\d\d(?=T)", iso, text)
        text = re.sub(r"\b(\d\d)/([A-Z][a-z]{2})/(20\d\d)\b", clf, text)
        text = re.sub(r"\b(20\d\d)/(\d\d)/(\d\d)\b", slashed, text)
        return re.sub(r"\b(\d\d) ([A-Z][a-z]{2}) (20\d\d)\b", redis, text)

    _rewrite_text(folder, change)
    for table in folder.glob("*.parquet"):
        rows, columns = _read(table)
        time = columns.index("time")
        _write(table, [tuple(v + delta if i == time else v for i, v in enumerate(r)) for r in rows], columns)


def shuffle_rows(folder: Path, seed: int = 5) -> None:
    """Table rows and journal lines in another order."""
    order = random.Random(seed)
    for table in folder.glob("*.parquet"):
        rows, columns = _read(table)
        order.shuffle(rows)
        _write(table, rows, columns)
    for journal in folder.glob("*.jsonl"):
        lines = journal.read_text(encoding="utf-8").splitlines()
        order.shuffle(lines)
        journal.write_text("\n".join(lines) + "\n", encoding="utf-8")


def add_quiet(folder: Path, count: int = 20, seed: int = 5) -> None:
    """Components that do nothing remarkable: noise around a level, in the topology and in the metrics."""
    order = random.Random(seed)
    topology = yaml.safe_load((folder / "topology.yaml").read_text(encoding="utf-8"))
    topology["components"] += [{"id": f"idle-{n}", "type": "service"} for n in range(count)]
    (folder / "topology.yaml").write_text(yaml.safe_dump(topology, sort_keys=False), encoding="utf-8")
    table = next(iter(sorted(folder.glob("*.parquet"))))
    rows, columns = _read(table)
    times = sorted({r[columns.index("time")] for r in rows})[
        :: max(1, len({r[columns.index("time")] for r in rows}) // 200)
    ]
    for n in range(count):
        for metric, level in (
            ("process_resident_memory_bytes", 5e7),
            ("request_latency_seconds", 0.02),
            ("queue_depth", 9.0),
        ):
            for time in times:
                cell = {"time": time, "component": f"idle-{n}", "metric": metric, "labels": "{}"}
                cell["value"] = level * (1 + order.gauss(0, 0.02))
                rows.append(tuple(cell.get(c) for c in columns))
    _write(table, rows, columns)


def remove_telemetry(folder: Path, component: str) -> None:
    """Take away everything that a component, and what is part of it, says of itself."""
    topology = yaml.safe_load((folder / "topology.yaml").read_text(encoding="utf-8"))
    gone = {component}
    for entry in topology["components"]:
        if any(link["relation"] == "part_of" and link["to"] in gone for link in entry.get("links", [])):
            gone.add(entry["id"])
    for table in folder.glob("*.parquet"):
        rows, columns = _read(table)
        who = columns.index("component")
        _write(table, [r for r in rows if r[who] not in gone], columns)
    for journal in folder.glob("*.jsonl"):
        kept = [
            x
            for x in journal.read_text(encoding="utf-8").splitlines()
            if json.loads(x).get("component") not in gone
        ]
        journal.write_text("".join(x + "\n" for x in kept), encoding="utf-8")
    for file in [*folder.glob("logs/*"), *folder.glob("nginx/*")]:
        owner = "gateway" if file.parent.name == "nginx" else file.name.split(".")[0]
        if owner in gone:
            file.unlink()
    signals = folder / "signals.yaml"
    if signals.exists():
        listed = yaml.safe_load(signals.read_text(encoding="utf-8"))
        key = next(k for k, v in listed.items() if isinstance(v, list))
        listed[key] = [b for b in listed[key] if b["component"] not in gone]
        signals.write_text(yaml.safe_dump(listed, sort_keys=False), encoding="utf-8")


def remove_mentions(folder: Path, component: str) -> None:
    """Take away what the others measure or log of a component: rows and lines that name it or its address."""
    topology = yaml.safe_load((folder / "topology.yaml").read_text(encoding="utf-8"))
    known = [component]
    for entry in topology["components"]:
        if entry["id"] == component:
            known += entry.get("aliases", [])
    named = re.compile("|".join(rf"(?<![\w-]){re.escape(n)}(?![\w-])" for n in known), re.IGNORECASE)
    for table in folder.glob("*.parquet"):
        rows, columns = _read(table)
        labels = columns.index("labels") if "labels" in columns else None
        _write(table, [r for r in rows if labels is None or not named.search(str(r[labels]))], columns)
    for file in [*folder.glob("logs/*"), *folder.glob("nginx/*")]:
        packed = file.suffix == ".gz"
        text = gzip.decompress(file.read_bytes()).decode() if packed else file.read_text(encoding="utf-8")
        kept = "".join(x for x in text.splitlines(keepends=True) if not named.search(x))
        file.write_bytes(gzip.compress(kept.encode()) if packed else kept.encode())


def _rewrite_text(folder: Path, change: Callable[[str], str]) -> None:
    for path in sorted(folder.rglob("*")):
        if path.suffix in _TEXT:
            path.write_text(
                change(path.read_text(encoding="utf-8", errors="surrogateescape")),
                encoding="utf-8",
                errors="surrogateescape",
            )
        elif path.suffix == ".gz":
            text = gzip.decompress(path.read_bytes()).decode("utf-8", "surrogateescape")
            path.write_bytes(gzip.compress(change(text).encode("utf-8", "surrogateescape"), mtime=0))


def _read(table: Path) -> tuple[list[tuple], list[str]]:
    with duckdb.connect() as db:
        found = db.execute("select * from read_parquet(?)", [str(table)])
        columns = [d[0] for d in found.description]
        return found.fetchall(), columns


def _write(table: Path, rows: list[tuple], columns: list[str]) -> None:
    with duckdb.connect() as db:
        old = db.execute("describe select * from read_parquet(?)", [str(table)]).fetchall()
        kinds = {"VARCHAR": object, "TIMESTAMP": "datetime64[us]", "DOUBLE": np.float64}
        arrays = {
            name: np.array([r[i] for r in rows], dtype=kinds[kind]) for i, (name, kind, *_) in enumerate(old)
        }
        db.execute(f"create table t ({', '.join(f'{name} {kind}' for name, kind, *_ in old)})")
        db.register("arrays", arrays)
        db.execute(f"insert into t select {', '.join(columns)} from arrays")
        part = table.with_suffix(".part")
        db.execute(f"copy t to '{part}' (format parquet, compression zstd)")
        part.replace(table)
