"""Issued tokens: kept as hashes, each with roles, an end, and who made it (`AITIA_HOME/access.sqlite`, or the server).

A token is `aitia.TEAM.SECRET`: the team only says where it belongs, as a postcode does. What lets in is the hash of the whole.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from aitia.access.identity import ROLES, Identity, Role
from aitia.core import trail
from aitia.core.errors import BadInput
from aitia.core.redact import Redactor, load_key
from aitia.core.state import open_place
from aitia.core.words import Moment, Word

FILE: Final = "access.sqlite"
VERSION: Final = 1
TEAM: Final = r"[a-z0-9][a-z0-9-]{0,30}"  # a team's name; "" where a service has one
DAYS: Final = 90
MOST_DAYS: Final = 3650
_FORM: Final = re.compile(rf"aitia\.({TEAM}|)\.[0-9a-f]{{48}}")
_NAME: Final = re.compile(r"[^\x00-\x1f\x7f:]{1,80}")
TABLE: Final = """
create table if not exists access_tokens (
  id text primary key, hash text not null unique, name text not null, roles text not null, made_at text not null,
  made_by text not null, ends_at text not null, revoked_at text not null default '', revoked_by text not null default ''
);
"""
TICKETS: Final = """
create table if not exists tickets (
  hash text primary key, kind text not null, body text not null, made_at double precision not null,
  ends_at double precision not null
);
"""
SCHEMA: Final = f"{TABLE} {TICKETS} {trail.TABLE}"


class Listed(Word):
    """An issued token, without what it is."""

    id: str
    name: str
    roles: tuple[Role, ...]
    made_at: Moment
    made_by: str
    ends_at: Moment
    revoked_at: Moment | None = None

    @property
    def state(self) -> str:
        """Valid, expired or revoked."""
        if self.revoked_at is not None:
            return "revoked"
        return "valid" if self.ends_at > datetime.now(tz=UTC) else "expired"


def team_of(token: str) -> str | None:
    """The team that a token says it is of; None where it has not the form of one."""
    found = _FORM.fullmatch(token) if len(token) <= 200 else None
    return found[1] if found else None


def digest(token: str) -> str:
    """What is kept of a token: 192 random bits need no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class IssuedTokens:
    """The tokens of one home. Safe for threads; other processes of the home or server see the same."""

    def __init__(self, home: Path) -> None:
        self._at = open_place(home / FILE, SCHEMA, version=VERSION)
        self._redactor = Redactor(load_key(home))

    def issue(
        self, name: str, roles: Iterable[str], *, days: float = DAYS, team: str = "", by: str
    ) -> tuple[str, Listed]:
        """Make a token, which is told now and never again. Raises BadInput.

        name  the person or program: approvals by two persons go by it
        days  how long it is valid, above 0
        """
        given = _roles(roles)
        if not 0 < days <= MOST_DAYS:
            raise BadInput(f"Set the days of a token to more than 0 and at most {MOST_DAYS}, not {days:g}.")
        if not _NAME.fullmatch(name := " ".join(name.split())):
            raise BadInput(
                "Name the person or program that the token is for, in at most 80 characters without a colon."
            )
        if team and not re.fullmatch(TEAM, team):
            raise BadInput(f"Fix the team {team[:60]!r}: lower-case letters, digits and hyphens.")
        token, now = f"aitia.{team}.{secrets.token_hex(24)}", datetime.now(tz=UTC)
        row = {
            "id": secrets.token_hex(4),
            "hash": digest(token),
            "name": name,
            "roles": " ".join(given),
            "made_at": now.isoformat(),
            "made_by": by[:200],
            "ends_at": (now + timedelta(days=days)).isoformat(),
        }
        told = {"name": self._redactor.plain(name), "roles": row["roles"], "ends_at": row["ends_at"]}
        with self._at.writing() as db:
            marks = ", ".join("?" * len(row))
            db.execute(f"insert into access_tokens ({', '.join(row)}) values ({marks})", [*row.values()])
            self._note(db, by, "issue token", row["id"], told)
        return token, self._get(row["id"])

    def revoke(self, id: str, *, by: str) -> Listed:
        """End a token. Raises BadInput where there is none of that id."""
        with self._at.writing() as db:
            done = db.execute(
                "update access_tokens set revoked_at = ?, revoked_by = ? where id = ? and revoked_at = ''",
                [datetime.now(tz=UTC).isoformat(), by[:200], id],
            )
            if done.rowcount:
                self._note(db, by, "revoke token", id, {})
        return self._get(id)

    def all(self) -> list[Listed]:
        """Every token that was issued, the newest first."""
        with self._at.reading() as db:
            rows = db.execute("select * from access_tokens order by made_at desc, id").fetchall()
        return [_listed(row) for row in rows]

    def known(self) -> dict[str, tuple[Identity, datetime]]:
        """Who each token that is not revoked stands for and until when, by its hash."""
        with self._at.reading() as db:
            rows = db.execute(
                "select id, hash, name, roles, ends_at from access_tokens where revoked_at = ''"
            ).fetchall()
        return {
            row["hash"]: (
                Identity(name=row["name"], token=row["id"], roles=frozenset(_roles(row["roles"].split()))),
                datetime.fromisoformat(row["ends_at"]),
            )
            for row in rows
        }

    def any(self) -> bool:
        """Whether a token was ever issued: then nobody is let in without one, though all are revoked."""
        with self._at.reading() as db:
            return db.execute("select 1 from access_tokens limit 1").fetchone() is not None

    def trail(self) -> list[trail.Line]:
        """Who issued and revoked what, oldest first; on a server among all else."""
        with self._at.reading() as db:
            return list(trail.lines(db))

    def note_sign_in(self, identity: Identity) -> None:
        """Add a line to the trail: somebody signed in with an account of a provider."""
        with self._at.writing() as db:
            roles = " ".join(role for role in ROLES if role in identity.roles)
            self._note(db, identity.name, "sign in", "", {"roles": roles})

    def _get(self, id: str) -> Listed:
        with self._at.reading() as db:
            row = db.execute("select * from access_tokens where id = ?", [id]).fetchone()
        if row is None:
            raise BadInput(f"There is no token {id[:40]!r}. Give an id from `aitia tokens list`.")
        return _listed(row)

    def _note(self, db: Any, by: str, what: str, about: str, detail: dict[str, str]) -> None:
        trail.append(db, who=self._redactor.plain(by), what=what, about=about, detail=detail)


def _roles(given: Iterable[str]) -> tuple[Role, ...]:
    """The roles in their order. Raises BadInput."""
    wanted = set(given)
    if strange := sorted(wanted - set(ROLES)):
        raise BadInput(f"{strange[0][:40]!r} is no role. Choose from {', '.join(ROLES)}.")
    if not wanted:
        raise BadInput(f"Give at least one role: {', '.join(ROLES)}.")
    return tuple(role for role in ROLES if role in wanted)


def _listed(row: Any) -> Listed:
    return Listed(
        id=row["id"],
        name=row["name"],
        roles=_roles(row["roles"].split()),
        made_at=row["made_at"],
        made_by=row["made_by"],
        ends_at=row["ends_at"],
        revoked_at=row["revoked_at"] or None,
    )
