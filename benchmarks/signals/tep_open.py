"""Tennessee Eastman's faults in an open world: runs of known faults, of unknown ones, and of none (see tep.py)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aitia.tools.signals.learned.open_set import Pool, counted
from aitia.tools.signals.learned.signature_train import model_of
from aitia.tools.signals.learned.train import train
from aitia.tools.signals.learned.windows import Record, cut
from aitia.tools.signals.signatures import Signatures, cosines
from benchmarks.contract import rows

Floats = NDArray[np.float64]
SPANS = (120, 480)
ERROR = 0.1
WINDOW = 60


@dataclass(frozen=True, kw_only=True)
class Run:
    """One file: `faulty` are the samples after the fault's start, `quiet` those before it. `name` is the file's."""

    name: str
    quiet: Floats
    faulty: Floats


def fault(name: str) -> str:
    """The number of the fault in a file's name: the answer, which only the scorer may use."""
    return "".join(re.findall(r"^d(\d+)", name))


def record(run: Run, x: Floats, label: str = "") -> Record:
    """Samples of a run as the learners take them."""
    return Record(
        name=run.name,
        label=label,
        group=run.name,
        x=x,
        channels=tuple(f"x{n + 1}" for n in range(x.shape[1])),
    )


def open_name(signatures: Signatures, x: Floats, known: list[Run], labels: Mapping[str, str]) -> str:
    """The fault that these samples are named as, from the labels of the known runs only; "" for none of them."""
    records = [record(r, r.faulty, labels[r.name]) for r in known]
    model = model_of(signatures, records, healthy="normal", error=ERROR, samples=0)
    return model.name(record(Run(name="asked", quiet=x[:0], faulty=x), x)).label


def open_name_by_lda(x: Floats, known: list[Run], labels: Mapping[str, str]) -> str:
    """The peer's: the fault of most samples, where they are more than half."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    truths = np.repeat([labels[r.name] for r in known], [len(r.faulty) for r in known])
    model = LinearDiscriminantAnalysis().fit(np.concatenate([r.faulty for r in known]), truths)
    ((first, votes),) = Counter(str(name) for name in model.predict(x)).most_common(1)
    return first if 2 * votes > x.shape[0] else ""


def open_world(
    reference: Floats, normal: list[Floats], found: list[Run], labels: Mapping[str, str]
) -> tuple[list[dict[str, Any]], dict[str, dict[str, str]]]:
    """The rows of known, unknown and no faults, and what each run was named as: without itself, without its fault."""
    signatures, made = Signatures().fit(reference), []
    said: dict[str, dict[str, str]] = {r.name: {} for r in found}
    for span in SPANS:
        for system, ask in (
            ("ours", lambda x, known: open_name(signatures, x, known, labels)),
            ("peer LDA, majority", lambda x, known: open_name_by_lda(x, known, labels)),
        ):
            right, wrong, unknown = [], [], []
            for run in found:
                others = [r for r in found if r.name != run.name]
                foreign = [r for r in others if labels[r.name] != labels[run.name]]
                if len(foreign) < len(others):
                    name = ask(run.faulty[:span], others)
                    right.append(name == labels[run.name])
                    wrong.append(name not in ("", labels[run.name]))
                    said[run.name][f"{system}, known, {span}"] = name
                unknown.append(bool(name := ask(run.faulty[:span], foreign)))
                said[run.name][f"{system}, unknown, {span}"] = name
            made += rows(
                system,
                {
                    f"known fault named right, {span} samples": right,
                    f"known fault named wrong, {span} samples": wrong,
                    f"unknown fault named, {span} samples": unknown,
                    f"no fault named as one, {span} samples": [bool(ask(x[:span], found)) for x in normal],
                },
            )
        made += rows(
            "trivial",
            {
                f"known fault named right, {span} samples": [1 / len(set(labels.values()))] * len(right),
                f"unknown fault named, {span} samples": [1.0] * len(found),
            },
        )
    return made + all_lengths(signatures, found, labels), said


def all_lengths(signatures: Signatures, found: list[Run], labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """What `train` counts itself: shares of the lengths of each run (30 samples or more) and of each fault left out."""
    records = [record(r, r.faulty, labels[r.name]) for r in found]
    model = model_of(signatures, records, healthy="normal", error=ERROR, samples=0)
    angles = np.arccos(cosines(model.known, model.known))
    told = counted(Pool(angles=angles, fault=model.fault, run=model.run), ERROR)
    made = {"known fault named right, all lengths": list(told.right.values()),
            "known fault named wrong, all lengths": list(told.wrong.values()),
            "unknown fault named, all lengths": list(told.unseen.values()),
            "names right, half of the faults unknown": [told.precision]}  # fmt: skip
    return rows("ours", made)


def trees(reference: Floats, found: list[Run]) -> list[dict[str, Any]]:
    """The tree classifier's own figures, without intervals: faults with two runs, normal operation in four parts as a class."""
    labels = Counter(fault(r.name) for r in found)
    parts = np.array_split(reference, 4)
    records = [record(Run(name=f"d00/{n}", quiet=x[:0], faulty=x), x, "normal") for n, x in enumerate(parts)]
    records += [record(r, r.faulty, fault(r.name)) for r in found if labels[fault(r.name)] > 1]
    f = train(cut(records, window=WINDOW), healthy="").about.figures
    told = {"records named": f.named, "names right": f.named_right, "fault left out whole is named": f.unseen,
            "names right, half of the faults unknown": f.precision}  # fmt: skip
    return [{"system": "ours trees", "metric": f"trees, faults with two runs: {m}", "value": round(v, 4),
             "n": len(records), "ci95": [0.0, 1.0]} for m, v in told.items() if v is not None]  # fmt: skip
