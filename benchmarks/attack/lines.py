"""Log files as lines with times: how each program writes its header, and how further lines get between them."""

from __future__ import annotations

import bisect
import gzip
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Style:
    """A program's header: where its time stands, how it is written, and the header of a line of some level."""

    name: str
    time: re.Pattern[str]
    read: str  # strptime; the fraction of a second is cut off before
    head: Callable[[datetime, str, str], str]  # at, level, component


def _ms(at: datetime, point: str) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}{point}{at.microsecond // 1000:03d}"


_POSTGRES = {"WARNING": "WARNING", "INFO": "LOG", "NOTICE": "NOTICE", "CRITICAL": "PANIC"}
STYLES = (
    Style(
        name="postgres",
        time=re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\.\d+ UTC \["),
        read="%Y-%m-%d %H:%M:%S",
        head=lambda at, level, who: f"{_ms(at, '.')} UTC [4121] {_POSTGRES.get(level, level)}:  ",
    ),
    Style(
        name="python",
        time=re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d+ "),
        read="%Y-%m-%d %H:%M:%S",
        head=lambda at, level, who: f"{_ms(at, ',')} {level} {who} ",
    ),
    Style(
        name="redis",
        time=re.compile(r"^\d+:[A-Z] (\d\d \w{3} \d{4} \d\d:\d\d:\d\d)\.\d+ "),
        read="%d %b %Y %H:%M:%S",
        head=lambda at, level, who: (
            f"4121:M {at:%d %b %Y %H:%M:%S}.{at.microsecond // 1000:03d} {'*' if level == 'INFO' else '#'} "
        ),
    ),
    Style(
        name="host",
        time=re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)"),
        read="%Y-%m-%dT%H:%M:%S",
        head=lambda at, level, who: f"{at.isoformat()} {who} {who}[4121]: ",
    ),
    Style(
        name="proxy",
        time=re.compile(r"^(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) \["),
        read="%Y/%m/%d %H:%M:%S",
        head=lambda at, level, who: (
            f"{at:%Y/%m/%d %H:%M:%S} [{ {'CRITICAL': 'crit', 'FATAL': 'emerg', 'WARNING': 'warn'}.get(level, level.lower()) }]"
            " 1446#1446: *9001 "
        ),
    ),
    Style(
        name="access",
        time=re.compile(r"^\S+ \S+ .*?\[(\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d) \+0000\]"),
        read="%d/%b/%Y:%H:%M:%S",
        head=lambda at, level, who: f"{at.isoformat()} {level} {who} ",
    ),
)
ROUTINE = 300  # lines of one shape in a file, from which on they are thinned


@dataclass(frozen=True, kw_only=True)
class Log:
    """A log file: its records (a line and those below it without a time of their own), their times, its style."""

    style: Style
    at: tuple[float, ...]
    records: tuple[str, ...]

    def until(self, end: float) -> Log:
        """What was written before a moment."""
        n = bisect.bisect_left(self.at, end)
        return Log(style=self.style, at=self.at[:n], records=self.records[:n])

    def without(self, names: Iterable[str]) -> Log:
        """Without the records that speak of some components."""
        words = [re.compile(rf"\b{re.escape(n)}\b") for n in names]
        kept = [i for i, record in enumerate(self.records) if not any(w.search(record) for w in words)]
        return self._take(kept)

    def thinned(self, every: int) -> Log:
        """One in `every` of the routine lines (a shape that stands many times), evenly; all others."""
        count: dict[str, int] = {}
        for record in self.records:
            count[_shape(record)] = count.get(_shape(record), 0) + 1
        seen: dict[str, int] = {}
        kept = []
        for i, record in enumerate(self.records):
            shape = _shape(record)
            seen[shape] = seen.get(shape, -1) + 1
            if count[shape] < ROUTINE or seen[shape] % every == 0:
                kept.append(i)
        return self._take(kept)

    def with_lines(self, added: Sequence[tuple[float, str]]) -> Log:
        """With further records, each after what was written before its moment."""
        pairs = sorted(
            [*zip(self.at, self.records, strict=True), *added], key=lambda pair: pair[0]
        )  # stable: the recorded one first
        return Log(style=self.style, at=tuple(p[0] for p in pairs), records=tuple(p[1] for p in pairs))

    def write(self, file: Path) -> None:
        """Write it."""
        file.write_text("".join(f"{r}\n" for r in self.records), encoding="utf-8", errors="surrogatepass")

    def _take(self, kept: Sequence[int]) -> Log:
        return Log(
            style=self.style,
            at=tuple(self.at[i] for i in kept),
            records=tuple(self.records[i] for i in kept),
        )


def _shape(record: str) -> str:
    return re.sub(r"\d+", "#", record[:80])


@cache
def _epoch(stamp: str, read: str) -> float:
    return datetime.strptime(stamp, read).replace(tzinfo=UTC).timestamp()


def read_log(file: Path) -> Log:
    """A log file, packed or not. Lines above the first time belong to the first record."""
    data = file.read_bytes()
    lines = (gzip.decompress(data) if file.suffix == ".gz" else data).decode("utf-8").split("\n")
    lines = lines[:-1] if lines[-1] == "" else lines
    style = next((s for s in STYLES for line in lines[:20] if s.time.match(line)), STYLES[3])
    at, records = list[float](), list[str]()
    for line in lines:
        found = style.time.match(line)
        if found:
            at.append(_epoch(found.group(1), style.read))
            records.append(line)
        elif records:
            records[-1] += f"\n{line}"
        else:
            at.append(0.0)
            records.append(line)
    return Log(style=style, at=tuple(at), records=tuple(records))
