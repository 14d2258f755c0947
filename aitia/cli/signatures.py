"""`aitia signals train --learner signatures` and `aitia signals predict` with what it wrote."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from aitia.cli.console import note, print_json, stdout_console
from aitia.core.errors import BadInput
from aitia.core.percent import percent
from aitia.render.text import clean

if TYPE_CHECKING:
    from aitia.tools.signals.learned.signature import Named, SignatureAbout

About = TypeVar("About", bound=BaseModel)


def train(
    data: Path, output: Path, *, label: str, group: str, time: str, drop: Sequence[str], healthy: str, error: float, seed: int,
    as_json: bool,
) -> None:  # fmt: skip
    """Learn what each fault does to a plant; the figures are of runs and of faults that were left out."""
    from aitia.tools.signals.learned.layouts import read_records
    from aitia.tools.signals.learned.signature import save
    from aitia.tools.signals.learned.signature_train import train_signatures

    records, digest = read_records(data, label=label, group=group, time=time, drop=drop)
    model = train_signatures(records, healthy=healthy, error=error, seed=seed, digest=digest)
    save(model, output)
    told(model.about, output, show=_print, as_json=as_json)


def told(about: About, output: Path, *, show: Callable[[About], None], as_json: bool) -> None:
    """What was learned, as JSON or in words."""
    if as_json:
        print_json(about.model_dump(mode="json"))
    else:
        show(about)
        note(f"written to {output}")


def predict(
    model: Path,
    data: Path,
    known: Path | None,
    *,
    label: str,
    group: str,
    time: str,
    drop: Sequence[str],
    as_json: bool,
) -> None:
    """Name the fault of each run, or say that it is like none of the known ones."""
    from aitia.tools.signals.learned.layouts import read_records
    from aitia.tools.signals.learned.signature import load

    if known is not None:
        raise BadInput(
            "--known does not apply to a signature model. Train it again with the additional runs."
        )
    fitted = load(model)
    records, _ = read_records(data, label=label, group=group, time=time, drop=drop, labelled=False)
    told = [fitted.name(record) for record in records]
    if as_json:
        print_json([t.model_dump(mode="json") for t in told])
        return
    for t in told:
        first, *more = lines(t)
        print(clean(first))
        for line in more:
            print(f"  {clean(line)}")


def lines(told: Named) -> list[str]:
    """What is said of one run, for a reader: the verdict, the likest faults, what agrees with the first."""
    verdict = {
        "named": told.label,
        "several": f"cannot tell: like {' and '.join(a.label for a in told.ranked[:2])}",
        "none": "like none of the known faults",
        "normal": "in its normal pattern",
        "short": f"cannot tell: out of its normal pattern for {told.samples} samples",
    }[told.state]
    since = "" if told.since is None else f", since row {told.since + 1}"
    made = [f"{told.record} ({told.group}): {verdict}{since}"]
    if told.ranked:
        made.append("likeness: " + ", ".join(f"{a.label} {a.likeness:.2f}" for a in told.ranked))
        made += [f"{r.what} of {r.channel}: {r.value:+.2f}, known {r.known:+.2f}" for r in told.reasons]
    return made


def _print(about: SignatureAbout) -> None:
    console, r = stdout_console(), about.recognised
    if r.right is not None and r.wrong is not None:
        console.print(
            f"{r.runs} runs held out: {percent(r.right)} named correctly, {percent(r.wrong)} named wrongly",
            markup=False,
        )
    console.print(
        (
            f"{r.faults} faults held out completely: {percent(r.unseen)} named as another (limit "
            f"{about.limit:.2f} holds {percent(about.held)})"
        ),
        markup=False,
    )
    if r.right is not None:
        console.print(
            f"with known and unknown faults equally frequent, {percent(r.precision)} of names are correct",
            markup=False,
        )
    known = (
        f"the most similar are {about.alike[0]} and {about.alike[1]}: give them one label if they are "
        "the same fault"
    )
    console.print(clean(known), markup=False)
    for fault in about.faults:
        right = f", {fault.right} named correctly when held out" if fault.runs > 1 else ", not tested"
        told = f"{fault.label}: {fault.runs} run{'s' if fault.runs > 1 else ''}{right}"
        console.print(clean(told), markup=False)
    for name, why in about.left_out.items():
        console.print(clean(f"left out: {name}, {why}"), markup=False)
