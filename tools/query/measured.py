"""What is measured: each component's metrics, their labels, and what their names mean."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Final

from aitia.core.errors import SourceError
from aitia.core.words import Window
from aitia.tools.meaning.names import Lexicon, Meaning
from aitia.tools.query.site import Site
from aitia.tools.sources.base import LargeMetricSource, MetricSource, Series
from aitia.tools.sources.metrics.table import TableSource

RECENT: Final = timedelta(hours=1)  # of a server: what is measured now is what may be asked
_FAMILY: Final = re.compile(r"_(?:bucket|sum|count)$")


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One metric of one component. `family`: a histogram's name without `_bucket`, `_sum`, `_count`; `labels` all that it has."""

    component: str
    metric: str
    family: str
    raw: str
    source: str
    labels: tuple[tuple[str, str], ...] = ()
    help: str = ""
    unit: str = ""
    called: tuple[str, ...] = ()  # what the component is called beside its id


def measured(site: Site) -> list[Measured]:
    """All metrics, each once a component. A source that cannot be read is a note."""
    return site.once("measured", lambda: _measured(site))


def _measured(site: Site) -> list[Measured]:
    found: dict[tuple[str, str], Measured] = {}
    names = {
        c.id: tuple(a for a in c.aliases if any(x.isalpha() for x in a) and len(a) < 60)
        for c in site.inventory.components
    }
    for source in metric_sources(site):
        try:
            series = _recent(site, source)
        except SourceError as error:
            site.notes.append(str(error))
            continue
        every = {(s.component, s.metric) for s in series}
        for one in series:
            key = (site.name(one.component), one.metric)
            family = _FAMILY.sub("", one.metric) if _is_family(one, every) else one.metric
            known = found.get(key)
            labels = dict.fromkeys([*(known.labels if known else ()), *one.labels.items()])
            found[key] = Measured(
                component=key[0], metric=one.metric, family=family, raw=one.component, source=source.name,
                labels=tuple(labels), help=one.metadata.help, unit=one.metadata.unit, called=names.get(key[0], ()),
            )  # fmt: skip
    return [found[key] for key in sorted(found)]


def _is_family(one: Series, every: set[tuple[str, str]]) -> bool:
    base = _FAMILY.sub("", one.metric)
    return (
        base != one.metric
        and (one.component, f"{base}_sum") in every
        and ((one.component, f"{base}_count") in every or (one.component, f"{base}_bucket") in every)
    )


def _recent(site: Site, source: MetricSource) -> list[Series]:
    if isinstance(source, TableSource):
        return read_all(site, source)
    window = Window(start=site.now - RECENT, end=site.window(None, None).end)
    if isinstance(source, LargeMetricSource) and source.size(window) > source.most:
        return [s for name in source.names(window)[:400] for s in source.overview(window, name)]
    return source.read(window)


def read_all(site: Site, source: MetricSource) -> list[Series]:
    """All series of a table up to now, read once."""
    return site.once(("series", source.name), lambda: source.read(site.window(None, None, source)))


def metric_sources(site: Site) -> list[MetricSource]:
    """The sources of metrics, in configured order."""
    return [s for s in site.sources.of("metrics") if isinstance(s, MetricSource)]


def series_of(site: Site, component: str, family: str, window: Window) -> list[tuple[str, Series]]:
    """The series of a metric or of a histogram's family in a window, with their sources."""
    wanted = {
        m.metric: m for m in measured(site) if m.component == component and family in (m.metric, m.family)
    }
    found: list[tuple[str, Series]] = []
    for source in metric_sources(site):
        for metric, one in wanted.items():
            if one.source != source.name:
                continue
            if isinstance(source, TableSource):
                held = [
                    s
                    for s in read_all(site, source)
                    if s.metric == metric and site.name(s.component) == component
                ]
            else:
                held = source.read(window, component=one.raw, metric=metric)
            found += [(source.name, s) for s in held]
    return found


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The words that tell what a name measures."""
    return Lexicon()


@lru_cache(maxsize=4096)
def meaning_of(metric: str, unit: str = "", help: str = "") -> Meaning:
    """What a metric's name means by its words."""
    return lexicon().read(metric, unit, help)


def families(found: Iterable[Measured]) -> list[Measured]:
    """Each family once."""
    return list({(m.component, m.family): m for m in found}.values())
