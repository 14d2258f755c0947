"""`aitia doctor`: is everything in place, and how is what is missing mended."""

from __future__ import annotations

import importlib.metadata
import math
import os
import platform
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from aitia.consent import found_settings
from aitia.core.children import program
from aitia.core.config import McpServer, SourceConfig
from aitia.core.errors import AitiaError, BadInput, ModelError, Untrusted
from aitia.core.words import Holding, Window, Word, from_epoch
from aitia.settings import Settings, load_settings

_NAME = re.compile(r"^[A-Za-z0-9._-]+")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")
_EXTRAS = {
    "llm": "the local model writes sentences",
    "memory": "packages for comparing incidents by meaning",
    "detectors": "detectors of pyod and stumpy for signals",
    "web": "the HTTP service and its pages",
    "slack": "answers in Slack",
    "mcp": "MCP, as a server and as a client",
}
# Of the kinds that age.
_SAMPLES: Final = {"metrics": "sample", "logs": "line", "traces": "span", "signals": "block"}
_ITEMS: Final = {"metrics": "metric", "logs": "stream", "traces": "operation", "signals": "channel"}
_TOOLS = {"gcc": "gcc", "g++": "g++", "cmake": "cmake"}
_FREE_BYTES = 3_000_000_000


class Check(Word):
    """One thing looked at. `mend` is what to do about it; a missing essential makes the exit code 1.

    `look`: it works, but a diagnosis will miss something until a person has looked at it.
    """

    name: str
    state: Literal["ok", "warning", "look", "missing"]
    detail: str
    mend: str = ""
    essential: bool = False


def examine(*, home: Path, config: Path | None = None) -> list[Check]:
    """All checks, cheapest first."""
    checks = [python_check(), *package_checks(), *compiler_checks(), home_check(home), disk_check(home)]
    try:
        settings = load_settings(config) if config else found_settings(Path.cwd())
    except Untrusted as error:  # it is there: what it names is not used before a person has said so
        told = f"there, and not trusted yet, so that none of its sources is looked at: {error}"
        untrusted = Check(name="aitia.yaml", state="look", detail=told, mend="aitia trust")
        return [*checks, untrusted, *embedding_checks(home), *model_checks(Settings())]
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
    return [
        *checks,
        *source_checks(settings),
        *door_checks(settings),
        *embedding_checks(home),
        *model_checks(settings),
    ]


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
            mend=f"pip install '.[{extra}]' in the checkout" if absent else "",
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
        detail=f"not found: {', '.join(absent)} (needed to build llama-cpp-python)"
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
        mend="" if good else "set AITIA_HOME to a folder that you can write to",
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
        mend="" if good else "free 3 GB (the default model takes .5 GB), or set AITIA_HOME to another disk",
    )


def source_checks(settings: Settings) -> Iterator[Check]:
    """Each source of the settings, asked what it held in the last hour; before `service.at` where that is set."""
    now = datetime.now(tz=UTC)
    if fixed := settings.service.at:
        now = fixed
        yield Check(
            name="service.at",
            state="look",
            detail=(
                f"`aitia serve` and the other services use {fixed:%Y-%m-%d %H:%M:%S} UTC instead of the "
                "current time"
            ),
            mend="remove service.at from the settings unless the telemetry is a recording",
        )
    if not settings.sources:
        yield Check(
            name="sources",
            state="look",
            detail="none: without a source nothing can be diagnosed",
            mend="aitia init --write proposes an aitia.yaml; or give --config FILE",
        )
    for source in settings.sources:
        yield source_check(source, Window(start=now - timedelta(hours=1), end=now))
        yield from trained_checks(source)


def source_check(source: SourceConfig, window: Window) -> Check:
    """One source: can it be opened, does it hold anything in the window, how old is the newest of it."""
    from aitia.tools.sources import open_source
    from aitia.tools.sources.clocks import Dated

    name = f"source {source.name}"
    try:
        opened = open_source(source, Path("/"))
        holding = opened.describe(window)
        dated = source.kind in _SAMPLES and isinstance(opened, Dated)
        extent = opened.extent(window.end) if dated and isinstance(opened, Dated) else None
        if source.type == "table" and extent and not holding.count:  # what there is to say of its cells
            whole = Window(start=from_epoch(extent[0]), end=from_epoch(extent[1] + 1))
            holding = opened.describe(whole)
    except AitiaError as error:
        return Check(
            name=name,
            state="missing",
            detail=str(error),
            mend="fix this source in aitia.yaml",
            essential=True,
        )
    newest = extent[1] if extent else math.nan
    return _held(name, holding, window, newest if dated else None)


