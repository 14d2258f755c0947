"""`aitia models curriculum | tune | compare`: examples of a role, an adapter made of them, and whether it is worth using."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from aitia.cli.crew import Ray

if TYPE_CHECKING:
    from aitia.models.adapters import Role
    from aitia.models.curriculum.items import Item
    from aitia.models.gates import Gate
    from aitia.models.tuning import Tuned

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed makes the same examples.")]
Threads = Annotated[int | None, typer.Option(min=1, help="Number of threads; default: as for a diagnosis.")]
MOST = 160  # items of a role that are compared, unless told otherwise


def curriculum(
    role: Annotated[str, typer.Argument(help="A role; default: list them.", metavar="[ROLE]")] = "",
    seed: Seed = 0,
    size: Annotated[int, typer.Option(min=1, help="How many examples.")] = 20,
    split: Annotated[
        str, typer.Option(help="train, check (while tuning) or held_out (for comparisons).")
    ] = "train",
    write: Annotated[Path | None, typer.Option(help="Write them to this file as JSON lines.")] = None,
    as_json: Json = False,
) -> None:
    """Show the generated examples that adapters are tuned on and compared by."""
    from aitia.cli.console import print_json
    from aitia.core.errors import BadInput
    from aitia.models.curriculum.items import SPLITS, digest, write_items
    from aitia.models.curriculum.roles import CURRICULA, curriculum_of

    if not role:
        rows = [{"role": c.role, "size": c.size, "about": c.about} for c in CURRICULA.values()]
        if as_json:
            print_json(rows)
        for row in [] if as_json else rows:
            typer.echo(f"{row['role']:<10} {row['size']:>6}  {row['about']}")
        return
    chosen = next((s for s in SPLITS if s == split), None)
    if chosen is None:
        raise BadInput(f"Give one of the splits {', '.join(SPLITS)}, not {split!r}.")
    items = curriculum_of(role).items(seed, size, chosen)
    if write is not None:
        write_items(write, items)
    if as_json:
        told = {"role": role, "seed": seed, "split": split, "sha256": digest(items), "items": len(items)}
        print_json(told if write else {**told, "examples": [i.model_dump() for i in items]})
        return
    for item in [] if write else items:
        typer.echo(f"{item.system}{item.prompt}{item.told.rstrip()}\n")
    typer.echo(f"{len(items)} examples of {role}, {split}, seed {seed}, sha256 {digest(items)}")


def tune(
    roles: Annotated[
        list[str], typer.Argument(help="What the model is to read: see `curriculum`.", metavar="ROLE...")
    ],
    base: Annotated[
        str, typer.Option("--base", help="A name from `aitia models list`, or a GGUF file.")
    ] = "qwen2.5-coder-0.5b",
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the adapter here instead of to AITIA_HOME.")
    ] = None,
    minutes: Annotated[float, typer.Option(min=0.1, help="Most minutes to train an adapter.")] = 25.0,
    seed: Seed = 0,
    size: Annotated[
        int | None, typer.Option(min=16, help="Examples of each role; default: as `curriculum` says.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Learn these rows too: JSON lines as `curriculum --write` writes them."),
    ] = None,
    from_site: Annotated[
        bool,
        typer.Option(
            "--from-site",
            help="Learn what persons said too: in the dictionary, and of confirmed runs (judge).",
        ),
    ] = False,
    dictionary: Annotated[
        Path, typer.Option("--dictionary", help="The site's dictionary, for --from-site.", dir_okay=False)
    ] = Path("dictionary.yaml"),
    rank: Annotated[int, typer.Option(min=1, help="Of the matrices.")] = 8,
    targets: Annotated[
        str, typer.Option(help="Projections that are tuned, by commas; default: all seven.")
    ] = "",
    batch: Annotated[int, typer.Option(min=1, help="Examples of a step: fewer for long ones.")] = 16,
    checks: Annotated[
        int, typer.Option(min=1, help="How often held-back examples are read; 1: at the end.")
    ] = 6,
    checked: Annotated[
        int, typer.Option(min=16, help="How many held-back examples of a role are read.")
    ] = 160,
    precision: Annotated[str, typer.Option("--type", help="f16 or q8_0.")] = "f16",
    each: Annotated[bool, typer.Option("--each", help="One adapter a role instead of one for all.")] = False,
    gate: Annotated[
        bool, typer.Option("--gate/--no-gate", help="Compare it with its base afterwards.")
    ] = True,
    threads: Threads = None,
    ray: Ray = "",
    as_json: Json = False,
) -> None:
    """Train an adapter that makes a small model read better, on generated examples; then compare it with its base.

    It is used where the comparison says that it is better and nothing is worse. Ctrl-C or a kill keeps what was learned: the same
    command goes on.
    """
    from aitia.cli.console import print_json
    from aitia.comparing import role_of
    from aitia.core.errors import BadInput
    from aitia.models import tuning
    from aitia.models.curriculum.items import read_items
    from aitia.models.lora import Precision
    from aitia.models.training import Recipe

    wanted = list(dict.fromkeys(role_of(r) for r in roles))
    chosen = next((p for p in get_args(Precision) if p == precision), None)
    if chosen is None:
        raise BadInput(f"Give --type f16 or q8_0, not {precision!r}.")
    groups = [[r] for r in wanted] if each else [wanted]
    if out is not None and len(groups) > 1:
        raise BadInput("Leave out --out or --each: several adapters do not fit into one file.")
    if ray and not (each and len(groups) > 1):
        raise BadInput(
            "Add --each and several roles: over a cluster each adapter is tuned on a node of its own."
        )
    rows = read_items(data) if data else []
    if from_site:
        rows += _site(wanted, dictionary)
    parts = tuple(t for t in targets.split(",") if t)
    recipe = Recipe(rank=rank, alpha=2.0 * rank, targets=parts, batch=batch, checks=checks, checked=checked)
    how: dict[str, Any] = {
        "seed": seed, "minutes": minutes, "size": size, "recipe": recipe, "precision": chosen, "threads": threads,
    }  # fmt: skip
    owns = [[r for r in rows if r.role in group] if each else rows for group in groups]
    train = partial(tuning.tune, **how)
    made_ones = (
        _tuned_apart(how, groups, base, owns, ray)
        if ray
        else (_tuned(train, group, base, out, own) for group, own in zip(groups, owns, strict=True))
    )
    told = []
    for made in made_ones:
        gates = _gates(base, made, seed, threads, keep=out is None) if gate else []
        told.append(_row(made, gates))
        if not as_json:
            _print_tuned(made, gates)
    if as_json:
        print_json(told if each else told[0])


def _site(roles: Sequence[Role], file: Path) -> list[Item]:
    """What this site's persons said, redacted by its own rules; how much it is goes to stderr."""
    from collections import Counter

    from aitia.api import settings_of
    from aitia.cli.console import note
    from aitia.core.errors import BadInput
    from aitia.core.home import aitia_home
    from aitia.core.redact import Redactor, load_key
    from aitia.site_examples import site_items
    from aitia.tools.meaning.dictionary import read_dictionary

    settings_of(None)  # its rules of redaction
    if not file.is_file() and file != Path("dictionary.yaml"):
        raise BadInput(f"Give an existing --dictionary: there is no file {str(file)!r}.")
    found = read_dictionary(file) if file.is_file() else None
    made = site_items(roles, found, aitia_home(), Redactor(load_key(aitia_home())))
    told = ", ".join(f"{n} of {role}" for role, n in Counter(i.role for i in made).items())
    note(f"learned from this site: {told}")
    return made


