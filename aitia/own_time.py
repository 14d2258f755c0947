"""The moment that recorded data are asked about where nobody names one: their own end, not today's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from aitia.core.config import SourceConfig
from aitia.core.errors import AitiaError
from aitia.core.protocols import Source
from aitia.settings import absolute
from aitia.tools.query.site import extents
from aitia.tools.sources import open_sources
from aitia.tools.sources.paths import iter_files

TELEMETRY: Final = frozenset({"metrics", "logs", "traces", "signals", "alarms", "cluster"})
PAST: Final = timedelta(days=1)
"""Data that end longer ago are of the past and not late: by hand, an export of yesterday's shift is not."""
MOST_BYTES: Final = 64 << 20
"""Of files that are looked into for it; what is larger is asked with --at."""
_LEAD: Final = timedelta(seconds=1)  # a window ends before its end: the last sample counts


def own_time(
    sources: Sequence[SourceConfig], now: datetime, readers: Sequence[Source] | None = None
) -> datetime | None:
    """Just after the last sample, where all telemetry is in files that end in the past; None where `now` is meant.

    `readers` are those of the sources where they are open, so that no file is read twice.
    """
    telemetry = [s for s in absolute(sources, Path.cwd()) if s.kind in TELEMETRY]
    if not telemetry or any(s.url or not s.path for s in telemetry):
        return None
    try:
        if sum(p.stat().st_size for s in telemetry for p in iter_files(s, Path("/"))) > MOST_BYTES:
            return None
        held = open_sources(telemetry, Path("/")) if readers is None else readers
        ends = [end for _, end in extents([r for r in held if r.kind in TELEMETRY], now).values()]
    except (AitiaError, OSError):
        return None  # the diagnosis itself says what cannot be read
    last = max(ends, default=now)
    return last + _LEAD if last < now - PAST else None
