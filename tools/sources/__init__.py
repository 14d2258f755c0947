"""Telemetry sources: readers by type, found through the `aitia.sources` entry point."""

from aitia.tools.sources.base import (
    ChangeSource,
    ClusterSource,
    DictionarySource,
    Document,
    DocumentSource,
    LargeMetricSource,
    LogSource,
    LogStream,
    MetricSource,
    RecordedChange,
    RemoteLogSource,
    Series,
    SignalSource,
    Span,
    TopologySource,
    TraceSource,
    Waveform,
)
from aitia.tools.sources.builtin import READERS
from aitia.tools.sources.opening import build_inventory, open_source, open_sources
from aitia.tools.sources.paths import check_file

__all__ = [
    "READERS",
    "ChangeSource",
    "ClusterSource",
    "DictionarySource",
    "Document",
    "DocumentSource",
    "LargeMetricSource",
    "LogSource",
    "LogStream",
    "MetricSource",
    "RecordedChange",
    "RemoteLogSource",
    "Series",
    "SignalSource",
    "Span",
    "TopologySource",
    "TraceSource",
    "Waveform",
    "build_inventory",
    "check_file",
    "open_source",
    "open_sources",
]
