"""Canaries around one run of aitia: a program that leaves a mark, a server that writes down requests, secrets elsewhere.

What happened is told by the canaries alone, never by what aitia says of itself:

start  the canary program left its mark
open   the canary server was asked
send   a secret of the environment or of a credential file reached the server
read   a file outside the folder was opened, or what it holds is in the store or in the output
"""

from __future__ import annotations

import base64
import contextlib
import http.server
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import yaml

NOW: Final = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
START: Final = NOW - timedelta(minutes=10)
VARIABLE: Final = "CANARY_TOKEN"  # an environment variable of the user, not of the foreign folder
SENT: Final = "sesamecanary4f1d"  # its value, and that of the credential file
HELD: Final = "zebracanary7a3c"  # what files outside hold: no form that a redactor replaces
LOG: Final = "CANARY_LOG"
_WATCHED: Final = frozenset({"open", "sqlite3.connect"})


class Server(http.server.ThreadingHTTPServer):
    """Answers everything with an empty Prometheus answer, and writes down each request with its headers and body."""

    daemon_threads = True

    def __init__(self) -> None:
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), _Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append(f"{self.requestline}\n{self.headers}\n{body.decode('utf-8', 'replace')}")
        told = b'{"status":"success","data":{"resultType":"matrix","result":[]}}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    do_GET = do_POST = do_PUT = do_HEAD = do_CONNECT = _any

    def log_message(self, *_: Any) -> None:
        """Nothing: what was asked is kept."""


@dataclass
class World:
    """A user's machine in small: a home, a folder that came from elsewhere, and what must not be touched."""

    root: Path
    server: Server
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("home", "foreign", "outside", "desk", "user"):
            (self.root / name).mkdir(parents=True)
        self.env = {"AITIA_HOME": str(self.home), "HOME": str(self.root / "user"), VARIABLE: SENT}
        self.program.write_text(f"#!/bin/sh\necho started >> {self.mark}\n")
        self.program.chmod(0o755)
        (self.outside / "token").write_text(SENT)
        _telemetry(self.foreign)
        _outside(self.outside)

    @property
    def home(self) -> Path:
        """AITIA_HOME of the user."""
        return self.root / "home"

    @property
    def foreign(self) -> Path:
        """The folder that came from elsewhere."""
        return self.root / "foreign"

    @property
    def outside(self) -> Path:
        """The user's own files, which the foreign folder must not reach."""
        return self.root / "outside"

    @property
    def desk(self) -> Path:
        """An innocent working folder."""
        return self.root / "desk"

    @property
    def program(self) -> Path:
        """The canary program, in the foreign folder."""
        return self.foreign / "canary"

    @property
    def mark(self) -> Path:
        """What the canary program leaves."""
        return self.root / "mark"

    def python(self, name: str, folder: Path | None = None) -> Path:
        """A Python file in a folder whose import leaves the mark."""
        file = (folder or self.foreign) / name
        file.write_text(f"open({str(self.mark)!r}, 'a').write('imported {name}')\n")
        return file

    def scenario(self, *sources: Mapping[str, Any], **fields: Any) -> Path:
        """A scenario in the foreign folder: its own metrics and logs, and these sources besides."""
        told = {
            "id": "foreign", "title": "a recorded incident", "recorded": {"by": "somebody"},
            "incident": {"title": "shop answers with errors", "started_at": NOW - timedelta(minutes=2)},
            "now": NOW, "window": {"start": START, "end": NOW},
            "baselines": [{"name": "preceding", "window": {"start": START - timedelta(hours=1), "end": START}}],
            "sources": [*OWN, *sources], "expected": {"verdict": "unknown"},
        } | fields  # fmt: skip
        (self.foreign / "scenario.yaml").write_text(yaml.safe_dump(told))
        return self.foreign

    def settings(self, *sources: Mapping[str, Any], at: Path | None = None, **fields: Any) -> Path:
        """An aitia.yaml, in the foreign folder unless said otherwise."""
        told = {"sources": [*OWN, *sources], "model": {"name": "none"}, "service": {"at": NOW}} | fields
        file = (at or self.foreign) / "aitia.yaml"
        file.write_text(yaml.safe_dump(told))
        if at is not None:
            _telemetry(at)
        return file

    def repository(self, folder: Path, subject: str) -> Path:
        """A Git repository with one commit in the window."""
        folder.mkdir(parents=True, exist_ok=True)
        when = (NOW - timedelta(minutes=5)).isoformat()
        env = os.environ | {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when, "HOME": str(self.root)}
        (folder / "shop").mkdir()
        (folder / "shop" / "main.py").write_text("pass\n")
        named = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        for args in (("init", "-q"), ("add", "."), (*named, "commit", "-qm", subject)):
            subprocess.run(["git", "-C", str(folder), *args], env=env, check=True, capture_output=True)
        return folder

    def happened(self, output: str, audit: Sequence[str]) -> set[str]:
        """What the canaries saw."""
        found: set[str] = set()
        if self.mark.exists():
            found.add("start")
        asked = "\n".join(self.server.asked)
        if asked:
            found.add("open")
        if SENT in asked or any(SENT in _decoded(word) for word in asked.split()):
            found.add("send")
        if HELD in output or SENT in output or HELD in asked or self._stored(HELD, SENT):
            found.add("read")
        private = (self.outside.resolve(), (self.root / "user" / "secret.log").resolve())
        if any(name == "environ" or any(Path(name).is_relative_to(p) for p in private) for name in audit):
            found.add("read")
        if (self.outside / "events.jsonl").read_text() != "":
            found.add("read")  # it was written, even
        return found

    def _stored(self, *words: str) -> bool:
        files = [f for f in self.home.rglob("*") if f.is_file() and not f.is_symlink()]
        held = [f.read_bytes() for f in files if "planted" not in f.name]
        return any(word.encode() in data for data in held for word in words)


