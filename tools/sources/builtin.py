"""The readers that come with aitia. A third party adds a module with a READERS mapping of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from aitia.core.config import SourceConfig
from aitia.core.protocols import Source
from aitia.tools.incidents.sample import SampleRunbooks
from aitia.tools.sources.alarms.alarm_log import AlarmLog
from aitia.tools.sources.base import Reader
from aitia.tools.sources.changes.changes_cluster import ClusterChanges
from aitia.tools.sources.changes.changes_git import GitSource
from aitia.tools.sources.changes.journal import JournalSource
from aitia.tools.sources.cluster.cluster_kubectl import KubectlSource
from aitia.tools.sources.cluster.cluster_recorded import RecordedCluster
from aitia.tools.sources.dictionary import DictionaryFile
from aitia.tools.sources.documents.document_files import IncidentFile, RunbookFolder
from aitia.tools.sources.logs.log_files import LogFiles
from aitia.tools.sources.logs.loki import LokiSource
from aitia.tools.sources.logs.victorialogs import VictoriaLogsSource
from aitia.tools.sources.metrics.cloudwatch import CloudWatchFiles
from aitia.tools.sources.metrics.prometheus import PrometheusSource
from aitia.tools.sources.metrics.table import TableSource
from aitia.tools.sources.plant.sources import ModbusSource, MqttSource, OpcUaSource
from aitia.tools.sources.signals.picture_source import PictureSource
from aitia.tools.sources.signals.recording_source import RecordingSource
from aitia.tools.sources.signals.waveform import WaveformSource
from aitia.tools.sources.topology import TopologyFile
from aitia.tools.sources.traces.flat_spans import FlatSpans
from aitia.tools.sources.traces.jaeger import JaegerFiles
from aitia.tools.sources.traces.otlp_files import OtlpFiles


def _incident_memory(config: SourceConfig, root: Path) -> Source:
    from aitia.tools.memory.source import IncidentMemory  # it builds on this package

    return IncidentMemory(config, root)


READERS: Final[Mapping[str, Reader]] = {
    "prometheus": PrometheusSource,
    "kubectl": KubectlSource,
    "table": TableSource,
    "cloudwatch": CloudWatchFiles,
    "alarm_log": AlarmLog,
    "mqtt": MqttSource,
    "opcua": OpcUaSource,
    "modbus": ModbusSource,
    "log_files": LogFiles,
    "loki": LokiSource,
    "victorialogs": VictoriaLogsSource,
    "otlp": OtlpFiles,
    "jaeger": JaegerFiles,
    "spans": FlatSpans,
    "incidents": IncidentFile,
    "memory": _incident_memory,
    "runbooks": RunbookFolder,
    "sample_runbooks": SampleRunbooks,
    "changes": JournalSource,
    "git": GitSource,
    "cluster_changes": ClusterChanges,
    "maintenance": JournalSource,
    "topology": TopologyFile,
    "dictionary": DictionaryFile,
    "cluster_recorded": RecordedCluster,
    "waveform": WaveformSource,
    "recording": RecordingSource,
    "pictures": PictureSource,
}
