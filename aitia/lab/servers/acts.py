"""Carries out the steps of faults and decoys on a running system."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any, Final

from aitia.core.errors import SourceError
from aitia.lab.proxy import tell
from aitia.lab.servers.rig import Rig
from aitia.lab.servers.steps import (
    Burn,
    Command,
    EdgeStep,
    Fill,
    Hold,
    Journal,
    Kill,
    LoadStep,
    Pause,
    Restart,
    Run,
    Send,
    Step,
    Wait,
    Write,
)
from aitia.lab.supervisor import Child

HOLD: Final = """import sys, time
held = bytearray(int(sys.argv[1]) << 20)
for page in range(0, len(held), 4096):
    held[page] = 1
time.sleep(1e6)"""

CHUNK: Final = 1 << 20


class Acts:
    """Does steps, and keeps what the site's journal got and which programs were touched."""

    def __init__(self, rig: Rig, *, seed: int) -> None:
        self._rig, self._random = rig, random.Random(seed)
        self.journal: list[tuple[float, Journal]] = []
        self.touched: set[str] = set()
        self._done = threading.Event()
        self._helpers = 0

    def close(self) -> None:
        """Stop what is repeated."""
        self._done.set()

    def do(self, steps: tuple[Step, ...]) -> None:
        """One after the other. Raises SourceError where a step fails."""
        for step in steps:
            getattr(self, f"_{step.verb}")(step.does)

    def _kill(self, kill: Kill) -> None:
        self.touched.add(kill.program)
        self._rig.supervisor.end(kill.program, signal.Signals[kill.signal], back=kill.back)

    def _pause(self, pause: Pause) -> None:
        self.touched.add(pause.program)
        pids = self._tree(pause.program)
        _each(pids, signal.SIGSTOP)
        if pause.for_s is not None:
            threading.Timer(pause.for_s, _each, (pids, signal.SIGCONT)).start()

    def _restart(self, restart: Restart) -> None:
        self.touched.add(restart.program)
        rig, program = self._rig, self._rig.system.program(restart.program)
        argv = [rig.text(word) for word in (*(restart.argv or program.argv), *restart.add)]
        changes: dict[str, Any] = {"argv": argv, "env": rig.environment_of(program, restart.env)}
        if restart.limit_mb is not None:
            changes["limit_mb"] = restart.limit_mb
        rig.supervisor.renew(restart.program, **changes)

    def _send(self, send: Send) -> None:
        process = self._rig.supervisor.process(send.program)
        if process is not None:
            os.kill(process.pid, signal.Signals[send.signal])

    def _run(self, run: Run) -> None:
        if run.every_s:
            threading.Thread(target=self._repeat, args=(run,), daemon=True).start()
        elif run.background:
            rig = self._rig
            self._helper([rig.text(word) for word in run.argv], rig.environment(run.env), rig.user(run.user))
        else:
            done = self._rig.command(
                Command.model_validate(run.model_dump(include=set(Command.model_fields)))
            )
            if done.returncode and not run.may_fail:
                raise SourceError(
                    f"{self._rig.text(run.argv[0])} ended with {done.returncode}: {done.stderr.strip()[-300:]}"
                )

    def _repeat(self, run: Run) -> None:
        while not self._done.is_set():
            self._rig.command(run)
            self._done.wait(run.every_s)

    def _burn(self, burn: Burn) -> None:
        self.touched.add(burn.program)
        cpu = {self._random.choice(sorted(os.sched_getaffinity(0)))}
        for pid in self._tree(burn.program):
            _bind(pid, cpu)
        for _ in range(burn.workers):
            child = self._helper([sys.executable, "-c", "while True: pass"], self._rig.environment({}), None)
            if child.process is not None:
                _bind(child.process.pid, cpu)

    def _fill(self, fill: Fill) -> None:
        place = self._rig.dir(fill.dir) / fill.name
        left = os.statvfs(place.parent)
        size = left.f_bavail * left.f_frsize - fill.leave_kb * 1024
        with place.open("wb") as file:
            for at in range(0, max(0, size), CHUNK):
                file.write(b"\1" * min(CHUNK, size - at))

    def _hold(self, hold: Hold) -> None:
        self._helper([sys.executable, "-c", HOLD, str(hold.mb)], self._rig.environment({}), None)

    def _edge(self, edge: EdgeStep) -> None:
        tell(self._rig.port("control"), **edge.model_dump())

    def _write(self, write: Write) -> None:
        text = write.text
        if write.replace:
            text = self._rig.present(write.file)
            for old, new in write.replace.items():
                if old not in text:
                    raise SourceError(f"write: {old!r} does not stand in {write.file!r}.")
                text = text.replace(old, new)
        self._rig.write(write.file, text)

    def _load(self, load: LoadStep) -> None:
        url = f"http://{self._rig.at(f'load {load.load}')}/factor"
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            url, f"{load.factor}".encode(), timeout=5
        ).close()

    def _journal(self, journal: Journal) -> None:
        self.journal.append((time.time(), journal))

    def _wait(self, wait: Wait) -> None:
        time.sleep(wait.seconds)

    def _helper(self, argv: list[str], env: dict[str, str], user: str | None) -> Child:
        self._helpers += 1
        log = self._rig.folder / "quiet" / f"helper-{self._helpers}.log"
        child = Child(
            name=f"helper-{self._helpers}", argv=argv, log=log, noted=False, restart=False, env=env, clean=True,
            user=user, cwd=Path("/"),
        )  # fmt: skip
        self._rig.supervisor.start(child)
        return child

    def _tree(self, name: str) -> list[int]:
        """The program's process and all below it."""
        process = self._rig.supervisor.process(name)
        if process is None:
            return []
        parents = dict(_parents())
        found = {process.pid}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return sorted(found)


def _parents() -> list[tuple[int, int]]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            found.append((int(stat.parent.name), int(stat.read_text().rpartition(")")[2].split()[1])))
        except OSError:
            continue  # it has ended meanwhile
    return found


def _each(pids: list[int], how: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, how)
        except ProcessLookupError:
            continue


def _bind(pid: int, cpus: set[int]) -> None:
    for thread in Path(f"/proc/{pid}/task").glob("*"):
        try:
            os.sched_setaffinity(int(thread.name), cpus)
        except ProcessLookupError:
            continue
