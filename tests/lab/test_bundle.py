"""The incidents that lie in the repository: their size, that they load, and that no telemetry tells what was done."""

from __future__ import annotations

import gzip
import lzma
import re
from pathlib import Path

import duckdb
import pytest

from aitia.core.scenario import load_scenario
from aitia.drill.folders import ANSWERS, made_of
from aitia.lab.fit import size
from benchmarks.lab.bundle import ALL, EACH
from benchmarks.lab.data import splits

BUNDLE = Path(__file__).parents[2] / "benchmarks" / "lab" / "bundle"
FOLDERS = sorted(file.parent for file in BUNDLE.glob("*/*/lab.json"))
OURS = re.compile(r"/tmp/run-|(?<![a-z])(aitia|chaos|injected|decoy|twin|victim)(?![a-z])", re.IGNORECASE)


def texts(folder: Path) -> dict[str, str]:
    """All telemetry as text, by its path."""
    found = {}
    for file in (f for f in folder.rglob("*") if f.is_file() and f.name not in ANSWERS):
        if file.suffix == ".parquet":
            rows = duckdb.sql(f"SELECT DISTINCT component, metric, labels FROM '{file}'").fetchall()
            found[file.name] = "\n".join(" ".join(map(str, row)) for row in rows)
        elif file.suffix == ".xz":
            found[file.name] = lzma.decompress(file.read_bytes()).decode(errors="replace")
        elif file.suffix == ".gz":
            found[file.name] = gzip.decompress(file.read_bytes()).decode(errors="replace")
        elif file.suffix in (".log", ".csv", ".json", ".jsonl", ".yaml", ".txt"):
            found[file.name] = file.read_text(encoding="utf-8")
    return found


def test_it_is_small() -> None:
    assert len(FOLDERS) >= 90
    assert sum(size(folder) for folder in FOLDERS) <= ALL
    assert all(size(folder) <= (EACH if folder.parent.name == "never" else 2 * EACH) for folder in FOLDERS)


def test_what_is_never_looked_at_lies_by_itself() -> None:
    of = {"never": "never"}
    for folder in FOLDERS:
        made = made_of(folder)
        assert made is not None
        assert (splits()[made.order.system] == "never") is (of.get(folder.parent.name) == "never")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_loads_and_tells_nothing(folder: Path) -> None:
    scenario = load_scenario(folder)
    made = made_of(folder)
    assert made is not None
    assert scenario.expected.verdict == ("healthy" if made.family == "none" else "cause")
    told = {name: hit for name, text in texts(folder).items() if (hit := OURS.search(text))}
    assert told == {}
    if made.family != "none" and len(made.order.fault) > 8:
        assert all(made.order.fault not in text for text in texts(folder).values())
