"""What stands for somebody for a while: sessions of browsers, and sign-ins that are under way.

Kept as hashes beside the issued tokens, so that every process of the home or server knows them, whichever a balancer chooses.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from pathlib import Path
from typing import Literal, Protocol

from aitia.access.issued import FILE, SCHEMA, VERSION, digest
from aitia.core.state import open_place

Kind = Literal["session", "sign-in"]


class Tickets(Protocol):
    """Where they are kept. Safe for threads; with a store each method raises StoreError."""

    def put(self, kind: Kind, ticket: str, body: str, *, seconds: float, most: int) -> None:
        """Keep what a ticket stands for. Beyond `most` of its kind the oldest are forgotten."""
        ...

    def get(self, kind: Kind, ticket: str) -> str | None:
        """What it stands for, until its time is over."""
        ...

    def take(self, kind: Kind, ticket: str) -> str | None:
        """The same, once: of several that ask, one is told."""
        ...


class OwnTickets:
    """Those of this process alone, which end with it."""

    def __init__(self) -> None:
        self._kept: dict[Kind, OrderedDict[str, tuple[float, str]]] = {
            "session": OrderedDict(),
            "sign-in": OrderedDict(),
        }

    def put(self, kind: Kind, ticket: str, body: str, *, seconds: float, most: int) -> None:
        """Keep what a ticket stands for. Beyond `most` of its kind the oldest are forgotten."""
        kept = self._kept[kind]
        kept[digest(ticket)] = (time.time() + seconds, body)
        while len(kept) > most:
            kept.popitem(last=False)

    def get(self, kind: Kind, ticket: str) -> str | None:
        """What it stands for, until its time is over."""
        return self._live(self._kept[kind].get(digest(ticket)))

    def take(self, kind: Kind, ticket: str) -> str | None:
        """The same, once: of several that ask, one is told."""
        return self._live(self._kept[kind].pop(digest(ticket), None))

    @staticmethod
    def _live(found: tuple[float, str] | None) -> str | None:
        return None if found is None or found[0] <= time.time() else found[1]


class SharedTickets:
    """Those of a home (`AITIA_HOME/access.sqlite`) or server. `salt`: what must be the same for a ticket to count."""

    def __init__(self, home: Path, *, salt: str = "") -> None:
        self._at, self._salt = open_place(home / FILE, SCHEMA, version=VERSION), salt

    def put(self, kind: Kind, ticket: str, body: str, *, seconds: float, most: int) -> None:
        """Keep what a ticket stands for. Beyond `most` of its kind the oldest are forgotten."""
        now = time.time()
        with self._at.writing() as db:
            db.execute(
                "insert into tickets (hash, kind, body, made_at, ends_at) values (?, ?, ?, ?, ?)",
                [self._hash(kind, ticket), kind, body, now, now + seconds],
            )
            db.execute("delete from tickets where ends_at <= ?", [now])
            db.execute(
                "delete from tickets where kind = ? and hash not in"
                " (select hash from tickets where kind = ? order by made_at desc limit ?)",
                [kind, kind, most],
            )

    def get(self, kind: Kind, ticket: str) -> str | None:
        """What it stands for, until its time is over."""
        with self._at.reading() as db:
            query = "select body from tickets where hash = ? and ends_at > ?"
            found = db.execute(query, [self._hash(kind, ticket), time.time()]).fetchone()
        return None if found is None else str(found[0])

    def take(self, kind: Kind, ticket: str) -> str | None:
        """The same, once: of several that ask, one is told."""
        with self._at.writing() as db:
            query = "delete from tickets where hash = ? returning body, ends_at"
            found = db.execute(query, [self._hash(kind, ticket)]).fetchall()
        return next((str(body) for body, ends_at in found if ends_at > time.time()), None)

    def _hash(self, kind: Kind, ticket: str) -> str:
        return digest(f"{kind}\n{self._salt}\n{ticket}")
