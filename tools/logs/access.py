"""Access lines: the share of failing answers, and how long answers took by a histogram per upstream."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aitia.core.percent import percent
from aitia.core.words import Evidence, SourceRef, Window, from_epoch
from aitia.tools.text.access import status

if TYPE_CHECKING:
    from aitia.tools.logs.mine import Mined


_MIN = 20  # access lines in each span
_MIN_RISE = 0.02


def failing_share(mined: Mined, window: Window) -> Evidence | None:
    """A fact where the share of 5xx answers rose by at least two points and three standard errors."""
    access = [(c, code) for c in mined.counts if (code := status(c.template.text))]
    before, after = sum(c.before for c, _ in access), sum(c.window for c, _ in access)
    bad = [c for c, code in access if code >= 500]
    if min(before, after) < _MIN or not bad:
        return None
    old, new = sum(c.before for c in bad) / before, sum(c.window for c in bad) / after
    pooled = (old * before + new * after) / (before + after)
    error = math.sqrt(max(pooled * (1 - pooled), 1e-9) * (1 / before + 1 / after))
    z = (new - old) / error
    if new - old < _MIN_RISE or z < 3:
        return None
    worst = max(bad, key=lambda c: (c.window, c.template.text))
    first = min((c.record.at for c in bad if c.record is not None), default=None)
    return Evidence(
        component=mined.component,
        kind="log.surge",
        aspect="errors",
        statement=(
            f"{mined.component}: {100 * new:.1f} % of {after} responses in the window failed with a 5xx status, "
            f"before that {100 * old:.1f} % of {before}; most of them {worst.template.text!r}."
        ),
        values={
            "share_window": round(new, 4),
            "share_baseline": round(old, 4),
            "answers_window": after,
            "answers_baseline": before,
            "z": round(min(z, 999.0), 1),
            "template": worst.template.text[:160],
        },
        unit="share",
        window=window,
        onset=None if first is None or old > 0.01 else from_epoch(first),
        direction="up",
        strength=round(min(0.95, 0.5 + 0.5 * min(1.0, (new - old) / 0.2) * min(1.0, z / 8)), 2),
        source=mined.reference("responses by status", worst.record.file if worst.record else 0),
        taint=True,
    )


_MIN = 30  # answers in each span
_RATIO = 1.5
_RISE_MS = 5.0
_Z = 5.0
_PER_OCTAVE = 8  # buckets: 9 % wide
_TOOK = re.compile(
    r"\b(?:rt|request_time|duration|took|latency|elapsed|in)[=: ]\"?(\d+(?:\.\d+)?) ?(ms|s|us|µs)?\b"
    r"|\s(\d+(?:\.\d+)?) ?(ms|s)\b"
)
_SCALE = {"ms": 1.0, "s": 1e3, "us": 1e-3, "µs": 1e-3, "": 1e3}


@dataclass(kw_only=True)
class Took:
    """Answer times of one upstream ("": the component's own) in buckets."""

    old: Counter[int] = field(default_factory=Counter)
    new: Counter[int] = field(default_factory=Counter)


def bucket(message: str) -> int | None:
    """The bucket of an access line's duration; a number without a unit is in seconds. None where there is none."""
    match = _TOOK.search(message)
    if match is None:
        return None
    number, unit = (match[1], match[2]) if match[1] else (match[3], match[4])
    ms = float(number) * _SCALE[unit or ""]
    return round(_PER_OCTAVE * math.log2(max(ms, 0.1)))


def slower(component: str, took: dict[str, Took], window: Window, source: SourceRef) -> list[Evidence]:
    """Facts where the 90th percentile rose and far more answers than 1 in 20 are beyond the old 95th."""
    return [
        fact
        for via in sorted(took)
        if (fact := _slower(component, via, took[via], window, source)) is not None
    ]


def _slower(component: str, via: str, took: Took, window: Window, source: SourceRef) -> Evidence | None:
    n = took.new.total()
    if min(n, took.old.total()) < _MIN:
        return None
    old, new = _quantile(took.old, 0.9), _quantile(took.new, 0.9)
    limit = _edge(took.old, 0.95)
    beyond = sum(count for b, count in took.new.items() if b > limit)
    z = (beyond - 0.05 * n) / math.sqrt(n * 0.05 * 0.95)
    if z < _Z or new < _RATIO * old or new - old < _RISE_MS:
        return None
    whose = f"response times of {via} to {component}" if via else f"response times of {component}"
    return Evidence(
        component=component,
        peer=via,
        kind="log.surge",
        aspect="latency",
        statement=(
            f"According to the access log of {component}, the 90th percentile of the {whose} rose from "
            f"{_three(old):g} to {_three(new):g} ms; {percent(beyond / n)} of {n} requests are slower than the "
            "95th percentile was."
        ),
        values={
            "p90_window_ms": _three(new),
            "p90_baseline_ms": _three(old),
            "ratio": _three(new / old),
            "answers_window": n,
            "answers_baseline": took.old.total(),
        },
        unit="ms",
        window=window,
        direction="up",
        strength=round(0.35 + 0.4 * min(1.0, math.log2(new / old) / 3), 2),
        source=source,
    )


def as_before(component: str, took: dict[str, Took], window: Window, source: SourceRef) -> list[Evidence]:
    """Counter-evidence: answers that took about as long as before, of a component as a whole and of each upstream."""
    whole = Took()
    for one in took.values():
        whole.old.update(one.old)
        whole.new.update(one.new)
    parts = {"": whole} | {via: one for via, one in took.items() if via}
    return [
        _quiet(component, via, parts[via], window, source) for via in sorted(parts) if _stayed(parts[via])
    ]


def _stayed(took: Took) -> bool:
    """Whether the 90th percentile did not rise as `slower` asks; a few very slow answers may have moved the mean."""
    if min(took.new.total(), took.old.total()) < _MIN:
        return False
    return _quantile(took.new, 0.9) / _quantile(took.old, 0.9) < _RATIO


def _mean(counts: Counter[int]) -> float:
    return math.fsum(n * 2.0 ** (b / _PER_OCTAVE) for b, n in counts.items()) / counts.total()


def _quiet(component: str, via: str, took: Took, window: Window, source: SourceRef) -> Evidence:
    old, new, n = _quantile(took.old, 0.9), _quantile(took.new, 0.9), took.new.total()
    whose = f"response times of {via} to {component}" if via else f"response times of {component}"
    return Evidence(
        component=component,
        peer=via,
        kind="log.durations.quiet",
        aspect="latency",
        statement=(
            f"According to the access log of {component}, the {whose} are about the same as before (90th "
            f"percentile {_three(old):g} ms before, {_three(new):g} ms now, {n} requests)."
        ),
        values={
            "p90_window_ms": _three(new),
            "p90_baseline_ms": _three(old),
            "ratio_at_most": _three(max(new / old, _mean(took.new) / _mean(took.old))),
            "answers_window": n,
        },
        unit="ms",
        window=window,
        direction="steady",
        strength=round(min(0.6, 0.1 * (1 + n**0.25)), 2),
        source=source,
    )


def _edge(counts: Counter[int], share: float) -> int:
    goal, seen = share * counts.total(), 0
    for b in sorted(counts):
        seen += counts[b]
        if seen >= goal:
            return b
    return max(counts)


def _quantile(counts: Counter[int], share: float) -> float:
    return float(2.0 ** (_edge(counts, share) / _PER_OCTAVE))


def _three(value: float) -> float:
    return float(f"{value:.3g}")
