"""`aitia memory`: past incidents in, found again, shown, exported, deleted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aitia.cli.diagnose import Json
from aitia.cli.memory_import import import_
from aitia.cli.memory_next import next_order

if TYPE_CHECKING:
    from aitia.tools.memory.words import Match, PastIncident

app = typer.Typer(help="The past incidents of the site.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(help="An incident's id.", metavar="ID")]


app.command("import")(import_)
app.command("next")(next_order)


@app.command("list")
def list_(
    as_json: Json = False,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, help="Number of newest incidents to show.")
    ] = 20,
) -> None:
    """The incidents, newest first."""
    from aitia.cli.console import note, print_json, stdout_console
    from aitia.tools.memory.store import MemoryStore

    with MemoryStore() as store:
        found, total = store.newest(limit), store.count()
    if as_json:
        print_json({"count": total, "incidents": [i.model_dump(mode="json") for i in found]})
    elif not found:
        note("no incidents yet; the first come from: aitia memory import, or aitia confirm")
    else:
        stdout_console().print(_table((i, None) for i in found))
        if total > len(found):
            note(f"{total - len(found)} more with --limit")


@app.command("show")
def show(id: Id, as_json: Json = False) -> None:
    """One incident, with what was said of its run."""
    from rich.table import Table
    from rich.text import Text

    from aitia.cli.console import print_json, stdout_console
    from aitia.render.text import clean_lines
    from aitia.tools.memory.store import MemoryStore

    with MemoryStore() as store:
        found = store.get(id)
        said = store.outcomes(found.run) if found.run else []
    plain = found.model_dump(mode="json")
    if as_json:
        print_json(plain | {"outcomes": [o.model_dump(mode="json") for o in said]})
        return
    facts = Table.grid(padding=(0, 2, 0, 0))
    for key, value in plain.items():
        lines = [f"{k}: {v}" for k, v in value.items()] if isinstance(value, dict) else value
        text = "\n".join(map(str, lines)) if isinstance(lines, list) else str(lines or "")
        if text:
            facts.add_row(Text(key, style="bold"), Text(clean_lines(text)))
    stdout_console().print(facts)


@app.command("search")
def search(
    text: Annotated[str, typer.Argument(help="The symptom.", metavar="TEXT")],
    component: Annotated[str, typer.Option("--component", help="The component where it is seen.")] = "",
    top: Annotated[int, typer.Option("--top", "-n", min=1, help="Maximum number of results.")] = 5,
    as_json: Json = False,
) -> None:
    """Similar incidents, best first, with why."""
    from aitia.cli.console import note, print_json, stdout_console
    from aitia.tools.memory.store import MemoryStore
    from aitia.tools.memory.words import Query

    with MemoryStore() as store:
        found = store.search(Query(text=text, component=component), top=top)
        why = store.note
    if as_json:
        print_json({"matches": [m.model_dump(mode="json") for m in found], "note": why})
        return
    if why:
        note(why)
    if found:
        stdout_console().print(_table((m.incident, m) for m in found))
    else:
        note("no similar incident")


@app.command("export")
def export(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file; default stdout.")] = None,
) -> None:
    """All incidents as JSON lines, which `import` reads again."""
    import sys
    from contextlib import nullcontext

    from aitia.cli.console import note
    from aitia.core.errors import BadInput
    from aitia.tools.memory.store import MemoryStore

    with MemoryStore() as store:
        try:
            with output.open("w", encoding="utf-8") if output else nullcontext(sys.stdout) as file:
                for incident in store.all():
                    file.write(incident.model_dump_json() + "\n")
        except BrokenPipeError:
            raise
        except OSError as error:
            raise BadInput(
                f"Cannot write --output {str(output)!r} ({error.strerror}). Choose a path that can be written."
            ) from None
    if output:
        note(f"written to {output}")


@app.command("rm")
def rm(ids: Annotated[list[str], typer.Argument(help="Incidents to delete.", metavar="ID...")]) -> None:
    """Delete incidents for good: rows, indexes, vectors, and what was said of their runs."""
    from aitia.cli.console import note
    from aitia.tools.memory.store import MemoryStore

    with MemoryStore() as store:
        for id in ids:
            store.get(id)  # all must exist before the first goes
        note(f"deleted {store.remove(ids, by='aitia memory rm')}")


@app.command("reindex")
def reindex() -> None:
    """Build both indexes anew from the rows; finishes what an import or a deletion left undone."""
    from aitia.cli.console import note
    from aitia.cli.memory_progress import counting
    from aitia.tools.memory.store import MemoryStore

    with MemoryStore() as store:
        with counting() as show:
            store.reindex(on_progress=show.work)
        left = store.pending()
        note(
            f"{store.count()} incidents; {left} without a vector" + (f" ({store.note})" if store.note else "")
        )


@app.command("audit")
def audit(as_json: Json = False) -> None:
    """Every change of the store, oldest first."""
    from aitia.cli.console import print_json
    from aitia.render.text import clean
    from aitia.tools.memory.store import MemoryStore

    with MemoryStore() as store:
        entries = store.audit()
    if as_json:
        print_json({"audit": [e.model_dump(mode="json") for e in entries]})
        return
    for e in entries:
        print(f"{e.at:%Y-%m-%d %H:%M:%S}  {clean(e.what):<8}{clean(e.detail)}  by {clean(e.by)}")


@app.command("stats")
def stats(as_json: Json = False) -> None:
    """How much there is, and how it is compared."""
    from aitia.cli.console import print_json
    from aitia.tools.memory.store import MemoryStore

    with MemoryStore() as store:
        told = store.stats()
    if as_json:
        print_json(told)
        return
    for name, value in told.items():
        print(f"{name.replace('_', ' '):<18}{value}")


def _table(rows: Any) -> Any:
    from rich.text import Text

    from aitia.cli.tables import plain_table
    from aitia.render.text import clean, clip

    pairs: list[tuple[PastIncident, Match | None]] = list(rows)
    scored = any(match is not None for _, match in pairs)
    names = (*(("alike", "why") if scored else ()), "id", "began", "component", "title", "cause")
    table = plain_table(*names, fixed=("alike", "began"))
    for incident, match in pairs:
        why = " ".join(f"{part} {score:.2f}" for part, score in match.why.items()) if match else ""
        began = f"{incident.at:%Y-%m-%d %H:%M}" if incident.at else ""
        shown = [
            incident.id,
            began,
            incident.component,
            clip(clean(incident.title), 80),
            clip(clean(incident.cause), 80),
        ]
        cells = [f"{match.similarity:.2f}", why, *shown] if match else shown
        table.add_row(*(Text(clean(cell)) for cell in cells))
    return table
