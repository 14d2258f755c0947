"""Header extraction: share of lines whose message is exact, on raw lines without configuration.

python benchmarks/logs/headers.py --data DIR/logs/loghub_2k [--cases 'Apache,H*'] --json OUT

Layout: SYSTEM/NAME.log and SYSTEM/NAME.log_structured.csv, whose column Content is the answer; blanks at a message's ends
do not count. `ours` detects the header on the lines alone, the peer is lnav (headless; what it calls the body; "-" where it
is not installed), `trivial` takes what follows the first timestamp and level by a plain regular expression. No system sees the
file's name. Times are of one process, without detection.
"""

from __future__ import annotations

import csv
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.tools.text.headers import detect
from benchmarks.contract import Case, chosen, finish, parser, rows

OURS, PEER, TRIVIAL = "ours", "peer lnav", "trivial"
NEAR: Final = datetime(2026, 1, 1, tzinfo=UTC)
SAMPLE: Final = 200  # lines from each of beginning, middle and end
LNAV_S: Final = 300.0
_TIME: Final = r"\d{2,4}[-/.]\d\d[-/.]\d{2,4}[ T]\d\d:\d\d:\d\d\S*|[A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d(?: \d{4})?|\d\d:\d\d:\d\d\S*"
_LEVEL: Final = r"(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|SEVERE|FATAL|debug|info|notice|warn|error)"
_PLAIN: Final = re.compile(rf".*?(?:{_TIME})[\]:,\s]*(?:[\[<(]?{_LEVEL}[\])>:]*\s+)?")

Messages = list[str | None]


def systems(data: Path) -> list[Path]:
    """The folders that hold a raw log with its answers."""
    return sorted(
        folder for folder in data.iterdir() if folder.is_dir() and list(folder.glob("*.log_structured.csv"))
    )


def raw_lines(folder: Path) -> list[str]:
    """The lines of a system's log. Raises SystemExit where there is not exactly one."""
    found = sorted(folder.glob("*.log"))
    if len(found) != 1:
        raise SystemExit(f"Keep exactly one .log file in {folder}: there are {len(found)}.")
    text = found[0].read_bytes().decode("utf-8", "replace")
    return [line.rstrip("\r") for line in text.removesuffix("\n").split("\n")]


def ours(lines: Sequence[str]) -> tuple[Messages, str, float]:
    """The message of each line, the layout's name, and the seconds a line took."""
    middle = len(lines) // 2
    sample = (
        [*lines[:SAMPLE], *lines[middle : middle + SAMPLE], *lines[-SAMPLE:]]
        if len(lines) > 3 * SAMPLE
        else lines
    )
    header = detect(sample, zone=UTC, near=NEAR)
    if header is None:
        return [None] * len(lines), "", 0.0
    return *_timed(lambda line: parsed[2] if (parsed := header(line)) else None, lines), header.name  # type: ignore[return-value]


def trivial(lines: Sequence[str]) -> tuple[Messages, float]:
    """What follows the first timestamp and level."""
    return _timed(lambda line: line[match.end() :] if (match := _PLAIN.match(line)) else None, lines)


def _timed(read: Callable[[str], str | None], lines: Sequence[str]) -> tuple[Messages, float]:
    began = time.perf_counter()
    found = [read(line) for line in lines]
    return found, (time.perf_counter() - began) / max(1, len(lines))


def lnav(lines: Sequence[str]) -> Messages | None:
    """The body of each line by lnav, which sees a file named `stream.log`; None where lnav is not installed."""
    program = shutil.which("lnav")
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        log, out = Path(folder, "stream.log"), Path(folder, "out.csv")
        log.write_text("\n".join(lines) + "\n", encoding="utf-8")
        asked = ";SELECT log_line, log_body FROM all_logs"
        done = subprocess.run(
            [program, "-n", "-c", asked, "-c", f":write-csv-to {out}", str(log)],
            env={"HOME": folder, "PATH": "/usr/bin:/bin", "TERM": "dumb", "TZ": "UTC"},
            capture_output=True,
            text=True,
            timeout=LNAV_S,
            check=False,
        )
        found: Messages = [None] * len(lines)
        if not out.exists():
            raise SystemExit(f"Look at lnav: it wrote nothing ({done.stderr.strip()[:200]}).")
        with out.open(encoding="utf-8", errors="replace", newline="") as handle:
            for row in csv.DictReader(handle):
                found[int(row["log_line"])] = row["log_body"]
        return found


def predictions(folder: Path) -> Case:
    """What each system says of a folder's lines. The answers are not looked at."""
    lines = raw_lines(folder)
    messages, seconds, name = ours(lines)
    plain, plain_seconds = trivial(lines)
    return {
        "id": folder.name,
        "lines": len(lines),
        "layout": name,
        "microseconds": {OURS: seconds * 1e6, TRIVIAL: plain_seconds * 1e6},
        "messages": {OURS: messages, PEER: lnav(lines), TRIVIAL: plain},
    }


def answers(folder: Path) -> list[str]:
    """The column Content of a system's answers, in the order of the lines."""
    (path,) = folder.glob("*.log_structured.csv")
    with path.open(encoding="utf-8", errors="replace", newline="") as handle:
        return [row["Content"] for row in csv.DictReader(handle)]


def scored(case: Case, truth: Sequence[str]) -> dict[str, list[float]]:
    """Per system, 1 for each line whose message equals the answer."""
    made: dict[str, list[float]] = {}
    for who, messages in case["messages"].items():
        if messages is not None:
            made[who] = [
                float(found is not None and found.strip() == told.strip())
                for found, told in zip(messages, truth, strict=True)
            ]
    return made


def digest(messages: Messages | None) -> str:
    """A hash of what a system said, so that runs can be compared without the lines."""
    said = "\n".join("\0" if m is None else m for m in messages or [])
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:16]


def table(
    cases: Sequence[Case], truths: Mapping[str, Sequence[str]]
) -> tuple[list[dict[str, Any]], list[Case]]:
    """The rows of every system and of their mean, and the cases without their lines."""
    made: list[dict[str, Any]] = []
    whole: dict[str, list[float]] = {}
    kept = []
    for case in cases:
        right = scored(case, truths[case["id"]])
        for who, values in right.items():
            made += rows(who, {f"{case['id']} lines exact": values})
            whole.setdefault(who, []).append(sum(values) / len(values))
        shares = {who: sum(values) / len(values) for who, values in right.items()}
        said = {who: digest(messages) for who, messages in case["messages"].items()}
        kept.append({**{k: v for k, v in case.items() if k != "messages"}, "exact": shares, "said": said})
    for who, values in whole.items():
        made += rows(who, {"mean of systems": values})
    for who in (OURS, TRIVIAL):
        made += rows(who, {"microseconds a line": [case["microseconds"][who] for case in cases]})
    return made, kept


def main() -> None:
    args = parser(__doc__).parse_args()
    began = time.monotonic()
    folders = {folder.name: folder for folder in systems(Path(args.data))}
    names = chosen(folders, args.cases)
    if not names:
        raise SystemExit(
            f"Point --data at folders with NAME.log and NAME.log_structured.csv: {args.data} has none."
        )
    cases = [predictions(folders[name]) for name in names]
    made, kept = table(cases, {name: answers(folders[name]) for name in names})
    finish("logs/headers", made, kept, n=len(cases), began=began, out=args.json)


if __name__ == "__main__":
    main()
