"""Replicas on separate homes with one PostgreSQL, killed at random under alerts, the server crashed once: what is lost or twice.

    python benchmarks/doors/replicas.py --data FOLDER --alerts 200 --seconds 600 --json OUT

Needs the programs of PostgreSQL. Alerts are those of a bundled scenario, a quarter of them told again twice with another
severity. A trigger of the database writes down every end of a diagnosis; what is counted comes from there, not from aitia.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.core.errors import StoreError
from aitia.core.store import list_runs
from aitia.jobs import Full, Jobs
from aitia.settings import Settings
from benchmarks.contract import finish, parser, rows
from benchmarks.doors.standby import running_pair
from tests.database import Server, running_server
from tests.shop import shop_alert, small_settings

REPLICAS = 3
LEASE_S = 5.0
SEVERITIES = ("warning", "critical", "page")  # in the order in which they are told
PAUSE_S = (4.0, 9.0)  # between two kills
DEADLINE_S = 420.0  # after the kills until all is done
REPLICA = """
import sys, time
from pathlib import Path
from aitia.jobs import Workers
from benchmarks.doors.replicas import settings
w = Workers(Path(sys.argv[1]), settings(), model="none")
w.start()
time.sleep(3600)
"""
# A worker that ends its work gives `begun` back; only a diagnosis that came to a report has a verdict.
TRIGGER = """
create table ended (number bigserial primary key, job text, revision integer, run text, told text, at timestamptz default now());
create table begun (number bigserial primary key, job text);
create function note_end() returns trigger language plpgsql as $$
begin
  if old.begun = 1 and new.begun = 0 and new.owner = '' and old.owner <> '' and new.state <> 'failed' then
    insert into ended (job, revision, run, told) values (new.id, new.reported, new.run, old.incident);
  end if;
  if new.owner <> '' and new.owner <> old.owner then
    insert into begun (job) values (new.id);
  end if;
  return new;
end $$;
create trigger note_end after update on jobs for each row execute function note_end();
"""


def settings() -> Settings:
    """As the replicas work: kills are no fault of a diagnosis, so it is not given up for them."""
    return small_settings(workers=1, lease_s=LEASE_S, attempts=100, places=1000)


@dataclass
class Trial:
    """What a trial showed."""

    sent: dict[str, list[str]]  # severities told, in order, by job
    ends: dict[str, list[tuple[int, str]]]  # revision and severity of every end, in order, by job
    states: Counter[str]
    kills: int = 0
    refused: int = 0  # notifications that were sent again, since the server was away
    interrupted: int = 0  # diagnoses that were begun and did not end there: taken up again
    spare_reports: int = 0  # finished by a replica that was killed before it could say so
    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)  # seconds from the request to the last end, by job

    def lost(self) -> list[str]:
        """Jobs whose last word has no report."""
        return [
            job
            for job, told in self.sent.items()
            if not self.ends.get(job) or self.ends[job][-1][1] != told[-1]
        ]

    def twice(self) -> list[str]:
        """Jobs of which a revision ended more than once."""
        return [job for job, ends in self.ends.items() if max(Counter(n for n, _ in ends).values()) > 1]

    def disordered(self) -> list[str]:
        """Jobs whose revisions, or what they tell, go back."""
        rank = SEVERITIES.index
        return [
            job
            for job, ends in self.ends.items()
            if ends != sorted(ends) or [rank(s) for _, s in ends] != sorted(rank(s) for _, s in ends)
        ]


class Replica:
    """A door with its worker, in a process group of its own."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.process = self._start()

    def kill(self) -> None:
        """Kill -9 of the door and its worker at once, then a new one."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = self._start()

    def end(self) -> None:
        """The last kill."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        root = Path(__file__).parents[2]
        return subprocess.Popen(
            [sys.executable, "-c", REPLICA, str(self.home)],
            cwd=root,
            env=os.environ | {"PYTHONPATH": str(root)},
            start_new_session=True,
            stderr=subprocess.DEVNULL,
        )


def crashed(server: Server) -> None:
    """Stop a server at once and in disorder, and start it again: it recovers from its log."""
    server.stop(signal.SIGQUIT)
    time.sleep(2.0)
    server.start()


def trial(folder: Path, crash: Callable[[], object], *, alerts: int, seconds: float, seed: int = 0) -> Trial:
    """Send alerts while replicas are killed; `AITIA_DATABASE` names an empty database of the server."""
    chance, began = random.Random(seed), time.monotonic()
    doors = [Jobs(folder / f"home{n}", settings()) for n in range(REPLICAS)]
    with psycopg.connect(os.environ["AITIA_DATABASE"], autocommit=True) as db:
        db.execute("set search_path = aitia")
        db.execute(TRIGGER)
        done = Trial(sent=defaultdict(list), ends=defaultdict(list), states=Counter())
    todo = _plan(alerts, seconds, chance)
    with _replicas(folder) as replicas:
        kill_at, crash_at = chance.uniform(*PAUSE_S), seconds / 2
        while (now := time.monotonic() - began) < seconds or todo:
            if crash_at and now > crash_at:
                crash_at = 0.0
                crash()
            if kill_at < now < seconds and _at_work():  # else there is nothing to lose
                chance.choice(replicas).kill()
                done.kills += 1
                kill_at = now + chance.uniform(*PAUSE_S)
            while todo and todo[0][0] <= now:
                _, name, severity = todo.pop(0)
                _tell(chance.choice(doors), name, severity, done)
            time.sleep(0.05)
        _settled(doors[0], DEADLINE_S)
    _count(done, doors)
    done.seconds = time.monotonic() - began
    return done


