"""Who asked for what, as a chain of hashes: a line that is changed, taken out or put in between breaks it.

A chain cannot tell that its end was cut off: whoever must know keeps the last hash elsewhere and asks whether it is still there.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import ValidationError

from aitia.core.errors import BadInput
from aitia.core.state import Queries
from aitia.core.words import Word

TABLE: Final = """
create table if not exists trail (
  number integer primary key, at text not null, who text not null, what text not null, about text not null,
  detail text not null, previous text not null, hash text not null
);
"""
FIRST: Final = "0" * 64  # before the first line there is none
BATCH: Final = 1000
_SIGNED: Final = ("number", "at", "who", "what", "about", "detail", "previous")


class Line(Word):
    """One line: `hash` is the SHA-256 of all that stands before it, the hash of the line before among it."""

    number: int
    at: str
    who: str
    what: str
    about: str
    detail: str
    previous: str
    hash: str


class Verified(Word):
    """What became of a check: how many lines are whole, and the hash of the last."""

    lines: int
    head: str


def append(
    db: Queries, *, who: str, what: str, about: str = "", detail: Mapping[str, Any] | str = ""
) -> None:
    """Add a line within the caller's transaction, which holds the write lock. What is given is redacted already."""
    if not isinstance(db, sqlite3.Connection):
        db.execute("select pg_advisory_xact_lock(hashtext('aitia trail'))")
    last = db.execute("select number, hash from trail order by number desc limit 1").fetchone()
    number, previous = (last[0] + 1, last[1]) if last is not None else (1, FIRST)
    told = detail if isinstance(detail, str) else json.dumps(detail, sort_keys=True, ensure_ascii=False)
    at = datetime.now(tz=UTC).isoformat(timespec="milliseconds")
    fields = {
        "number": number,
        "at": at,
        "who": who,
        "what": what,
        "about": about,
        "detail": told,
        "previous": previous,
    }
    row = [v.replace("\0", "\ufffd") if isinstance(v, str) else v for v in fields.values()]
    db.execute(
        "insert into trail values (?, ?, ?, ?, ?, ?, ?, ?)",
        [*row, digest(dict(zip(fields, row, strict=True)))],
    )


def digest(fields: Mapping[str, Any]) -> str:
    """The hash of a line: of its fields in their order, as JSON without blanks."""
    body = json.dumps([fields[name] for name in _SIGNED], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(body.encode()).hexdigest()


def lines(db: Queries) -> Iterator[Line]:
    """All lines, oldest first."""
    number = 0
    while found := db.execute(
        "select * from trail where number > ? order by number limit ?", [number, BATCH]
    ).fetchall():
        for row in found:
            number = row[0]
            yield Line.model_validate(dict(zip((*_SIGNED, "hash"), tuple(row), strict=True)))


def read(text: Iterable[str]) -> Iterator[Line]:
    """The lines of an export. Raises BadInput."""
    for place, line in enumerate(text, 1):
        try:
            yield Line.model_validate_json(line)
        except ValidationError:
            raise BadInput(
                f"Line {place} is no line of an audit log. Give a file of `aitia audit export`."
            ) from None


def verify(chain: Iterable[Line], *, head: str = "") -> Verified:
    """Check every line and that `head`, a hash that was noted before, is among them. Raises BadInput at the first breach."""
    previous, count, seen = FIRST, 0, not head
    for line in chain:
        count += 1
        if line.number != count or line.previous != previous:
            raise BadInput(f"The audit log is broken before line {line.number}: {count} was expected there.")
        if line.hash != digest(line.model_dump()):
            raise BadInput(f"Line {line.number} of the audit log was changed: its hash is another.")
        previous = line.hash
        seen = seen or line.hash == head
    if not seen:
        raise BadInput(
            f"The hash {head[:64]!r} is not in the audit log: its end was cut off, or it is another log."
        )
    return Verified(lines=count, head=previous)
