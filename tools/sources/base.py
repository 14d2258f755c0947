"""What a source of each kind must answer, and how one is opened from its configuration."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from aitia.core.bounds import check_regular
from aitia.core.config import SourceConfig
from aitia.core.deadline import TookTooLong, all_within, result_of
from aitia.core.errors import BadInput, SourceError, Untrusted
from aitia.core.protocols import Source
from aitia.core.resolve import Resolver
from aitia.core.trust import beyond, checked, leads_out
from aitia.core.words import Component, Holding, Inventory, SourceKind, SourceRef, Window
from aitia.tools import plugins
from aitia.tools.sources.clocks import Dated, doubts


@dataclass(frozen=True, kw_only=True)
class Series:
    """One metric series. `t` in epoch seconds, increasing; `v` of the same length, NaN where a sample is missing.

    `component` is the source's raw name (tools resolve it); `query` reads exactly this series again.
    """

    component: str
    metric: str
    t: NDArray[np.float64]
    v: NDArray[np.float64]
    labels: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""
    query: str = ""


@dataclass(frozen=True, kw_only=True)
class LogStream:
    """One log stream: a file (or rotated set) of one component, or what was read of a server into files.

    Of a server: `query` reads its lines again, `shares` say of which spans not all lines are in the files, `note` why not.
    """

    component: str
    name: str
    paths: tuple[Path, ...]
    query: str = ""
    shares: Mapping[Window, float] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class RecordedChange:
    """A deploy, configuration change, flag, scaling or maintenance act."""

    at: datetime
    component: str
    kind: str  # deploy | config | flag | scale | maintenance
    text: str
    ref: SourceRef


@dataclass(frozen=True, kw_only=True)
class Pulses:
    """A tachometer's samples during a block of another channel; `problem` says why there are none."""

    component: str
    channel: str
    x: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    fs: float = float("nan")
    per_rev: int = 1
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Waveform:
    """A block of high-rate samples of one channel. `x` in `unit`, `fs` in Hz, `rpm` the shaft speed (NaN if unknown).

    `group` and `support` are the machine's in the severity zones of ISO 10816-3, "" if unknown.
    """

    component: str
    channel: str
    at: datetime
    x: NDArray[np.float64]
    fs: float
    unit: str = "g"
    rpm: float = float("nan")
    bearing: Mapping[str, float] = field(
        default_factory=dict
    )  # orders: bpfo, bpfi, bsf, ftf; empty if unknown
    tachometer: Pulses | None = None
    group: Literal["1", "2", ""] = ""
    support: Literal["rigid", "flexible", ""] = ""
    ref: SourceRef | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """One span of a trace (OpenTelemetry). `start` and `duration` in seconds (epoch), `parent` "" for a root span.

    `component` is the source's raw service name (tools resolve it); `instance` the pod or host that served it, if known;
    `peer` what a client span calls, where its attributes name it (`peer.service`, `db.system`, `server.address`).
    """

    trace: str
    id: str
    parent: str
    component: str
    operation: str
    start: float
    duration: float
    kind: Literal["server", "client", "internal", "producer", "consumer", ""] = ""
    error: bool = False
    instance: str = ""
    peer: str = ""
    status: str = ""  # HTTP or gRPC status code, where recorded
    exception: str = ""  # the type of the exception that ended or marked it, where recorded


Object = Mapping[str, Any]  # a Kubernetes object as the API gives it


@dataclass(frozen=True, kw_only=True)
class Document:
    """A past incident or a runbook. `meta` holds its structured fields (service, cause, fault, mitigation, ...)."""

    id: str
    title: str
    text: str
    meta: Mapping[str, str] = field(default_factory=dict)
    ref: SourceRef | None = None


@runtime_checkable
class MetricSource(Source, Protocol):
    """Metric series."""

    def read(self, window: Window, *, component: str = "", metric: str = "") -> list[Series]:
        """Series with samples in the window, optionally of one raw component or metric. Bounded by the source."""
        ...


@runtime_checkable
class LargeMetricSource(MetricSource, Protocol):
    """A metric source that may hold more series than a read returns; it counts, names and aggregates on the server."""

    @property
    def most(self) -> int:
        """How many series a read returns at most."""
        ...

    def size(self, window: Window) -> int:
        """How many series there are at the window's end; more than `most` where the server does not count, 0 where it cannot
        be reached.
        """
        ...

    def names(self, window: Window) -> list[str]:
        """Metric names in the window, sorted and bounded."""
        ...

    def groups(self, window: Window) -> tuple[str, list[str]]:
        """The label that names components, and its values, sorted and bounded."""
        ...

    def read_of(self, window: Window, *, components: Sequence[str]) -> list[Series]:
        """All series of some raw components, bounded."""
        ...

    def overview(self, window: Window, metric: str) -> list[Series]:
        """One series per component: a gauge's mean, a counter's rate (`_per_second`), a histogram's mean (`_mean`)."""
        ...

    def moved_most(self, window: Window, metric: str, *, baseline_s: float, top: int) -> list[str]:
        """The raw components whose aggregate of a metric left its earlier mean most, judged on the server over all."""
        ...


