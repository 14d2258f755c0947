"""`aitia tokens`: give persons and programs a token of their own, and take it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from aitia.cli.diagnose import Config, Json

if TYPE_CHECKING:
    from pathlib import Path

    from aitia.access import IssuedTokens

app = typer.Typer(
    help="Tokens for the HTTP and MCP doors: one for each person or program.", no_args_is_help=True
)


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="The person or program that it is for.")],
    role: Annotated[
        list[str],
        typer.Option("--role", "-r", help="see, diagnose, approve or administer; repeatable."),
    ],
    days: Annotated[float, typer.Option("--days", help="How long it is valid.")] = 90.0,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Make a token and print it: it is shown this once, and kept as a hash."""
    from aitia.cli.console import note, print_json

    store, team = _store(config)
    token, made = store.issue(name, role, days=days, team=team, by=_me())
    if as_json:
        print_json({"token": token, **made.model_dump(mode="json")})
        return
    print(token)
    note(f"{made.id}: {made.name}, {', '.join(made.roles)}, valid until {made.ends_at:%Y-%m-%d %H:%M} UTC")


@app.command("list")
def list_(config: Config = None, as_json: Json = False) -> None:
    """The tokens that were issued, and what became of them."""
    from rich.table import Table

    from aitia.cli.console import note, print_json, stdout_console
    from aitia.render.text import clean

    found = _store(config)[0].all()
    if as_json:
        print_json([{**each.model_dump(mode="json"), "state": each.state} for each in found])
        return
    if not found:
        note("no token was issued yet: `aitia tokens new NAME --role see`")
        return
    table = Table("id", "name", "roles", "state", "until", "made by")
    for each in found:
        until = f"{each.ends_at:%Y-%m-%d %H:%M}"
        table.add_row(
            each.id, clean(each.name), ", ".join(each.roles), each.state, until, clean(each.made_by)
        )
    stdout_console().print(table)


@app.command("revoke")
def revoke(
    id: Annotated[str, typer.Argument(help="The id from `aitia tokens list`.")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """End a token; running services refuse it within a second."""
    from aitia.cli.console import note, print_json

    done = _store(config)[0].revoke(id, by=_me())
    if as_json:
        print_json({**done.model_dump(mode="json"), "state": done.state})
    else:
        note(f"{done.id} ({done.name}) is revoked")


def _store(config: Path | None) -> tuple[IssuedTokens, str]:
    """The home's tokens, and the team that the settings name."""
    from aitia import api
    from aitia.access import IssuedTokens
    from aitia.core.home import aitia_home
    from aitia.core.state import use_database

    settings = api.settings_of(config)
    use_database(settings.service.database)
    return IssuedTokens(aitia_home()), settings.service.team


def _me() -> str:
    """Whoever is at this terminal."""
    import getpass

    try:
        return f"terminal:{getpass.getuser()}"
    except (KeyError, OSError):  # a user id without a name, as in a container
        return "terminal"
