"""Opening sources from their configuration, and the inventory of what they hold."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from aitia.core.config import SourceConfig
from aitia.core.deadline import TookTooLong, all_within, collecting, result_of
from aitia.core.errors import BadInput, SourceError, Untrusted
from aitia.core.protocols import Source
from aitia.core.resolve import Resolver
from aitia.core.trust import beyond
from aitia.core.words import Component, Holding, Inventory, Window
from aitia.tools import plugins
from aitia.tools.identity.replicas import with_replicas
from aitia.tools.sources.base import (
    Reader,
    TopologySource,
)
from aitia.tools.sources.clocks import Dated, Doubt, doubts
from aitia.tools.sources.recorded_twice import drifted


def open_source(config: SourceConfig, root: Path) -> Source:
    """The reader of one source; relative paths start at `root`. Raises BadInput for an unknown type.

    One that is bound to a folder (`SourceConfig.within`) must do nothing but read files below it. Raises Untrusted.
    """
    if config.within is not None and (refused := beyond(config, config.within)):
        raise Untrusted(
            f"Not allowed: {'; '.join(refused)}. Add --trust {str(config.within)!r} if you trust it."
        )
    group, readers = "aitia.sources", dict[str, Reader]()
    for entry in plugins.entries(group):
        if plugins.own(entry):
            readers |= entry.load().READERS
    if config.type not in readers:  # those of others never stand in for ours
        for _, found in plugins.foreign(group, lambda module: dict(module.READERS)):
            readers = found | readers
    if config.type not in readers:
        raise BadInput(_unknown_type(config, sorted(readers)))
    reader = readers[config.type]
    if (known := getattr(reader, "OPTIONS", None)) is not None:
        _check_options(config, sorted(known | COMMON_OPTIONS))
    return reader(config, root)


COMMON_OPTIONS: Final = frozenset({"follow_links", "foreign"})


def _check_options(config: SourceConfig, known: Sequence[str]) -> None:
    for key in config.options:
        if not any(fnmatchcase(key, pattern) for pattern in known):
            close = difflib.get_close_matches(key, known, n=1)
            meant = f" Did you mean {close[0]!r}?" if close else ""
            raise BadInput(
                f"Remove option {key!r} of source {config.name!r}: type {config.type!r} knows {', '.join(known)}.{meant}"
            )


def _unknown_type(config: SourceConfig, types: Sequence[str]) -> str:
    close = difflib.get_close_matches(config.type, types, n=1)
    meant = f" Did you mean {close[0]!r}?" if close else ""
    where = f" in {config.file!r}" if config.file else ""
    return f"Set `type` of source {config.name!r}{where} to one of {', '.join(types)}, not {config.type!r}.{meant}"


def open_sources(configs: Iterable[SourceConfig], root: Path) -> list[Source]:
    """All sources of a configuration. Opening reads nothing yet."""
    return [open_source(config, root) for config in configs]


T = TypeVar("T")

INVENTORY_S = 30.0  # for each source, as long as a tool may take


def build_inventory(
    sources: Sequence[Source], window: Window, resolver: Resolver, *, seconds: float = INVENTORY_S
) -> Inventory:
    """What can be reached in the window; a source that cannot be read is a holding with a note, not a failure.

    All are read at the same time, and one that has not answered after `seconds` is given up. `unresolved` lists the names
    that neither topology nor configuration knows, where there is one.
    """
    given_up: list[str] = []
    reads = all_within(
        seconds, {str(n): partial(_noted, given_up, partial(_look, s, window)) for n, s in enumerate(sources)}
    )
    looked = [_looked(source, reads[str(n)], seconds, given_up) for n, source in enumerate(sources)]
    # What was drawn or configured comes before what spans name: their names are then known as its aliases.
    for found in sorted(looked, key=lambda found: found.holding.kind == "traces"):
        _draw(found, resolver)
    holdings = _doubted([found.holding for found in looked], sources, window, resolver, seconds, given_up)
    drawn = bool(resolver.components)
    unresolved: list[str] = []
    # Shorter names first, so that `web-1` is an instance of `web` whichever source came first.
    for raw in sorted({raw for h in holdings for raw in h.components}, key=lambda r: (len(r), r)):
        if drawn and not resolver.resolve(raw):
            resolver.learn(raw)
            unresolved.append(resolver.why(raw))
        resolver.learn(raw)
    _call_machines(holdings, resolver)
    return Inventory(
        holdings=tuple(holdings),
        components=with_replicas(resolver.components),
        unresolved=tuple(unresolved),
        given_up=tuple(sorted(set(given_up))),
    )


def _call_machines(holdings: Sequence[Holding], resolver: Resolver) -> None:
    """Make machines of components of which nothing else is known than that tags are spelled as a machine's."""
    told = {resolver.resolve(name) for h in holdings for name in h.machines}
    for component in resolver.components:
        if component.id in told and component.type == "unknown":
            resolver.add(Component(id=component.id, type="machine"))


