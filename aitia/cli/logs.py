"""`aitia logs`: what logs hold and what changed in them."""

from __future__ import annotations

import typer

from aitia.cli.logs_diff import diff, patterns
from aitia.cli.logs_search import search
from aitia.cli.logs_watch import watch

app = typer.Typer(help="Read any log: its templates, what changed, search.", no_args_is_help=True)
app.command("patterns")(patterns)
app.command("diff")(diff)
app.command("search")(search)
app.command("watch")(watch)
