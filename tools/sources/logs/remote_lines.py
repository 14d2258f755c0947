"""Lines as a log server holds them, written as lines that the miner reads, with the server's time.

The server's time is the record's. What a line itself says in its header (level, logger, time) is read as it is of a file,
so that the same lines give the same templates from a server and from a disk. A component whose lines are plain text with a
level is written as `TIME LEVEL message`, which the miner reads three times as fast; any other one as JSON.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from json.encoder import encode_basestring  # the C encoder where there is one
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from aitia.tools.text.headers import Header

SAMPLE: Final = 400  # lines from which a component's header is learned
MESSAGE_CHARS: Final = (
    1200  # of a message are kept: what the miner looks at, and six bytes a character at worst
)
LINE_BYTES: Final = 8000  # the reader cuts longer ones
JOINED: Final = 80
_NONE: Final[Mapping[str, str]] = MappingProxyType({})
_GAP_NS: Final = 1_000_000_000
_DATED: Final = 0.2  # of a component's lines must have a header of their own: the others may be stack traces
_PLAIN: Final = 0.98  # of them must be text with a level
_STAMP: Final = "2000-01-01T00:00:00Z "
_CONTINUES: Final = re.compile(
    r"\s|Caused by: |\.\.\. \d+ |Traceback \(|[A-Za-z_][\w.$]*(?:Error|Exception)\b|goroutine \d+ \["
)
_TIMES: Final = ("time", "ts", "timestamp", "@timestamp", "t", "asctime", "datetime", "date", "Timestamp")
_OWN: Final = frozenset((*_TIMES, "sha256"))


class Entry(NamedTuple):
    """One log entry of a server. `ns` is its time in nanoseconds; `stream` tells the writers of a component apart."""

    ns: int
    component: str
    stream: str
    line: str
    level: str = ""
    fields: Mapping[str, str] = _NONE


class LineWriter:
    """Writes the entries of one component. The first block that it is given teaches it their header."""

    def __init__(self, component: str) -> None:
        self._component = component
        self._header: Header | None = None
        self._prefix = ""
        self._learned = False
        self._plain = False
        self._levels: dict[str, str] = {}
        self._second: tuple[int, str] = (-1, "")
        self.cut = 0
        """Lines that were longer than what is kept of one."""

    def block(self, entries: Sequence[Entry], *, shift_ns: int = 0) -> bytes:
        """The entries in the order of their times; stack traces after the line that they belong to."""
        ordered = sorted(entries, key=lambda e: e.ns)
        if not self._learned and ordered:
            self._learn(ordered)
        records: list[list[bytes]] = []
        last: dict[str, tuple[int, list[bytes]]] = {}
        for entry in ordered:
            first, *rest = entry.line.split("\n", JOINED + 1)
            before = last.get(entry.stream)
            if before is not None and entry.ns - before[0] < _GAP_NS and _CONTINUES.match(first):
                record = before[1]
                rest = [first, *rest]
            else:
                record = [self._record(entry, first, entry.ns + shift_ns)]
                records.append(record)
            last[entry.stream] = entry.ns, record
            record += [_joined(text) for text in rest[: max(0, JOINED - len(record))]]
        return b"".join(line + b"\n" for record in records for line in record)

    def _learn(self, entries: Sequence[Entry]) -> None:
        self._learned = True
        sample = entries[:: max(1, len(entries) // SAMPLE)]
        self._learn_header([e.line.split("\n", 1)[0][:LINE_BYTES] for e in sample])
        firsts = [(e, e.line.split("\n", 1)[0]) for e in sample]
        firsts = [(e, first) for e, first in firsts if not _CONTINUES.match(first)]
        plain = sum(
            not e.fields and not first.startswith("{") and bool(self._told(e, first)[0])
            for e, first in firsts
        )
        self._plain = plain >= _PLAIN * max(1, len(firsts))

    def _learn_header(self, lines: Sequence[str]) -> None:
        from aitia.tools.text.headers import detect

        texts = [t for t in lines if t.strip() and not t.startswith("{")]
        near = datetime(2000, 1, 1, tzinfo=UTC)  # for times without a year; no time is taken from a line
        if not texts:
            return
        header = detect(texts, zone=UTC, near=near, component=self._component)
        if header is not None and sum(header(t) is not None for t in texts) >= _DATED * len(texts):
            self._header = header
            return
        for prefix in ("time=2000-01-01T00:00:00Z ", _STAMP):  # logfmt without a time, then any text
            stamped = [prefix + t for t in texts if not _CONTINUES.match(t)]
            if stamped and (header := detect(stamped, zone=UTC, near=near, component=self._component)):
                parsed = sum(header(t) is not None for t in stamped)
                if parsed >= (0.5 if prefix != _STAMP else _DATED) * len(stamped):
                    self._header, self._prefix = header, prefix
                    return

    def _told(self, entry: Entry, line: str) -> tuple[str, str]:
        """The level and the message of a line."""
        parsed = self._header(self._prefix + line[:LINE_BYTES]) if self._header else None
        level = (parsed[1] if parsed else "") or (self._folded(entry.level) if entry.level else "")
        return level, parsed[2] if parsed else line

    def _folded(self, word: str) -> str:
        level = self._levels.get(word)
        if level is None:
            from aitia.tools.text.headers import fold

            level = fold(word)
            if len(self._levels) < 100:  # a label may hold anything
                self._levels[word] = level
        return level

    def _record(self, entry: Entry, line: str, ns: int) -> bytes:
        if not self._plain and line.startswith("{") and (body := _parsed(line)) is not None:
            return self._structured(entry, line, body, ns)
        level, message = self._told(entry, line)
        if len(message) > MESSAGE_CHARS:
            self.cut += 1
            message = message[:MESSAGE_CHARS]
        if self._plain:
            return f"{self._time(ns)} {level.upper()} {message}".encode("utf-8", "replace")
        text = f'{{"time":"{self._time(ns)}","level":"{level}","message":{encode_basestring(message)}'
        return _with_fields(text, entry.fields).encode("utf-8", "replace")

    def _structured(self, entry: Entry, line: str, body: dict[str, Any], ns: int) -> bytes:
        kept = {key: value for key, value in body.items() if key not in _OWN}
        head = f'{{"time":"{self._time(ns)}","sha256":"{_hash(line)}"'
        if entry.level and "level" not in kept:
            head += f',"level":{encode_basestring(entry.level)}'
        text = head + "," + json.dumps(kept, ensure_ascii=False)[1:] if kept else head + "}"
        raw = text.encode("utf-8", "replace")
        if len(raw) <= LINE_BYTES:
            return raw
        self.cut += 1
        for most in (300, 60):
            short = {k: v[:most] if isinstance(v, str) else v for k, v in list(kept.items())[:20]}
            short = {k: v for k, v in short.items() if len(k) + len(str(v)) <= 2 * most}
            raw = (head + "," + json.dumps(short, ensure_ascii=False)[1:]).encode("utf-8", "replace")
            if short and len(raw) <= LINE_BYTES:
                return raw
        return (head + "}").encode("utf-8", "replace")

    def _time(self, ns: int) -> str:
        second, rest = divmod(ns, 1_000_000_000)
        if second != self._second[0]:
            stamp = datetime.fromtimestamp(second, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S")
            self._second = second, stamp
        return f"{self._second[1]}.{rest:09d}Z"


def hash_of(raw: bytes) -> str:
    """The sha256 of an entry's first line without a header of its own (of JSON: with all of it), from its line in the spool."""
    line = raw.split(b"\n", 1)[0]
    body = _parsed(line.decode("utf-8", "replace")) if line.startswith(b"{") else None
    if body is None:
        return hashlib.sha256(line.split(b" ", 2)[-1]).hexdigest()
    return str(body.get("sha256") or _hash(str(body.get("message", ""))))


def time_of(raw: bytes) -> str:
    """The entry's time, to the nanosecond, from its line in the spool."""
    line = raw.split(b"\n", 1)[0].decode("utf-8", "replace")
    return str((_parsed(line) or {}).get("time", "")) if line.startswith("{") else line.split(" ", 1)[0]


def _with_fields(text: str, fields: Mapping[str, str]) -> str:
    for key, value in list(fields.items())[:24]:
        if key not in _OWN and key not in ("level", "message", "msg") and len(text) < LINE_BYTES // 3:
            text += f",{encode_basestring(key[:80])}:{encode_basestring(value[:200])}"
    return text + "}"


def _joined(text: str) -> bytes:
    """A line that belongs to the one above; never one that reads as a record of its own."""
    raw = text.split("\n", 1)[0].encode("utf-8", "replace")[:2000].rstrip(b"\r")
    return raw if raw[:1].isalpha() else b" " + raw


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        body = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
