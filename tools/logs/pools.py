"""Pools that were full from some moment on, by the counts that a program logs of itself now and then, on calm days too."""

from __future__ import annotations

import re
from typing import Final

from aitia.core.redact import Redactor
from aitia.core.words import Evidence, Window, from_epoch
from aitia.tools.logs.count import Count, Sample
from aitia.tools.logs.facts import reference
from aitia.tools.logs.mine import Mined
from aitia.tools.text.classes import full_of
from aitia.tools.text.reading.cut import text_of

LEAST: Final = 4  # records in a row, to the window's end, that say that the pool is full; by hand
STRENGTH: Final = 0.75  # as of a warning that names its kind
LONGEST: Final = 600  # characters of a record
GROWN: Final = 2  # times as many as a pool held that was full before: one that grows as it is asked is full at any size; by hand
SHOWN: Final = 200  # characters of one that a report shows
_COUNTS: Final = re.compile(r"(?i)\bidle|\bin_?use|\bwaiting|\bactive")


def pools(mined: Mined, window: Window, redactor: Redactor) -> list[Evidence]:
    """One fact for each template whose newest records all say that a pool is full, which before held half as many at most."""
    if mined.tally is None or not mined.old_lines:
        return []
    found = []
    for count in mined.counts:
        if count.window < LEAST or not count.before:
            continue
        if not any(_COUNTS.search(text_of(raw)[:LONGEST]) for _, _, raw in count.new.kept[:1]):
            continue
        since = _full_since(count)
        if since is not None:
            found.append(_fact(mined, count, since, window, redactor))
    return found


def _full_since(count: Count) -> float | None:
    """When the run of full records began that reaches to the end; None where there is none, or one was full before."""
    before = max((full for _, full in _told(count.old)), default=0)
    run: list[float] = []
    for at, full in reversed(_told(count.new)):
        if not full or full < GROWN * before:
            break
        run.append(at)
    return run[-1] if len(run) >= LEAST else None


def _told(sample: Sample) -> list[tuple[float, int]]:
    """The moments of a sample, in order, with how many a pool holds of which the record says that it is full, else 0."""
    return sorted((at, full_of(text_of(raw)[:LONGEST].replace('"', ""))) for at, _, raw in sample.kept)


def _fact(mined: Mined, count: Count, since: float, window: Window, redactor: Redactor) -> Evidence:
    newest = text_of(max(count.new.kept)[2]).strip()[:LONGEST]
    text = redactor.text(newest).replace('"', "'")[:SHOWN]
    return Evidence(
        component=mined.component,
        kind="log.shift",
        aspect="log.connection_limit",
        statement=f'{mined.component}: a pool has been full since {from_epoch(since):%H:%M:%S} UTC, as it logs: "{text}".',
        values={"count_window": count.window, "reported_by": mined.component},
        window=window,
        onset=from_epoch(since),
        direction="up",
        strength=STRENGTH,
        source=reference(mined, count),
        taint=True,
    )
