"""What a source of each kind must answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from aitia.core.config import SourceConfig
from aitia.core.protocols import Source
from aitia.core.words import Component, SourceKind, SourceRef, Window
from aitia.tools.meaning.dictionary import Dictionary
from aitia.tools.meaning.metadata import UNTOLD, Metadata
from aitia.tools.sources.alarms.events import AlarmEvent


@dataclass(frozen=True, kw_only=True)
class Series:
    """One metric series. `t` in epoch seconds, increasing; `v` of the same length, NaN where a sample is missing.

    `component` is the source's raw name (tools resolve it); `query` reads exactly this series again; `metadata` is what the
    source says of the metric beside its numbers.
    """

    component: str
    metric: str
    t: NDArray[np.float64]
    v: NDArray[np.float64]
    labels: Mapping[str, str] = field(default_factory=dict)
    metadata: Metadata = UNTOLD
    query: str = ""


@dataclass(frozen=True, kw_only=True)
class Only:
    """Lines of JSON whose field (`kubernetes.labels.app`) has this value; "" stands for those that have none.

    `sharing`: how many components the files hold, this one with them.
    """

    field: str
    value: str
    sharing: int = 1


@dataclass(frozen=True, kw_only=True)
class LogStream:
    """One log stream: a file (or rotated set) of one component, or what was read of a server into files.

    `zone` is that of times without one, `only` picks the component out of files of several. Of a server: `query` reads its
    lines again, `shares` say of which spans not all lines are in the files, `note` why not. `events`: who runs the component
    writes them of it, as a provider of a managed service, and seldom.
    """

    component: str
    name: str
    paths: tuple[Path, ...]
    query: str = ""
    shares: Mapping[Window, float] = field(default_factory=dict)
    note: str = ""
    zone: tzinfo = UTC
    only: Only | None = None
    events: bool = False


@dataclass(frozen=True, kw_only=True)
class RecordedChange:
    """A deploy, configuration change, flag, scaling or maintenance act."""

    at: datetime
    component: str
    kind: str  # deploy | config | flag | scale | maintenance
    text: str
    ref: SourceRef
    id: str = ""  # of the commit, deploy or flag, where recorded
    diff: str = (
        ""  # what it changed, as a unified diff: hostile text, of which only names and numbers are kept
    )
    files: tuple[str, ...] = ()


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

    `load` is the machine's in any unit that its blocks share. `group` and `support` are the machine's in the severity zones
    of ISO 10816-3, "" if unknown. `designation` names the bearing (6309; Z,d,D,angle) where its orders are not told.
    """

    component: str
    channel: str
    at: datetime
    x: NDArray[np.float64]
    fs: float
    unit: str = "g"
    rpm: float = float("nan")
    load: float | None = None
    bearing: Mapping[str, float] = field(
        default_factory=dict
    )  # orders: bpfo, bpfi, bsf, ftf; empty if unknown
    designation: str = ""
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
class AlarmSource(Source, Protocol):
    """Alarms of control systems."""

    def events(self, window: Window) -> list[AlarmEvent]:
        """Alarms that came, went or were acknowledged in the window, in time order."""
        ...


@runtime_checkable
class TopologySource(Source, Protocol):
    """Components and their relations."""

    def components(self) -> list[Component]: ...


@runtime_checkable
class DictionarySource(Source, Protocol):
    """What names and messages of the site mean."""

    def entries(self) -> Dictionary: ...


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

    def logs(self, namespace: str, selector: Mapping[str, str], pod: str = "") -> list[str] | None:
        """Recent lines of all containers of the pods with these labels, or of one `pod` however long ago it wrote them;
        None and errors as for `objects`.
        """
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
    OPTIONS: ClassVar[frozenset[str] | None] = (
        None  # all that a type knows, `life_*` for a family; None: not told
    )

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