def _tuned(
    train: Callable[..., Tuned], roles: Sequence[Role], base: str, out: Path | None, rows: Sequence[Item]
) -> Tuned:
    from aitia.cli.console import note
    from aitia.cli.progress import progress_on_stderr
    from aitia.models.adapters import own_file
    from aitia.models.load import model_file

    with progress_on_stderr() as show:
        file = model_file(base, on_progress=show)
        path = out or own_file("+".join(roles), file.sha256)
        try:
            return train(file, roles, out=path, rows=rows, on_progress=show)
        except KeyboardInterrupt:
            note("what was learned is saved: run the same command again to continue")
            raise


def _tuned_apart(
    how: dict[str, Any], groups: Sequence[Sequence[Role]], base: str, rows: Sequence[Sequence[Item]], ray: str
) -> Iterator[Tuned]:
    """Each group's adapter by a node of the cluster, as they are done. The base must lie on every node."""
    from aitia.cli.console import note
    from aitia.cli.progress import progress_on_stderr
    from aitia.models.adapters import own_file
    from aitia.models.load import model_file
    from aitia.models.tuning_apart import Apart, Wanted, tune_apart

    with progress_on_stderr() as show:
        file = model_file(base, on_progress=show)
    wanted = [
        Wanted(roles=tuple(group), rows=tuple(own), out=own_file("+".join(group), file.sha256))
        for group, own in zip(groups, rows, strict=True)
    ]
    for n, made in enumerate(tune_apart(Apart(base=base, told=how), wanted, ray=ray), 1):
        note(f"{n} of {len(wanted)} tuned: {made.adapter.role}")
        yield made


def _gates(base: str, made: Tuned, seed: int, threads: int | None, *, keep: bool) -> list[Gate]:
    """The adapter beside its base on what the curriculum holds out."""
    from aitia.comparing import role_of

    operand = f"{base}+{made.path}"
    roles = [role_of(r) for r in made.adapter.roles]
    gates = [_compare(base, operand, r, None, MOST, seed, threads)[0] for r in roles]
    if keep:
        _keep(gates)
    return gates


def _keep(gates: Sequence[Gate], path: Path | None = None) -> None:
    from aitia.models.gates import keep_gates, own_gates_file

    keep_gates(path or own_gates_file(), gates)


def _row(made: Tuned, gates: Sequence[Gate]) -> dict[str, Any]:
    return {
        "file": str(made.path), "bytes": made.path.stat().st_size, **made.adapter.model_dump(), "steps": made.steps,
        "loss": made.loss, "right": made.right, "seconds": made.seconds, "curve": made.curve, "checks": made.checked,
        "gates": [g.model_dump() | {"open": g.open, "why": g.why} for g in gates],
    }  # fmt: skip


