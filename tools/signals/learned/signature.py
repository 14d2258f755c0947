"""A model of a plant's known faults by their signatures: which one a stretch of process signals is, or none of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from pydantic import Field, ValidationError

from aitia.core.errors import BadInput, ModelError
from aitia.core.words import Unit01, Word
from aitia.tools.signals.learned import store
from aitia.tools.signals.learned.open_set import Ints, leads, nearest
from aitia.tools.signals.learned.windows import Record
from aitia.tools.signals.signatures import LEAST, Signatures, cosines
from aitia.tools.sources.rows import Floats

KIND: Final = "signature"
NEAR: Final = 0.25 * np.pi  # within this angle a signature is like a fault
LEAST_FAULTS: Final = 3
_REASONS, _RANKED = 3, 5
State = Literal["named", "several", "none", "normal", "short"]


class Recognised(Word):
    """How often runs and faults that were left out were named. A run counts by the share of its lengths that were."""

    runs: int = Field(description="held out one at a time: runs of faults that have another run")
    right: Unit01 | None = Field(description="share of them named correctly; null if no fault has two runs")
    wrong: Unit01 | None = Field(description="share named as another fault")
    faults: int = Field(description="held out completely, one at a time")
    unseen: Unit01 = Field(description="share of them named, although none was known")
    precision: Unit01 = Field(
        description="share of correct names when known and unknown faults are equally frequent"
    )


class Fault(Word):
    """One known fault: its labelled runs, and how many of them were named right for the most part when left out."""

    label: str
    runs: int
    right: int


class SignatureAbout(Word):
    """The description in a signature model's file."""

    schema_version: Literal[1] = 1
    kind: Literal["signature"] = "signature"
    learner: Literal["signatures"] = "signatures"
    healthy: str
    channels: tuple[str, ...] = Field(min_length=1)
    faults: tuple[Fault, ...] = Field(min_length=LEAST_FAULTS)
    limit: Unit01 = Field(description="the lead over the next fault above which a fault is named")
    error: Unit01 = Field(description="how often an unknown fault may be named, as asked")
    held: Unit01 = Field(description="how often this can happen with the available number of faults")
    threshold: float = Field(description="mean distance from normal above which a run has left it")
    longest: int = Field(ge=LEAST, description="samples of the longest run: later samples are not compared")
    alike: tuple[str, str] = Field(
        description="the fault that looked most like another when it was left out, and which one"
    )
    left_out: dict[str, str] = Field(description="labelled runs without a signature, and why")
    recognised: Recognised
    samples: int = Field(description="of normal operation")
    sha256: str
    seed: int
    versions: dict[str, str]


class Alike(Word):
    """A known fault and the cosine to its nearest direction."""

    label: str
    likeness: float


class Agreement(Word):
    """A part of the signature that agrees: log of the mean pull (level) or of the spread against the usual one (swing)."""

    channel: str
    what: Literal["level", "swing"]
    value: float
    known: float
    share: float = Field(description="of the cosine")


