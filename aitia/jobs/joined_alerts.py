"""Alerts that became part of a job which another alert began: their keys, so that they are told apart and close again."""

from __future__ import annotations

from typing import Any, Final

from aitia.core.state import Place, Queries

TABLE: Final = """
create table if not exists alerts (
  job text not null, key text not null, alert_group text not null, content text not null, alert text not null,
  unique (key)
);
create index if not exists alerts_group on alerts (alert_group);
"""
_OWN: Final = "own"  # no digest of a key: the alert that began the job


def keep(db: Queries, job: str, *, key: str, group: str, content: str, alert: str = "firing") -> None:
    """Keep that an alert belongs to a job that another one began, and what it says now."""
    db.execute(
        "insert into alerts values (?, ?, ?, ?, ?) on conflict (key) do update set content = excluded.content,"
        " alert = excluded.alert",
        [job, key, group, content, alert],
    )


class JoinedAlerts:
    """The queries of this table, where the job table is."""

    def __init__(self, place: Place) -> None:
        self._at = place

    def find(self, key: str, group: str) -> Any:
        """An alert that joined another one's job, by its key, or by its group while that fires: `job`, `content`, `alert`."""
        with self._at.reading() as db:
            return db.execute(
                "select * from alerts where key = ? or (alert_group = ? and alert_group != '' and alert = 'firing')"
                " order by key = ? desc, rowid desc limit 1",
                [key, group, key],
            ).fetchone()

    def resolve(self, key: str) -> str:
        """An alert that joined, by its key or group, is over; its job, "" where it joined none."""
        with self._at.writing() as db:
            rows = db.execute(
                "update alerts set alert = 'resolved' where key = ? or (alert_group = ? and alert = 'firing') returning job",
                [key, key],
            ).fetchall()
        return str(rows[0]["job"]) if rows else ""

    def own_is_over(self, job: str) -> None:
        """The alert that began a job is over; others of it may fire still."""
        with self._at.writing() as db:
            keep(db, job, key=f"{_OWN} {job}", group="", content="", alert="resolved")

    def is_over(self, job: str) -> bool:
        """Whether the alert that began a job and all that joined it are over."""
        return not self.fires(job) and self.find(f"{_OWN} {job}", "") is not None

    def fires(self, job: str) -> bool:
        """Whether an alert that joined a job still fires."""
        with self._at.reading() as db:
            found = db.execute("select 1 from alerts where job = ? and alert = 'firing'", [job]).fetchone()
        return found is not None
