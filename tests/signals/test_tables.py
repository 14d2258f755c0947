"""Which series are signals of a machine: those of computers are not, whoever says that they are the machine's."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from aitia.core.words import Window
from aitia.tools.series.aspects import bundled
from aitia.tools.series.derive import Derived
from aitia.tools.series.gather import Gathered
from aitia.tools.signals.tables import machine_signals

AT = datetime(2026, 3, 1, tzinfo=UTC)


def series(metric: str) -> Derived:
    t = 10.0 * np.arange(100)
    return Derived(component="P-1", metric=metric, stat="mean", about=bundled().of(metric), t=t, v=np.sin(t))


def test_a_count_of_errors_is_no_signal_of_a_pump() -> None:
    names = ["flow_m3_per_hour", "errors_total", "up", "db_pool_in_use", "running", "S_PU1"]
    gathered = Gathered(
        raw=(),
        derived=tuple(map(series, names)),
        baselines=(),
        window=Window(start=AT, end=AT.replace(hour=1)),
        problems=(),
    )
    kept = [d.metric for d in machine_signals(gathered, ["P-1"])]
    assert kept == ["flow_m3_per_hour", "running", "S_PU1"]