@runtime_checkable
class LogSource(Source, Protocol):
    """Log streams."""

    def streams(self) -> list[LogStream]: ...


@runtime_checkable
class RemoteLogSource(LogSource, Protocol):
    """Logs on a server: lines of spans are read into files, bounded in bytes and in time."""

    def components_in(self, spans: Sequence[Window]) -> list[str]:
        """The raw components with lines in the spans, sorted and bounded."""
        ...

    def fetch(
        self,
        spans: Sequence[Window],
        components: Sequence[str] | None = None,
        *,
        budget: int = ...,
        seconds: float = ...,
    ) -> list[LogStream]:
        """The streams of some raw components (None: all) with their lines of the spans; the last span is the window."""
        ...


@runtime_checkable
class ChangeSource(Source, Protocol):
    """Changes and maintenance acts."""

    def read(self, window: Window) -> list[RecordedChange]: ...


@runtime_checkable
class TopologySource(Source, Protocol):
    """Components and their relations."""

    def components(self) -> list[Component]: ...


@runtime_checkable
class SignalSource(Source, Protocol):
    """High-rate waveforms."""

    def waveforms(self, window: Window) -> list[Waveform]: ...


@runtime_checkable
class LearnedSource(SignalSource, Protocol):
    """Waveforms with a classifier that was trained for such machines."""

    @property
    def fault_model(self) -> Path | None: ...
    @property
    def classes(self) -> Mapping[str, str]:
        """The vibration aspect of a class of the model, where its name does not tell it."""
        ...


@runtime_checkable
class TraceSource(Source, Protocol):
    """Spans."""

    def spans(self, window: Window) -> list[Span]:
        """Spans that start in the window, by start, trace and id. Bounded by the source."""
        ...


@runtime_checkable
class ClusterSource(Source, Protocol):
    """The state of a cluster: Kubernetes objects as the API gives them, and lines of container logs."""

    def namespaces(self) -> list[str]:
        """The namespaces that may be looked at (configured or recorded)."""
        ...

    def objects(self, resource: str, namespace: str = "") -> list[Object] | None:
        """The objects of a resource (its plural); None where they were not recorded or may not be read.

        Raises SourceError where the cluster did not answer.
        """
        ...

    def logs(self, namespace: str, selector: Mapping[str, str]) -> list[str] | None:
        """Recent lines of all containers of the pods with these labels; None and errors as for `objects`."""
        ...

    def observed_at(self) -> datetime | None:
        """When the objects were read, to which ages count back."""
        ...


@runtime_checkable
class DocumentSource(Source, Protocol):
    """Past incidents or runbooks."""

    def documents(self) -> list[Document]: ...


class Configured:
    """What every configured reader has: its name and kind, its configuration, and where relative paths start."""

    KIND: ClassVar[SourceKind | None] = None  # where a type of source has one kind only

    def __init__(self, config: SourceConfig, root: Path) -> None:
        self._config, self._root = config, root

    @property
    def name(self) -> str:
        """The configured name."""
        return self._config.name

    @property
    def kind(self) -> SourceKind:
        """The type's own kind, else the configured one."""
        return self.KIND or self._config.kind

    @property
    def foreign(self) -> bool:
        """Whether nobody at the site vouches for what its documents say: `options: {foreign: true}`."""
        return bool(self._config.options.get("foreign", False))


Reader = Callable[[SourceConfig, Path], Source]


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
    return readers[config.type](config, root)


def _unknown_type(config: SourceConfig, types: Sequence[str]) -> str:
    close = difflib.get_close_matches(config.type, types, n=1)
    meant = f" Did you mean {close[0]!r}?" if close else ""
    where = f" in {config.file!r}" if config.file else ""
    return f"Set `type` of source {config.name!r}{where} to one of {', '.join(types)}, not {config.type!r}.{meant}"


def open_sources(configs: Iterable[SourceConfig], root: Path) -> list[Source]:
    """All sources of a configuration. Opening reads nothing yet."""
    return [open_source(config, root) for config in configs]


MOST_ENTRIES = 200_000  # of a folder; a million of them take a minute to list
INVENTORY_S = 30.0  # for all sources together, as long as a tool may take