def _print_tuned(made: Tuned, gates: Sequence[Gate]) -> None:
    typer.echo(
        f"{made.path}: {made.path.stat().st_size / 1e6:.1f} MB, {made.steps} steps in {made.seconds / 60:.0f} min, "
        f"{made.right:.0%} of {made.held_out} held-back examples right, curriculum {made.adapter.curriculum[:12]}"
    )
    for gate in gates:
        _print_gate(gate)
    if not gates:
        typer.echo("not compared yet: aitia models compare decides whether it is used")


def compare(
    a: Annotated[str, typer.Argument(help="A model: a name of the catalogue or a GGUF file.", metavar="A")],
    b: Annotated[
        str,
        typer.Argument(help="Another one, or an adapter: BASE+ADAPTER.gguf or ADAPTER.gguf.", metavar="B"),
    ],
    roles: Annotated[
        list[str] | None,
        typer.Option("--role", help="A role (may be repeated); default: those of the adapter, or all."),
    ] = None,
    items: Annotated[
        Path | None, typer.Option(help="Ask these (JSON lines) instead of what the curriculum holds out.")
    ] = None,
    most: Annotated[
        int, typer.Option(min=1, help="At most so many items of a role, drawn by a hash of their text.")
    ] = MOST,
    seed: Seed = 0,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the result as the adapter's gate: whether it is used.")
    ] = False,
    gate_file: Annotated[
        Path | None, typer.Option("--gate-file", help="Keep it in this file instead of AITIA_HOME.")
    ] = None,
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Ask two models the same, role by role: bare, with today's examples, with an adapter; with the interval of the difference.

    Labels that were chosen are kept: the same command goes on after Ctrl-C.
    """
    from aitia.cli.console import print_json
    from aitia.comparing import contender, role_of
    from aitia.core.errors import BadInput
    from aitia.models.curriculum.items import read_items
    from aitia.models.curriculum.roles import CURRICULA

    other = contender(b)
    given = read_items(items) if items else None
    held = [r for r in CURRICULA if given is None or r in {i.role for i in given}]
    wanted = [role_of(r) for r in roles or other.roles or held]
    if (keep or gate_file) and other.adapter is None:
        raise BadInput("Give an adapter as B: a gate is about one.")
    source = items.name if items else "curriculum"
    found = [_compare(a, b, r, given, most, seed, threads, source) for r in wanted if r in held]
    if not found:
        raise BadInput(f"Give items of {', '.join(wanted)}: there are none.")
    if keep or gate_file:
        _keep([g for g, _ in found], gate_file)
    if as_json:
        print_json([g.model_dump() | {"open": g.open, "why": g.why, "rows": rows} for g, rows in found])
        return
    for gate, rows in found:
        _print_table(gate, rows)
        _print_gate(gate) if other.adapter else None


def _compare(
    a: str,
    b: str,
    role: Role,
    given: Sequence[Item] | None,
    most: int,
    seed: int,
    threads: int | None,
    source: str = "curriculum",
) -> tuple[Gate, dict[str, dict[str, float]]]:
    """A role's gate, and the mean of each metric by who was asked how."""
    import hashlib

    from aitia.cli.progress import progress_on_stderr
    from aitia.comparing import compared, contender, mean
    from aitia.models.curriculum.roles import curriculum_of

    found = curriculum_of(role)
    if given is None:
        chosen = found.items(seed, most, "held_out")
    else:
        own = [i for i in given if i.role == role]
        chosen = sorted(own, key=lambda i: hashlib.sha256(i.prompt.encode()).hexdigest())[:most]
    shown = found.items(seed, 16, "train")
    with progress_on_stderr() as show:
        first, other = contender(a, on_progress=show), contender(b, on_progress=show)
        gate, values = compared(first, other, chosen, shown, source=source, threads=threads, on_progress=show)
    return gate, {
        who: {m: round(mean(v), 4) for m, v in by.items() if any(x is not None for x in v)}
        for who, by in values.items()
    }


def _print_table(gate: Gate, rows: dict[str, dict[str, float]]) -> None:
    from rich.table import Table

    from aitia.cli.console import stdout_console

    table = Table(
        title=f"{gate.role}, items of {gate.source}", title_justify="left", box=None, pad_edge=False
    )
    table.add_column("")
    for figure in gate.figures:
        table.add_column(f"{figure.metric} ({figure.n})", justify="right")
    for who, held in rows.items():
        table.add_row(who, *(f"{held[f.metric]:.3f}" for f in gate.figures))
    table.add_row(
        "B less A's best", *(f"{f.adapter - f.base:+.3f} [{f.low:.2f}, {f.high:.2f}]" for f in gate.figures)
    )
    stdout_console().print(table)


def _print_gate(gate: Gate) -> None:
    used = "used" if gate.open else "not used"
    typer.echo(f"{gate.role}: {used}: {gate.why}")