def trained_checks(source: SourceConfig) -> Iterator[Check]:
    """The files of trained models that a source names: can each be read."""
    from aitia.tools.signals.learned import pattern
    from aitia.tools.signals.life import store as fleets

    readers: dict[str, Callable[[Path], object]] = {"fault_model": pattern.load, "life_model": fleets.load}
    for option, read in readers.items():
        if file := source.options.get(option):
            name = f"source {source.name}, {option}"
            try:
                read(Path(str(file)))
            except (AitiaError, OSError) as error:
                yield Check(
                    name=name,
                    state="missing",
                    detail=str(error),
                    mend=f"set {option} to a file written by `aitia signals`",
                )
            else:
                yield Check(name=name, state="ok", detail=str(file))


def _held(name: str, holding: Holding, window: Window, newest: float | None) -> Check:
    """What a source that can be read holds.

    newest  epoch second of its last sample; NaN where that cannot be told, None where `holding` is of the window alone
    """
    noun = _SAMPLES.get(holding.kind, "")
    age = None if newest is None else max(window.epoch[1] - newest, 0.0)
    guessed = f"; {holding.guessed}" if holding.guessed else ""
    if age is not None and age > window.seconds:
        note = f"; {holding.note}" if holding.note and "window" not in holding.note else ""
        return Check(
            name=name,
            state="look",
            detail=f"newest {noun} is {_age(age)} old: nothing in the last hour{guessed}{note}",
            mend="check why no new data arrives; for a recording use --at, or service.at in its settings",
        )
    empty = not (holding.count or holding.items or holding.components)
    if holding.note or empty:
        detail = holding.note or "reachable, but empty in the last hour"
        return Check(name=name, state="look" if noun else "warning", detail=detail + guessed)
    told = [(len(holding.components), "component"), (len(holding.items), _ITEMS.get(holding.kind, "item"))]
    held = ", ".join(f"{n} {word}{'' if n == 1 else 's'}" for n, word in told if n)
    new = "" if age is None else f"; newest {noun} {_age(age)} old"
    if age is not None and math.isnan(age):
        new = f"; the age of its newest {noun} is unknown: it is compressed, or has no time"
    return Check(name=name, state="ok", detail=(held or f"{holding.count} entries") + new + guessed)


def _age(seconds: float) -> str:
    """For how long, in the largest unit that fits: 40 s, 12 min, 23 h, 5 days."""
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size or (unit != "days" and seconds >= size):
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def door_checks(settings: Settings) -> Iterator[Check]:
    """What the doors need whose sections are in the settings: their extra, and the variables that hold tokens."""
    given, service, slack = settings.model_fields_set, settings.service, settings.slack
    if "service" in given:
        yield from _extra_needed("service", "web")
        there = bool(os.environ.get(service.token_env))
        who = "is set" if there else "is not set: only requests from this machine are answered"
        yield Check(name="service", state="ok", detail=f"{service.token_env} {who}")
    if "slack" in given:
        yield from _extra_needed("slack", "slack")
        second = slack.signing_secret_env if os.environ.get(slack.signing_secret_env) else slack.app_token_env
        yield _variables("slack", (slack.bot_token_env, second))
    if settings.mcp:
        yield from _extra_needed("mcp", "mcp")
    for server in settings.mcp:
        yield _mcp_check(server)


def _extra_needed(section: str, extra: str) -> Iterator[Check]:
    if absent := _absent(_requirements().get(extra, [])):
        yield Check(
            name=section,
            state="look",
            detail=f"is in the settings, but not installed: {', '.join(absent)}",
            mend=f"pip install '.[{extra}]' in the checkout",
        )


def _mcp_check(server: McpServer) -> Check:
    name = f"mcp {server.name}"
    try:
        if server.command:
            program(server.command[0], folder=Path(server.cwd) if server.cwd else None)
    except FileNotFoundError:
        return Check(
            name=name,
            state="look",
            detail=f"no program {server.command[0]!r} on the PATH",
            mend="fix `command` of this server in aitia.yaml",
        )
    return _variables(name, (*server.env_names, *([server.token_env] if server.token_env else [])))


def _variables(name: str, wanted: Sequence[str]) -> Check:
    """Whether environment variables are set; their values are not looked at."""
    absent = [v for v in wanted if not os.environ.get(v)]
    if absent:
        detail, mend = f"not set: {', '.join(absent)}", f"export {absent[0]}=…"
        return Check(name=name, state="look", detail=detail, mend=mend)
    return Check(name=name, state="ok", detail=f"{', '.join(wanted)} set" if wanted else "needs no token")


def embedding_checks(home: Path) -> Iterator[Check]:
    """Whether the model is here without which incidents and questions are compared by words alone."""
    if _absent(_requirements().get("memory", [])):
        return  # said of the extra
    from aitia.models.embed import MODEL, Embedder

    try:
        Embedder(home=home)
    except ModelError as error:
        detail, mend = f"compared by words only: {error}", f"aitia models fetch {MODEL}"
        yield Check(name="embedding model", state="warning", detail=detail, mend=mend)
    else:
        yield Check(name="embedding model", state="ok", detail=f"{MODEL}: compared by meaning")


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
