"""`aitia models`: list, fetch and check model files."""

from __future__ import annotations

from typing import Annotated, Any

import typer

app = typer.Typer(no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Name = Annotated[str, typer.Argument(help="A name of `aitia models list`, or `default`.", metavar="NAME")]


@app.command("list")
def list_models(as_json: Json = False) -> None:
    """The models of the catalogue, and which of them are on this machine."""
    from aitia.cli.console import print_json, stdout_console

    rows = _rows()
    if as_json:
        print_json(rows)
        return
    from rich.table import Table

    from aitia.cli.progress import size

    table = Table(box=None, pad_edge=False)
    for heading in ("name", "state", "size", "licence", "what it is"):
        table.add_column(heading, justify="right" if heading == "size" else "left")
    for row in rows:
        name = f"{row['name']} (default)" if row["default"] else row["name"]
        table.add_row(name, row["state"], size(row["bytes"]), row["licence"], row["about"])
    stdout_console().print(table)


@app.command()
def fetch(name: Name = "default") -> None:
    """Fetch a model (resumed if it was interrupted) and check its sha256. Prints the file's path."""
    from aitia.cli.progress import progress_on_stderr
    from aitia.models.fetch import fetch

    with progress_on_stderr() as show:
        path = fetch(name, on_progress=show)
    typer.echo(path)


@app.command()
def verify(
    name: Annotated[
        str, typer.Argument(help="A model; without it, all that are fetched.", metavar="[NAME]")
    ] = "",
    as_json: Json = False,
) -> None:
    """Hash model files anew and compare with the catalogue. Exit code 2 if one is wrong or missing."""
    from aitia.cli.console import note, print_json
    from aitia.cli.progress import progress_on_stderr
    from aitia.core.errors import ModelError
    from aitia.models.catalogue import catalogue
    from aitia.models.files import verify

    names = [catalogue()[name].name] if name else [r["name"] for r in _rows() if r["path"]]
    checked: list[dict[str, Any]] = []
    with progress_on_stderr() as show:
        for each in names:
            try:
                checked.append(
                    {"name": each, "ok": True, "sha256": verify(each, on_progress=show), "message": ""}
                )
            except ModelError as error:
                checked.append({"name": each, "ok": False, "sha256": "", "message": str(error)})
    if as_json:
        print_json(checked)
    elif not checked:
        note("no model is fetched yet: aitia models fetch")
    else:
        for row in checked:
            typer.echo(f"{row['name']}: {'ok ' + row['sha256'] if row['ok'] else row['message']}")
    if not all(row["ok"] for row in checked):
        raise typer.Exit(ModelError.exit_code)


@app.command()
def path(name: Name = "default") -> None:
    """Print the path of a model that is fetched."""
    from aitia.models.files import path_of

    typer.echo(path_of(name))


def _rows() -> list[dict[str, Any]]:
    from aitia.models.catalogue import catalogue
    from aitia.models.files import locate

    known = catalogue()
    rows: list[dict[str, Any]] = []
    for entry in known.models.values():
        found = locate(entry)
        same_size = found is not None and found.stat().st_size == entry.bytes
        state = "fetched" if same_size else "wrong size" if found else "not fetched"
        rows.append(
            {
                "name": entry.name,
                "default": entry.name == known.default,
                "state": state,
                "path": str(found) if found else "",
                "bytes": entry.bytes,
                "sha256": entry.sha256,
                "licence": entry.licence,
                "kind": entry.kind,
                "about": entry.about,
            }
        )
    return rows
