"""The schema on PostgreSQL in numbered steps, each of which can be taken back; the table `steps` holds those that were taken.

A step that was released is never changed: what is new is a new step, and it only adds, so that the release before can go on
while replicas are exchanged one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aitia.core.errors import BadInput

if TYPE_CHECKING:
    from aitia.core.postgres import Postgres, Speaks

_ONE: Final = "migrate"  # of several processes that start on an empty database, one makes the tables


@dataclass(frozen=True, kw_only=True)
class Step:
    """One change of the schema, and what takes it back with the rows that it brought."""

    name: str
    up: str
    down: str


# Times and ids are texts that are compared byte by byte, as SQLite does: hence the collation "C".
STEPS: Final = (
    Step(
        name="jobs",
        up="""
create table jobs (
  id text collate "C" primary key, key text not null default '', alert_group text not null default '',
  content text not null default '', origin text not null, title text not null, incident text not null,
  open_end integer not null default 1, state text not null, created_at text collate "C" not null,
  started_at text collate "C", finished_at text collate "C", run text not null default '',
  revision integer not null default 1, reported integer not null default 0, attempts integer not null default 0,
  verdict text not null default '', probability double precision not null default 0, component text not null default '',
  fault text not null default '', message text not null default '', asked text not null default '[]',
  answers text not null default '{}', later text not null default '', by text not null default '',
  place text not null default '{}', alert text not null default '', owner text not null default '',
  lease_until text collate "C" not null default '', begun integer not null default 0
);
create unique index jobs_key on jobs (key) where key <> '';
create index jobs_state on jobs (state, created_at);
create index jobs_group on jobs (alert_group) where alert_group <> '';
create index jobs_created on jobs (created_at);
create table alerts (
  job text not null, key text not null unique, alert_group text not null, content text not null, alert text not null,
  rowid bigserial
);
create index alerts_group on alerts (alert_group);
""",
        down="drop table alerts; drop table jobs;",
    ),
    Step(
        name="slack",
        up="""
create table inbox (
  key text primary key, entry text not null, at double precision not null, tries integer not null default 0,
  done integer not null default 0
);
create table threads (
  channel text, thread text, job text not null, conversation text not null default '', primary key (channel, thread)
);
create table answers (
  job text, revision integer, hash text, said integer not null, by text not null, key text not null,
  primary key (job, revision, hash)
);
""",
        down="drop table answers; drop table threads; drop table inbox;",
    ),
    Step(
        name="memory",
        up="""
create table meta (key text primary key, value text not null);
create table incidents (
  number bigserial primary key, id text collate "C" not null unique, at double precision, ended double precision,
  component text not null, run text not null, moved text not null, hash bytea not null, twin bytea,
  text_hash text collate "C" not null, embedded integer not null default 0, body text not null
);
create index incidents_at on incidents (at, id);
create index incidents_ended on incidents (ended);
create index incidents_text on incidents (text_hash);
create index incidents_twin on incidents (twin) where twin is not null;
create index incidents_pending on incidents (number) where embedded = 0;
create table words (rowid bigint primary key, strong text not null, rest text not null);
create index words_terms on words using gin (string_to_array(strong || ' ' || rest, ' '));
create table frequency (term text collate "C" primary key, n integer not null);
create table tokens (number bigserial primary key, token text collate "C" not null unique, n integer not null);
create table moved (
  token bigint not null references tokens (number), incident bigint not null references incidents (number) on delete cascade,
  primary key (token, incident)
);
create index moved_incident on moved (incident);
create table outcomes (
  number bigserial primary key, run text not null, at double precision not null, body text not null,
  reverted integer not null
);
create index outcomes_run on outcomes (run);
create table audit (
  number bigserial primary key, at double precision not null, "by" text not null, what text not null, detail text not null
);
create table vectors (
  generation text collate "C" not null, hash text collate "C" not null, body bytea not null, primary key (generation, hash)
);
""",
        down="""
