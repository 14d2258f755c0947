"""Child processes that run one command of aitia each, forked from a parent that has imported everything: a second, not five."""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import json
import os
import re
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

NOBODY = 65534
RAW = re.compile(r"Traceback \(most recent call last\)|\(add --debug for the traceback\)")


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a child ended: its exit code (negative: the signal), None where it hung and was killed."""

    code: int | None
    out: str
    err: str
    seconds: float

    @property
    def word(self) -> str:
        """ok, warned, refused (with a message that a person can act on), not stored, raw (an exception), hang, killed."""
        if self.code is None:
            return "hang"
        if RAW.search(self.err) or RAW.search(self.out):
            return "raw"
        if self.code < 0:
            return "killed"
        if self.code == 3:
            return "not stored"
        if self.code in (0, 10, 11):
            return "warned" if SAID.search(self.err) else "ok"
        return "refused" if "error: " in self.err and SAID.search(self.err) else "raw"


SAID = re.compile(  # what is wrong, then what to do about it
    r"(?m)(?:^|[.:;,] |\bor )(Remove|Restore|Use|Free|Give|Set|Fix|Make|Move|Play|Replay|Diagnose|Put|Check|Wait|Try|Ask|Choose"
    r"|List|Name|Raise|Stop|Start|remove|restore|the recorded report was damaged)\b"
)


def cli(*arguments: str) -> Callable[[], int]:
    """A command line of aitia."""

    def run() -> int:
        from aitia.cli.app import run as main

        return main(list(arguments))

    return run


def start(
    work: Callable[[], int],
    place: Path,
    *,
    home: Path,
    uid: int = 0,
    most_bytes: int | None = None,
    nice: int = 10,
) -> int:
    """Fork a child that does `work` and leaves; its process id. Its output goes to files in `place`."""
    if pid := os.fork():
        return pid
    code: object = 1
    try:
        os.setsid()
        os.nice(nice)
        for name, number in (("out", 1), ("err", 2)):
            os.dup2(os.open(place / name, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666), number)
        os.environ["AITIA_HOME"] = str(home)
        os.chdir(place)
        if uid:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        if most_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
        code = work()
    except BaseException:
        traceback.print_exc()
    finally:  # whatever fails, the child must not go on as its parent
        with contextlib.suppress(Exception):
            sys.stdout.flush()
        os._exit(code if isinstance(code, int) else 0)


def _listen(place: Path) -> dict[str, int]:
    """Pipes in place of the output files, for a child that may write no file; the ends to read from."""
    found = {}
    for name in ("out", "err"):
        os.mkfifo(place / name)
        found[name] = os.open(place / name, os.O_RDWR | os.O_NONBLOCK)
        fcntl.fcntl(found[name], fcntl.F_SETPIPE_SZ, 1 << 20)
    return found


def _read(end: int) -> str:
    with contextlib.suppress(BlockingIOError):
        return os.read(end, 1 << 20).decode(errors="replace")
    return ""


def ended(pid: int, place: Path, *, deadline_s: float, began: float) -> Ended:
    """Wait for a child; one that has not ended at the deadline is killed."""
    code: int | None = None
    while time.monotonic() - began < deadline_s:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            break
        time.sleep(0.02)
    else:
        kill(pid)
    read = lambda name: (place / name).read_text(errors="replace") if (place / name).is_file() else ""  # noqa: E731
    return Ended(code=code, out=read("out"), err=read("err"), seconds=time.monotonic() - began)


def kill(pid: int) -> None:
    """Kill -9 the child and all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def child(
    work: Callable[[], int],
    *,
    home: Path,
    deadline_s: float = 120.0,
    uid: int = 0,
    most_bytes: int | None = None,
) -> Ended:
    """Run `work` in a child to its end."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        place.chmod(0o777)
        pipes = _listen(place) if most_bytes is not None else {}
        began = time.monotonic()
        pid = start(work, place, home=home, uid=uid, most_bytes=most_bytes)
        got = ended(pid, place, deadline_s=deadline_s, began=began)
        said = {name: _read(end) for name, end in pipes.items()}
        for end in pipes.values():
            os.close(end)
        return replace(got, **said)


def preload(works: Sequence[Callable[[], int]], home: Path) -> None:
    """Import here what the commands import, so that each child has it."""
    with tempfile.TemporaryDirectory() as folder:
        for n, work in enumerate(works):
            file = Path(folder) / str(n)

            def listed(work: Callable[[], int] = work, file: Path = file) -> int:
                import sys

                code = work()
                file.write_text(json.dumps([m for m in sys.modules if m != "__main__"]))
                return code

            child(listed, home=home, deadline_s=300)
            for name in json.loads(file.read_text()) if file.exists() else ():
                with contextlib.suppress(Exception):
                    importlib.import_module(name)