def build_inventory(
    sources: Sequence[Source], window: Window, resolver: Resolver, *, seconds: float = INVENTORY_S
) -> Inventory:
    """What can be reached in the window; a source that cannot be read is a holding with a note, not a failure.

    All are read at the same time, and one that has not answered after `seconds` is given up. `unresolved` lists the names
    that neither topology nor configuration knows, where there is one.
    """
    reads = all_within(seconds, {str(n): partial(_look, s, window) for n, s in enumerate(sources)})
    looked = [_looked(source, reads[str(n)], seconds) for n, source in enumerate(sources)]
    # What was drawn or configured comes before what spans name: their names are then known as its aliases.
    for found in sorted(looked, key=lambda found: found.holding.kind == "traces"):
        _draw(found, resolver)
    holdings = _doubted([found.holding for found in looked], sources, window, seconds)
    drawn = bool(resolver.components)
    unresolved: list[str] = []
    # Shorter names first, so that `web-1` is an instance of `web` whichever source came first.
    for raw in sorted({raw for h in holdings for raw in h.components}, key=lambda r: (len(r), r)):
        if drawn and not resolver.resolve(raw):
            resolver.learn(raw)
            unresolved.append(resolver.why(raw))
        resolver.learn(raw)
    return Inventory(holdings=tuple(holdings), components=resolver.components, unresolved=tuple(unresolved))


@dataclass(frozen=True, kw_only=True)
class _Looked:
    """What a source says it holds, and the components that it draws."""

    holding: Holding
    components: Sequence[Component] = ()


def _look(source: Source, window: Window) -> _Looked:
    components = source.components() if isinstance(source, TopologySource) else ()
    try:
        return _Looked(holding=source.describe(window), components=components)
    except Exception as error:  # what it draws counts all the same
        return _Looked(holding=_unread(source, _said(source, error)), components=components)


def _looked(source: Source, read: Future[_Looked], seconds: float) -> _Looked:
    try:
        return result_of(read)
    except TookTooLong:
        note = f"Source {source.name!r} could not be read in {seconds:g} s. Check it or leave it out."
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
    holdings: Sequence[Holding], sources: Sequence[Source], window: Window, seconds: float
) -> list[Holding]:
    """The holdings with a word on those whose times do not fit the times of the others."""
    held = {h.source for h in holdings if not h.unread and (h.count or "window" in h.note)}
    dated = [s for s in sources if isinstance(s, Dated) and s.name in held]
    asked = all_within(
        seconds, {s.name: partial(s.extent, window.end) for s in dated} if len(dated) > 1 else {}
    )
    extents: dict[str, tuple[float, float]] = {}
    for name, read in asked.items():  # one alone has nobody to disagree with
        with contextlib.suppress(Exception):  # what cannot be read has its note already
            extents |= {name: extent} if (extent := result_of(read)) else {}
    found = doubts(extents, window)
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


def check_file(config: SourceConfig, root: Path) -> Path:
    """The existing file or folder of a source. Raises SourceError that names the source and the path."""
    path = Path(config.path).expanduser()
    path = path if path.is_absolute() else root / path
    if not path.exists():
        raise SourceError(f"{str(path)!r} does not exist. Fix {config.place('path')}.")
    try:
        check_regular(path)
    except OSError as error:
        raise SourceError(
            f"{str(path)!r} cannot be read ({error.strerror}). Give a file or folder as `path` of source "
            f"{config.name!r}."
        ) from None
    return checked(path, config.within)


def iter_files(config: SourceConfig, root: Path) -> Iterator[Path]:
    """The files of a source whose path is a file, a folder (all regular files in it) or a glob, sorted.

    Devices and pipes are passed over, links to folders are not followed. Raises SourceError where nothing is there.
    A link in a folder that leads out of it is refused: who sends a folder of logs must not choose what else is read.
    """
    for path in _named_files(config, root):
        yield checked(path, config.within)


def _named_files(config: SourceConfig, root: Path) -> Iterator[Path]:
    path = Path(config.path).expanduser()
    path = path if path.is_absolute() else root / path
    if path.is_file():
        yield path
    elif path.is_dir():
        yield from (_entry(p, path, config) for p in sorted(_walked(path, config.name)))
    elif path.exists():
        yield check_file(config, root)
    else:
        found = sorted(p for p in path.parent.glob(path.name) if p.is_file())
        if not found:
            raise SourceError(f"{str(path)!r} does not exist. Fix {config.place('path')}.")
        yield from (_entry(p, path.parent, config) for p in found)


def _entry(path: Path, folder: Path, config: SourceConfig) -> Path:
    if not config.options.get("follow_links") and leads_out(path, folder):
        raise SourceError(
            f"{str(path)!r} is a link that points outside {str(folder)!r}. Add it as a separate source, "
            f"or set `options.follow_links` of source {config.name!r}."
        )
    return path


def _walked(folder: Path, name: str) -> Iterator[Path]:
    for seen, path in enumerate(folder.rglob("*")):
        if seen >= MOST_ENTRIES:
            raise SourceError(
                f"{str(folder)!r} contains more than the limit of {MOST_ENTRIES:,} files and folders. Narrow "
                f"`path` of source {name!r}."
            )
        if path.is_file():
            yield path
