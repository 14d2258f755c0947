"""Runs that another home made: begun and cut off after their first checkpoints, or finished; copied, then doctored."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.attack.foreign_world import Server, World

_MAKE = """
import sys
from pathlib import Path
from aitia import api
home, folder, finished = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "True"
def hear(event):
    if not finished and type(event).__name__ == "TaskDone":
        raise KeyboardInterrupt
try:
    api.replay(folder, model=None, home=home, on_event=hear, max_calls=8)
except KeyboardInterrupt:
    pass
"""
python = Path(sys.executable)  # whose aitia makes the runs: the attacked version's
"""Set by `foreign.py --aitia`: a version must be attacked with runs that it could have made."""


@functools.cache
def _made(finished: bool, by: Path) -> Path:
    root = Path(tempfile.mkdtemp(prefix="aitia-foreign-run-"))
    world = World(root, Server())
    folder = world.scenario()
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "AITIA"))}
    command = [str(by), "-P", "-c", _MAKE, str(world.home), str(folder), str(finished)]
    subprocess.run(command, check=True, capture_output=True, env=env, cwd=root, timeout=300)
    (run,) = (world.home / "runs").iterdir()
    return run


def run_of(world: World, *, finished: bool) -> Path:
    """A copy of such a run in the world's home."""
    run = _made(finished, python)
    to = world.home / "runs" / run.name
    shutil.copytree(run, to)
    return to
