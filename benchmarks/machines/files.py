"""Files as historians, control systems and spreadsheets export them, read without any option.

python benchmarks/machines/files.py --data DIR [--cases GLOB] [--totals] --json OUT

DIR holds a folder for each layout: its file or files, and `truth.json` with the series that a person reads there (tag, asset,
point, quantity, unit, number of known samples, first and last time in UTC, some values). A layout is read when every series has
its times and values; asset, quantity and unit are judged for each series that was found by its values. Systems: `ours`; `peer`,
a fair attempt with pandas (separator, header and times guessed, numbers with decimal commas); `trivial`, the code before this
task where --before names its source tree (`make tree` in a checkout of that commit, then its build/tree).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks import contract

TOLERANCE_S = 0.01  # of a time
RELATIVE = 1e-6  # of a value
LAST = 4.1e9  # epoch seconds, in 2099: the end of the window that is asked for
# What the same quantity is called there and here, written down before anything was read; else its last word counts.
ALSO = {
    "differential pressure": {"pressure"}, "pressure drop": {"pressure"}, "acceleration": {"vibration"},
    "velocity": {"vibration", "speed"}, "displacement": {"vibration", "position"}, "setpoint": {"setting"},
    "runtime": {"age", "count", "time"}, "ratio": {"power", "share", "power factor"}, "power factor": {"power", "ratio"},
    "conductivity": {"concentration"}, "ph": {"concentration"}, "turbidity": {"concentration"}, "density": {"concentration"},
    "torque": {"force"}, "weight": {"force"}, "mass": {"force"}, "angle": {"position"}, "opening": {"position"},
    "status": {"state"}, "command": {"state"}, "alarm": {"state"}, "counter": {"count"}, "volume": {"count", "flow"},
    "dew point": {"temperature"},
}  # fmt: skip
Found = list[dict[str, Any]]


def main() -> None:
    args = contract.parser(__doc__)
    args.add_argument(
        "--totals", action="store_true", help="no answer of a single case: for layouts that stay closed"
    )
    args.add_argument("--before", default="", help="source tree of the code before (trivial)")
    args.add_argument("--systems", default="ours,peer", help="which of ours and peer to run")
    args.add_argument("--only-read", default="", help=argparse.SUPPRESS)
    told = args.parse_args()
    if told.only_read:
        print(json.dumps(list(table_series(Path(told.only_read)))))
        return
    began, data = time.monotonic(), Path(told.data)
    names = contract.chosen((p.parent.name for p in data.glob("*/truth.json")), told.cases)
    systems = {name: of for name, of in (("ours", here), ("peer", pandas_series)) if name in told.systems}
    if told.before:
        systems["trivial"] = lambda path: before(path, told.before)
    rows: list[dict[str, Any]] = []
    cases: list[dict[str, Any]] = []
    for system, read in systems.items():
        measured: dict[str, list[float]] = defaultdict(list)
        for name in names:
            truth = json.loads((data / name / "truth.json").read_text(encoding="utf-8"))
            with tempfile.TemporaryDirectory() as folder:
                found, error = attempt(read, bare(data / name, Path(folder)))
            judged = judge(truth["series"], found)
            for metric, values in judged.items():
                measured[metric] += values
            if not told.totals:
                case = {m: round(contract.mean(v), 3) for m, v in judged.items() if v}
                cases.append({"id": name, "system": system, "error": error, **case})
        rows += contract.rows(system, measured)
    contract.finish("machines/files", rows, cases, n=len(names), began=began, out=told.json)
    for case in cases:
        if case["system"] == "ours":
            print({k: v for k, v in case.items() if k != "system" and (v or k != "error")})


def bare(case: Path, folder: Path) -> Path:
    """The files of a case without its answer, alone or in a folder."""
    target = folder / "data"
    shutil.copytree(case, target, ignore=shutil.ignore_patterns("truth.json"))
    files = [p for p in target.rglob("*") if p.is_file()]
    return files[0] if len(files) == 1 else target


def attempt(read: Any, path: Path) -> tuple[Found, str]:
    try:
        return list(read(path)), ""
    except Exception as error:  # what a system raises on a file is its answer
        return [], f"{type(error).__name__}: {error}"[:300]


def here(path: Path) -> Iterator[dict[str, Any]]:
    return table_series(path)


def table_series(path: Path) -> Iterator[dict[str, Any]]:
    """What the source type `table` reads, without any option."""
    from aitia.core.config import SourceConfig
    from aitia.core.words import Window, from_epoch
    from aitia.tools.meaning.names import UNKNOWN, lexicon
    from aitia.tools.sources import open_source

    source = open_source(SourceConfig(name="m", kind="metrics", type="table", path=path.name), path.parent)
    for series in source.read(Window(start=from_epoch(0), end=from_epoch(LAST))):
        known, said = np.isfinite(series.v), series.metadata
        meaning = lexicon().read(series.metric, said.unit, said.help)
        quantity = getattr(said, "quantity", "") or meaning.quantity
        yield {
            "asset": series.component, "point": series.metric, "quantity": "" if quantity == UNKNOWN else quantity,
            "unit": said.unit or meaning.unit, "t": series.t[known].tolist(), "v": series.v[known].tolist(),
            "ends": [float(series.t[0]), float(series.t[-1])] if series.t.size else [],
        }  # fmt: skip


def before(path: Path, tree: str) -> Found:
    """The same by the code of an earlier commit, in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--data", ".", "--only-read", str(path)],
        env={**os.environ, "PYTHONPATH": tree}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["failed"])[-1])
    return list(json.loads(done.stdout))


