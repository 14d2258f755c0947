"""What happens where the store is damaged, full, read-only, killed or its clock jumps: a table of outcomes.

python benchmarks/attack/faults_store.py [--parts damage,full,kill,clock] [--kills 200] [--seed 0] [--json OUT]

Run it as root: it mounts small tmpfs, and plays a user who may not write. Every command runs for real, in a child process, on a
small incident that this script makes (logs and deploys of two services). `raw`: an exception reached the user; `lost`: bytes
that were intact are gone. On an idle machine the whole takes about half an hour.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.attack.children import NOBODY, Ended, child, cli, ended, kill, preload, start
from benchmarks.contract import commit

Damage = Callable[[Path], None]
Command = Callable[[], int]
T0: Final = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
DEADLINE_S: Final = 240.0  # of a command that takes 2 s on an idle machine


def site(folder: Path) -> Path:
    """A deploy of `orders` and its errors from then on, with the settings that read them."""
    (folder / "logs").mkdir(parents=True)
    calm = [(T0 + timedelta(seconds=20 * n), "INFO GET /orders 200 in 12 ms") for n in range(60)]
    said = ("ERROR out of memory: heap exhausted", "FATAL java.lang.OutOfMemoryError: Java heap space")
    failing = [(T0 + timedelta(minutes=15, seconds=5 * n), said[n % 2]) for n in range(40)]
    failing += [
        (at + timedelta(seconds=2), "INFO Started orders in 3.2 s (restart)") for at, _ in failing[::8]
    ]
    failing.sort()
    calm += [(at, "ERROR call to orders failed: connection refused") for at, _ in failing[::2]]
    for name, told in {"gateway": calm, "orders": failing}.items():
        lines = (f"{at.isoformat()} {text}\n" for at, text in told)
        (folder / "logs" / f"{name}.log").write_text("".join(lines))
    change = {"at": _at(14), "component": "orders", "kind": "deploy", "text": "orders 2.1", "version": "2.1"}
    (folder / "changes.jsonl").write_text(json.dumps(change) + "\n")
    (folder / "runbooks").mkdir()
    (folder / "runbooks" / "orders.md").write_text(
        "---\nservices: [orders]\n---\n# Orders fail\n\nLook at its memory.\n"
    )
    sources = [
        {"name": "runbooks", "kind": "runbooks", "type": "runbooks", "path": str(folder / "runbooks")},
        {"name": "logs", "kind": "logs", "type": "log_files", "path": str(folder / "logs")},
        {"name": "changes", "kind": "changes", "type": "changes", "path": str(folder / "changes.jsonl")},
    ]
    (folder / "aitia.yaml").write_text(json.dumps({"sources": sources, "model": {"name": "none"}}))
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder


def _at(minutes: float) -> str:
    return (T0 + timedelta(minutes=minutes)).isoformat()


def line(case: Path) -> list[str]:
    """The command line of a diagnosis."""
    settings = ["--config", str(case / "aitia.yaml"), "--at", _at(19), "--since", _at(15)]
    return ["diagnose", "orders fail", *settings]


def diagnosis(case: Path) -> Command:
    """A diagnosis with rules."""
    return cli(*line(case))


# --- a home with something of everything


def furnished(home: Path, case: Path) -> dict[str, str]:
    """Two finished runs, one that was killed, a conversation, a confirmation, queued jobs, Slack's inbox; the runs' ids."""
    replay = diagnosis(case)
    for _ in range(2):
        child(replay, home=home)
    finished = sorted(p.name for p in (home / "runs").iterdir())
    _killed_run(home, replay, set(finished))
    stopped = next(p.name for p in (home / "runs").iterdir() if p.name not in finished)
    child(cli("ask", finished[0], "why orders?", "--model", "none"), home=home)
    for made in (cli("confirm", finished[0]), _queued(case)):
        if (end := child(made, home=home)).code:
            raise RuntimeError(f"The home could not be furnished: {end}")
    return {"run": finished[0], "other": finished[1], "stopped": stopped}


def _killed_run(home: Path, replay: Command, known: set[str]) -> None:
    """A run that was killed when two results were there."""
    with tempfile.TemporaryDirectory() as folder:
        pid = start(replay, Path(folder), home=home)
        while True:
            new = [p for p in (home / "runs").iterdir() if p.name not in known]
            if (
                new
                and len(list(new[0].glob("results/*.json"))) >= 2
                and (new[0] / "checkpoints.sqlite").exists()
            ):
                break
            time.sleep(0.002)
        kill(pid)


def _queued(case: Path) -> Command:
    def work() -> int:
        from aitia.core.home import aitia_home
        from aitia.jobs import Jobs
        from aitia.settings import load_settings
        from aitia.slack.dedupe import Entry, Inbox

        Jobs(aitia_home(), load_settings(case / "aitia.yaml")).submit("orders fail", origin="api")
        Inbox(aitia_home()).put(Entry(key="k", kind="command", text="t"))
        return 0

    return work


def _web(case: Path, *paths: str) -> Command:
    """Ask the service, without its workers, for pages and data; 0 where nothing answers with a bare 500."""

    def work() -> int:
        from fastapi.testclient import TestClient

        from aitia.core.home import aitia_home
        from aitia.jobs import Jobs
        from aitia.settings import load_settings
        from aitia.web.app import create_app

        settings = load_settings(case / "aitia.yaml")
        client = TestClient(
            create_app(Jobs(aitia_home(), settings), settings, token="", workers=None),
            base_url="http://127.0.0.1",
        )
        for path in paths:
            answer = client.get(path, headers={"accept": "application/json"})
            if answer.status_code >= 400:
                print(f"error: {answer.json().get('detail', '')}", file=sys.stderr)
                return 2
        return 0

    return work


def _guarded(work: Command) -> Command:
    """As a door does: an error of aitia is told in a line."""

    def run() -> int:
        from aitia.core.errors import AitiaError

        try:
            return work()
        except AitiaError as error:
            print(f"error: {error}", file=sys.stderr)
            return error.exit_code

    return run


def commands(case: Path, runs: dict[str, str]) -> dict[str, Command]:
    """What people do, by name."""
    run, stopped = runs["run"], runs["stopped"]
    return {
        "diagnose": diagnosis(case),
        "runs list": cli("runs", "list"),
        "search": _guarded(_web(case, "/v1/search?q=orders", "/v1/diagnoses")),
        "serve start": _guarded(_queued(case)),
        "memory": cli("memory", "list"),
        "runs show": cli("runs", "show", run),
        "report": cli("report", run),
        "explain": cli("explain", run),
        "ask": cli("ask", run, "why orders?", "--model", "none"),
        "rerun": cli("rerun", run),
        "confirm": cli("confirm", run),
        "resume": cli("resume", stopped),
        "record": cli(
            "record",
            "orders fail",
            "--config",
            str(case / "aitia.yaml"),
            "--at",
            T0.isoformat(),
            "--out",
            "recorded",
        ),
        "runs rm": cli("runs", "rm", run),
    }


# --- (a) damage

_SQLITE: Final = ("jobs.sqlite", "slack.sqlite", "memory/incidents.sqlite", "checkpoints.sqlite")


def _newer(path: Path) -> None:
    if path.name.endswith(".sqlite"):
        import sqlite3

        db = sqlite3.connect(path)
        db.execute("pragma user_version = 99")
        db.close()
    elif path.suffix == ".json":
        path.write_text(json.dumps(json.loads(path.read_text()) | {"schema_version": 99}))
    else:
        path.write_bytes(path.read_bytes() + b'{"schema_version": 99}\n')


def _instead(path: Path, put: Callable[[Path], object]) -> None:
    path.unlink()
    put(path)


DAMAGES: Final[dict[str, Damage]] = {
    "missing": Path.unlink,
    "empty": lambda p: p.write_bytes(b"") and None,
    "cut short": lambda p: os.truncate(p, max(1, p.stat().st_size // 2)),
    "garbage": lambda p: p.write_bytes(random.Random(1).randbytes(max(64, p.stat().st_size))) and None,
    "newer": _newer,
    "[]": lambda p: p.write_bytes(b"[]") and None,
    "unreadable": lambda p: p.chmod(0),
    "folder": lambda p: _instead(p, Path.mkdir),
    "dangling link": lambda p: _instead(p, lambda q: q.symlink_to("/nowhere/at/all")),
}
_RUN: Final = (
    "diagnose",
    "runs list",
    "search",
    "runs show",
    "report",
    "explain",
    "ask",
    "rerun",
    "confirm",
    "runs rm",
)
_STOPPED: Final = ("diagnose", "runs list", "search", "resume")
_HOME: Final = ("diagnose", "runs list", "search", "serve start", "memory", "ask", "confirm", "record")


def store_files(home: Path, runs: dict[str, str]) -> Iterator[tuple[str, Path, Sequence[str]]]:
    """Every stored file once, with the commands that touch it."""
    run, stopped = home / "runs" / runs["run"], home / "runs" / runs["stopped"]
    for name in ("run.json", "report.json", "events.jsonl", "results/1.json", "checkpoints.sqlite"):
        yield f"run/{name}", run / name, _RUN
    for name in ("run.json", "events.jsonl", "results/1.json", "checkpoints.sqlite"):
        yield f"stopped/{name}", stopped / name, _STOPPED
    yield "asks/ask.json", next(run.glob("asks/*/ask.json")), ("ask", "report", "diagnose")
    yield "asks/checkpoints.sqlite", next(run.glob("asks/*/checkpoints.sqlite")), ("ask",)
    for name in ("jobs.sqlite", "slack.sqlite", "memory/incidents.sqlite", "plans.jsonl", "redaction.key"):
        yield name, home / name, _HOME


def damage(case: Path, pattern: str, share: float) -> list[dict[str, Any]]:
    """Each file × each damage × the commands that touch it, each on a fresh copy, as a user who is not root."""
    found = []
    with _place() as place:
        whole = place / "whole"
        runs = furnished(whole, case)
        todo = commands(case, runs)
        for label, path, names in store_files(whole, runs):
            for kind, spoil in DAMAGES.items():
                for name in names if not pattern or label.split("/")[0] in pattern.split(",") else ():
                    if zlib.crc32(f"{label} {kind} {name}".encode()) >= share * 2**32:
                        continue
                    home = place / "home"
                    shutil.copytree(whole, home)
                    victim = home / path.relative_to(whole)
                    _beside(victim)
                    spoil(victim)
                    for each in (home, *home.rglob("*")):
                        os.chown(each, NOBODY, NOBODY, follow_symlinks=False)
                    before = _bytes(home)
                    got = child(todo[name], home=home, deadline_s=DEADLINE_S, uid=NOBODY)
                    lost = (
                        []
                        if name == "runs rm"
                        else _lost(before, _bytes(home), runs, victim.relative_to(home))
                    )
                    row = {"file": label, "damage": kind, "command": name, "lost": lost, **_told(got)}
                    found.append(row)
                    print(json.dumps(row), file=sys.stderr, flush=True)
                    shutil.rmtree(home)
                    _forget_spare(home)
    return found


def _beside(path: Path) -> None:
    """A database at rest has no log beside it."""
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)


def _bytes(home: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(home)): p.read_bytes()
        for p in home.rglob("*")
        if p.is_file() and not p.is_symlink()
    }


def _lost(before: dict[str, bytes], after: dict[str, bytes], runs: dict[str, str], victim: Path) -> list[str]:
    """Files of the runs that changed or went, and bytes of the damaged file that are nowhere."""
    kept = set(after.values())
    held = [
        n
        for n in before
        if n.split("/")[0] == "runs" and n.endswith(("report.json", "run.json")) and runs["stopped"] not in n
    ]
    gone = [n for n in held if before[n] not in kept and n != str(victim)]
    spoiled = before.get(str(victim), b"")
    if len(spoiled) > 2 and spoiled not in kept and str(victim).endswith(("run.json", "report.json", ".key")):
        gone.append(f"the damaged bytes of {victim}")
    return gone


# --- (b) full and read-only


def full(case: Path) -> list[dict[str, Any]]:
    """A disk that fills before or within a run, files that may not grow, and homes that may not be written."""
    found = []
    replay = diagnosis(case)
    with _place() as place:
        whole = place / "whole"
        runs = furnished(whole, case)
        todo = commands(case, runs)
        for name in (
            "diagnose",
            "runs list",
            "report",
            "ask",
            "confirm",
            "resume",
            "rerun",
            "runs rm",
            "serve start",
            "memory",
            "search",
        ):
            with _disk(place, whole, 48) as home:
                _fill(home, leave=0)
                found.append({"where": "full disk", "command": name, **_on(home, runs, todo[name])})
            with _disk(place, whole, 48) as home:
                subprocess.run(["mount", "-o", "remount,ro", str(home.parent)], check=True)
                found.append({"where": "read-only disk", "command": name, **_on(home, runs, todo[name])})
            home = place / "foreign"
            shutil.copytree(whole, home)
            _open_to_all(home)
            found.append(
                {"where": "home of another", "command": name, **_on(home, runs, todo[name], uid=NOBODY)}
            )
            shutil.rmtree(home)
            home = place / "closed"
            shutil.copytree(whole, home)
            home.chmod(0o700)
            found.append({"where": "home closed", "command": name, **_on(home, runs, todo[name], uid=NOBODY)})
            shutil.rmtree(home)
        file = place / "file"
        for name in ("diagnose", "runs list", "confirm", "serve start"):
            file.write_text("not a folder")
            found.append({"where": "home is a file", "command": name, **_on(file, runs, todo[name])})
        for steps in range(16):
            with _disk(place, whole, 48) as home:
                found.append(
                    {
                        "where": f"fills at event {steps}",
                        "command": "diagnose",
                        **_filled(home, runs, replay, steps),
                    }
                )
        for most in (0, 200, 4_000, 20_000, 60_000, 200_000):
            home = place / "limited"
            shutil.copytree(whole, home)
            found.append(
                {
                    "where": f"files of {most} bytes",
                    "command": "diagnose",
                    **_on(home, runs, replay, most_bytes=most),
                }
            )
            shutil.rmtree(home)
    return found


def _on(home: Path, runs: dict[str, str], work: Command, **how: Any) -> dict[str, Any]:
    before = _folders(home)
    kept = _bytes(home) if home.is_dir() else {}
    got = child(work, home=home, deadline_s=DEADLINE_S, **how)
    removed = runs["run"] not in _folders(home)
    lost = [] if removed else _lost(kept, _bytes(home) if home.is_dir() else {}, runs, Path("none"))
    left = sorted(set(_folders(home)) - set(before)) if got.word != "ok" else []
    _forget_spare(home)
    row = {"lost": lost, "left": left, "report": _reported(got), **_told(got)}
    print(json.dumps(row), file=sys.stderr, flush=True)
    return row


def _filled(home: Path, runs: dict[str, str], replay: Command, steps: int) -> dict[str, Any]:
    """The disk fills when the run has told so many events."""
    known, began = set(_folders(home)), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        pid = start(replay, Path(folder), home=home)
        while time.monotonic() - began < DEADLINE_S:
            new = [home / "runs" / n for n in _folders(home) if n not in known]
            told = new[0] / "events.jsonl" if new else home / "none"
            with suppress(OSError):
                if new and (steps == 0 or told.read_bytes().count(b"\n") >= steps):
                    break
            if os.waitpid(pid, os.WNOHANG)[0]:
                return {
                    "lost": [],
                    "left": [],
                    "report": True,
                    "word": "ended before",
                    "code": 0,
                    "said": "",
                    "seconds": 0.0,
                }
            time.sleep(0.001)
        _fill(home, leave=0)
        got = ended(pid, Path(folder), deadline_s=DEADLINE_S, began=began)
    left = sorted(set(_folders(home)) - known) if got.code not in (0, 1) else []
    _forget_spare(home)
    return {"lost": [], "left": left, "report": _reported(got), **_told(got)}


def _folders(home: Path) -> list[str]:
    with suppress(OSError):
        return [p.name for p in (home / "runs").iterdir()]
    return []


def _reported(got: Ended) -> bool:
    """Whether the verdict reached the terminal."""
    return "orders" in got.out and ("%" in got.out)


@contextmanager
def _disk(place: Path, whole: Path, megabytes: int) -> Iterator[Path]:
    """A disk of its own with a copy of a home on it."""
    disk = place / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(disk)], check=True)
    try:
        shutil.copytree(whole, disk / "home")
        yield disk / "home"
    finally:
        subprocess.run(["umount", str(disk)], check=True)
        disk.rmdir()


def _fill(home: Path, *, leave: int) -> None:
    handle = os.open(home.parent / "filler", os.O_WRONLY | os.O_CREAT)
    with suppress(OSError):
        while True:
            os.write(handle, bytes(4096))
    os.close(handle)


def _open_to_all(home: Path) -> None:
    for path in (home, *home.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)


# --- (c) kill -9


def kills(case: Path, number: int, seed: int) -> list[dict[str, Any]]:
    """Kill a diagnosis (and, for a fifth of them, a worker of the service) at a random moment; then go on."""
    chance, found = random.Random(seed), []
    with _place() as place:
        home = place / "home"
        took = max(child(diagnosis(case), home=home).seconds for _ in range(3))
        whole = _told_by(home / "runs" / sorted(_folders(home))[0])
        for n in range(number):
            if n % 5 == 4:
                row = _worker_kill(place, case, chance.uniform(0, 1.3 * took), n)
            else:
                row = _one_kill(home, diagnosis(case), chance.uniform(0, 1.1 * took), whole, n)
            found.append(row)
            print(json.dumps(row), file=sys.stderr, flush=True)
    return found


def _one_kill(home: Path, replay: Command, after: float, whole: Any, n: int) -> dict[str, Any]:
    known = {name: _told_by(home / "runs" / name) for name in _folders(home)}
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        pid = start(replay, Path(folder), home=home)
        over = 0
        while time.monotonic() - began < after and not over:
            over, _ = os.waitpid(pid, os.WNOHANG)
            time.sleep(0.001)
        if not over:
            kill(pid)
        acknowledged = (
            "orders" in (Path(folder) / "out").read_text() if (Path(folder) / "out").exists() else False
        )
    new = [name for name in _folders(home) if name not in known]
    lost = [name for name, told in known.items() if _told_by(home / "runs" / name) != told]
    listed = child(cli("runs", "list"), home=home)
    what, same = "nothing begun", True
    if new:
        run = home / "runs" / new[0]
        resumed = child(cli("resume", new[0]), home=home, deadline_s=DEADLINE_S)
        what = resumed.word
        same = _told_by(run) == whole if resumed.code == 0 else "before its first" in resumed.err
        if what == "refused" and same:
            what = "not begun"
        if acknowledged and _told_by(run) != whole:
            lost.append(new[0])
        for name in (new[0], *sorted(known)[3:]):
            shutil.rmtree(home / "runs" / name, ignore_errors=True)
    return {"kill": "diagnose", "after": round(after, 2), "ended": bool(over), "what": what, "same": same, "lost": lost,
            "list": listed.word, "raw": "raw" in (what, listed.word)}  # fmt: skip


def _told_by(run: Path) -> Any:
    """A report without what differs from run to run: its id and times."""
    try:
        told = json.loads((run / "report.json").read_text())
    except (OSError, ValueError):
        return None
    told.pop("run"), told.pop("cost")
    for call in told["calls"]:
        call.pop("seconds", None)
    return told


def _worker(case: Path) -> Command:
    """What a worker process of the service does, until its job table is empty."""

    def work() -> int:
        from aitia.core.home import aitia_home
        from aitia.engine import choose_engine
        from aitia.jobs.owner import owner_of
        from aitia.jobs.table import JobTable
        from aitia.jobs.work import Work
        from aitia.settings import load_settings

        settings = load_settings(case / "aitia.yaml")
        engine = choose_engine(
            None, settings=settings, planner=None, narrator=None, threads=None, on_event=None
        )
        table = JobTable(aitia_home())
        table.free_dead()
        while (claim := table.claim(owner_of(os.getpid()), lease_s=30, attempts=9)) is not None:
            Work(table, aitia_home(), settings, engine).run(claim)
        return 0

    return work


def _worker_kill(place: Path, case: Path, after: float, n: int) -> dict[str, Any]:
    home = place / f"jobs{n}"
    home.mkdir()
    child(_queued(case), home=home)
    with tempfile.TemporaryDirectory() as folder:
        pid = start(_worker(case), Path(folder), home=home)
        time.sleep(after)
        kill(pid)
    got = child(_worker(case), home=home, deadline_s=DEADLINE_S)
    state = child(_states(), home=home).out.split()
    runs = _folders(home)
    shutil.rmtree(home)
    what = " ".join(state) or "job lost"
    if what == "done" and len(runs) > 1:
        what = "done, and a run that never told its job"
    return {"kill": "worker", "after": round(after, 2), "ended": False, "what": what, "same": state == ["done"],
            "lost": [] if state else ["the job"], "list": got.word, "raw": got.word == "raw"}  # fmt: skip


def _states() -> Command:
    def work() -> int:
        from aitia.core.home import aitia_home
        from aitia.jobs.table import JobTable

        print(" ".join(job.state for job in JobTable(aitia_home()).jobs()))
        return 0

    return work


# --- (d) clock jumps

JUMPS: Final = {"+1 h": 3600, "-1 h": -3600, "+1 day": 86400, "-1 day": -86400}
FAKE: Final = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")


def clock(case: Path) -> list[dict[str, Any]]:
    """The wall clock jumps within a run, and between the steps of a job whose worker died (libfaketime)."""
    if not FAKE.exists():
        print("clock: install faketime to measure this")
        return []
    found = []
    with _place() as place:
        home = place / "home"
        child(diagnosis(case), home=home)
        whole = _told_by(home / "runs" / sorted(_folders(home))[0])
        for name, seconds in JUMPS.items():
            found.append({"jump": name, "what": "within a diagnosis", **_jumped(home, case, seconds, whole)})
            found.append(
                {"jump": name, "what": "between claim and next start", **_lease(place, case, seconds)}
            )
            found.append({"jump": name, "what": "retention", **_retained(home, seconds)})
    return found


def _jumped(home: Path, case: Path, seconds: int, whole: Any) -> dict[str, Any]:
    known = set(_folders(home))
    rc = home.parent / "clock"
    rc.write_text("+0")
    env = os.environ | {"AITIA_HOME": str(home), "LD_PRELOAD": str(FAKE), "FAKETIME_TIMESTAMP_FILE": str(rc),
                        "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}  # fmt: skip
    words = [sys.executable, "-c", "from aitia.cli import main; main()", *line(case)]
    began = time.monotonic()
    process = subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and time.monotonic() - began < DEADLINE_S:
        new = [n for n in _folders(home) if n not in known]
        if new and any((home / "runs" / new[0] / "results").glob("*.json")):
            rc.write_text(f"{seconds:+d}")
            break
        time.sleep(0.002)
    try:
        _, err = process.communicate(timeout=DEADLINE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return {"outcome": "hang", "good": False}
    new = [n for n in _folders(home) if n not in known]
    told = (
        json.loads((home / "runs" / new[0] / "report.json").read_text())
        if new and process.returncode in (0, 1)
        else {}
    )
    same = bool(told) and _told_by(home / "runs" / new[0]) == whole
    took = told.get("cost", {}).get("seconds", -1.0)
    outcome = f"exit {process.returncode}, report {'the same' if same else 'differs'}, took {took} s"
    return {"outcome": outcome, "good": same and 0 <= took < DEADLINE_S,
            "said": err.strip().splitlines()[-1][:90] if err.strip() else ""}  # fmt: skip


def _lease(place: Path, case: Path, seconds: int) -> dict[str, Any]:
    """A worker of another host claims a job and dies; the clock jumps; the next worker here."""
    home = place / "lease"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    child(_queued(case), home=home)

    def claimed() -> int:
        from aitia.core.home import aitia_home
        from aitia.jobs.table import JobTable

        JobTable(aitia_home()).claim("elsewhere/1/1", lease_s=30, attempts=9)
        return 0

    def later() -> int:
        import aitia.jobs.table as table

        class Jumped(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> datetime:
                return datetime.now(tz) + timedelta(seconds=seconds)

        table.datetime = Jumped
        worker = _worker(case)
        return worker()

    child(claimed, home=home)
    got = child(later, home=home, deadline_s=DEADLINE_S)
    state = child(_states(), home=home).out.strip()
    # A lease of 30 s that has not run out yet is kept on purpose: only a clock that was set back by far makes it wrong.
    return {"outcome": f"job {state}", "good": state == "done", "said": got.err.strip()[-90:]}


def _retained(home: Path, seconds: int) -> dict[str, Any]:
    before = set(_folders(home))

    def clean() -> int:
        from aitia.core.home import aitia_home
        from aitia.retention import retain
        from aitia.settings import Retention

        retain(aitia_home(), Retention(), now=datetime.now(tz=UTC) + timedelta(seconds=seconds))
        return 0

    child(clean, home=home)
    gone = before - set(_folders(home))
    return {"outcome": f"{len(gone)} of {len(before)} runs deleted", "good": not gone}


# --- the table


def _told(got: Ended) -> dict[str, Any]:
    said = [line for line in got.err.strip().splitlines() if line.strip()]
    said = [line for line in said if line.startswith("error:")] or said
    told = next(
        (
            line
            for line in said
            if line.startswith(("error:", "Free", "Make", "Remove", "Restore", "Move", "Use", "Play"))
        ),
        said[-1] if said else "",
    )
    return {"word": got.word, "code": got.code, "said": told[:200], "seconds": round(got.seconds, 1)}


def _forget_spare(home: Path) -> None:
    """What was kept in memory for a home (see aitia.core.memory_folder), of either user."""
    digest = hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:12]
    for place in (Path("/dev/shm"), Path(tempfile.gettempdir())):
        for path in place.glob(f"aitia-*-{digest}"):
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(
        prefix="aitia-faults-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    ) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def _count(rows: Sequence[dict[str, Any]], by: str, what: str = "word") -> str:
    words = sorted({str(r[what]) for r in rows})
    lines = [f"{by:<28}" + "".join(f"{w:>12}" for w in words) + f"{'lost':>8}{'all':>6}"]
    for key in dict.fromkeys(str(r[by]) for r in rows):
        mine = [r for r in rows if str(r[by]) == key]
        counts = Counter(str(r[what]) for r in mine)
        lines.append(
            f"{key:<28}"
            + "".join(f"{counts[w]:>12}" for w in words)
            + f"{sum(bool(r['lost']) for r in mine):>8}{len(mine):>6}"
        )
    return "\n".join(lines)


def main() -> int:
    """Run the parts that were asked for and print their tables."""
    made = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    made.add_argument("--parts", default="damage,full,kill,clock")
    made.add_argument("--file", default="", help="damage only these: run, stopped, asks, jobs.sqlite, ...")
    made.add_argument(
        "--share", type=float, default=1.0, help="of the combinations of file, damage and command"
    )
    made.add_argument("--kills", type=int, default=200)
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--json", default="")
    arguments = made.parse_args()
    began, parts, told = time.monotonic(), arguments.parts.split(","), {}
    with tempfile.TemporaryDirectory(prefix="aitia-case-") as folder:
        Path(folder).chmod(0o755)
        case = site(Path(folder) / "small")
        warm = Path(folder) / "warm"
        preload([diagnosis(case), cli("ask", "last", "why orders?", "--model", "none"),
                 cli("confirm", "last"), cli("explain", "last"), cli("rerun", "last"), cli("memory", "list"),
                 _guarded(_queued(case)), _guarded(_web(case, "/v1/search?q=orders")), _worker(case)], warm)  # fmt: skip
        sizes = [
            sum(f.stat().st_size for f in run.rglob("*") if f.is_file()) for run in (warm / "runs").iterdir()
        ]
        print(f"one run keeps {max(sizes) / 1e6:.2f} MB\n")
        if "damage" in parts:
            told["damage"] = rows = damage(case, arguments.file, arguments.share)
            print(
                _count(rows, "file"), _count(rows, "damage"), _count(rows, "command"), sep="\n\n", end="\n\n"
            )
        if "full" in parts:
            told["full"] = rows = full(case)
            print(_count(rows, "where"), _count(rows, "command"), sep="\n\n")
            asked = [r for r in rows if r["command"] == "diagnose"]
            print(
                f"\nreport printed: {sum(r['report'] for r in asked)} of {len(asked)}; "
                f"run folders left behind: {sum(bool(r['left']) for r in rows)}\n"
            )
        if "kill" in parts:
            told["kill"] = rows = kills(case, arguments.kills, arguments.seed)
            print(_count(rows, "kill", "what"))
            print(
                f"\nas uninterrupted, or nothing begun: {sum(r['same'] for r in rows)} of {len(rows)}; "
                f"raw exceptions: {sum(r['raw'] for r in rows)}\n"
            )
        if "clock" in parts:
            told["clock"] = rows = clock(case)
            for r in rows:
                print(f"{r['jump']:<8}{r['what']:<32}{'good' if r['good'] else 'BAD':<6}{r['outcome']}")
    print(f"\n{time.monotonic() - began:.0f} s, commit {commit()}")
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(told, indent=1, ensure_ascii=False), encoding="utf-8")
    bad = sum(
        r["word"] in ("raw", "hang", "killed") or bool(r["lost"])
        for r in (*told.get("damage", ()), *told.get("full", ()))
    )
    bad += sum(r["raw"] or bool(r["lost"]) for r in told.get("kill", ())) + sum(
        not r["good"] for r in told.get("clock", ())
    )
    return int(bad > 0)


if __name__ == "__main__":
    raise SystemExit(main())
