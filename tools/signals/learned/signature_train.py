"""Training of a signature model: the normal pattern, what each labelled run does to it, and the limit of a name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from aitia.core.errors import BadInput
from aitia.tools.signals.learned.open_set import Counted, Pool, counted
from aitia.tools.signals.learned.signature import (
    LEAST_FAULTS,
    Fault,
    Recognised,
    SignatureAbout,
    SignatureModel,
)
from aitia.tools.signals.learned.store import versions
from aitia.tools.signals.learned.windows import Record
from aitia.tools.signals.signatures import LEAST, Signatures, cosines
from aitia.tools.sources.rows import Floats

LEAST_NORMAL, ROWS_A_CHANNEL = 40, 3  # rows of normal operation at least
_NEVER, _SHORT = (
    "it never left the normal pattern",
    f"fewer than {LEAST} samples since it left the normal pattern",
)


def train_signatures(
    records: Sequence[Record], *, healthy: str, error: float = 0.1, seed: int = 0, digest: str = ""
) -> SignatureModel:
    """A model from labelled runs (records of process signals); those labelled `healthy` are normal operation.

    A run that never left the normal pattern, or only just, teaches nothing and is told as left out. Raises BadInput for
    runs of fewer than three faults, too little normal operation, a record without label, and mixed or vibration channels.
    """
    channels = _channels(records, healthy)
    normal = np.concatenate([r.x for r in records if r.label == healthy])
    normal = normal[np.isfinite(normal).all(axis=1)]
    needed = max(LEAST_NORMAL, ROWS_A_CHANNEL * len(channels))
    if len(normal) < needed:
        raise BadInput(
            f"There are {len(normal)} rows without gaps labelled {healthy!r}, of {len(channels)} "
            f"channels. Give {needed}."
        )
    signatures = Signatures(seed=seed).fit(normal)
    runs = [r for r in records if r.label != healthy]
    return model_of(signatures, runs, healthy=healthy, error=error, samples=len(normal), digest=digest)


def model_of(
    signatures: Signatures,
    records: Sequence[Record],
    *,
    healthy: str,
    error: float,
    samples: int,
    digest: str = "",
) -> SignatureModel:
    """A model from signatures that were fitted to normal operation, and labelled runs; BadInput for fewer than 3 faults.

    Of two faults one is left out at a time, and with one nothing is named: how often a third would be, nothing tells.
    """
    runs, left_out = _runs(signatures, records)
    labels = sorted({r.label for r, _, _ in runs})
    if len(labels) < LEAST_FAULTS:
        why = "; ".join(f"{name}: {reason}" for name, reason in list(left_out.items())[:3])
        raise BadInput(
            (
                f"Only {len(labels)} labelled faults left the normal pattern. Give labelled runs of at least "
                f"{LEAST_FAULTS} faults, so that an unknown one can be distinguished"
            )
            + (f" ({why})." if why else ".")
        )
    known = np.concatenate([np.stack(directions) for _, _, directions in runs])
    run = np.repeat(np.arange(len(runs)), [len(directions) for _, _, directions in runs])
    fault = np.array([labels.index(runs[r][0].label) for r in run], dtype=np.intp)
    pool = Pool(angles=np.arccos(cosines(known, known)), fault=fault, run=run)
    everything = np.ones(run.size, dtype=np.bool_)
    limit, held = pool.limit(everything, error)
    one, other, _ = max(pool.left_out(everything), key=lambda taken: taken[2])
    told = counted(pool, error)
    faults = _faults(labels, [r.label for r, _, _ in runs], told)
    about = SignatureAbout(
        healthy=healthy, channels=records[0].channels, faults=faults, limit=limit, error=error,
        held=held, threshold=signatures.threshold_, longest=max(size for _, size, _ in runs), alike=(labels[one], labels[other]),
        left_out=left_out,
        recognised=_recognised(told), samples=samples, sha256=digest, seed=signatures.seed, versions=versions(),
    )  # fmt: skip
    return SignatureModel(about=about, signatures=signatures, known=known, fault=fault, run=run)


def _channels(records: Sequence[Record], healthy: str) -> tuple[str, ...]:
    if any(np.isfinite(r.fs) for r in records):
        raise BadInput("Signatures are for process signals (no fs). Train waveforms with --learner trees.")
    bare = sum(not r.label for r in records)
    if bare:
        raise BadInput(f"{bare} runs have no label. Label them, or leave them out.")
    if not any(r.label == healthy for r in records):
        found = ", ".join(sorted({r.label for r in records}))
        raise BadInput(
            f"{healthy!r} is not a label ({found}). Name the label of normal operation with --healthy."
        )
    channels = records[0].channels
    odd = next((r for r in records if r.channels != channels), None)
    if odd is not None:
        raise BadInput(
            f"{odd.name!r} has the channels {', '.join(odd.channels)}. Give every run the channels "
            f"{', '.join(channels)}."
        )
    return channels


def _runs(
    signatures: Signatures, records: Sequence[Record]
) -> tuple[list[tuple[Record, int, list[Floats]]], dict[str, str]]:
    """Each run with its samples and directions since it left the normal pattern, and why others have none."""
    kept: list[tuple[Record, int, list[Floats]]] = []
    left_out: dict[str, str] = {}
    for record in records:
        rows = signatures.departed(record.x)
        part = record.x[rows] if rows else record.x[:0]
        directions = signatures.directions(part)
        if directions:
            kept.append((record, len(part), directions))
        else:
            left_out[f"{record.name} ({record.label})"] = _SHORT if rows else _NEVER
    return kept, left_out


def _faults(labels: Sequence[str], of_run: Sequence[str], told: Counted) -> tuple[Fault, ...]:
    right: dict[str, int] = defaultdict(int)
    for run, share in told.right.items():
        right[of_run[run]] += share > 0.5
    return tuple(Fault(label=label, runs=of_run.count(label), right=right[label]) for label in labels)


def _recognised(told: Counted) -> Recognised:
    def mean(shares: dict[int, float]) -> float | None:
        return float(np.mean(list(shares.values()))) if shares else None

    return Recognised(
        runs=len(told.right), right=mean(told.right), wrong=mean(told.wrong), faults=len(told.unseen),
        unseen=mean(told.unseen) or 0.0, precision=told.precision,
    )  # fmt: skip
