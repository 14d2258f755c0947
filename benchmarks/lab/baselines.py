"""What nobody needs aitia for: the component with the newest error line, and the one of which most series moved."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np

from aitia.core.errors import AitiaError
from aitia.core.scenario import Scenario
from aitia.drill.incident import Incident, open_incident
from aitia.drill.raw import records
from aitia.tools.series.gather import gather

ERROR = re.compile(r"(?i)\b(error|fatal|panic|critical|severe|exception|failed|refused|timed out)\b")
_FAR = 3.0  # median absolute deviations of the time before


def newest_error(scenario: Scenario, root: Path, home: Path) -> list[str]:
    """Components by their newest line of the window that tells of an error, newest first."""
    incident = open_incident(scenario, root, home)
    start, end = incident.context.incident.window.epoch
    newest: dict[str, float] = {}
    for component in incident.components:
        try:
            found = records(incident, component)
        except AitiaError:  # it has no logs
            continue
        times = [
            r.at
            for r in found
            if start <= r.at < end and (r.level in ("error", "fatal") or ERROR.search(r.message))
        ]
        if times:
            newest[component] = max(times)
    return sorted(newest, key=lambda c: (-newest[c], c))


def most_moved(scenario: Scenario, root: Path, home: Path) -> list[str]:
    """Components by how many of their series left the range of the time before, most first."""
    moved = _moved(open_incident(scenario, root, home))
    return sorted(moved, key=lambda c: (-moved[c], c))


def _moved(incident: Incident) -> Counter[str]:
    moved: Counter[str] = Counter()
    try:
        gathered = gather(incident.context)
    except AitiaError:  # no metrics
        return moved
    split = gathered.window.epoch[0]
    for series in gathered.derived:
        before, now = (v[np.isfinite(v)] for v in (series.v[series.t < split], series.v[series.t >= split]))
        if before.size and now.size:
            middle = float(np.median(before))
            spread = float(np.median(np.abs(before - middle))) + 1e-3 * abs(middle) + 1e-12
            moved[series.component] += abs(float(np.median(now)) - middle) > _FAR * spread
    return moved
