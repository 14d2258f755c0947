"""`aitia cluster look`: the state of a cluster step by step, for sites where every call costs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aitia.cli.diagnose import Json, Model

if TYPE_CHECKING:
    from aitia.agent.planning.steps import Step
    from aitia.core.config import SourceConfig
    from aitia.core.llm import Llm
    from aitia.core.words import Result
    from aitia.tools import ToolContext

app = typer.Typer(help="Inspect a cluster with individual read-only queries.", no_args_is_help=True)


@app.command("look")
def look(
    source: Annotated[
        str, typer.Argument(help="A cluster source from the config file, or a recording.", metavar="SOURCE")
    ],
    text: Annotated[str, typer.Argument(help="What is wrong, in words.", show_default=False)] = "",
    calls: Annotated[int, typer.Option("--calls", min=1, max=60, help="Maximum number of queries.")] = 8,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Config file; default ./aitia.yaml if it exists.")
    ] = None,
    model: Model = "none",
    as_json: Json = False,
) -> None:
    """Ask a cluster a few read-only questions, each chosen by the answers before; it names no cause.

    Ctrl-C ends it and keeps what was seen. Exit code: 0, 2 for bad input, 130 interrupted.
    """
    from aitia.agent.planning.steps import investigate
    from aitia.cli.console import note, print_json
    from aitia.core.errors import EXIT_INTERRUPTED
    from aitia.tools import Registry

    context = _context(source, text, config)
    shown: list[dict[str, Any]] = []
    stopped = False
    try:
        for step, result in investigate(Registry.load(), context, calls=calls, llm=_model(model)):
            shown.append(_row(step, result))
            if not as_json:
                _tell(len(shown), step, result)
    except KeyboardInterrupt:
        stopped = True
    if as_json:
        print_json({"source": source, "text": text, "interrupted": stopped, "steps": shown})
    end = (
        "interrupted" if stopped else "the limit" if len(shown) == calls else "no further call is worthwhile"
    )
    note(f"{len(shown)} of at most {calls} calls: {end}")
    if stopped:
        raise typer.Exit(EXIT_INTERRUPTED)


def _context(name: str, text: str, config: Path | None) -> ToolContext:
    """The source alone, as the tools get it; its components are not drawn, for that would ask for everything."""
    from datetime import UTC, datetime, timedelta

    from aitia.core.errors import BadInput
    from aitia.core.words import Holding, Incident, Inventory, Window
    from aitia.tools import SourceSet, ToolContext
    from aitia.tools.sources import open_source
    from aitia.tools.sources.base import ClusterSource

    opened = open_source(_source(name, config), Path.cwd())
    if not isinstance(opened, ClusterSource):
        raise BadInput(f"Source {name!r} is of kind {opened.kind}. Name a source of kind cluster.")
    now = datetime.now(tz=UTC)
    return ToolContext(
        incident=Incident(
            id="look",
            title=text or "Incident",
            started_at=now,
            window=Window(start=now - timedelta(minutes=30), end=now),
        ),
        sources=SourceSet([opened]),
        inventory=Inventory(holdings=(Holding(source=opened.name, kind="cluster", count=1),)),
    )


def _source(name: str, config: Path | None) -> SourceConfig:
    from aitia.api import settings_of
    from aitia.core.config import SourceConfig
    from aitia.core.errors import BadInput

    settings = settings_of(config)
    known = {s.name: s for s in settings.sources}
    if name in known:
        return known[name]
    if Path(name).exists():
        return SourceConfig(
            name="recording", kind="cluster", type="cluster_recorded", path=str(Path(name).resolve())
        )
    raise BadInput(
        f"Unknown source {name!r}. Name one from the config file ({', '.join(known) or 'none is set'}) "
        "or a recording."
    )


def _model(name: str) -> Llm | None:
    if name == "none":
        return None
    from aitia.models.load import load_llm

    return load_llm(name)


def _row(step: Step, result: Result) -> dict[str, Any]:
    return {
        "tool": step.task.tool,
        "args": step.task.args,
        "call": result.query,
        "why": step.task.why,
        "score": step.score,
        "rules": step.rules,
        "model": step.model,
        "status": result.status,
        "shown": result.evidence[0].statement if result.evidence else result.message,
        "signs": result.data.get("signs", []),
        "unwell": result.data.get("unwell", []),
        "seconds": result.seconds,
    }


def _tell(number: int, step: Step, result: Result) -> None:
    from aitia.render.text import clean, duration

    shown = result.evidence[0].statement if result.evidence else f"{result.status}: {result.message}"
    print(f"{number}. {clean(result.query or step.call)}  ({clean(step.task.why)})", flush=True)
    print(f"   {clean(shown)} ({duration(result.seconds)})", flush=True)
