"""`aitia topology`: which component calls which, proposed from labels, logs, traces and the cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aitia.cli.diagnose import Json

FILE = Path("topology.yaml")


def draw(config: Path) -> bool:
    """Write the topology that the sources of a new configuration show, where there is none; whether it was written."""
    from aitia.api import settings_of
    from aitia.cli.console import note
    from aitia.incoming import span_before
    from aitia.linking import calls, hosts_of, write_topology
    from aitia.readers import configured_readers

    file = config.parent / FILE
    readers, _ = configured_readers(settings_of(config), [])
    if file.exists() or not readers:
        return False
    found, _ = calls(readers, span_before("1d"))
    hosts = hosts_of(readers)
    if found or hosts:
        write_topology(file, found, hosts=hosts)
        told = (
            "1 call between components is"
            if len(found) == 1
            else f"{len(found)} calls between components are"
        )
        machines = f", and {', '.join(sorted(hosts))} as the machine" if hosts else ""
        note(f"{told} proposed in {file}{machines}: read the file, a diagnosis goes by it")
    return bool(found or hosts)


def topology(
    write: Annotated[bool, typer.Option("--write", help="Write the proposal to the file.")] = False,
    file: Annotated[Path, typer.Option("--file", "-f", help="The topology.", dir_okay=False)] = FILE,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Config file; default ./aitia.yaml if it exists.")
    ] = None,
    last: Annotated[str, typer.Option("--last", help="What is looked at: this time before --at.")] = "1d",
    at: Annotated[str, typer.Option("--at", help="The end of that time, ISO 8601; default now.")] = "",
    as_json: Json = False,
) -> None:
    """Propose which component calls which, from labels that name a peer, logs that name one, traces and the cluster.

    Read it before you write it: a diagnosis explains a caller's trouble by what it calls.
    """
    from rich.table import Table
    from rich.text import Text

    from aitia.api import settings_of
    from aitia.cli.console import note, print_json, stdout_console
    from aitia.core.errors import BadInput
    from aitia.incoming import span_before
    from aitia.linking import calls, hosts_of, write_topology
    from aitia.readers import configured_readers

    readers, _ = configured_readers(settings_of(config, searching=True), [])
    if not readers:
        raise BadInput("No source is configured. Run `aitia init --write` first, or give --config.")
    found, problems = calls(readers, span_before(last, at))
    for problem in problems:
        note(problem)
    if as_json:
        print_json({"calls": [c.model_dump(mode="json") for c in found], "problems": problems})
    elif found:
        table = Table(box=None, pad_edge=False)
        for title in ("caller", "calls", "seen by", "for example"):
            table.add_column(title, overflow="fold")
        for c in found:
            table.add_row(*(Text(cell) for cell in (c.caller, c.callee, c.why, c.example[:80])))
        stdout_console().print(table)
    else:
        note(f"nothing in the last {last} names a caller or a peer")
    if write and found:
        write_topology(file, found, hosts=hosts_of(readers), force=force)
        source = f"{{name: topology, kind: topology, type: topology, path: {file}}}"
        note(
            f"written to {file}; a diagnosis reads it through this line under `sources` of aitia.yaml: - {source}"
        )
    elif found and not as_json:
        note("nothing was written; to save it, run: aitia topology --write")
