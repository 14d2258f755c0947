"""`aitia replay`: recorded incidents in, a score table out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aitia.cli.diagnose import Json, MaxCalls, Model, Narrator, Output, Planner, Threads

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from aitia.core.llm import Llm
    from aitia.modes import Narrator as NarratorName
    from aitia.modes import Planner as PlannerName

Score = dict[str, Any]
_PIPED, _TWO_TABLES = 160, 156
# What a narrow console does without, by least width.
_LEFT_OUT: tuple[tuple[int, tuple[str, ...]], ...] = (
    (120, ()),
    (98, ("answer",)),
    (0, ("answer", "repeated", "calls")),
)
_COLUMNS = (
    "scenario",
    "right",
    "rank",
    "verdict",
    "p",
    "answer",
    "grounded",
    "calls",
    "repeated",
    "tokens",
    "seconds",
)


@dataclass(frozen=True, kw_only=True)
class Mode:
    """One way to run the engine; `--compare` runs two."""

    name: str
    model: str | Llm | None
    planner: PlannerName | None
    narrator: NarratorName | None


def replay(
    paths: Annotated[
        list[Path], typer.Argument(help="Scenario folders, or folders of them.", show_default=False)
    ],
    model: Model = "auto",
    planner: Planner = None,
    narrator: Narrator = None,
    threads: Threads = None,
    max_calls: MaxCalls = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Run without and with the model; print both tables.")
    ] = False,
    as_json: Json = False,
    output: Output = None,
) -> None:
    """Diagnose recorded scenarios anew and score them. Exit code 0 when all are right, else 1."""
    from aitia.cli.console import note, print_json, stdout_console, write_out
    from aitia.core.errors import BadInput

    folders = scenario_folders(paths, skipped=note)
    if not folders:
        raise BadInput(f"Give folders that hold a scenario.yaml: none of {', '.join(map(str, paths))} does.")
    asked = Mode(
        name="model", model=_loaded(model, threads, planner, narrator), planner=planner, narrator=narrator
    )
    baseline = Mode(name="rules", model=None, planner="rules", narrator="template")
    modes = [baseline, asked] if compare else [asked]
    scores = {mode.name: [_run(folder, mode, threads, max_calls) for folder in folders] for mode in modes}
    final = scores[asked.name]
    told: dict[str, Any] = {"scenarios": final} | ({"modes": scores} if compare else {})
    if output:
        import json

        write_out(json.dumps(told, indent=2, ensure_ascii=False) + "\n", output)
    if as_json:
        print_json(told)
    elif output is None:
        print_tables(stdout_console(piped_width=_PIPED), scores)
    raise typer.Exit(0 if all(s.get("correct") for s in final) else 1)


def scenario_folders(paths: list[Path], *, skipped: Any) -> list[Path]:
    """The folders with a scenario.yaml: a path itself, or the ones directly in it; others are told to `skipped`."""
    found: list[Path] = []
    for path in paths:
        folder = path.parent if path.name == "scenario.yaml" else path
        inside = sorted(p.parent for p in folder.glob("*/scenario.yaml")) if folder.is_dir() else []
        if (folder / "scenario.yaml").is_file():
            found.append(folder)
        elif inside:
            found += inside
        else:
            skipped(f"skipped {path}: no scenario.yaml")
    return list(dict.fromkeys(found))


def _loaded(model: str, threads: int | None, planner: Any, narrator: Any) -> str | Llm | None:
    """The model, loaded once for all scenarios; its name stays where it could not be loaded, for the note."""
    from aitia.cli.console import note
    from aitia.cli.session import watched
    from aitia.engine import choose_engine
    from aitia.settings import Settings

    with watched() as view:
        engine = choose_engine(
            None if model == "none" else model,
            settings=Settings(),
            planner=planner,
            narrator=narrator,
            threads=threads,
            on_event=view,
        )
    if engine.failed:
        note(f"without a model: {engine.note}")
    return engine.llm or (None if model == "none" else model)


def _run(folder: Path, mode: Mode, threads: int | None, max_calls: int | None) -> Score:
    """One scenario's score; a scenario that cannot be read is a wrong answer with its message."""
    from aitia import api
    from aitia.cli.console import note
    from aitia.cli.session import watched
    from aitia.core.errors import AitiaError

    try:
        with watched() as view:
            done = api.replay(
                folder,
                model=mode.model,
                planner=mode.planner,
                narrator=mode.narrator,
                threads=threads,
                max_calls=max_calls,
                on_event=view,
            )
    except AitiaError as error:
        note(f"{folder.name}: {error}")
        return {"id": folder.name, "correct": False, "error": str(error)}
    return {"id": done.scenario.id} | dict(done.score)