@contextmanager
def _replicas(folder: Path) -> Iterator[list[Replica]]:
    made = [Replica(folder / f"home{n}") for n in range(REPLICAS)]
    try:
        yield made
    finally:
        for each in made:
            each.end()


def _plan(alerts: int, seconds: float, chance: random.Random) -> list[tuple[float, str, str]]:
    """When which alert is told with which severity; each fourth is told three times."""
    plan = []
    for n in range(alerts):
        often = 3 if n % 4 == 0 else 1
        moments = sorted(chance.uniform(0.0, seconds * 0.9) for _ in range(often))
        plan += [(at, f"shop{n}", SEVERITIES[k]) for k, at in enumerate(moments)]
    return sorted(plan)


def _tell(door: Jobs, name: str, severity: str, done: Trial) -> None:
    """As Alertmanager does: what is refused is sent again."""
    while True:
        try:
            job = door.submit(
                shop_alert(name, severity=severity, instance=name),
                origin="alertmanager",
                key=name,
                group=name,
            ).job
        except (StoreError, Full):
            done.refused += 1
            time.sleep(1.0)
            continue
        done.sent[job.id].append(severity)
        return


def _at_work() -> bool:
    with psycopg.connect(os.environ["AITIA_DATABASE"]) as db:
        return db.execute("select 1 from aitia.jobs where state = 'running' limit 1").fetchone() is not None


def _settled(door: Jobs, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            counts = door.counts()
        except StoreError:
            counts = {"queued": 1}
        if not any(counts.get(state) for state in ("queued", "running", "waiting")):
            return
        time.sleep(0.5)


def _count(done: Trial, doors: Sequence[Jobs]) -> None:
    with psycopg.connect(os.environ["AITIA_DATABASE"]) as db:
        db.execute("set search_path = aitia")
        found = db.execute(
            "select job, revision, told::json->'labels'->>'severity' from ended order by number"
        ).fetchall()
        for job, revision, severity in found:
            done.ends[job].append((revision, severity))
        claims = db.execute("select count(*) from begun").fetchone()
        done.interrupted = (claims[0] if claims else 0) - len(found)
        runs = {run for (run,) in db.execute("select run from ended").fetchall()}
        done.waits = [
            float(s)
            for (s,) in db.execute(
                "select extract(epoch from max(e.at) - min(j.created_at::timestamptz)) from ended e join jobs j"
                " on j.id = e.job group by e.job"
            ).fetchall()
        ]
    done.states = Counter(job.state for job in doors[0].list(limit=10_000))
    kept = [run for door in doors for run in list_runs(door.home) if run.get("state") == "finished"]
    done.spare_reports = sum(run["id"] not in runs for run in kept)


def main() -> None:
    """Run a trial on a server of its own and print the contract's table."""
    asked = parser(__doc__)
    asked.add_argument("--alerts", type=int, default=200)
    asked.add_argument("--seconds", type=float, default=600.0)
    asked.add_argument(
        "--failover", action="store_true", help="a second server takes over, the first stays dead"
    )
    args = asked.parse_args()
    began = time.monotonic()
    with (
        running_server() as server,
        tempfile.TemporaryDirectory(dir=args.data) as folder,
        ExitStack() as stack,
    ):
        url = server.database()
        crash: Callable[[], object] = partial(crashed, server)
        if args.failover:
            pair = stack.enter_context(running_pair(server))
            url, crash = pair.url(url), pair.fail_over
        os.environ["AITIA_DATABASE"] = url
        found = trial(Path(folder), crash, alerts=args.alerts, seconds=args.seconds)
    share: Callable[[Sequence[str]], list[float]] = lambda jobs: [float(j in set(jobs)) for j in found.sent]  # noqa: E731
    measured: dict[str, Sequence[float]] = {
        "lost": share(found.lost()),
        "diagnosed twice": share(found.twice()),
        "out of order": share(found.disordered()),
        "seconds to the last report": found.waits,
        "kills": [found.kills],
        "diagnoses interrupted": [found.interrupted],
        "notifications sent again": [found.refused],
        "reports never told": [found.spare_reports],
    }
    per_case: list[dict[str, Any]] = [
        {"id": job, "told": told, "ends": found.ends.get(job, [])} for job, told in found.sent.items()
    ]
    finish("replicas", rows("ours", measured), per_case, n=len(found.sent), began=began, out=args.json)


if __name__ == "__main__":
    main()
