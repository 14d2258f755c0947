"""The share of failing answers in a component's access lines."""

from __future__ import annotations

import math

from aitia.core.words import Evidence, Window, from_epoch
from aitia.tools.logs.mine import Mined
from aitia.tools.text.access import status

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