def print_tables(console: Console, scores: dict[str, list[Score]]) -> None:
    """The table of each mode, side by side where the console is wide enough."""
    from rich.columns import Columns

    each = console.width // len(scores) if console.width >= _TWO_TABLES else console.width
    tables = [score_table(name, rows, width=each, titled=len(scores) > 1) for name, rows in scores.items()]
    console.print(Columns(tables, padding=(0, 4)) if len(tables) > 1 else tables[0])


def score_table(name: str, rows: list[Score], *, width: int, titled: bool = False) -> Table:
    """Scores as a table with a line of totals; columns that find no room are left out."""
    from rich.table import Table
    from rich.text import Text

    left_out = next((columns for least, columns in _LEFT_OUT if width >= least), _LEFT_OUT[-1][1])
    table = Table(
        title=name if titled else None, box=None, pad_edge=False, header_style="bold", show_footer=True
    )
    shown = [n for n, column in enumerate(_COLUMNS) if column not in left_out]
    foot = totals(rows)
    for n in shown:
        right = _COLUMNS[n] not in ("scenario", "right", "verdict", "answer")
        table.add_column(_COLUMNS[n], footer=foot[n], justify="right" if right else "left", no_wrap=True)
    for row in rows:
        line = cells(row)
        table.add_row(*(Text(line[n]) for n in shown))
    return table


def cells(row: Score) -> tuple[str, ...]:
    """One scenario's line."""
    from aitia.render.text import clean, percent

    if "error" in row:
        return (str(row["id"]), "✗", "", "error", "", clean(str(row["error"])), "", "", "", "", "")
    answer = " ".join(str(row.get(k) or "") for k in ("component", "fault")).strip()
    return (
        str(row["id"]),
        "✓" if row.get("correct") else "✗",
        _text(row.get("rank")),
        str(row.get("verdict", "")),
        percent(float(row["probability"])) if row.get("probability") is not None else "",
        clean(answer),
        _share(row.get("grounded")),
        _text(row.get("calls")),
        _text(row.get("repeated_calls")),
        _text(_tokens(row)),
        f"{float(row.get('seconds') or 0.0):.1f}",
    )


def totals(rows: list[Score]) -> tuple[str, ...]:
    """How many are right; sums and the mean of the grounded share."""
    right = sum(bool(r.get("correct")) for r in rows)
    grounded = [float(r["grounded"]) for r in rows if r.get("grounded") is not None]
    sums = [str(sum(int(r.get(key) or 0) for r in rows)) for key in ("calls", "repeated_calls")]
    sums.append(str(sum(_tokens(r) for r in rows)))
    seconds = f"{sum(float(r.get('seconds') or 0.0) for r in rows):.1f}"
    mean = _share(sum(grounded) / len(grounded)) if grounded else ""
    return (f"{len(rows)} in all", f"{right}/{len(rows)}", "", "", "", "", mean, *sums, seconds)


def _tokens(row: Score) -> int:
    """Evaluated and written tokens; those restored from a saved prefix cost nothing."""
    return int(row.get("tokens") or 0)


def _text(value: Any) -> str:
    return "–" if value is None else str(value)


def _share(value: Any) -> str:
    return "" if value is None else f"{float(value):.0%}"