drop table vectors; drop table audit; drop table outcomes; drop table moved; drop table tokens; drop table frequency;
drop table words; drop table incidents; drop table meta;
""",
    ),
    Step(
        name="trail",
        up="""
create table trail (
  number bigint primary key, at text not null, who text not null, what text not null, about text not null,
  detail text not null, previous text not null, hash text not null
);
""",
        down="drop table trail;",
    ),
    Step(
        name="access",
        up="""
create table access_tokens (
  id text primary key, hash text not null unique, name text not null, roles text not null, made_at text collate "C" not null,
  made_by text not null, ends_at text not null, revoked_at text not null default '', revoked_by text not null default ''
);
""",
        down="drop table access_tokens;",
    ),
    Step(
        name="parts",
        up="""
create table parts (
  number bigserial, job text collate "C" not null, body text not null, seen integer not null default 0,
  primary key (job, number)
);
create index parts_number on parts (number);
create table marks (job text collate "C" not null, mark text not null, ends text not null, primary key (job, mark));
create index jobs_firing on jobs (created_at) where alert = 'firing';
""",
        down="drop index jobs_firing; drop table marks; drop table parts;",
    ),
    # The table `near` is made where the database has pgvector, by whoever compares first; without it there is none.
    Step(name="near", up="", down="drop table if exists near;"),
    Step(
        name="tickets",
        up="""
create table tickets (
  hash text primary key, kind text not null, body text not null, made_at double precision not null,
  ends_at double precision not null
);
""",
        down="drop table tickets;",
    ),
)


def ready(server: Postgres) -> None:
    """The schema as this version needs it; all its tables are made in an empty database. Raises BadInput where it is another."""
    have = version(server)
    if have == len(STEPS):
        return
    if have == 0:
        migrate(server)
        return
    raise BadInput(
        f"The database at {server.where} has schema {have}, this aitia needs {len(STEPS)}. "
        + (
            "Use the aitia that wrote it, or a newer one."
            if have > len(STEPS)
            else "Back it up and run `aitia state migrate`."
        )
    )


def version(server: Postgres) -> int:
    """How many steps were taken."""
    with server.reading() as db:
        if db.execute("select to_regclass('steps')").fetchone()[0] is None:
            return 0
        return int(db.execute("select coalesce(max(number), 0) from steps").fetchone()[0])


def migrate(server: Postgres, to: int | None = None) -> list[str]:
    """Take steps, or take them back, until `to` are there (all of this version); their names, in order.

    One transaction: a step that fails leaves the schema as it was.
    """
    goal = len(STEPS) if to is None else to
    if not 0 <= goal <= len(STEPS):
        raise BadInput(f"Give a schema from 0 to {len(STEPS)}.")
    with server.writing(alone=_ONE) as db:
        db.execute("create schema if not exists aitia")
        db.execute(
            "create table if not exists steps (number integer primary key, name text not null, at timestamptz not null"
            " default now())"
        )
        have = int(db.execute("select coalesce(max(number), 0) from steps").fetchone()[0])
        if have > len(STEPS):
            raise BadInput(
                f"The database at {server.where} has schema {have}, from a newer aitia. Use that one."
            )
        taken = [_up(db, number) for number in range(have + 1, goal + 1)]
        return [*taken, *(_down(db, number) for number in range(have, goal, -1))]


def _up(db: Speaks, number: int) -> str:
    step = STEPS[number - 1]
    for statement in filter(str.strip, step.up.split(";")):
        db.execute(statement)
    db.execute("insert into steps (number, name) values (?, ?)", [number, step.name])
    return step.name


def _down(db: Speaks, number: int) -> str:
    step = STEPS[number - 1]
    for statement in filter(str.strip, step.down.split(";")):
        db.execute(statement)
    db.execute("delete from steps where number = ?", [number])
    return step.name
