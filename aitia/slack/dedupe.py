"""What came from Slack, kept before it is acknowledged: `AITIA_HOME/slack.sqlite`, or on the server that homes share.

Slack delivers again what it doubts we got; a door that is killed after the acknowledgement finds here what it had not
finished. Of what is finished only the key stays.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final, Literal

from aitia.core.state import open_place
from aitia.core.words import Word

FILE: Final = "slack.sqlite"
KEPT_S: Final = 7 * 86_400.0  # Slack gives up after an hour
TRIES: Final = 3
_TABLES: Final = """
create table if not exists inbox (
  key text primary key, entry text not null, at real not null, tries integer not null default 0, done integer not null default 0
);
create table if not exists threads (
  channel text, thread text, job text not null, conversation text not null default '', primary key (channel, thread)
);
create table if not exists answers (
  job text, revision integer, hash text, said integer not null, by text not null, key text not null,
  primary key (job, revision, hash)
);
"""
Kind = Literal["command", "mention", "message", "shortcut", "press", "form", "modal"]


class Entry(Word):
    """One thing that a person did. `text` is redacted before it is kept."""

    key: str
    kind: Kind
    channel: str = ""
    thread: str = ""  # the thread's first message; "" outside of a thread
    ts: str = ""
    user: str = ""
    team: str = ""
    text: str = ""
    name: str = ""  # of the button or form
    values: dict[str, str] = {}
    reply_url: str = ""  # where a command is answered, half an hour long
    tries: int = 0  # how often it was begun before


class Answered(Word):
    """Who answered an approval, and with which click."""

    said: bool
    by: str
    key: str


class Inbox:
    """Safe for threads: a connection is opened for each query."""

    def __init__(self, home: Path) -> None:
        self.file = home / FILE
        self._at = open_place(self.file, _TABLES)
        with self._at.writing() as db:
            db.execute("delete from inbox where at < ?", [time.time() - KEPT_S])

    def put(self, entry: Entry, *, done: bool = False) -> bool:
        """Keep an entry; False where its key is known already."""
        body = "" if done else entry.model_dump_json()
        row = [entry.key, body, time.time(), int(done)]
        with self._at.reading() as db:
            return (
                db.execute(
                    "insert into inbox (key, entry, at, done) values (?, ?, ?, ?) on conflict do nothing", row
                ).rowcount
                == 1
            )

    def begin(self, key: str) -> None:
        """An entry is being worked on."""
        with self._at.reading() as db:
            db.execute("update inbox set tries = tries + 1 where key = ?", [key])

    def done(self, key: str) -> None:
        """An entry is finished: what was said is forgotten, its key stays."""
        with self._at.reading() as db:
            db.execute("update inbox set done = 1, entry = '' where key = ?", [key])

    def left(self) -> list[Entry]:
        """What a door before this one left unfinished, oldest first."""
        with self._at.reading() as db:
            rows = db.execute(
                "select entry, tries from inbox where done = 0 and tries < ? order by at", [TRIES]
            ).fetchall()
        return [Entry.model_validate_json(entry).model_copy(update={"tries": tries}) for entry, tries in rows]

    def thread(self, channel: str, thread: str) -> tuple[str, str]:
        """The job of a thread and the id of its conversation; "" where there is none."""
        with self._at.reading() as db:
            row = db.execute(
                "select job, conversation from threads where channel = ? and thread = ?", [channel, thread]
            ).fetchone()
        return (row[0], row[1]) if row else ("", "")

    def bind(self, channel: str, thread: str, job: str, *, conversation: str = "") -> None:
        """Remember whose thread it is, and where its questions go on."""
        with self._at.reading() as db:
            db.execute(
                "insert into threads values (?, ?, ?, ?) on conflict (channel, thread) do update set"
                " job = excluded.job, conversation = case excluded.conversation when '' then threads.conversation"
                " else excluded.conversation end",
                [channel, thread, job, conversation],
            )

    def answer(self, job: str, revision: int, call: str, *, said: bool, by: str, key: str) -> Answered:
        """Keep the first answer to an approval; the one that holds, which may be another's."""
        with self._at.reading() as db:
            db.execute(
                "insert into answers values (?, ?, ?, ?, ?, ?) on conflict do nothing",
                [job, revision, call, int(said), by, key],
            )
        found = self.answered(job, revision, call)
        assert found is not None
        return found

    def answered(self, job: str, revision: int, call: str) -> Answered | None:
        """The answer to an approval."""
        with self._at.reading() as db:
            row = db.execute(
                "select said, by, key from answers where job = ? and revision = ? and hash = ?",
                [job, revision, call],
            ).fetchone()
        return Answered(said=bool(row[0]), by=row[1], key=row[2]) if row else None

    def take_back(self, job: str, revision: int, call: str) -> None:
        """Forget an answer that did not count."""
        with self._at.reading() as db:
            db.execute(
                "delete from answers where job = ? and revision = ? and hash = ?", [job, revision, call]
            )