def _decoded(word: str) -> str:
    try:
        return base64.b64decode(word, validate=True).decode("utf-8", "replace")
    except ValueError:
        return ""


OWN: Final[tuple[dict[str, Any], ...]] = (
    {"name": "metrics", "kind": "metrics", "type": "table", "path": "metrics.csv"},
    {"name": "logs", "kind": "logs", "type": "log_files", "path": "logs"},
)


def _telemetry(folder: Path) -> None:
    """Metrics and logs of a shop that answers with errors for two minutes."""
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    rows = ["time,component,metric,value"]
    lines: list[str] = []
    for n in range(140):
        at = NOW - timedelta(seconds=30 * (140 - n))
        bad = at > NOW - timedelta(minutes=2)
        rows += [f"{at.isoformat()},shop,errors_per_second,{9 if bad else 0.1 + n % 3 / 100}"]
        lines += [f"{at.isoformat()} {'ERROR connection refused by db' if bad else 'INFO served a request'}"]
    (folder / "metrics.csv").write_text("\n".join(rows) + "\n")
    (folder / "logs" / "shop.log").write_text("\n".join(lines) + "\n")


def _outside(folder: Path) -> None:
    """Files of the user, each of a kind that some reader reads, each with the word that must not be seen again."""
    at = (NOW - timedelta(minutes=1)).isoformat()
    span = {"traceId": "0" * 31 + "1", "spanId": "0" * 15 + "1", "name": HELD, "kind": 2,
            "startTimeUnixNano": str(int((NOW - timedelta(minutes=1)).timestamp() * 1e9)),
            "endTimeUnixNano": str(int(NOW.timestamp() * 1e9)), "status": {"code": 2}}  # fmt: skip
    service = {"attributes": [{"key": "service.name", "value": {"stringValue": HELD}}]}
    texts = {
        "events.jsonl": "",
        "secret.log": "".join(f"{at} ERROR {HELD} number {n}\n" for n in range(50)),
        "secret.csv": f"time,component,metric,value\n{at},{HELD},errors_per_second,5\n",
        "secret.md": f"# {HELD}\n\nWhen the shop answers with errors, look at {HELD}.\n",
        "incidents.jsonl": json.dumps({"id": HELD, "title": f"shop answers with errors {HELD}"}) + "\n",
        "changes.jsonl": json.dumps({"at": at, "component": HELD, "kind": "deploy", "text": HELD}) + "\n",
        "topology.yaml": yaml.safe_dump({"components": [{"id": HELD}]}),
        "spans.jsonl": json.dumps({"resourceSpans": [{"resource": service, "scopeSpans": [{"spans": [span]}]}]}),
        "cluster.json": json.dumps({"kind": "Deployment", "metadata": {"name": HELD, "namespace": HELD, "uid": "1"}}),
        "faults.yaml": yaml.safe_dump({"faults": [{"id": HELD}]}),
        "weights.json": json.dumps({HELD: 1}),
        "report.json": json.dumps({"id": HELD, "title": HELD, "schema_version": 1, "state": "finished"}),
    }  # fmt: skip
    for name, text in texts.items():
        (folder / name).write_text(text)
    import numpy as np

    np.savez(folder / "secret.npz", **{HELD: np.zeros(8), f"{HELD}2": np.zeros(8)})
    (folder / "memory").mkdir()
    (folder / "memory" / "incidents.sqlite").write_bytes(b"")


