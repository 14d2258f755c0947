"""A laboratory for the machine: real graph, store and agent; tools that return the shop's facts."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from aitia.agent.weights import ledgers_alone
from aitia.core.clock import RecordedClock
from aitia.core.llm import Prompt
from aitia.core.store import RunStore
from aitia.core.words import Evidence, Holding, Incident, Report, Result, SourceKind, Window
from aitia.graphs.diagnose import Options, diagnose, resume
from aitia.models.scripted import ScriptedLlm
from aitia.tools import Registry, ToolContext, tool

from ..agent import evidence as shop


class Shop:
    """A source that only says what it holds."""

    name = "prom"
    kind: SourceKind = "metrics"

    def describe(self, window: Window) -> Holding:
        return Holding(source=self.name, kind=self.kind, components=tuple(sorted(shop.CALLS)), count=60)


def incident() -> Incident:
    start = shop.T0 - timedelta(seconds=60)
    return Incident(
        id="i1",
        title="Gateway 5xx ratio above 5 %",
        started_at=shop.T0 + timedelta(seconds=60),
        window=Window(start=start, end=start + timedelta(seconds=200)),
    )


def _of(*kinds: str) -> tuple[Evidence, ...]:
    return tuple(
        e.model_copy(update={"id": ""}) for e in shop.connection_leak() if e.kind.split(".")[0] in kinds
    )


@tool(needs=("metrics",), produces=("shifts",))
def metrics_scan(ctx: ToolContext) -> Result:
    """Which series changed."""
    return Result(status="ok", evidence=_of("metric"))


@tool(needs=("metrics",))
def logs_diff(ctx: ToolContext) -> Result:
    """Which log lines are new."""
    time.sleep(0.05)
    _maybe_die("logs_diff")
    return Result(status="ok", evidence=_of("log"))


@tool(needs=("metrics",), consumes=("shifts",))
def changes_list(ctx: ToolContext) -> Result:
    """What was deployed."""
    return Result(status="ok", evidence=_of("change"))


@tool(needs=("metrics",))
def broken(ctx: ToolContext) -> Result:
    """Raises."""
    raise RuntimeError("the disk is on fire")


@tool(needs=("metrics",))
def endless(ctx: ToolContext) -> Result:
    """Never returns."""
    time.sleep(3600)
    return Result(status="ok")


@tool(needs=("logs",))
def unmet(ctx: ToolContext) -> Result:
    """Needs what the inventory does not hold."""
    raise AssertionError("must not be called")


@tool(needs=("metrics",), effect="write")
def restart(ctx: ToolContext) -> Result:
    """Changes something."""
    raise AssertionError("must not be called")


GOOD = (metrics_scan, logs_diff, changes_list)


def _maybe_die(where: str) -> None:
    if os.environ.get("LAB_DIE_IN") == where:
        os.kill(os.getpid(), signal.SIGKILL)


def reply(prompt: Prompt) -> str:
    """A model that tells the last fact badly and the others well."""
    _maybe_die("narrator")
    if "gateway" in prompt.user:
        return "The moon made gateway slow."
    if "deployed" in prompt.user:
        return "After orders was deployed at 10:00:00 UTC, the connections of orders rose from 3 to 31."
    return "As the connections of orders rose from 3 to 31, the connections of postgres rose from 8 to 40."


def components() -> tuple:
    return shop.inventory().components


def run(
    home: Path,
    *specs,
    llm: bool = True,
    seconds: float = 5.0,
    concurrency: int = 4,
    more: Sequence[Shop] = (),
) -> tuple[RunStore, Report]:
    store = RunStore.create(home, meta={"title": "lab"})
    report = diagnose(
        incident(),
        [Shop(), *more],
        store=store,
        llm=ScriptedLlm(reply) if llm else None,
        options=Options(max_concurrency=concurrency, task_seconds=seconds),
        clock=RecordedClock(shop.T0 + timedelta(seconds=140)),
        components=components(),
        registry=Registry(specs or GOOD),
        weights=ledgers_alone(),
    )
    return store, report


def main(home: str, action: str) -> None:
    """Run or resume in a process of its own, so that it can be killed."""
    if action == "run":
        run(Path(home), *GOOD)
    else:
        store = RunStore.open(Path(home), "last")
        resume(store, [Shop()], llm=ScriptedLlm(reply), registry=Registry(GOOD))


if __name__ == "__main__":
    main(*sys.argv[1:])
