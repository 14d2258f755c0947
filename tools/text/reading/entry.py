"""An entry of the systemd journal as one line with a header: `2026-11-25T10:00:00.123456Z host unit[pid]: ERROR text`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LEVELS: Final = (b"EMERG", b"ALERT", b"CRIT", b"ERROR", b"WARNING", b"NOTICE", b"INFO", b"DEBUG")
_ODD: Final = re.compile(rb"[^\w.@/-]")
_AT, _MESSAGE = b"__REALTIME_TIMESTAMP", b"MESSAGE"
_UNIT, _IDENTIFIER, _COMMAND = b"_SYSTEMD_UNIT", b"SYSLOG_IDENTIFIER", b"_COMM"
_PID, _OTHER_PID = b"_PID", b"SYSLOG_PID"
_HEAD: Final = (b"_HOSTNAME", _UNIT, _IDENTIFIER, _COMMAND, _PID, _OTHER_PID, b"PRIORITY")
WANTED: Final = (_AT, *_HEAD, _MESSAGE)


_Sought = tuple[tuple[bytes, bytes, int], ...]


def _sought(*names: bytes) -> _Sought:
    """Each name, what it is found by, and how long that is."""
    return tuple((name, b"\n%s=" % name, len(name) + 2) for name in names)


_FIRST: Final = _sought(_AT, _MESSAGE, b"_HOSTNAME", _UNIT, _PID, b"PRIORITY")
_NAMES: Final = _sought(_IDENTIFIER, _COMMAND)
_PIDS: Final = _sought(_OTHER_PID)


def fields_in(entry: bytes) -> dict[bytes, bytes]:
    """The fields of an entry that its line needs, of several values the first. A newline is before and after each field."""
    out = _found(entry, _FIRST)
    if not _tag(out.get(_UNIT, b"")):
        out |= _found(entry, _NAMES)
    if not out.get(_PID):
        out |= _found(entry, _PIDS)
    return out


def _found(entry: bytes, names: _Sought) -> dict[bytes, bytes]:
    find, out = entry.find, {}
    for name, sought, size in names:
        at = find(sought)
        if at >= 0:
            out[name] = entry[at + size : find(b"\n", at + size)]
    return out


def _tag(unit: bytes) -> bytes:
    """What a unit's lines are called by; "" where it is no service."""
    return unit.removesuffix(b".service") if unit.endswith(b".service") else b""


def shown(fields: Mapping[bytes, bytes]) -> bytes:
    """The line; empty where the entry has no time."""
    get = fields.get
    try:
        seconds, micro = divmod(int(get(_AT, b"")), 1_000_000)
        at = _second(seconds)
    except (ValueError, OverflowError):
        return b""
    return b"%s.%06dZ%s%s" % (at, micro, _head(*map(get, _HEAD)), get(_MESSAGE, b"").strip(b"\r\n"))


@lru_cache(maxsize=1000)
def _second(seconds: int) -> bytes:
    return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S").encode()


@lru_cache(maxsize=5000)
def _head(
    host: bytes | None,
    unit: bytes | None,
    identifier: bytes | None,
    command: bytes | None,
    pid: bytes | None,
    syslog_pid: bytes | None,
    priority: bytes | None,
) -> bytes:
    """What stands between time and message."""
    unit, level, pid = unit or b"", priority or b"", pid or syslog_pid or b""
    return b" %s %s%s: %s" % (
        _ODD.sub(b"_", host or b"-"),
        _ODD.sub(b"_", _tag(unit) or identifier or command or b"journal"),
        b"[%s]" % pid if pid.isdigit() else b"",
        _LEVELS[int(level)] + b" " if level in b"01234567" and len(level) == 1 else b"",
    )
