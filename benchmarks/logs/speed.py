"""Lines per second and memory of reading, header parsing, redaction and mining together, beside Drain3.

python benchmarks/logs/speed.py --data DIR/logs/multilog [--cases GLOB] [--lines 1000000,10000000] [--drain3 PYTHON] --json OUT

Every measurement is a process of its own, by processor time (`wall` where two processes share the work). Cases:
  cold     all lines of the data once, stripped of a leading `- `
  warm     the second half of the lines after the first half
  N        N of the real lines whose numbers, hexadecimal ids and addresses in the message are drawn anew
  two      the same lines by one and by two processes, by wall clock
  journal  all lines as messages of `journalctl -o export`, 20 fields an entry
  search   all lines mined into Parquet, as `aitia logs search` does (processor time of all threads)
Drain3 gets the messages without header, redaction or reading (its default settings), stopped after 60 s.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.tools.text.reading import open_log
from benchmarks.contract import chosen, finish, parser

if TYPE_CHECKING:
    from aitia.core.redact import Redactor
    from aitia.tools.text.templates import Miner

_KEPT = re.compile(rb"(?P<a>[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})|0x(?P<b>[0-9a-f]+)|\d{19,}")
_DIGITS = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
_AT_ONCE = 2000  # lines
_HEADER = 40  # bytes at a line's beginning that are left as they are: its time
_NEAR = datetime(2026, 1, 1, tzinfo=UTC)
SEED = 7


def lines_of(data: Path, cases: list[str]) -> Iterator[bytes]:
    """Raw lines of all logs of the cases, without the label that some begin with."""
    for case in cases:
        for path in sorted((data / case).rglob("*.log*")):
            if path.name == "inject.log":
                continue
            with open_log(path) as file:
                for line in file.read().splitlines():
                    yield line.removeprefix(b"- ")


def drawn(lines: list[bytes], count: int, path: Path) -> float:
    """Write `count` lines with values drawn anew; the share of distinct ones in a sample of 200,000."""
    rng = np.random.default_rng(SEED)
    seen: set[bytes] = set()
    with path.open("wb") as file:
        for begin in range(0, count, _AT_ONCE):
            part = [lines[i % len(lines)] for i in range(begin, min(begin + _AT_ONCE, count))]
            block = anew(part, rng)
            if begin < 200_000:
                seen.update(line[_HEADER:] for line in block.splitlines())
            file.write(block)
    return len(seen) / min(count, -(-200_000 // _AT_ONCE) * _AT_ONCE)


def anew(lines: list[bytes], rng: np.random.Generator) -> bytes:
    """Lines whose numbers have other digits after the header, as many; hexadecimal ids other hexadecimal digits."""
    block = b"\n".join(lines) + b"\n"
    raw = np.frombuffer(bytearray(block), dtype=np.uint8)
    sizes = np.array([len(line) + 1 for line in lines])
    column = np.arange(len(raw)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    message = column >= _HEADER
    digit = (raw - 48 < 10) & message
    begins = digit & ~np.concatenate(([False], digit[:-1]))
    ids = np.zeros(len(raw), dtype=np.bool_)
    for match in _KEPT.finditer(block):
        digit[match.start() : match.end()] = False
        if match.lastgroup:
            ids[match.start(match.lastgroup) : match.end()] = True
    ids &= (raw != 0x2D) & message
    begins &= digit
    raw[digit] = rng.integers(48, 58, int(digit.sum()), dtype=np.uint8)
    raw[begins] = rng.integers(49, 58, int(begins.sum()), dtype=np.uint8)
    raw[ids] = _DIGITS[rng.integers(0, 16, int(ids.sum()))]
    return raw.tobytes()


def export(lines: list[bytes], path: Path) -> None:
    """Write lines as the journal's entries (https://systemd.io/JOURNAL_EXPORT_FORMATS/)."""
    fixed = b"".join(
        b"%s=%s\n" % (name, value)
        for name, value in (
            (b"_BOOT_ID", b"0c6d1f0a7c5c4c3f8f0a0c6d1f0a7c5c"), (b"_MACHINE_ID", b"fedcba98765432100123456789abcdef"),
            (b"_UID", b"998"), (b"_GID", b"998"), (b"_TRANSPORT", b"stdout"), (b"SYSLOG_FACILITY", b"3"),
            (b"_CAP_EFFECTIVE", b"0"), (b"_SYSTEMD_CGROUP", b"/system.slice/iotdb.service"),
            (b"_SYSTEMD_UNIT", b"iotdb.service"), (b"_SYSTEMD_SLICE", b"system.slice"), (b"SYSLOG_IDENTIFIER", b"java"),
            (b"_COMM", b"java"), (b"_EXE", b"/usr/lib/jvm/bin/java"), (b"_CMDLINE", b"/usr/lib/jvm/bin/java -jar iotdb.jar"),
        )
    )  # fmt: skip
    with path.open("wb") as file:
        for i, line in enumerate(lines):
            at = 1_764_000_000_000_000 + 12_345 * i
            file.write(
                b"__CURSOR=s=bba0eb1bf9f94e0b;i=%x\n__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\nPRIORITY=%d\n"
                b"_HOSTNAME=node-%d\n_PID=%d\n%sMESSAGE=%s\n\n"
                % (i, at, at, 6 - 3 * (i % 9 == 0), i % 3, 1000 + i % 7, fixed, line[24:])
            )


