"""`aitia doctor`: is everything in place, and how is what is missing mended."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from aitia.core.config import SourceConfig
from aitia.core.errors import AitiaError, BadInput, ModelError
from aitia.core.words import Window, Word
from aitia.settings import Settings, find_settings, load_settings

_NAME = re.compile(r"^[A-Za-z0-9._-]+")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")
_EXTRAS = {
    "llm": "the local model writes sentences",
    "memory": "similar incidents by meaning, not only by words",
    "neural": "neural detectors for signals",
}
_TOOLS = {"gcc": "gcc", "g++": "g++", "cmake": "cmake"}
_FREE_BYTES = 3_000_000_000


class Check(Word):
    """One thing looked at. `mend` is what to do about it; a missing essential makes the exit code 1."""

    name: str
    state: Literal["ok", "warning", "missing"]
    detail: str
    mend: str = ""
    essential: bool = False


def examine(*, home: Path, config: Path | None = None) -> list[Check]:
    """All checks, cheapest first."""
    checks = [python_check(), *package_checks(), *compiler_checks(), home_check(home), disk_check(home)]
    try:
        settings = load_settings(config) if config else find_settings(Path.cwd())
    except BadInput as error:
        return [
            *checks,
            Check(
                name="aitia.yaml",
                state="missing",
                detail=str(error),
                mend="see docs/configuration.md",
                essential=True,
            ),
        ]
    return [*checks, *source_checks(settings), *model_checks(settings)]


def python_check() -> Check:
    """The interpreter's version."""
    good = (3, 11) <= sys.version_info[:2] < (3, 14)
    return Check(
        name="Python",
        state="ok" if good else "missing",
        detail=f"{platform.python_version()} at {sys.executable}",
        mend="" if good else "use Python 3.11, 3.12 or 3.13",
        essential=True,
    )


def _requirements() -> dict[str, list[str]]:
    """Names of required distributions by extra; "" holds the core."""
    found: dict[str, list[str]] = {}
    for line in importlib.metadata.requires("aitia") or ():
        name, extra = _NAME.match(line), _EXTRA.search(line)
        if name:
            found.setdefault(extra.group(1) if extra else "", []).append(name.group())
    return found


def _absent(names: list[str]) -> list[str]:
    def installed(name: str) -> bool:
        try:
            importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            return False
        return True

    return [name for name in names if not installed(name)]


def package_checks() -> Iterator[Check]:
    """The core's packages, then each extra."""
    needed = _requirements()
    absent = _absent(needed.get("", []))
    yield Check(
        name="core packages",
        state="missing" if absent else "ok",
        detail=f"not installed: {', '.join(absent)}" if absent else f"{len(needed.get('', []))} installed",
        mend="pip install --upgrade aitia" if absent else "",
        essential=True,
    )
    for extra, purpose in _EXTRAS.items():
        absent = _absent(needed.get(extra, []))
        yield Check(
            name=f"extra [{extra}]",
            state="warning" if absent else "ok",
            detail=f"{purpose}: " + (f"without {', '.join(absent)}" if absent else "installed"),
            mend=f"pip install 'aitia[{extra}]'" if absent else "",
        )


def compiler_checks() -> Iterator[Check]:
    """What builds llama.cpp; needed only while llama-cpp-python is not installed."""
    if not _absent(["llama-cpp-python"]):
        yield Check(name="compiler", state="ok", detail="not needed: llama-cpp-python is installed")
        return
    absent = [tool for tool in _TOOLS if not shutil.which(tool)]
    yield Check(
        name="compiler",
        state="warning" if absent else "ok",
        detail=f"not found: {', '.join(absent)} (they build llama-cpp-python)"
        if absent
        else "gcc, g++ and cmake found",
        mend=f"apt-get install {' '.join(_TOOLS[t] for t in absent)}" if absent else "",
    )


def home_check(home: Path) -> Check:
    """Whether runs and models can be written."""
    good = os.access(home, os.W_OK | os.X_OK)
    return Check(
        name="home",
        state="ok" if good else "missing",
        detail=f"{home} is {'writable' if good else 'not writable'}",
        mend="" if good else "set AITIA_HOME to a folder that you may write",
        essential=True,
    )


def disk_check(home: Path) -> Check:
    """Free space for models and runs."""
    free = shutil.disk_usage(home).free
    good = free >= _FREE_BYTES
    return Check(
        name="free disk",
        state="ok" if good else "warning",
        detail=f"{free / 1e9:.1f} GB free at {home}",
        mend="" if good else "free 3 GB (the default model takes 1.1 GB), or set AITIA_HOME to another disk",
    )


def source_checks(settings: Settings) -> Iterator[Check]:
    """Each source of the settings, asked what it held in the last hour."""
    now = datetime.now(tz=UTC)
    if not settings.sources:
        yield Check(
            name="sources",
            state="warning",
            detail="no aitia.yaml with sources here",
            mend="aitia init --write",
        )
    for source in settings.sources:
        yield source_check(source, Window(start=now - timedelta(hours=1), end=now))


def source_check(source: SourceConfig, window: Window) -> Check:
    """One source: can it be opened, and does it hold anything in the window."""
    from aitia.tools.sources import open_source

    name = f"source {source.name}"
    try:
        holding = open_source(source, Path("/")).describe(window)
    except AitiaError as error:
        return Check(
            name=name,
            state="missing",
            detail=str(error),
            mend="mend this source in aitia.yaml",
            essential=True,
        )
    if holding.note or not (holding.count or holding.items or holding.components):
        return Check(
            name=name, state="warning", detail=holding.note or "reachable, but empty in the last hour"
        )
    held = f"{len(holding.components)} components, {len(holding.items)} items in the last hour"
    return Check(name=name, state="ok", detail=held)


def model_checks(settings: Settings) -> Iterator[Check]:
    """Whether the configured model's file is here and verified, and how fast it writes."""
    name = settings.model.name
    if name == "none":
        yield Check(name="model", state="ok", detail="switched off in aitia.yaml")
        return
    from aitia.models.load import load_llm

    start = time.perf_counter()
    try:
        chosen = settings.model
        llm = load_llm(
            name,
            threads=chosen.threads,
            context=chosen.context,
            flash_attention=chosen.flash_attention,
            kv_cache=chosen.kv_cache,
        )
    except ModelError as error:
        yield Check(
            name="model",
            state="warning",
            detail=f"{name}: {error}",
            mend="reports are written without a model until then",
        )
        return
    loaded = time.perf_counter() - start
    yield Check(
        name="model",
        state="ok",
        detail=f"{llm.name}, sha256 {llm.sha256[:12] or 'unknown'}, ready in {loaded:.1f} s",
    )
    from aitia.core.llm import Prompt

    try:
        done = llm.complete(Prompt(system="You count.", user="Count from one to twenty."), max_tokens=24)
    except ModelError as error:
        yield Check(name="speed", state="warning", detail=str(error), mend="aitia models verify")
        return
    rate = done.generated_tokens / done.seconds if done.seconds else 0.0
    slow = rate < 5
    yield Check(
        name="speed",
        state="warning" if slow else "ok",
        detail=f"{done.generated_tokens} tokens in {done.seconds:.1f} s ({rate:.0f} tokens/s, prompt included)",
        mend="set model.threads in aitia.yaml to the number of free cores, or take a smaller model"
        if slow
        else "",
    )
