"""From one series to its findings: profile, choice, scores as tail probabilities, alarms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from aitia.tools.signals.choose import Choice, choose, material, named, score
from aitia.tools.signals.grid import LEAST, numbers, reference_rates, regular, size
from aitia.tools.signals.profile import Profile, profile
from aitia.tools.signals.tail_probability import Tail, alarms
from aitia.tools.sources.rows import Floats

THRESHOLD = 6.0  # -log10 of the tail probability, by hand; neighbouring scores are dependent, so far below one in the samples


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A stretch that is not usual: first and last time and how far off they may be, the largest -log10 p, the value there."""

    onset: float
    end: float
    surprise: float
    value: float
    error_s: float


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What was found in a series; with `no_data` the message says what is missing."""

    status: Literal["ok", "no_data"]
    message: str
    profile: Profile
    choice: Choice | None = None
    t: Floats
    surprise: Floats
    threshold: float = THRESHOLD
    found: tuple[Finding, ...] = ()


def detect_series(
    t: object,
    v: object,
    reference: object = None,
    *,
    adjoining: bool = False,
    detector: str = "",
    threshold: float = THRESHOLD,
) -> Findings:
    """Profile one series, choose, score and raise alarms; times in epoch seconds, `reference` on the same steps
    (`adjoining`: it ends where the series begins). A `detector` that is named (`nearest`, `pyod:ECOD`) is not chosen.

    Counters are taken as rates. Raises BadInput on strings, unequal lengths or times that are not finite.
    """
    p = profile(t, v, reference=reference)
    grid = regular(t, v, counter=p.counter)
    if int(grid.known.sum()) < LEAST:
        return Findings(status="no_data", profile=p, t=grid.t, surprise=np.zeros(grid.v.size),
                        message=f"Give at least {LEAST} samples with a value: there are {int(grid.known.sum())}.")  # fmt: skip
    usual = np.array([]) if reference is None else numbers(reference, "reference")
    usual = usual[np.isfinite(usual)]
    usual = reference_rates(usual, p.step_s) if p.counter else usual
    if usual.size < LEAST:
        usual = np.array([])
        p = p.model_copy(update={"reference": 0, "departure": 0.0, "reference_constant": False})
    choice = named(p, detector, adjoining=adjoining) if detector else choose(p, adjoining=adjoining)
    unit = size(grid.v, usual)
    surprise = _surprise(grid.v / unit, choice, usual / unit, p.period)
    surprise[~grid.known] = 0.0
    blur = 1 if set(choice.detectors) <= {"robust", "seasonal"} else choice.window
    found = tuple(
        Finding(onset=float(grid.t[a]), end=float(grid.t[b]), surprise=float(surprise[a : b + 1].max()),
                value=float(grid.v[a + int(np.argmax(surprise[a : b + 1]))]), error_s=blur * p.step_s)
        for a, b in alarms(surprise, threshold, choice.window)
    )  # fmt: skip
    message = f"{choice.reason}; {len(found)} stretches over the threshold."
    return Findings(status="ok", message=message, profile=p, choice=choice, t=grid.t, surprise=surprise,
                    threshold=threshold, found=found)  # fmt: skip


def _surprise(v: Floats, choice: Choice, reference: Floats, period: int) -> Floats:
    """-log10 p of each sample; of several detectors the mean of theirs.

    With a reference the usual scores come from each half of it under a fit on the other; without, from the series' own
    scores, of which a tenth may be anomalous.
    """
    usual = material(v, reference, choice.learns)
    every = []
    for name in choice.detectors:
        of_all = score(name, v, usual, window=choice.window, period=period)
        if choice.learns == "itself":
            every.append(Tail(robust=True).fit(of_all).surprise(of_all))
            continue
        half = usual.size // 2
        a, b = usual[:half], usual[half:]
        held = [score(name, y, x, window=choice.window, period=period) for x, y in ((a, b), (b, a))]
        every.append(Tail().fit(np.concatenate(held)).surprise(of_all))
    return np.asarray(np.mean(every, axis=0), dtype=np.float64)
