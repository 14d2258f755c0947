"""`aitia lab`: incidents with known causes."""

from __future__ import annotations

import os
import signal
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from aitia.cli.crew import Ray
from aitia.cli.diagnose import Json

if TYPE_CHECKING:
    from aitia.lab.words import Order, Strength, System

app = typer.Typer(
    help="Make incidents whose cause is known: real servers, machines, clusters.", no_args_is_help=True
)
Own = Annotated[
    Path | None, typer.Option("--systems", help="A folder of your own system files.", file_okay=False)
]


@app.command("list")
def list_(as_json: Json = False, own: Own = None) -> None:
    """Show the systems, their faults, and what this machine lacks for them."""
    from aitia.cli.console import print_json
    from aitia.lab.catalog import systems

    rows = [_row(system) for system in systems(own).values()]
    if as_json:
        print_json({"systems": rows})
        return
    for row in rows:
        print(f"{row['name']}  ({row['kind']})  {row['title']}")
        for missing in row["missing"]:
            print(f"  missing: {missing}")
        for fault in row["faults"]:
            more = ", ".join(fault["victims"])
            print(
                f"  {fault['id']:<22} {fault['family']:<16} {'/'.join(fault['strengths']):<19} {more}".rstrip()
            )
        print(f"  decoys: {', '.join(row['decoys']) or 'none'}\n")


def _row(system: System) -> dict[str, Any]:
    return {
        "name": system.name,
        "kind": system.kind,
        "title": system.title,
        "missing": list(system.missing()),
        "faults": [failure.model_dump(mode="json") for failure in system.failures],
        "decoys": list(system.decoys),
    }


@app.command("make")
def make(
    system: Annotated[
        str, typer.Option("--system", help="A system of `aitia lab list`, or all that can run here.")
    ],
    fault: Annotated[str, typer.Option("--fault", help="A fault of it, none, or all in turn.")] = "all",
    n: Annotated[int, typer.Option("--n", min=1, max=100_000, help="How many of each system.")] = 1,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the first; the next ones count up.")] = 1,
    out: Annotated[Path, typer.Option("--out", help="Folder to write to.", file_okay=False)] = Path(
        "incidents"
    ),
    victim: Annotated[str, typer.Option("--victim", help="Whom the fault hits; default by the seed.")] = "",
    strength: Annotated[
        str, typer.Option("--strength", help="weak, medium or strong; default by the seed.")
    ] = "",
    parallel: Annotated[
        int, typer.Option("--parallel", min=0, max=64, help="At a time; 0: one per core.")
    ] = 0,
    twins: Annotated[
        int, typer.Option("--twins", min=0, help="A healthy twin for every so many; 0: none.")
    ] = 5,
    baseline_s: Annotated[
        float, typer.Option("--baseline-s", min=10, help="Seconds before the onset (servers).")
    ] = 150,
    fault_s: Annotated[
        float, typer.Option("--fault-s", min=10, help="Seconds after the onset (servers).")
    ] = 90,
    own: Own = None,
    ray: Ray = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be made.")] = False,
) -> None:
    """Make incidents into scenario folders. Started again, it skips what is finished.

    Exit code: 0, 1 where some could not be made, 2 for bad input, 130 interrupted.
    """
    from aitia.cli.console import note
    from aitia.core.errors import EXIT_INTERNAL
    from aitia.lab import plan
    from aitia.lab.batch import Batch
    from aitia.lab.servers.record import Spans

    planned: list[Order] = []
    for one in _chosen(system, own):
        planned += plan.orders(
            one,
            fault=fault,
            n=n,
            seed=seed,
            victim=victim,
            strength=cast("Strength | None", strength or None),
        )
    planned += plan.twins(planned, twins)
    if dry_run:
        for order in planned:
            words = [order.fault, order.victim, order.strength, "twin" * order.twin, *order.decoys]
            print(f"{plan.name_of(order)}  seed {order.seed}  {' '.join(word for word in words if word)}")
        return
    for stop in (signal.SIGINT, signal.SIGTERM):  # in the background of a script SIGINT would be ignored
        signal.signal(stop, signal.default_int_handler)
    spans = Spans(baseline_s=baseline_s, fault_s=fault_s)
    cores = len(os.sched_getaffinity(0))
    outcome = Batch(out, parallel=parallel or cores, spans=spans, own=own, tell=note).run(planned, ray=ray)
    for name, said in outcome.failed.items():
        note(f"failed: {name}: {said}")
    print(f"{out}: {len(outcome.made)} made, {len(outcome.skipped)} were there, {len(outcome.failed)} failed")
    if outcome.failed:
        raise typer.Exit(EXIT_INTERNAL)


def _chosen(name: str, own: Path | None) -> list[System]:
    from aitia.core.errors import BadInput
    from aitia.lab.catalog import system_of, systems

    known = systems(own)
    if name == "all":
        return [system for system in known.values() if not system.missing()]
    system = system_of(name, known)
    if missing := system.missing():
        raise BadInput(f"Install what {name} needs: {', '.join(missing)}.")
    return [system]


@app.command("check")
def check(
    out: Annotated[Path, typer.Argument(help="The folder that `make` wrote.")],
    as_json: Json = False,
) -> None:
    """Move recordings that were disturbed, or that show nothing of their fault, to DIR/dropped."""
    from aitia.cli.console import print_json
    from aitia.lab.check import check as look

    kept, dropped = look(out)
    if as_json:
        print_json({"kept": kept, "dropped": [asdict(one) for one in dropped]})
        return
    for one in dropped:
        print(f"{one.folder}  {one.reason}")
    print(f"{len(kept)} kept, {len(dropped)} dropped")


@app.command("serve-cluster")
def serve_cluster(
    folder: Annotated[Path, typer.Argument(help="A folder of a cluster system.")],
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port on loopback; 0: a free one.")
    ] = 8001,
) -> None:
    """Serve the cluster of a folder on loopback, read-only, so that kubectl can look at it. Ctrl-C ends it."""
    from aitia.lab.cluster.serve import serve

    serve(folder, port)