@dataclass(frozen=True, kw_only=True)
class _Looked:
    """What a source says it holds, and the components that it draws."""

    holding: Holding
    components: Sequence[Component] = ()


def _noted(given_up: list[str], work: Callable[[], T]) -> T:
    with collecting(given_up):
        return work()


def _look(source: Source, window: Window) -> _Looked:
    components = source.components() if isinstance(source, TopologySource) else ()
    try:
        return _Looked(holding=source.describe(window), components=components)
    except Exception as error:  # what it draws counts all the same
        return _Looked(holding=_unread(source, _said(source, error)), components=components)


def _looked(source: Source, read: Future[_Looked], seconds: float, given_up: list[str]) -> _Looked:
    try:
        return result_of(read)
    except TookTooLong:
        note = f"Source {source.name!r} could not be read in {seconds:g} s. Check it or leave it out."
        given_up.append(note)
    except Exception as error:  # a hostile record must not end the diagnosis
        note = _said(source, error)
    return _Looked(holding=_unread(source, note))


def _unread(source: Source, note: str) -> Holding:
    return Holding(source=source.name, kind=source.kind, note=note, unread=True)


def _said(source: Source, error: Exception) -> str:
    """Why a source cannot be read."""
    if isinstance(error, SourceError):
        return str(error)
    return (
        f"Source {source.name!r} cannot be read ({type(error).__name__}: {str(error)[:200]}). Fix it "
        "or leave it out."
    )


def _doubted(
    holdings: Sequence[Holding],
    sources: Sequence[Source],
    window: Window,
    resolver: Resolver,
    seconds: float,
    given_up: list[str],
) -> list[Holding]:
    """The holdings with a word on those whose times do not fit the times of the others."""
    held = {h.source for h in holdings if not h.unread and (h.count or "window" in h.note)}
    dated = [s for s in sources if isinstance(s, Dated) and s.name in held]
    extents_of = {s.name: partial(_noted, given_up, partial(s.extent, window.end)) for s in dated}
    asked = all_within(seconds, extents_of if len(dated) > 1 else {})
    extents: dict[str, tuple[float, float]] = {}
    for name, read in asked.items():  # one alone has nobody to disagree with
        try:
            extents |= {name: extent} if (extent := result_of(read)) else {}
        except TookTooLong:
            given_up.append(f"The times of source {name!r} were not compared with those of the others.")
        except Exception:  # what cannot be read has its note already
            continue
    found = _drifting(holdings, dated, window, resolver, seconds, given_up) | doubts(extents, window)
    return [
        h.model_copy(
            update={
                "note": "; ".join(filter(None, (h.note, found[h.source].note))),
                "doubt_s": found[h.source].seconds,
            }
        )
        if h.source in found
        else h
        for h in holdings
    ]


def _drifting(
    holdings: Sequence[Holding],
    dated: Sequence[Source],
    window: Window,
    resolver: Resolver,
    seconds: float,
    given_up: list[str],
) -> dict[str, Doubt]:
    """The sources whose clock differs from that of another one which recorded the same."""
    if sum(s.kind == "metrics" for s in dated) < 2:
        return {}
    work = partial(_noted, given_up, partial(drifted, holdings, dated, window, resolver))
    try:
        return result_of(all_within(seconds, {"clocks": work})["clocks"])
    except TookTooLong:
        given_up.append("Whether clocks of sources differ was not looked at: it took too long.")
    except SourceError:  # what cannot be read has its note already
        pass
    return {}


def _draw(looked: _Looked, resolver: Resolver) -> None:
    """Make a source's components known: as they are drawn, or, where spans name them, under their canonical names."""
    found = looked.components
    if looked.holding.kind != "traces":
        for component in found:
            resolver.add(component)
        return
    for component in sorted(found, key=lambda c: (len(c.id), c.id)):
        resolver.learn(component.id)
    for component in found:
        here = resolver.learn(component.id)
        links = tuple(link.model_copy(update={"to": resolver.learn(link.to)}) for link in component.links)
        own = Component(id=here, type=component.type, links=tuple(k for k in links if k.to != here))
        resolver.add(own)
