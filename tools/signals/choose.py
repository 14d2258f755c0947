"""From a profile to a detector, by rules that can be shown.

The rules were written after a look at all 36 channels of SMAP/MSL; `DEPARTED` was seen on SKAB and TEP, too, whose series are
now too short for that rule (fewer than 1,334 samples). Sets left out: benchmarks/signals/limits.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from aitia.core.errors import BadInput
from aitia.core.percent import percent
from aitia.tools.signals.detectors import Detector, library_detector
from aitia.tools.signals.profile import HEAD, Profile
from aitia.tools.signals.subsequence import KMeansAD, LibraryWindows, NearestWindow, SeasonalBaseline
from aitia.tools.sources.rows import Floats

Learns = Literal["reference", "head", "both", "itself"]
WINDOW = 100  # the usual sub-sequence length where no period gives one (Paparrizos et al., 2022)
DEPARTED = 0.5  # half of the samples lie where the reference's do not
SEASONAL = 0.4


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which detectors (several: their ranks are averaged), what they learn from, and why."""

    detectors: tuple[str, ...]
    learns: Learns
    window: int
    reason: str


def choose(p: Profile, *, adjoining: bool = False) -> Choice:
    """The detector for a profile: the first rule that holds.

    An `adjoining` reference ends where the series begins: a departure from it is then what is looked for, and the
    series' own first part is not taken as usual.
    """
    window = _window(p)

    def made(learns: Learns, reason: str, *detectors: str) -> Choice:
        return Choice(detectors=detectors, learns=learns, window=window, reason=reason)

    if not p.reference:
        if p.period and p.seasonality >= SEASONAL:
            return made("itself", f"no clean reference, seasonal with period {p.period} samples"
                        f" (autocorrelation {p.seasonality:.2f}): residual of a seasonal baseline", "seasonal")  # fmt: skip
        if p.samples < 4 * WINDOW:
            return made("itself", f"no clean reference, only {p.samples} samples: median and MAD", "robust")
        return made(
            "itself",
            "no clean reference, no season: distance of each sub-sequence to the usual ones",
            "kmeans",
        )
    if adjoining or p.samples * HEAD < 2 * window:
        where = "right before the series" if adjoining else f"and a series of only {p.samples} samples"
        return made("reference", f"clean reference {where}: distance to the nearest sub-sequence of the reference",
                    "nearest")  # fmt: skip
    if p.departure > DEPARTED:
        return made("head", f"the series begins away from its reference (distance {p.departure:.2f}): its own first"
                    f" {percent(HEAD)} is the reference; distance to the nearest sub-sequence", "nearest")  # fmt: skip
    if p.reference_constant:
        return made("both", "the reference is constant, so it gives no scale: average rank of three detectors",
                    "nearest", "matrix profile", "kmeans")  # fmt: skip
    if p.period and p.seasonality >= SEASONAL:
        return made("both", f"clean reference, seasonal with period {p.period} samples: the shape of each sub-sequence"
                    " against the reference's (matrix profile)", "matrix profile")  # fmt: skip
    return made("both", "clean reference, no season: distance to the nearest sub-sequence", "nearest")


def named(p: Profile, detector: str, *, adjoining: bool = False) -> Choice:
    """A detector that a person names: it learns from what the profile leaves usual."""
    learns: Learns = "itself" if not p.reference else "reference" if adjoining else "both"
    return Choice(detectors=(detector,), learns=learns, window=_window(p), reason=f"{detector}, as asked")


def _window(p: Profile) -> int:
    window = p.period if WINDOW < p.period <= 2 * WINDOW else WINDOW  # much longer ones blur what is short
    return max(4, min(window, p.samples // 8, (p.reference or p.samples) // 3))


def built(name: str, window: int, period: int = 0) -> Detector:
    """A new detector of one channel by its name, ours or a library's (`pyod:ECOD`)."""
    make: dict[str, Callable[[], Detector]] = {
        "robust": lambda: SeasonalBaseline(),
        "seasonal": lambda: SeasonalBaseline(period=period),
        "kmeans": lambda: KMeansAD(window=window),
        "nearest": lambda: NearestWindow(window=window),
        "matrix profile": lambda: NearestWindow(window=window, shape=True),
    }
    if ":" in name:
        model = library_detector(name)
        return model if model.lookback > 1 else LibraryWindows(model, window=window)
    if name not in make:
        raise BadInput(
            f"There is no detector {name!r}. Name one of {', '.join(sorted(make))}, or a library's, such as pyod:ECOD."
        )
    return make[name]()


def material(v: Floats, reference: Floats, learns: Learns) -> Floats:
    """The samples that a detector learns from."""
    head = v[: max(int(HEAD * v.size), 1)]
    return {"reference": reference, "head": head, "both": np.concatenate([reference, head]), "itself": v}[
        learns
    ]


def score(name: str, v: Floats, usual: Floats, *, window: int, period: int = 0) -> Floats:
    """Scores of `v` under a detector fitted on `usual`, averaged over one window: what is unusual for long counts."""
    from scipy.ndimage import uniform_filter1d

    raw = built(name, window, period).fit(usual[:, None]).decision_function(v[:, None])
    if name in ("robust", "seasonal"):
        return raw
    return np.asarray(uniform_filter1d(raw, window, mode="nearest"), dtype=np.float64)
