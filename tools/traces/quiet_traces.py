"""What did not move, and how many requests came: counter-evidence and load."""

from __future__ import annotations

from collections import Counter
from typing import Final

import numpy as np

from aitia.core.words import Direction, Evidence
from aitia.tools.change.counts import adjust, certainty, exact_p
from aitia.tools.traces.analysis import Analysis
from aitia.tools.traces.behind import silent
from aitia.tools.traces.trace_facts import counted, ms, sig

MIN_QUIET: Final = 10  # visits in each span


def quiet_facts(a: Analysis) -> list[Evidence]:
    """Counter-evidence: own times and failures of well-watched components that stayed as they were."""
    out = []
    failing = {f.component for f in a.failing}
    changed = {*a.latency.busy, *failing, *(b.component for b in a.breaks), *silent(a.compared)}
    for e in a.latency.own:
        few = min(e.n, e.old_n)
        if few < MIN_QUIET or e.place[0] in changed or e.p < 0.1 or e.ratio >= 1.3:
            continue
        out.append(
            Evidence(
                component=e.place[0],
                kind="trace.quiet",
                aspect="latency",
                statement=f"{e.place[0]}: its own time per request did not change ({ms(e.old_p50)}, now {ms(e.p50)}, "
                f"{counted(e.n, 'request')}), and it did not make more of them fail.",
                values={"p50_ms": sig(1e3 * e.p50), "p50_baseline_ms": sig(1e3 * e.old_p50), "n": e.n, "n_baseline": e.old_n},
                unit="ms",
                window=a.compared.window,
                direction="steady",
                strength=round(min(0.6, 0.1 * (1 + few**0.25)), 2),
                source=a.compared.source,
            )
        )  # fmt: skip
    return out


def rate_facts(a: Analysis) -> list[Evidence]:
    """Requests per minute that rose, fell or ended, beyond what all requests together did."""
    c = a.compared
    if not c.exposure or not c.old_exposure:
        return []
    now, before = Counter(v.component for v in c.now), Counter(v.component for v in c.before)
    names = sorted({*now, *before})
    load = (len(c.now) / c.exposure) / (len(c.before) / c.old_exposure) if c.before else 1.0
    share = load * c.exposure / (load * c.exposure + c.old_exposure) if load else 0.5
    # Requests come in bunches (a page makes ten): a tenth of them are as many independent ones.
    counts = np.array([now[n] / 10 for n in names]), np.array([before[n] / 10 for n in names])
    q = adjust(exact_p(counts[1], counts[0], share))
    out = []
    for name, q_one in zip(names, q, strict=True):
        old_rate, rate = 60 * before[name] / c.old_exposure, 60 * now[name] / c.exposure
        ratio = rate / old_rate / load if old_rate and load else 0.0
        if q_one >= 0.01 or (ratio and 0.5 < ratio < 2):
            continue
        gone = not now[name]
        way: Direction = "gone" if gone else "up" if ratio > 1 or not old_rate else "down"
        out.append(
            Evidence(
                component=name,
                kind="trace.rate",
                aspect="traffic",
                statement=f"{name}: {rate:.3g} requests per minute reach it, before that {old_rate:.3g}, while total "
                f"requests went from 1 to {load:.2g}.",
                values={
                    "rate_per_min": sig(rate), "rate_baseline_per_min": sig(old_rate),
                    "ratio": sig(rate / old_rate if old_rate else 0.0), "load": sig(load),
                },
                unit="1/min",
                window=c.window,
                direction=way,
                strength=round(0.5 * certainty(float(q_one)), 3),
                source=c.source,
            )
        )  # fmt: skip
    return out
