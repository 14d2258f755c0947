"""Tables of runs and tools for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aitia.core.percent import chance
from aitia.core.store import RunStore
from aitia.render.text import clean, count, duration


def plain_table(*columns: str, fixed: tuple[str, ...] = ()) -> Table:
    """A table without lines; `fixed` columns are never folded."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in fixed)
    return table


def runs_table(runs: Iterable[Mapping[str, Any]]) -> Table:
    """One line a run."""
    table = plain_table(
        "run", "state", "verdict", "answer", "seconds", "title", fixed=("run", "state", "verdict", "seconds")
    )
    for run in runs:
        share = run.get("probability")
        verdict = clean(str(run.get("verdict") or ""))
        shown = f"{verdict} {chance(float(share))}" if verdict and share is not None else verdict
        answer = " ".join(clean(str(run.get(key) or "")) for key in ("component", "fault")).strip()
        seconds = run.get("seconds")
        cells = (
            str(run.get("id", "")),
            str(run.get("state", "")),
            shown,
            answer,
            f"{float(seconds):.1f}" if seconds is not None else "",
            clean(str(run.get("title") or "")),
        )
        table.add_row(*(Text(cell) for cell in cells))
    return table


def run_details(store: RunStore) -> RenderableType:
    """One run: meta, calls, where it lies."""
    meta = store.meta()
    facts = Table.grid(padding=(0, 2, 0, 0))
    hidden = ("sources", "components", "incident", "opened", "options", "tools", "timings", "versions")
    for key, value in sorted(meta.items()):
        if key not in hidden and value not in (None, "", [], {}):
            facts.add_row(Text(key, style="bold"), Text(clean(str(value))))
    facts.add_row(Text("folder", style="bold"), Text(str(store.path)))
    calls = plain_table("#", "tool", "status", "facts", "took", "message")
    for number, result in store.results().items():
        args = " ".join(f"{k}={v}" for k, v in sorted(result.args.items()))
        calls.add_row(
            str(number),
            Text(clean(f"{result.tool} {args}")),
            result.status,
            str(len(result.evidence)),
            duration(result.seconds),
            Text(clean(result.message)),
        )
    return Group(facts, Text(""), calls if store.results() else Text("no calls yet"))


def tools_table(tools: Iterable[Mapping[str, Any]]) -> RenderableType:
    """One line a tool."""
    rows = list(tools)
    table = plain_table("tool", "effect", "needs", "arguments", "what it finds")
    for tool in rows:
        needs = ", ".join(tool["needs"]) or "–"
        arguments = ", ".join(tool["arguments"]) or "–"
        table.add_row(tool["name"], tool["effect"], needs, arguments, Text(clean(tool["doc"])))
    return Group(table, Text(count(len(rows), "tool"), style="dim"))
