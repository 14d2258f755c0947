"""Whether the rule table tells faulty templates from normal ones.

python benchmarks/logs/meanings.py --data DIR/logs [--scenarios DIR] --json OUT

Cases are distinct templates. What they are is told by others than the rules:

- `BGL label`: its alert column (`-` is normal); `HDFS sessions`: templates of normal sessions (all normal).
- `MultiLog label`: a template with a line inside an injection is left out, the others are normal.
- `level hidden …`: what the logger itself said. INFO and below is normal, ERROR and above is faulty, WARN is left out;
  the level is then taken out of what is read, as if the logger named none.

A template is called faulty when its severity is at least warning. `no_model` is the rule table (`meaning`), `trivial` calls every
template faulty. Shares of normal templates called faulty (lower is better) and of faulty ones.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.tools.text.classes import meaning
from aitia.tools.text.headers.levels import RANK, Level
from aitia.tools.text.reader import Extract, LogFile
from aitia.tools.text.templates import Miner
from benchmarks.contract import Case, finish, parser, rows
from benchmarks.logs.multilog import logs_of, stripped

FAR = 1e11


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A template, the level that is shown with it, and whether it tells of a fault (None: nobody says)."""

    corpus: str
    text: str
    level: Level
    faulty: bool | None


def told(path: Path) -> Iterator[tuple[str, Level, list[int]]]:
    """Each template of a log: its text, its level and the lines (from 0) that it stands in."""
    file = LogFile(path, zone=UTC, near=datetime(2026, 1, 1, tzinfo=UTC))
    miner = Miner()
    held = [
        (miner.form(record.message[:1000], (record.level,)), record.level, record.line - 1)
        for record in file.records(-FAR, FAR, budget=1 << 40, extract=Extract())
    ]
    lines: defaultdict[tuple[str, Level], list[int]] = defaultdict(list)
    for form, level, number in held:
        lines[miner.template(form).text, level].append(number)
    yield from ((text, level, found) for (text, level), found in lines.items())


def hidden(corpus: str, paths: Iterable[Path]) -> Iterator[Asked]:
    """Templates by what their logger says, which is taken out."""
    for path in paths:
        for text, level, _ in told(path):
            if level and level != "warning":
                yield Asked(corpus=f"level hidden {corpus}", text=text, level="", faulty=RANK[level] > 2)


def bgl(folder: Path) -> Iterator[Asked]:
    """BGL by its alert column, without it and without levels."""
    raw = (folder / "BGL_2k.log").read_text(encoding="utf-8", errors="replace").splitlines()
    normal = [line.startswith("- ") for line in raw]
    with tempfile.TemporaryDirectory() as out:
        path = Path(out) / "bgl.log"
        path.write_text("\n".join(line.split(" ", 1)[1] for line in raw) + "\n", encoding="utf-8")
        for text, _, lines in told(path):
            yield Asked(corpus="BGL label", text=text, level="", faulty=not all(normal[n] for n in lines))


def hdfs(path: Path) -> Iterator[Asked]:
    """Templates of normal sessions."""
    for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
        if not row["label"]:
            yield from (
                Asked(corpus="HDFS sessions", text=t, level="", faulty=False) for t in row["templates"]
            )


def multilog(folder: Path) -> Iterator[Asked]:
    """Templates without a line inside an injection, with the levels they have; and all by their levels, hidden."""
    with tempfile.TemporaryDirectory() as out:
        for scenario in sorted(p for p in folder.iterdir() if p.is_dir()):
            raw, path = logs_of(scenario)[0], stripped(scenario, Path(out))[0]
            normal = [line.startswith(b"- ") for line in gzip.decompress(raw.read_bytes()).split(b"\n")]
            for text, level, lines in told(path):
                if all(normal[n] for n in lines):
                    yield Asked(corpus="MultiLog label", text=text, level=level, faulty=False)
                if level and level != "warning":
                    yield Asked(corpus="level hidden MultiLog", text=text, level="", faulty=RANK[level] > 2)


def asked(data: Path, scenarios: Path) -> list[Asked]:
    """All cases, each once."""
    hub = data / "loghub_2k"
    named = ("HDFS", "Hadoop", "Zookeeper", "Apache", "BGL")
    bare = ("Linux", "OpenSSH", "HealthApp")
    found: list[Asked] = [*bgl(hub / "BGL"), *hdfs(data / "hdfs_sessions" / "train.jsonl")]
    found += multilog(data / "multilog")
    found += hidden("LogHub", (hub / n / f"{n}_2k.log" for n in named))
    logs = sorted(scenarios.glob("*/logs/*.log*"))
    found += hidden("scenarios", logs)
    for corpus, paths in (("scenarios", logs), ("LogHub bare", [hub / n / f"{n}_2k.log" for n in bare])):
        found += [
            Asked(corpus=corpus, text=text, level=level, faulty=None)
            for p in paths
            for text, level, _ in told(p)
        ]
    return list(dict.fromkeys(found))


def main() -> None:
    """Run the benchmark."""
    made: argparse.ArgumentParser = parser(__doc__)
    made.add_argument("--scenarios", default=str(Path(__file__).parents[2] / "scenarios"))
    args = made.parse_args()
    began = time.monotonic()
    per_case: list[Case] = [
        {
            "corpus": case.corpus,
            "text": case.text,
            "level": case.level,
            "no_model": meaning(case.text, case.level).bad,
            "trivial": True,
            "faulty": case.faulty,
        }
        for case in asked(Path(args.data), Path(args.scenarios))
    ]
    table = []
    for system in ("no_model", "trivial"):
        held: defaultdict[str, list[float]] = defaultdict(list)
        for row in per_case:
            what = {True: "faulty", False: "normal", None: "unlabelled"}[row["faulty"]]
            held[f"{row['corpus']}: {what} called faulty"].append(float(row[system]))
        table += rows(system, held)
    finish("logs/meanings", table, per_case, n=len(per_case), began=began, out=args.json)


if __name__ == "__main__":
    main()
