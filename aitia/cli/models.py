"""`aitia models`: list, fetch and check model files."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from aitia.cli.adapters import compare, curriculum, tune
from aitia.cli.calibrate import calibrate
from aitia.cli.quantize import quantize

app = typer.Typer(no_args_is_help=True)
for command in (calibrate, curriculum, tune, compare, quantize):
    app.command()(command)

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Name = Annotated[str, typer.Argument(help="A name from `aitia models list`, or `default`.", metavar="NAME")]


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
    for heading in ("name", "state", "size", "licence", "description"):
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
    name: Annotated[str, typer.Argument(help="A model; default: all fetched models.", metavar="[NAME]")] = "",
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
        note("no model has been fetched yet; run: aitia models fetch")
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


@app.command()
def measure(
    name: Annotated[
        str, typer.Argument(help="A name from `aitia models list`, or a GGUF file.", metavar="NAME")
    ] = "default",
    threads: Annotated[
        int | None, typer.Option(min=1, help="Number of threads; default: as for a diagnosis.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long to measure.")] = 30.0,
    as_json: Json = False,
) -> None:
    """Measure which batch size reads fastest here, and remember it for `load_llm(..., tune=True)`."""
    from aitia.cli.console import print_json
    from aitia.cli.progress import progress_on_stderr
    from aitia.models.llama import BATCH
    from aitia.models.load import model_file
    from aitia.models.measure import measured
    from aitia.models.runtime import Shape
    from aitia.models.threads import default_threads

    with progress_on_stderr() as show:
        file = model_file(name, on_progress=show)
    shape = Shape(threads=threads or default_threads(), batch=BATCH)
    found = measured(file.path, sha256=file.sha256, shape=shape, seconds=seconds, again=True)
    if as_json:
        print_json(
            {"name": file.name, "threads": shape.threads, "batch": found.batch, "tokens_per_s": found.rates}
        )
        return
    for size, rate in found.rates.items():
        typer.echo(f"batch {size}: {rate:.0f} tokens/s")
    reached = BATCH in found.rates
    typer.echo(
        f"{file.name}, {shape.threads} threads: batch {found.batch}" + ("" if reached else " (the default)")
    )
    if not reached:
        typer.echo(
            f"{seconds:g} s were not enough to reach the default batch of {BATCH}: measure for longer",
            err=True,
        )


@app.command()
def prefixes(
    clear: Annotated[bool, typer.Option("--clear", help="Delete them.")] = False, as_json: Json = False
) -> None:
    """Where evaluated prompt prefixes are kept, and how many they are."""
    from aitia.cli.console import print_json
    from aitia.core.errors import BadInput
    from aitia.models.prefixes import PrefixStore

    store = PrefixStore()
    try:
        files = store.files()
        gone = store.clear() if clear else 0
    except OSError as error:
        raise BadInput(
            f"Cannot write to {str(store.folder)!r} ({error.strerror}). Check the path and its permissions."
        ) from None
    row = {
        "folder": str(store.folder),
        "states": len(files),
        "bytes": sum(n for n, _ in files),
        "deleted": gone,
    }
    if as_json:
        print_json(row)
        return
    from aitia.cli.progress import size

    typer.echo(f"{row['states']} states, {size(sum(n for n, _ in files))}, in {row['folder']}")
    if clear:
        typer.echo(f"{gone} deleted")


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
