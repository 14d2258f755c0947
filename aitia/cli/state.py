"""`aitia state`: where diagnoses and what is known of past ones are kept, its schema, and the way to a server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aitia.cli.diagnose import Config, Json

if TYPE_CHECKING:
    from aitia.core.postgres import Postgres

app = typer.Typer(
    help="Where jobs, incidents and steps are kept: SQLite files, or PostgreSQL.", no_args_is_help=True
)


@app.command("status")
def status(config: Config = None, as_json: Json = False) -> None:
    """What is kept where, in which schema, and how much of it."""
    from aitia.cli.console import print_json, stdout_console
    from aitia.core.home import aitia_home
    from aitia.core.state_status import of_files, of_server

    at = _server(config)
    told = of_files(aitia_home()) if at is None else of_server(at)
    if as_json:
        print_json(told)
        return
    console = stdout_console()
    for key, value in told.items():
        if isinstance(value, dict):
            console.print(f"{key}:")
            for name, many in value.items():
                console.print(f"  {name}: {many}")
        else:
            console.print(f"{key}: {value}")


@app.command("migrate")
def migrate(
    config: Config = None,
    to: Annotated[
        int | None, typer.Option("--to", min=0, help="A schema by its number; default: this version's.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Delete tables that an earlier schema has not.")] = False,
    as_json: Json = False,
) -> None:
    """Bring the schema of the PostgreSQL server to this version, or back to an earlier one."""
    from aitia.cli.console import note, print_json
    from aitia.core import migrations
    from aitia.core.errors import BadInput

    at = _needed(config)
    have = migrations.version(at)
    if to is not None and to < have and not yes:
        gone = ", ".join(step.name for step in migrations.STEPS[to:have])
        raise BadInput(f"This deletes what was kept for: {gone}. Back up the database, then add --yes.")
    taken = migrations.migrate(at, to)
    if as_json:
        print_json({"from": have, "to": migrations.version(at), "steps": taken})
    else:
        note(f"schema {have} -> {migrations.version(at)}: {', '.join(taken) or 'nothing to do'}")


@app.command("copy")
def copy(config: Config = None, as_json: Json = False) -> None:
    """Copy the SQLite files of AITIA_HOME to the PostgreSQL server; can be interrupted and repeated."""
    from aitia.cli.console import note, print_json
    from aitia.core import copying, migrations
    from aitia.core.errors import BadInput
    from aitia.core.home import aitia_home

    at, home = _needed(config), aitia_home()
    _none_runs(home)
    migrations.ready(at)
    done = copying.copy(home, at, on_progress=lambda p: note(f"{p.what}: {p.done} of {p.total}"))
    if as_json:
        print_json([{**vars(each), "whole": each.whole} for each in done])
    else:
        for each in done:
            note(
                f"{each.file} {each.name}: {each.brought} copied, {each.known} there already, of {each.rows}"
            )
    if short := [each.name for each in done if not each.whole]:
        raise BadInput(
            f"Rows changed meanwhile in {', '.join(short)}. Stop all aitia services and repeat the command."
        )
    if not done:
        note(f"there is nothing to copy below {str(home)!r}")


@app.command("backup")
def backup(
    output: Annotated[Path, typer.Option("--output", "-o", help="A folder outside of AITIA_HOME.")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Write AITIA_HOME into one archive, also while services run; models are left out, tables on a server are not in it."""
    from aitia.cli.console import note, print_json
    from aitia.core import backup as archives
    from aitia.core.home import aitia_home

    at = _server(config)
    made = archives.backup(aitia_home(), output)
    if as_json:
        print_json(made.model_dump())
    else:
        note(f"{made.file}: {made.files} files, {made.bytes / 1e6:.1f} MB")
    if at is not None:
        note(f"the tables are at {at.where}: back them up with `pg_dump -n aitia`")


@app.command("restore")
def restore(
    archive: Annotated[Path, typer.Argument(help="An archive of `aitia state backup`.")],
    as_json: Json = False,
) -> None:
    """Bring an archive into an empty AITIA_HOME; each file is checked first."""
    import os

    from aitia.cli.console import note, print_json
    from aitia.core import backup as archives
    from aitia.core.errors import BadInput

    if not os.environ.get("AITIA_HOME"):
        raise BadInput("Set AITIA_HOME to the folder to restore into.")
    done = archives.restore(archive, Path(os.environ["AITIA_HOME"]).expanduser())
    if as_json:
        print_json(done.model_dump())
    else:
        note(f"{done.files} files restored, {done.bytes / 1e6:.1f} MB")


def _none_runs(home: Path) -> None:
    """Raises BadInput where a worker of this home is at work: what it writes now would be left behind."""
    from aitia.core.errors import BadInput
    from aitia.core.state import SqliteFile
    from aitia.jobs.owner import is_alive
    from aitia.jobs.table import FILE, SCHEMA, VERSION

    if not (home / FILE).is_file():
        return
    with SqliteFile(home / FILE, SCHEMA, version=VERSION).reading() as db:
        owners: list[Any] = db.execute("select distinct owner from jobs where state = 'running'").fetchall()
    if any(is_alive(owner) for (owner,) in owners):
        raise BadInput(
            "Stop the aitia services of this AITIA_HOME first: a worker is carrying out a diagnosis."
        )


def _server(config: Path | None) -> Postgres | None:
    """The configured server, whatever its schema."""
    from aitia.core.postgres import Postgres

    url = chosen_database(config)
    return Postgres(url, check=False) if url else None


def chosen_database(config: Path | None) -> str:
    """The server that AITIA_DATABASE or, without it, the settings name; "" for SQLite files."""
    from aitia import api
    from aitia.core.state import database_url

    if config is not None or not database_url():
        api.settings_of(config)
    return database_url()


def _needed(config: Path | None) -> Postgres:
    from aitia.core.errors import BadInput

    if (at := _server(config)) is None:
        raise BadInput("Set AITIA_DATABASE=postgresql://USER@HOST/NAME, or service.database in aitia.yaml.")
    return at
