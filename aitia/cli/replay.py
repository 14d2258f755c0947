"""`aitia replay`: recorded incidents in, a score table out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aitia.cli.console import Format
from aitia.cli.crew import Jobs, Ray
from aitia.cli.diagnose import Json, MaxCalls, Model, Narrator, Output, Planner, Threads, Trust
from aitia.core.errors import EXIT_NOT_STORED

if TYPE_CHECKING:
    from aitia.core.llm import Llm
    from aitia.core.spread import Crew
    from aitia.model_use import Narrator as NarratorName
    from aitia.model_use import Planner as PlannerName

Score = dict[str, Any]


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
    trust: Trust = None,
    jobs: Jobs = 1,
    ray: Ray = "",
    as_json: Json = False,
    output: Output = None,
    format: Annotated[
        Format | None, typer.Option("--format", help="Format of the scores: text, md or json.")
    ] = None,
) -> None:
    """Diagnose recorded scenarios anew and score them. Exit code 0 when all are right, else 1."""
    from aitia.cli.console import note, print_json, stdout_console, write_out
    from aitia.cli.replay_scores import PIPED, markdown, plain, print_tables
    from aitia.core.errors import BadInput
    from aitia.core.spread import Crew

    shape = _shape(format, as_json=as_json, output=output)
    folders = scenario_folders(paths, skipped=note)
    if not folders:
        raise BadInput(
            f"None of {', '.join(map(str, paths))} contains a scenario.yaml. Give folders that do."
        )
    crew = Crew(jobs=jobs, ray=ray)
    loaded = model if crew.ray or crew.here > 1 else _loaded(model, threads, planner, narrator)
    asked = Mode(name="model", model=loaded, planner=planner, narrator=narrator)
    baseline = Mode(name="rules", model=None, planner="rules", narrator="template")
    modes = [baseline, asked] if compare else [asked]
    scores = {mode.name: _scores(folders, mode, threads, max_calls, trust or [], crew) for mode in modes}
    final = scores[asked.name]
    told: dict[str, Any] = {"scenarios": final} | ({"modes": scores} if compare else {})
    if as_json and output is not None:
        print_json(told)
    written = {"md": markdown, "text": plain}
    if shape == "text" and output is None:
        print_tables(stdout_console(piped_width=PIPED), scores)
    else:
        write_out(_json(told) if shape == "json" else written[shape](scores), output)
    if len(final) == 1 and final[0].get("run"):
        note(f"Full report: aitia report {final[0]['run']} --full")
    if any(_unstored(s) for s in final):
        raise typer.Exit(EXIT_NOT_STORED)
    raise typer.Exit(0 if all(s.get("correct") for s in final) else 1)


def _unstored(score: Score) -> bool:
    from aitia.core.home import aitia_home
    from aitia.core.store import not_stored

    return bool(score.get("run")) and bool(not_stored(aitia_home(), str(score["run"])))


def _shape(format: Format | None, *, as_json: bool, output: Path | None) -> Format:
    """The format asked for, else by the file's ending; a file of any other ending is JSON."""
    from aitia.core.errors import BadInput

    if format in ("html", "pdf"):
        raise BadInput(
            f"Scores can only be text, md or json. For a report as {format} use: aitia report RUN "
            f"--format {format}."
        )
    if format is not None or as_json:
        return format or "json"
    endings: dict[str, Format] = {".md": "md", ".txt": "text"}
    return "text" if output is None else endings.get(output.suffix.lower(), "json")


def _json(told: dict[str, Any]) -> str:
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def scenario_folders(paths: list[Path], *, skipped: Any) -> list[Path]:
    """The folders with a scenario.yaml: a path itself, or the ones directly in it; others are told to `skipped`."""
    from aitia.core.errors import BadInput

    found: list[Path] = []
    for path in paths:
        folder = path.parent if path.name == "scenario.yaml" else path
        inside = sorted(p.parent for p in folder.glob("*/scenario.yaml")) if folder.is_dir() else []
        if (folder / "scenario.yaml").is_file():
            found.append(folder)
        elif inside:
            found += inside
        elif not path.exists():
            raise BadInput(f"{str(path)!r} does not exist. Give scenario folders, or folders of them.")
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


def _scores(
    folders: list[Path], mode: Mode, threads: int | None, max_calls: int | None, trust: list[Path], crew: Crew
) -> list[Score]:
    """The scores in the order of the folders: one after the other here, or by several processes, or on a cluster."""
    if not crew.ray and crew.here == 1:
        return [_run(folder, mode, threads, max_calls, trust) for folder in folders]
    from aitia import apart
    from aitia.cli.console import note
    from aitia.core.home import aitia_home
    from aitia.core.redaction.keys import mark_of
    from aitia.core.spread import spread

    assert mode.model is None or isinstance(mode.model, str)
    home, scores = aitia_home(), dict[int, Score]()
    work = apart.Replay(
        mark=mark_of(home), model=mode.model, planner=mode.planner, narrator=mode.narrator,
        threads=threads, max_calls=max_calls, trust=tuple(p.absolute() for p in trust),
    )  # fmt: skip
    units = {n: folder.absolute() for n, folder in enumerate(folders)}
    lost = lambda folder, why: apart.Apart(score=apart.failed(folder, why))  # noqa: E731
    for n, told in spread(work, units, crew=crew, need=work.need, lost=lost):
        scores[n] = apart.take_in(told, home)
        if "error" in scores[n]:
            note(f"{folders[n].name}: {scores[n]['error']}")
        note(f"{len(scores)} of {len(folders)} replayed")
    return [scores[n] for n in sorted(scores)]


def _run(folder: Path, mode: Mode, threads: int | None, max_calls: int | None, trust: list[Path]) -> Score:
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
                trust=trust,
            )
    except AitiaError as error:
        note(f"{folder.name}: {error}")
        return {"id": folder.name, "correct": False, "error": str(error)}
    return {"id": done.scenario.id} | dict(done.score)
