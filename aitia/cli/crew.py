"""Options of commands whose work is many units: processes of this machine, or a Ray cluster."""

from __future__ import annotations

from typing import Annotated

import typer

Jobs = Annotated[int, typer.Option("--jobs", "-j", min=0, max=64, help="Processes; 0: one a core.")]
Ray = Annotated[
    str,
    typer.Option(
        "--ray",
        metavar="ADDRESS",
        envvar="AITIA_RAY",
        help="Work on a Ray cluster: HOST:PORT, auto, or local for one of this machine.",
    ),
]
