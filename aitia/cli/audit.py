"""`aitia audit`: who asked for what, and whether the log of it is whole."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aitia.cli.diagnose import Config, Json

if TYPE_CHECKING:
    from aitia.core.trail import Line

app = typer.Typer(help="Who asked for what, approved it or changed what is known.", no_args_is_help=True)
FROM = Annotated[Path | None, typer.Option("--file", help="An export to check, in place of the log itself.")]


@app.command("list")
def list_(
    config: Config = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Number of newest lines to show.")] = 20,
    as_json: Json = False,
) -> None:
    """The newest lines of the log."""
    from rich.table import Table

    from aitia.cli.console import note, print_json, stdout_console
    from aitia.render.text import clean

    newest = sorted((line for _, chain in _chains(config) for line in chain), key=lambda line: line.at)[
        -limit:
    ]
    if as_json:
        print_json([line.model_dump(mode="json") for line in newest])
        return
    if not newest:
        note("nothing was asked yet")
        return
    table = Table("at", "who", "what", "about", "detail")
    for line in newest:
        table.add_row(*(clean(t) for t in (line.at, line.who, line.what, line.about, line.detail)))
    stdout_console().print(table)


@app.command("verify")
def verify(
    config: Config = None,
    file: FROM = None,
    head: Annotated[
        str, typer.Option("--head", help="A hash noted earlier: it must be in the log still.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Whether no line was changed, taken out or put in between; exit code 2 where one was."""
    from aitia.cli.console import note, print_json
    from aitia.core import trail
    from aitia.core.bounds import read_text

    chains = [(str(file), trail.read(read_text(file).splitlines()))] if file else _chains(config)
    known = [(name, list(chain)) for name, chain in chains]
    ours = [name for name, chain in known if any(line.hash == head for line in chain)]
    told = []
    for name, chain in known:
        wanted = head if name in ours or (head and not ours) else ""
        told.append({"log": name, **trail.verify(chain, head=wanted).model_dump()})
    if as_json:
        print_json(told)
        return
    for each in told:
        note(f"{each['log']}: {each['lines']} lines are whole; the last hash is {each['head']}")


@app.command("export")
def export(
    config: Config = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
    log: Annotated[str, typer.Option("--log", help="Of several logs: which one.")] = "",
) -> None:
    """A log as lines of JSON, as `verify --file` reads them."""
    from aitia.cli.console import write_out
    from aitia.core.errors import BadInput

    chains = [(name, chain) for name, chain in _chains(config) if log in ("", name)]
    if len(chains) != 1:
        names = " or ".join(name for name, _ in _chains(config))
        raise BadInput(f"Name one log: --log {names}.")
    write_out("".join(f"{line.model_dump_json()}\n" for line in chains[0][1]), output)


def _chains(config: Path | None) -> list[tuple[str, Iterable[Line]]]:
    """The server's log, or those of the files that are there."""
    from aitia.access.issued import FILE as ACCESS
    from aitia.access.issued import IssuedTokens
    from aitia.cli.state import chosen_database
    from aitia.core.home import aitia_home
    from aitia.core.state import has_memory
    from aitia.jobs.table import JobTable
    from aitia.tools.memory.store import MemoryStore

    url = chosen_database(config)
    jobs: list[tuple[str, Iterable[Line]]] = [("server" if url else "jobs", JobTable(aitia_home()).trail())]
    if url:
        return jobs
    if (aitia_home() / ACCESS).is_file():
        jobs.append(("access", IssuedTokens(aitia_home()).trail()))
    if not has_memory(aitia_home()):
        return jobs
    with MemoryStore(embedder=None) as memory:
        return [*jobs, ("memory", memory.trail())]
