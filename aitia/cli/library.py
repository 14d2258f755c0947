"""`aitia library`: learn from past incidents as events, and measure what was learned on incidents held back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aitia.cli.diagnose import Json

app = typer.Typer(help="Learn from past incidents recorded as events.", no_args_is_help=True)
File = Annotated[
    Path, typer.Argument(help="Past incidents, one JSON object per line.", metavar="LIBRARY.jsonl")
]


@app.command("train")
def train(
    library: File,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to write the model (JSON).")] = Path(
        "library_model.json"
    ),
    as_json: Json = False,
) -> None:
    """Learn a ranking of (component, fault) from past incidents; the model is plain JSON with the data's sha256."""
    from aitia.cli.console import note, print_json, write_out
    from aitia.tools.library.events import read_library
    from aitia.tools.library.model import train as learn

    model = learn(read_library(library))
    write_out(model.dumps(), output)
    if as_json:
        print_json(model.summary())
        return
    for name, weight in model.weightiest(12):
        note(f"{weight:+.2f}  {name}")


@app.command("check")
def check(
    library: File,
    folds: Annotated[int, typer.Option("--folds", min=2, help="Number of folds; each is held out once.")] = 5,
    seed: Annotated[int, typer.Option("--seed", help="Which split.")] = 0,
    as_json: Json = False,
) -> None:
    """Cross-validated HR@1, HR@3 and fault type F1: every incident is ranked by a model that never saw it."""
    from aitia.cli.console import print_json
    from aitia.tools.library.check import cross_validated
    from aitia.tools.library.events import read_library

    scores = cross_validated(read_library(library).cases, folds=folds, seed=seed)
    if as_json:
        print_json(scores)
        return
    for name, value in scores.items():
        print(f"{name:<14}{value:.3f}" if isinstance(value, float) else f"{name:<14}{value}")