def pandas_series(path: Path) -> Iterator[dict[str, Any]]:
    """The peer: pandas guesses separator and times; numbers by to_numeric, once more with decimal commas where most fail."""
    import pandas as pd

    for file in [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file()):
        if file.suffix == ".parquet":
            frame = pd.read_parquet(file)
        elif file.suffix.startswith(".xls"):
            frame = pd.read_excel(file)
        else:
            frame = pd.read_csv(file, sep=None, engine="python", dtype=str)
        column = next(
            (c for c in frame.columns if re.search("time|date|zeit|datum|fecha|^ts$", str(c), re.I)),
            frame.columns[0],
        )
        times = pd.to_datetime(frame[column], utc=True, format="mixed", errors="coerce")
        values = {c: _numbers(frame[c]) for c in frame.columns if c != column}
        names = next(
            (c for c, v in values.items() if v.notna().mean() < 0.5 and frame[c].nunique() < len(frame) / 3),
            None,
        )
        groups = (
            [("", times.notna())]
            if names is None
            else [(str(n), (frame[names] == n) & times.notna()) for n in frame[names].dropna().unique()]
        )
        for group, rows in groups:
            for name, v in values.items():
                known = rows & v.notna()
                if known.any():
                    t = times[known].map(lambda at: at.timestamp()).tolist()
                    yield {"asset": group.rpartition(".")[0], "point": str(name), "quantity": "", "unit": "", "t": t,
                           "v": v[known].tolist(), "ends": [min(t), max(t)]}  # fmt: skip


def _numbers(column: Any) -> Any:
    import pandas as pd

    plain = pd.to_numeric(column, errors="coerce")
    comma = pd.to_numeric(
        column.astype(str).str.replace(".", "", regex=False).str.replace(",", "."), errors="coerce"
    )
    return comma if comma.notna().sum() > plain.notna().sum() else plain


def judge(truth: Sequence[Mapping[str, Any]], found: Found) -> dict[str, list[float]]:
    """Whether every series of the layout is right; of each series whether it, its asset, quantity and unit are."""
    told: dict[str, list[float]] = {
        m: [] for m in ("layout read", "series read", "asset", "quantity", "unit", "series too many")
    }
    left = [s for s in found if s["t"]]
    wanted = [s for s in truth if s["n"]]
    taken = set()
    for series in wanted:
        at = best(series, left, taken)
        taken |= {at} if at is not None else set()
        one = left[at] if at is not None else None
        told["series read"].append(float(one is not None and right(series, one)))
        told["asset"].append(float(one is not None and bare_text(one["asset"]) == bare_text(series["asset"])))
        told["quantity"].append(float(one is not None and same_quantity(series["quantity"], one["quantity"])))
        told["unit"].append(float(one is not None and same_unit(series["unit"], one["unit"])))
    told["layout read"] = [float(bool(wanted) and all(told["series read"]))]
    told["series too many"] = [float(max(0, len(left) - len(truth)))]
    return told


def best(series: Mapping[str, Any], left: Found, taken: set[int]) -> int | None:
    """The series that has most of the values, at least one."""
    scores = [(0 if n in taken else hits(series, one), n) for n, one in enumerate(left)]
    score, at = max(scores, key=lambda pair: (pair[0], -pair[1]), default=(0, -1))
    return at if score else None


def hits(series: Mapping[str, Any], one: Mapping[str, Any]) -> int:
    t, v = np.asarray(one["t"]), np.asarray(one["v"])
    count = 0
    for moment, value in series["values"]:
        near = np.abs(t - epoch(moment)) <= TOLERANCE_S
        count += bool(near.any() and np.any(np.abs(v[near] - value) <= RELATIVE * max(abs(value), 1.0)))
    return count


def right(series: Mapping[str, Any], one: Mapping[str, Any]) -> bool:
    """Number of known samples, first and last time (of known samples or of all), and the values that are told."""
    ends = [one["t"][0], one["t"][-1]]
    wanted = [epoch(series["first"]), epoch(series["last"])]
    timed = any(np.allclose(e, wanted, rtol=0, atol=TOLERANCE_S) for e in (ends, one["ends"]))
    return len(one["t"]) == series["n"] and timed and hits(series, one) == len(series["values"])


def epoch(moment: str) -> float:
    at = datetime.fromisoformat(moment)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def bare_text(text: str) -> str:
    """A name without case, accents and punctuation."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in plain if c.isalnum())


def same_quantity(wanted: str, got: str) -> bool:
    words, told = wanted.casefold(), got.casefold().replace("_", " ")
    return told in {words, words.split()[-1] if words else "", *ALSO.get(words, ())}


def same_unit(wanted: str, got: str) -> bool:
    """The same spelling, or two spellings of one unit."""
    if wanted == got or bool(wanted) != bool(got):
        return wanted == got
    from aitia.tools.meaning.unit_table import unit_named

    a, b = unit_named(wanted), unit_named(got)
    return (a is not None and b is not None and a.symbol == b.symbol) or wanted.casefold().replace(
        " ", ""
    ) == got.casefold().replace(" ", "")


if __name__ == "__main__":
    main()
