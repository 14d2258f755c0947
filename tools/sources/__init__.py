"""Telemetry sources: readers by type, found through the `aitia.sources` entry point."""

from aitia.tools.sources.base import (
    ChangeSource,
    Document,
    DocumentSource,
    LogSource,
    LogStream,
    MetricSource,
    RecordedChange,
    Series,
    SignalSource,
    TopologySource,
    Waveform,
    build_inventory,
    check_file,
    open_source,
    open_sources,
)
from aitia.tools.sources.builtin import READERS

__all__ = [
    "READERS",
    "ChangeSource",
    "Document",
    "DocumentSource",
    "LogSource",
    "LogStream",
    "MetricSource",
    "RecordedChange",
    "Series",
    "SignalSource",
    "TopologySource",
    "Waveform",
    "build_inventory",
    "check_file",
    "open_source",
    "open_sources",
]
