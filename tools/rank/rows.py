"""The matrix that a ranking reads: one row per series, as adverse robust deviations before and in the window."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from aitia.core.words import Window
from aitia.tools.change.levels import MIN_BASELINE, MIN_PERSIST, Reference, reference
from aitia.tools.series.aspects import plain_name
from aitia.tools.series.derive import Derived
from aitia.tools.series.gather import Gathered, within
from aitia.tools.sources.rows import Floats

Side = Literal["own", "client", "served"]
_CLIENT = re.compile(r"(^|_)(client(?!_?err)|outgoing|outbound|upstream|downstream)(_|$)", re.IGNORECASE)
_HOST = re.compile(r"^(node|host|machine)_", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One series. `base` and `now` are its values, `z_base` and `z_now` how far they are off in the bad direction.

    side   own: of the component itself; client: timed by the component at its calls (to `peer`, where named);
           served: of what it answers to one caller (`peer`)
    host   of the machine under the component, which it shares
    alone  no baseline had enough samples: the window's own median is the reference
    """

    of: Derived
    side: Side
    host: bool
    alone: bool
    ref: Reference
    t_base: Floats = field(repr=False)
    base: Floats = field(repr=False)
    z_base: Floats = field(repr=False)
    t_now: Floats = field(repr=False)
    now: Floats = field(repr=False)
    z_now: Floats = field(repr=False)

    @property
    def component(self) -> str:
        """Whose series it is."""
        return self.of.component

    @property
    def aspect(self) -> str:
        """What it is about."""
        return self.of.about.aspect

    @property
    def excess(self) -> Floats:
        """How far the window's samples lie beyond the baseline's median in the bad direction, in the series' unit."""
        return np.nan_to_num(self.z_now) * self.ref.spread


def rows_of(gathered: Gathered) -> list[Row]:
    """The rows of all series with at least 3 samples in the window, in the order of the derived series."""
    spans = [b.window for b in gathered.baselines]
    return [row for d in gathered.derived if (row := _row(d, spans, gathered.window)) is not None]


def _row(d: Derived, baselines: Sequence[Window], window: Window) -> Row | None:
    inside = within(d.t, window)
    now, t_now = d.v[inside], d.t[inside]
    if int(np.sum(np.isfinite(now))) < MIN_PERSIST:
        return None
    parts = [within(d.t, b) for b in baselines]
    best = max(parts, key=lambda p: int(np.sum(np.isfinite(d.v[p]))))
    base, t_base = d.v[best], d.t[best]
    alone = int(np.sum(np.isfinite(base))) < MIN_BASELINE
    ref = reference(np.concatenate([base, now]) if alone else base, d.about)
    if ref is None:
        return None
    z_base, z_now = ((v - ref.median) / ref.spread for v in (base, now))
    name = plain_name(d.metric)
    return Row(
        of=d,
        side=_side(d, name),
        host=bool(_HOST.search(name)) and d.about.aspect in ("cpu", "memory", "network", "io", "disk"),
        alone=alone,
        ref=ref,
        t_base=t_base,
        base=base,
        z_base=_adverse(z_base, d),
        t_now=t_now,
        now=now,
        z_now=_adverse(z_now, d),
    )


def _side(d: Derived, name: str) -> Side:
    if d.client:
        return "served"
    timed = d.about.aspect in ("latency", "errors")
    return "client" if d.peer or (timed and _CLIENT.search(name)) else "own"


def _adverse(z: Floats, d: Derived) -> Floats:
    """Deviations in the direction of trouble; the other direction counts nothing."""
    if d.about.bad == "both":
        return np.abs(z)
    return np.asarray(np.where(np.isfinite(z), np.maximum(z if d.about.bad == "up" else -z, 0.0), np.nan))
