"""Whose a line of JSON is: the field that names its component, and the components that files of such lines hold."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aitia.core.errors import SourceError
from aitia.tools.sources.text_form import few
from aitia.tools.text.reading import Skipped, blocks, form_of, lines_of, open_log
from aitia.tools.text.reading.only import NAME, fields_of, last_key, value_at

FIELDS: Final = (
    "service", "service.name", "service_name", "serviceName", "svc", "resource.attributes.service.name",
    "resource.service.name", "Resource.service.name", "resource_attributes.service.name",
    "ResourceAttributes.service.name", "ServiceName", "attributes.service", "attributes.service.name",
    "_source.service.name", "_source.service", "fields.service", "labels.service", "_service",
    "kubernetes.labels.app.kubernetes.io/name", "kubernetes.labels.app_kubernetes_io/name", "kubernetes.labels.app",
    "_source.kubernetes.labels.app", "labels.app", "kubernetes.deployment.name", "k8s.deployment.name",
    "kubernetes.container_name", "kubernetes.container.name", "kubernetes.pod_name", "kubernetes.pod.name",
    "_source.kubernetes.container_name", "_source.kubernetes.pod_name", "resource.labels.container_name",
    "resource.labels.service_name", "k8s.pod.name", "container.name", "container_name", "_container_name", "container",
    "pod_name", "pod", "app", "app_name", "appName", "appname", "application", "application_name", "_app",
    "_application", "Properties.Application", "Properties.ApplicationName", "Properties.Service", "facility", "_facility",
    "component", "program", "source_identifier", "SourceIdentifier", "logGroup", "logStreamName",
)  # fmt: skip
"""By how surely they name a service: Datadog, Elastic, OpenTelemetry, Fluent Bit, GELF, Serilog, Google Cloud, CloudWatch."""
EVENTS: Final = frozenset({"source_identifier", "SourceIdentifier"})
"""Of these, what names the thing that an event of its provider is about: `aws rds describe-events`."""
LAST: Final = ("logger", "logger_name", "log.logger", "loggerName", "name")
"""Loggers are parts of a program: they name components only where the file's own name says nothing."""
NONE_OF: Final = frozenset({"log", "logs", "all", "app", "application", "combined", "export", "out", "output", "stdout",
                            "events", "messages", "data", "json", "search-results"})  # fmt: skip
MOST: Final = 500  # values; more are no components
SAMPLE: Final = 64 << 10
SCANNED: Final = 256 << 20  # bytes that are searched for values, of a larger file in even pieces
_PIECES: Final = 64
_SHARE: Final = 0.5  # of the sampled objects must have the field
_TRIES: Final = 5  # lines that are parsed to see whether a value stands where the path says
_CODE: Final = re.compile(r"\w+(?:\.\w+){2,}|[A-Z]\w*[a-z]\w*[A-Z]\w*|.*[\s/\\(){}].*")


@dataclass(frozen=True, kw_only=True)
class Named:
    """The field that names components, their names in a file, and whether lines without it are there too."""

    field: str
    values: tuple[str, ...]
    others: bool = False
    whole: bool = True


def named(paths: Sequence[Path], *, stem: str, field: str = "") -> Named | None:
    """The components of a rotated set by a field: the given one, else that of the usual ones which names them. None: none does.

    Raises SourceError where the given field is in no line.
    """
    objects = [fields for path in _spread(paths) for fields in sampled(path)]
    if not objects:
        return None
    chosen = field or _guess(objects, stem)
    if not chosen:
        return None
    values, whole = Counter[str](), True
    for path in paths:
        whole = _scan(path, objects, chosen, values) and whole
        if len(values) > MOST:
            if field:
                raise SourceError(
                    f"Set `options.component_field` to another field: {field!r} has more than {MOST} values."
                )
            return None
    values.update(v for one in objects if (v := value_at(one, chosen)))
    if not values:
        shown = few([str(key)[:40] for key in objects[0]], most=12)
        raise SourceError(
            f"Set `options.component_field` to a field of the lines ({shown}): {field!r} is in none."
        )
    others = any(not value_at(one, chosen) for one in objects)
    return Named(field=chosen, values=tuple(sorted(values)), others=others, whole=whole)


def _spread(paths: Sequence[Path]) -> list[Path]:
    return list(dict.fromkeys((paths[0], paths[len(paths) // 2], paths[-1])))


def sampled(path: Path) -> list[Mapping[str, Any]]:
    """Objects in lines of a file's beginning, middle and end; none where most of its lines are no objects."""
    found: list[Mapping[str, Any]] = []
    lines = 0
    try:
        seekable, size = form_of(path).seekable, path.stat().st_size
        with open_log(path) as handle:
            for spot in sorted({0, size // 2, max(0, size - SAMPLE)}) if seekable else [0]:
                part = blocks(handle, spot, spot + SAMPLE, size=SAMPLE, skipped=Skipped())
                raws = [raw for block in part for _, raw in lines_of(block) if raw.strip()][:400]
                told = [fields for raw in raws if (fields := fields_of(raw)) is not None]
                lines, found = lines + len(raws), found + told
                if not found:
                    return []
    except (SourceError, OSError):  # reading it says why
        return []
    return found if 2 * len(found) >= lines else []


def _guess(objects: Sequence[Mapping[str, Any]], stem: str) -> str:
    for field in FIELDS:
        values = [v for one in objects if (v := value_at(one, field))]
        if len(values) >= _SHARE * len(objects) and not all(v.isdigit() for v in values):
            return field
    if stem.casefold() in NONE_OF:
        for field in LAST:
            values = [v for one in objects if (v := value_at(one, field))]
            if len(values) >= _SHARE * len(objects) and not any(_CODE.fullmatch(v) for v in values):
                return field
    return ""


def _scan(path: Path, objects: Sequence[Mapping[str, Any]], field: str, values: Counter[str]) -> bool:
    """Add the values in a file; whether all of it was searched."""
    spelled = Counter(key for one in objects if (key := last_key(one, field))) or Counter(
        [field.rpartition(".")[2]]
    )
    pattern = re.compile(
        rb'"(?:'
        + b"|".join(re.escape(key.encode()) for key in spelled)
        + rb')"\s*:\s*(?:\{\s*"stringValue"\s*:\s*)?'
        rb'"((?:[^"\\]|\\.){1,%d})"' % NAME
    )
    tried = Counter[bytes]()
    form, size = form_of(path), path.stat().st_size
    known = {v.encode() for v in values}
    pieces = list(_pieces(size)) if form.seekable else [(0, None)]
    read = 0
    with open_log(path) as handle:
        for start, end in pieces:
            for block in blocks(handle, start, end, skipped=Skipped()):
                read += len(block.data)
                for match in pattern.finditer(block.data):
                    raw = match[1]
                    if raw in known or tried[raw] >= _TRIES or len(tried) > 20 * MOST:
                        continue
                    tried[raw] += 1
                    begin = block.data.rfind(b"\n", 0, match.start()) + 1
                    stop = block.data.find(b"\n", match.end())
                    line = fields_of(block.data[begin : stop if stop >= 0 else None])
                    if line is not None and (value := value_at(line, field)):
                        values[value] += 1
                        known.add(value.encode())
                if len(values) > MOST or read > SCANNED:
                    return False
    return len(pieces) == 1


def _pieces(size: int) -> Iterator[tuple[int, int | None]]:
    if size <= SCANNED:
        yield 0, None
        return
    step = size // _PIECES
    for n in range(_PIECES):
        yield n * step, n * step + SCANNED // _PIECES
