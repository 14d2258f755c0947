"""Sparkplug B (Eclipse Sparkplug 3.0): payloads of protobuf, and the birth certificates that give aliases their names."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from aitia.core.errors import SourceError
from aitia.tools.sources.plant.payloads import MOST_BYTES, MOST_VALUES
from aitia.tools.sources.plant.readings import Reading, moment_of, name_of

NAMESPACE: Final = "spBv1.0"
MOST_EDGES: Final = 10_000  # edge nodes and devices whose certificates are kept
HOLD_S: Final = (
    60.0  # a value that is reported on change only stands until its next report: told again this often
)
_SIGNED: Final = {1: 8, 2: 16, 3: 32, 4: 64}  # Int8 to Int64 by their data type number, in bits
_NUMBERS: Final = frozenset((*range(1, 12),))  # Int8 to Boolean; DateTime, texts and data sets are no signals
# Field numbers of org.eclipse.tahu.protobuf.Payload and its Metric: name, number, protobuf type, repeated.
_METRIC: Final = (
    ("name", 1, "STRING"), ("alias", 2, "UINT64"), ("timestamp", 3, "UINT64"), ("datatype", 4, "UINT32"),
    ("is_historical", 5, "BOOL"), ("is_transient", 6, "BOOL"), ("is_null", 7, "BOOL"), ("properties", 9, "BYTES"),
    ("int_value", 10, "UINT32"), ("long_value", 11, "UINT64"), ("float_value", 12, "FLOAT"),
    ("double_value", 13, "DOUBLE"), ("boolean_value", 14, "BOOL"),
)  # fmt: skip
_VALUES: Final = ("int_value", "long_value", "float_value", "double_value", "boolean_value")


@cache
def payload_class() -> Any:
    """The message class of a payload, of the fields that are read. Raises SourceError without the extra."""
    try:
        from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    except ImportError:
        raise SourceError("Install the extra to read Sparkplug B: pip install 'aitia[plant]'.") from None
    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name="aitia_sparkplug.proto", package="aitia.sparkplug", syntax="proto2"
    )
    metric = file.message_type.add(name="Metric")
    for name, number, kind in _METRIC:
        metric.field.add(
            name=name, number=number, type=getattr(kinds, f"TYPE_{kind}"), label=kinds.LABEL_OPTIONAL
        )
    payload = file.message_type.add(name="Payload")
    payload.field.add(name="timestamp", number=1, type=kinds.TYPE_UINT64, label=kinds.LABEL_OPTIONAL)
    payload.field.add(
        name="metrics",
        number=2,
        type=kinds.TYPE_MESSAGE,
        type_name=".aitia.sparkplug.Metric",
        label=kinds.LABEL_REPEATED,
    )
    payload.field.add(name="seq", number=3, type=kinds.TYPE_UINT64, label=kinds.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("aitia.sparkplug.Payload"))


@dataclass(kw_only=True)
class _Edge:
    """What is known of an edge node or device since its birth."""

    names: dict[int, str] = field(default_factory=dict)  # by alias
    types: dict[str, int] = field(default_factory=dict)
    last: dict[str, tuple[float, float]] = field(default_factory=dict)  # told at, value
    alive: bool = False


class Sparkplug:
    """Reads the messages of one broker; aliases and states are kept from message to message."""

    def __init__(self, *, full_names: bool = False) -> None:
        self._edges: dict[tuple[str, ...], _Edge] = {}
        self._full_names = full_names

    def decode(self, topic: str, payload: bytes, now: float) -> list[Reading]:
        """The samples of a message; after a death all its signals are NaN. Raises ValueError that says why there are none.

        A device is the asset, an edge node where there is no device; with `full_names` group/node/device.
        """
        levels = topic.split("/")
        if len(levels) not in (4, 5):
            raise ValueError(f"topics that are not {NAMESPACE}/GROUP/TYPE/NODE[/DEVICE]")
        kind, key = levels[2], (levels[1], *levels[3:])
        if kind in ("NCMD", "DCMD"):
            return []
        if kind in ("NDEATH", "DDEATH"):
            return list(self._died(key, now))
        if kind not in ("NBIRTH", "DBIRTH", "NDATA", "DDATA"):
            raise ValueError("messages of an unknown Sparkplug type")
        if len(payload) > MOST_BYTES:
            raise ValueError(f"payloads of more than {MOST_BYTES >> 20} MiB")
        if key not in self._edges and len(self._edges) >= MOST_EDGES:
            raise ValueError(f"messages of more than {MOST_EDGES:,} edge nodes and devices")
        edge = self._edges.setdefault(key, _Edge())
        if kind.endswith("BIRTH"):
            edge.names.clear()
            edge.types.clear()
        edge.alive = True
        return list(self._read(key, edge, _parsed(payload), now))

    def held(self, now: float) -> Iterator[Reading]:
        """The standing values of what is alive and did not report for a while."""
        for key, edge in self._edges.items():
            for name, (at, value) in edge.last.items() if edge.alive else ():
                if now - at >= HOLD_S:
                    edge.last[name] = now, value
                    yield self._reading(key, name, now, value)

    def lost(self) -> None:
        """The connection is gone: nothing is known to stand any more."""
        for edge in self._edges.values():
            edge.alive = False

    def _died(self, key: tuple[str, ...], now: float) -> Iterator[Reading]:
        """The death of a device, or of an edge node and all devices behind it."""
        for other, edge in self._edges.items():
            if other[: len(key)] == key and edge.alive:
                edge.alive = False
                yield from (self._reading(other, name, now, math.nan) for name in edge.last)

    def _read(self, key: tuple[str, ...], edge: _Edge, message: Any, now: float) -> Iterator[Reading]:
        sent = moment_of(message.timestamp, now) if message.HasField("timestamp") else None
        unknown = 0
        for metric in message.metrics[:MOST_VALUES]:
            name = name_of(metric.name) if metric.HasField("name") else edge.names.get(metric.alias, "")
            if metric.HasField("name") and metric.HasField("alias") and len(edge.names) < MOST_VALUES:
                edge.names[metric.alias] = name
            unknown += not name
            kind = metric.datatype or edge.types.get(name, 0)
            if not name or name.startswith("Node Control/") or name == "bdSeq":
                continue
            edge.types[name] = kind
            value = _value(metric, kind)
            if value is not None:
                at = moment_of(metric.timestamp, now) if metric.HasField("timestamp") else None
                at = at or sent or now
                if not metric.is_historical:
                    edge.last[name] = now, value
                yield self._reading(key, name, at, value)
        if unknown and unknown == len(message.metrics):
            raise ValueError(
                "messages with aliases whose birth certificate was not seen: restart the edge node, or wait"
            )

    def _reading(self, key: tuple[str, ...], name: str, at: float, value: float) -> Reading:
        component = "/".join(key) if self._full_names else key[-1]
        return Reading(component=name_of(component), metric=name, at=at, value=value)


def _parsed(payload: bytes) -> Any:
    from google.protobuf.message import DecodeError

    message = payload_class()()
    try:
        message.ParseFromString(payload)
    except DecodeError:
        raise ValueError("payloads that are no Sparkplug B") from None
    return message


def _value(metric: Any, kind: int) -> float | None:
    """The number of a metric, NaN for null, None for what is none. Signed whole numbers are sent as unsigned ones."""
    if kind and kind not in _NUMBERS:
        return None
    if metric.is_null:
        return math.nan
    held = next((field for field in _VALUES if metric.HasField(field)), None)
    if held is None:
        return None
    value = getattr(metric, held)
    if held in ("int_value", "long_value") and (bits := _SIGNED.get(kind)):
        value &= (1 << bits) - 1
        value -= (value >> (bits - 1)) << bits
    return float(value)
