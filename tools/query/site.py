"""A site as it can be asked: its sources, the components that they speak of, and the moment that counts as now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property, partial
from typing import Final, TypeVar

from aitia.core.deadline import Deadline
from aitia.core.errors import SourceError
from aitia.core.protocols import Source
from aitia.core.resolve import Resolver
from aitia.core.words import Component, Inventory, Window
from aitia.tools.cluster.reading import Reader
from aitia.tools.registry import SourceSet
from aitia.tools.sources import build_inventory
from aitia.tools.sources.base import ClusterSource
from aitia.tools.sources.clocks import Dated

SERVER_SPAN: Final = timedelta(hours=24)  # what is looked at of a server where nobody names a time
FILE_SPAN: Final = timedelta(days=400)  # and of files, which hold what was exported, at most
SECONDS: Final = 20.0  # for all reads of one question
T = TypeVar("T")
_INSTANT: Final = timedelta(
    milliseconds=1
)  # a window ends before its end: what is of that very moment counts


@dataclass(kw_only=True)
class Site:
    """What a question is asked of. `zone` is that of the people who ask; `notes` say what could not be read."""

    sources: SourceSet
    inventory: Inventory
    resolver: Resolver
    now: datetime
    zone: tzinfo = UTC
    redact: Callable[[str], str] = str
    notes: list[str] = field(default_factory=list)
    deadline: Deadline = field(default_factory=lambda: Deadline(SECONDS))

    def begin(self) -> None:
        """Another question: its time begins, and notes of the one before are gone."""
        self.deadline = Deadline(SECONDS)
        self.notes[:] = [h.note for h in self.inventory.holdings if h.unread]

    def window(self, since: datetime | None, until: datetime | None, source: Source | None = None) -> Window:
        """The span of a query, its end included; where no start is given, what the source may hold."""
        end = min(until or self.now, self.now) + _INSTANT
        start = since or self.begins(source)
        return Window(start=min(start, end - _INSTANT), end=end)

    def begins(self, source: Source | None = None) -> datetime:
        """From when on a source is looked at: a file's first time, a day before now of a server."""
        starts = [
            self._starts[s.name] for s in ([source] if source else self.sources) if s.name in self._starts
        ]
        return min([*starts, self.now - (timedelta() if starts else SERVER_SPAN)])

    @cached_property
    def extent(self) -> tuple[datetime, datetime] | None:
        """First and last time of all that is in files, None where nothing tells."""
        ends = [e for e in self._ends.values() if e]
        return (min(self._starts.values(), default=min(ends)), max(ends)) if ends else None

    @cached_property
    def _starts(self) -> dict[str, datetime]:
        return {n: max(s, self.now - FILE_SPAN) for n, (s, _) in self._extents.items() if s is not None}

    @cached_property
    def _ends(self) -> dict[str, datetime]:
        return {n: e for n, (_, e) in self._extents.items()}

    @cached_property
    def _extents(self) -> dict[str, tuple[datetime | None, datetime]]:
        return extents(self.sources, self.now)

    def once(self, key: object, make: Callable[[], T]) -> T:
        """What `make` returned first under a key."""
        found: T = self.sources.once(("query", key), make)
        return found

    def name(self, raw: str) -> str:
        """The canonical id of a raw name."""
        return self.resolver.resolve(raw) or raw

    def raws(self, component: str, kinds: Sequence[str]) -> dict[str, list[str]]:
        """By source the raw names that mean a component."""
        held = {h.source: h.components for h in self.inventory.holdings if h.kind in kinds}
        return {source: [r for r in raws if self.name(r) == component] for source, raws in held.items()}

    def readers(self) -> list[tuple[str, Reader]]:
        """Each namespace of each cluster, with the source's name."""
        clusters = [s for s in self.sources.of("cluster") if isinstance(s, ClusterSource)]
        return [
            (s.name, self.once(("reader", s.name, space), partial(Reader, s, space)))
            for s in clusters
            for space in s.namespaces()
        ]

    def held(self, component: str) -> Component | None:
        """What is known of a component."""
        return next((c for c in self.inventory.components if c.id == component), None)


def extents(sources: Iterable[Source], now: datetime) -> dict[str, tuple[datetime | None, datetime]]:
    """First and last time of each source that tells it; one that begins nowhere in particular has no first."""
    found: dict[str, tuple[datetime | None, datetime]] = {}
    for source in sources:
        if not isinstance(source, Dated):
            continue
        with suppress(SourceError):  # its holding says why it cannot be read
            if (extent := source.extent(now)) is not None:
                first, last = extent
                start = datetime.fromtimestamp(first, tz=UTC) if first == first else None
                found[source.name] = (start, datetime.fromtimestamp(last, tz=UTC))
    return found


def open_site(
    readers: Sequence[Source],
    *,
    now: datetime,
    components: Iterable[Component] = (),
    zone: tzinfo = UTC,
    redact: Callable[[str], str] = str,
) -> Site:
    """The site of opened sources; one that cannot be read is a note, not a failure."""
    resolver = Resolver(components)
    held = [s for s in readers if s.kind not in ("runbooks", "incidents")]
    starts = [start for start, _ in extents(held, now).values() if start is not None]
    start = max(min([*starts, now - SERVER_SPAN]), now - FILE_SPAN)
    inventory = build_inventory(held, Window(start=start, end=now + _INSTANT), resolver, seconds=SECONDS)
    notes = [h.note for h in inventory.holdings if h.unread]
    return Site(
        sources=SourceSet(held),
        inventory=inventory,
        resolver=resolver,
        now=now,
        zone=zone,
        redact=redact,
        notes=notes,
    )
