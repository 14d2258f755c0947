"""How other programs are started: found in a path without the working folder, with an environment of few names.

A file such as `secrets.py`, `pip.py` or `kubectl` in the folder that one happens to stand in must never run.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SYSTEM: Final = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
PLAIN: Final = ("HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")
"""Environment variables that hold no secret and that most programs need."""

_SAFE: Final = "PYTHONSAFEPATH"  # a Python with it does not import from the working folder (PEP 686's -P)
_BOOT: Final = (
    "import os, sys, runpy; m, more = sys.argv[1:3]; sys.path += [p for p in more.split(os.pathsep) if p];"
    " sys.argv = [m, *sys.argv[3:]]; runpy.run_module(m, run_name='__main__', alter_sys=True)"
)


def safe_path() -> str:
    """The user's PATH without empty and relative entries and without the working folder; the system's where nothing is left."""
    here, home = _here(), Path.home()
    entries = [Path(p) for p in os.environ.get("PATH", "").split(os.pathsep) if p and Path(p).is_absolute()]
    # Who stands in his home folder, or above it, still has his own ~/.local/bin.
    foreign = [p for p in entries if p == here or (here in p.parents and not home.is_relative_to(here))]
    kept = [str(p) for p in entries if p not in foreign]
    return os.pathsep.join(dict.fromkeys(kept or SYSTEM))


def _here() -> Path:
    """The working folder; one that is gone by now holds no program."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path("/nonexistent")


def program(name: str, *, folder: Path | None = None) -> str:
    """The absolute path of a program: by its name in `safe_path`, or by its path, a relative one below `folder`.

    Raises FileNotFoundError; a relative path without a folder is one, since it would mean the working folder's program.
    """
    if "/" in name:
        path = Path(name).expanduser()
        path = path if path.is_absolute() or folder is None else folder / path
        found = str(path) if path.is_absolute() else None
    else:
        found = shutil.which(name, path=safe_path())
    if found is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
    return found


def environment(*names: str, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """A small environment: the safe path, the plain variables, those of `names` that are set, and `given`."""
    kept = {n: os.environ[n] for n in (*PLAIN, *names) if n in os.environ}
    return {"PATH": safe_path(), **kept, **(given or {})}


def own_environment() -> dict[str, str]:
    """All variables, for a child that needs the secrets among them, without what tells Python where to import from."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    return kept | {"PATH": safe_path(), _SAFE: "1"}


def python_module(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of this installation; nothing is imported from the working folder or PYTHONPATH first.

    What PYTHONPATH adds comes last: a package that is installed so is found, and replaces nothing.
    """
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    here = _here()
    extra = [p for p in dict.fromkeys(named) if p and Path(p).is_absolute() and Path(p) != here]
    return [sys.executable, "-P", "-E", "-c", _BOOT, module, os.pathsep.join(extra), *arguments]


@contextmanager
def safe_imports() -> Iterator[None]:
    """Pythons that start meanwhile (those of `multiprocessing` too) import nothing from the working folder."""
    before = os.environ.get(_SAFE)
    os.environ[_SAFE] = "1"
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(_SAFE, None)
        else:
            os.environ[_SAFE] = before