class Named(Word):
    """What is said of a run: `label` is empty where it is like none of the known faults, or like two, or says too little."""

    record: str
    group: str
    state: State
    samples: int = Field(description="between the first and the last alarm, as compared")
    since: int | None = Field(description="row of the first alarm")
    label: str = ""
    ranked: tuple[Alike, ...] = ()
    lead: Unit01 = 0.0
    reasons: tuple[Agreement, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SignatureModel:
    """Signatures as their file holds them: `known` directions (directions, 2 x channels), the fault and run of each."""

    about: SignatureAbout
    signatures: Signatures
    known: Floats
    fault: Ints
    run: Ints

    def name(self, record: Record) -> Named:
        """The fault of a run (samples, channels), once it left the normal pattern. Raises BadInput for other channels."""
        if record.channels != self.about.channels:
            raise BadInput(
                f"Give the channels {', '.join(self.about.channels)}: {record.name!r} has {', '.join(record.channels)}."
            )
        rows = self.signatures.departed(record.x)
        if rows is None:
            return Named(record=record.name, group=record.group, state="normal", samples=0, since=None)
        part = record.x[rows][: self.about.longest]
        told = {"record": record.name, "group": record.group, "samples": len(part), "since": rows.start}
        if len(part) < LEAST:
            return Named(**told, state="short")
        return self._named(self.signatures.direction(part), told)

    def _named(self, direction: Floats, told: dict[str, Any]) -> Named:
        likeness = cosines(direction[None], self.known)
        near = nearest(np.arccos(likeness), self.fault, len(self.about.faults))
        order = np.argsort(near[0], kind="stable")
        lead = float(leads(near)[0])
        known = lead > self.about.limit
        several = not known and float(near[0, order[1]]) < NEAR
        own = np.flatnonzero(self.fault == order[0])
        twin = self.known[own[int(np.argmax(likeness[0, own]))]]
        return Named(
            **told, state="named" if known else "several" if several else "none", lead=lead,
            label=self.about.faults[order[0]].label if known else "",
            ranked=tuple(Alike(label=self.about.faults[c].label, likeness=round(float(np.cos(near[0, c])), 4))
                         for c in order[:_RANKED]),
            reasons=self._reasons(direction, twin),
        )  # fmt: skip

    def _reasons(self, direction: Floats, known: Floats) -> tuple[Agreement, ...]:
        share = direction * known / max(float(np.linalg.norm(direction) * np.linalg.norm(known)), 1e-12)
        order = [int(n) for n in np.argsort(-share)[:_REASONS] if share[n] > 0]
        c = len(self.about.channels)
        return tuple(
            Agreement(channel=self.about.channels[n % c], what="level" if n < c else "swing", value=float(direction[n]),
                      known=float(known[n]), share=float(share[n]))
            for n in order
        )  # fmt: skip


def save(model: SignatureModel, path: Path) -> None:
    """Write a model file (npz, no pickle)."""
    s, mcd = model.signatures, model.signatures.model_
    store.save(path, model.about.model_dump(mode="json"), {
        "median": mcd.scaler_.median_, "spread": mcd.scaler_.spread_, "location": mcd.location_,
        "precision": mcd.precision_, "usual": s.usual_, "known": model.known, "fault": model.fault, "run": model.run,
    })  # fmt: skip


def load(path: Path) -> SignatureModel:
    """Read a model file; raises ModelError that says what is wrong with it."""
    held, arrays = store.load(path, KIND)
    try:
        about = SignatureAbout.model_validate(held)
        numbers = {n: np.asarray(arrays[n], dtype=np.float64) for n in
                   ("median", "spread", "location", "precision", "usual", "known")}  # fmt: skip
        fault, run = (np.asarray(arrays[n], dtype=np.intp) for n in ("fault", "run"))
        _fitting(about, numbers, fault, run)
    except (KeyError, ValueError, ValidationError) as error:
        said = str(error).splitlines()[0]
        raise ModelError(f"{str(path)!r} is not a signature model ({said}). Train it again.") from None
    signatures = Signatures.known_from(
        numbers["median"], numbers["spread"], numbers["location"], numbers["precision"], numbers["usual"],
        threshold=about.threshold,
    )  # fmt: skip
    return SignatureModel(about=about, signatures=signatures, known=numbers["known"], fault=fault, run=run)


def _fitting(about: SignatureAbout, numbers: dict[str, Floats], fault: Ints, run: Ints) -> None:
    c = len(about.channels)
    shapes = {"median": (c,), "spread": (c,), "location": (c,), "precision": (c, c), "usual": (c,)}
    shapes["known"] = (fault.size, 2 * c)
    wrong = [
        n for n, shape in shapes.items() if numbers[n].shape != shape or not np.isfinite(numbers[n]).all()
    ]
    counts = sorted(set(fault.tolist())) == list(range(len(about.faults)))
    if wrong or not counts or run.shape != fault.shape or numbers["spread"].min() <= 0:
        raise ValueError("its arrays do not match")
    if np.diag(numbers["precision"]).min() <= 0:
        raise ValueError("its covariance is not valid")