_audited: list[str] | None = None
_hooked = False


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if _audited is not None and event in _WATCHED and args and isinstance(args[0], str | bytes | os.PathLike):
        name = os.fsdecode(args[0])
        _audited.append(
            "environ" if name.startswith("/proc/") and name.endswith("/environ") else os.path.realpath(name)
        )


@contextlib.contextmanager
def audited() -> Iterator[list[str]]:
    """The files that this process opens meanwhile."""
    global _audited, _hooked
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked = True
    _audited = seen = []
    try:
        yield seen
    finally:
        _audited = None


@dataclass(frozen=True)
class Call:
    """One thing that a user does: a command line of aitia, or a piece of Python with its API."""

    argv: tuple[str, ...] = ()
    code: str = ""
    stdin: str = ""


def spawned(
    world: World, call: Call, cwd: Path, aitia: Path, env: Mapping[str, str]
) -> tuple[str, list[str]]:
    """Do it in a process of its own, as a user would; what it printed, and which files it opened."""
    spy = world.root / "spy"
    spy.mkdir(exist_ok=True)
    log = world.root / "opened"
    (spy / "sitecustomize.py").write_text(_SPY)
    whole = {k: v for k, v in os.environ.items() if not k.startswith(("AITIA", "PYTHON", "GIT_"))}
    paths = [str(spy), *env.get("PYTHONPATH", "").split(os.pathsep)]
    whole |= {**world.env, **env, LOG: str(log), "PYTHONPATH": os.pathsep.join(paths).rstrip(os.pathsep)}
    script = world.root / "script.py"
    script.write_text(call.code)
    command = [str(aitia), *call.argv] if call.argv else [str(aitia.parent / "python"), str(script)]
    try:
        done = subprocess.run(command, cwd=cwd, env=whole, capture_output=True, timeout=120,
                              input=call.stdin.encode(), check=False)  # fmt: skip
        said = done.stdout + done.stderr
    except subprocess.TimeoutExpired as error:
        said = (error.stdout or b"") + (error.stderr or b"") + b"\ntimed out"
    seen = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return said.decode("utf-8", "replace"), seen


_SPY: Final = f"""
import os, sys
_log = os.environ.get({LOG!r})
_watched = {sorted(_WATCHED)!r}
_in = False
def _hook(event, args):
    global _in
    if _in or event not in _watched or not args or not isinstance(args[0], (str, bytes)):
        return
    _in = True
    try:
        name = os.fsdecode(args[0])
        name = "environ" if name.startswith("/proc/") and name.endswith("/environ") else os.path.realpath(name)
        handle = os.open(_log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, name.encode() + b"\\n")
        os.close(handle)
    finally:
        _in = False
if _log:
    sys.addaudithook(_hook)
"""


def here(world: World, call: Call, cwd: Path, env: Mapping[str, str]) -> tuple[str, list[str]]:
    """Do it in this process: ten times as fast, with the same code behind it."""
    from aitia.cli.app import run

    before, folder, stdin = dict(os.environ), Path.cwd(), sys.stdin
    said = io.StringIO()
    try:
        os.environ.update({**world.env, **env})
        os.chdir(cwd)
        sys.stdin = io.TextIOWrapper(io.BytesIO(call.stdin.encode()))
        with audited() as seen, contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            if call.argv:
                said.write(f"\nexit code {run(list(call.argv))}")
            else:
                _python(call.code, said)
    finally:
        sys.stdin = stdin
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(before)
    return said.getvalue(), list(seen)


def _python(code: str, said: io.StringIO) -> None:
    from aitia.core.errors import AitiaError

    try:
        exec(compile(code, "api", "exec"), {"__name__": "api"})  # the piece of Python of a way, written there
    except AitiaError as error:
        said.write(f"{type(error).__name__}: {error}")