def worker(path: str, warm: str, jobs: int, search: bool = False) -> dict[str, Any]:
    """One measurement in this process."""
    from aitia.core.redact import Redactor
    from aitia.tools.text.templates import Miner

    redactor, miner = Redactor(b"k" * 32), Miner()
    found: dict[str, Any] = {}
    for each in filter(None, (warm, path)):
        before, wall = time.process_time(), time.perf_counter()
        found = searched(Path(each), redactor) if search else surveyed(Path(each), redactor, miner, jobs)
        found["wall"] = time.perf_counter() - wall
        found["seconds"] = found["wall"] if jobs > 1 else time.process_time() - before
    return found | {"rss_mib": peak_mib()}


def surveyed(path: Path, redactor: Redactor, miner: Miner, jobs: int) -> dict[str, Any]:
    """How many lines and templates a survey of a file has."""
    from aitia.tools.logs.survey import survey
    from aitia.tools.text.reading import LogSet

    logs = LogSet(component="app", paths=(path,))
    found = survey(logs, zone=UTC, near=_NEAR, jobs=jobs, miner=miner, redact=redactor.text)
    return {"lines": found.lines, "templates": len(found.counts)}


def searched(path: Path, redactor: Redactor) -> dict[str, Any]:
    """How many records of a file are mined for a search."""
    from aitia.tools.logs.search.mining import mine
    from aitia.tools.logs.search.store import workplace
    from aitia.tools.text.reading import LogSet

    span = float("-inf"), float("inf")
    with workplace() as (db, folder):
        logs = [LogSet(component="app", paths=(path,))]
        found = mine(logs, folder, db, redactor=redactor, window=span, zone=UTC, near=_NEAR)
    return {"lines": found.records}


def peak_mib() -> int:
    """Peak memory of the process; `ru_maxrss` would hold what the parent had when it forked."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) // 1024


def measured(path: Path, *, warm: Path | None = None, jobs: int = 1, search: bool = False) -> dict[str, Any]:
    """A measurement in a fresh process."""
    options = ["--warm", str(warm or ""), "--jobs", str(jobs), *(["--search"] if search else [])]
    told = subprocess.run(
        [sys.executable, __file__, "--worker", str(path), *options],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def peer(python: str, path: Path) -> dict[str, Any]:
    """Drain3's lines per second on the messages of a file."""
    from aitia.tools.text.reader import Extract, LogFile

    file = LogFile(path, zone=UTC, near=_NEAR)
    records = file.records(float("-inf"), float("inf"), budget=1 << 62, extract=Extract())
    messages = [r.message for r, _ in zip(records, range(700_000), strict=False)]
    script = Path(__file__).with_name("drain3_speed.py")
    told = subprocess.run(
        [python, str(script)],
        input="\n".join(m.replace("\n", " ") for m in messages),
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def main() -> None:
    if "--worker" in sys.argv:
        arguments = argparse.ArgumentParser()
        arguments.add_argument("--worker")
        arguments.add_argument("--warm", default="")
        arguments.add_argument("--jobs", type=int, default=1)
        arguments.add_argument("--search", action="store_true")
        asked = arguments.parse_args()
        print(json.dumps(worker(asked.worker, asked.warm, asked.jobs, asked.search)))
        return
    made = parser(__doc__)
    made.add_argument("--lines", default="1000000", help="how many lines are drawn anew, comma-separated")
    made.add_argument("--drain3", default="", help="an interpreter that has drain3")
    args = made.parse_args()
    began, data = time.monotonic(), Path(args.data)
    cases = chosen([p.name for p in data.iterdir() if p.is_dir()], args.cases)
    lines = list(lines_of(data, cases))
    told: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        whole, first, second, new, journal = (
            Path(folder, name) for name in ("all.log", "1.log", "2.log", "new.log", "export")
        )
        half = len(lines) // 2
        for path, part in ((whole, lines), (first, lines[:half]), (second, lines[half:])):
            path.write_bytes(b"\n".join(part) + b"\n")
        told.append({"id": "cold", **measured(whole)})
        told.append({"id": "warm", **measured(second, warm=first)})
        if args.drain3:
            told.append({"id": "drain3", **peer(args.drain3, whole)})
        for count in map(int, filter(None, args.lines.split(","))):
            unique = drawn(lines, count, new)
            one, two = measured(new), measured(new, jobs=2)
            told.append({"id": f"{count}", "unique": round(unique, 3), **one})
            told.append({"id": f"two {count}", **two, "ratio": one["wall"] / two["wall"]})
        new.unlink(missing_ok=True)
        export(lines, journal)
        told.append({"id": "journal", **measured(journal)})
        told.append({"id": "search", **measured(whole, search=True)})
    made_rows = []
    for row in told:
        rate = row["lines"] / row["seconds"]
        system = "peer" if row["id"] == "drain3" else "ours"
        made_rows.append(
            {
                "system": system,
                "metric": f"lines/s {row['id']}",
                "value": round(rate),
                "n": row["lines"],
                "ci95": [round(rate)] * 2,
            }
        )
        extra = "".join(
            f"  {k} {row[k]:.3g}" for k in ("unique", "rss_mib", "templates", "ratio") if k in row
        )
        print(f"{row['id']:<12} {row['lines']:>10} lines  {rate:>10,.0f} lines/s{extra}")
    finish("logs/speed", made_rows, told, n=len(told), began=began, out=args.json)


if __name__ == "__main__":
    main()
