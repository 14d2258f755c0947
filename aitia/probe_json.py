"""What `aitia init` makes of JSON files by what they hold: logs, spans, changes, a cluster, metrics of a cloud, a map."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal

from aitia.core.bounds import load_json, read_bytes
from aitia.core.config import SourceConfig
from aitia.core.words import SourceKind
from aitia.tools.sources.changes.change_fields import LISTS, Roles, flattened, kind_of
from aitia.tools.sources.column_names import ORDER, first
from aitia.tools.sources.logs.component_fields import sampled
from aitia.tools.sources.metrics.cloudwatch import holds_metrics
from aitia.tools.sources.topology_forms import holds_map
from aitia.tools.sources.traces.flat_spans import unfolded
from aitia.tools.sources.traces.span_spelling import spelling_of

JSONS: Final = (".json", ".jsonl", ".ndjson")
Form = Literal[
    "otlp",
    "jaeger",
    "spans",
    "cluster",
    "cloudwatch",
    "topology",
    "changes",
    "maintenance",
    "events",
    "logs",
    "",
]
KINDS: Final[Mapping[Form, SourceKind]] = {
    "otlp": "traces", "jaeger": "traces", "spans": "traces", "cluster": "cluster", "cloudwatch": "metrics",
    "topology": "topology", "changes": "changes", "maintenance": "maintenance", "events": "changes", "logs": "logs",
}  # fmt: skip
_WHOLE: Final = 32 << 20  # bytes of a document that is looked at whole
_HEAD: Final = 4096
_MOST: Final = 50  # folders that are looked into
_LEVELS: Final = ("level", "levelname", "severity", "lvl", "log.level", "severityText", "severity_text", "SeverityText",
                  "loglevel", "logger", "logStreamName", "log.logger", "short_message", "_source.log.level",
                  "_source.message", "attributes.status", "resourceLogs", "@timestamp")  # fmt: skip
_STATUS: Final = frozenset(
    {"debug", "info", "notice", "warn", "warning", "error", "critical", "alert", "emergency"}
)


def json_form(path: Path) -> Form:
    """What a JSON file holds, "" for nothing that is known. Never raises: its reader says what is wrong."""
    try:
        status = path.stat()
        return _form(path, status.st_size, status.st_mtime_ns)
    except OSError:
        return ""


@lru_cache(maxsize=4096)
def _form(path: Path, size: int, changed: int) -> Form:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if b'"resourceSpans"' in head:
        return "otlp"
    document = _document(path, head) if size <= _WHOLE else {}
    if isinstance(document, dict) and (found := _of_document(document)):
        return found
    objects = [one for one in islice(unfolded(document), 200) if one] if document else []
    if spelling_of(objects) is not None:
        return "spans"
    return _of_entries(objects or sampled(path), lines=path.suffix.lower() != ".json")


def _document(path: Path, head: bytes) -> Any:
    """The file as one JSON text; {} where it is lines of them."""
    first = head.lstrip(b" \t\r\n\xef\xbb\xbf").partition(b"\n")[0].strip()
    if path.suffix.lower() != ".json" and first.startswith(b"{") and first.endswith(b"}"):
        return {}
    try:
        return load_json(read_bytes(path, most=_WHOLE))
    except (ValueError, OSError):
        return {}


def _of_document(document: Mapping[str, Any]) -> Form:
    if "apiVersion" in document and "kind" in document:
        return "cluster"
    if holds_metrics(document):
        return "cloudwatch"
    if holds_map(document):
        return "topology"
    data = document.get("data")
    if (
        isinstance(data, list)
        and data
        and isinstance(data[0], dict)
        and {"spans", "processes"} <= set(data[0])
    ):
        return "jaeger"
    held = next((document[key] for key in LISTS if isinstance(document.get(key), list)), None)
    return _of_entries([one for one in held[:50] if isinstance(one, dict)], lines=False) if held else ""


def _of_entries(objects: Sequence[Mapping[str, Any]], *, lines: bool) -> Form:
    """What a list of objects is: of spans, of what has a level, of deploys; lines of anything else are logs."""
    if not objects:
        return ""
    if spelling_of(objects) is not None:
        return "spans"
    if all("apiVersion" in one and "kind" in one for one in objects):
        return "cluster"
    entry = flattened(objects[0])
    roles = Roles.of(entry)
    if roles.categories and roles.at:
        return "events"
    levelled = any(name in entry for name in _LEVELS) or str(entry.get("status", "")).lower() in _STATUS
    if levelled:
        return "logs"
    if not roles.at or not (roles.text or roles.version or roles.flag):
        return "logs" if lines and roles.at else ""
    if first(entry, ORDER):
        return "maintenance"
    named = (
        roles.version
        or roles.flag
        or roles.files
        or kind_of(entry, roles, hint="", fallback="") not in ("", "config")
    )
    return "changes" if named or not lines else "logs"


def probe_forms(place: Path, root: Path, files: Sequence[Path]) -> Iterator[tuple[SourceConfig, str, Path]]:
    """The sources for what the JSON files of a place hold, logs left out: one for all files of a form where a glob can say so."""
    forms = {path: json_form(path) for path in files}
    shown = "" if place == root else f"{place.name}/"
    for form in dict.fromkeys(forms.values()):
        if form in ("", "logs"):
            continue
        own = [p for p in files if forms[p] == form]
        for paths, pattern in patterns(own, files, one=form != "otlp"):  # an exporter goes on writing
            name = file_name(
                paths[0].stem if len(paths) == 1 else "spans" if KINDS[form] == "traces" else form
            )
            path = f"{shown}{pattern}"
            yield from _sources(form, name, path, paths)


def patterns(
    own: Sequence[Path], files: Sequence[Path], *, one: bool = True
) -> Iterator[tuple[list[Path], str]]:
    """Globs by suffix where no other file has it, else a file each. `one`: a single file is named, not globbed."""
    for suffix in sorted({p.suffix for p in own}):
        alike = [p for p in own if p.suffix == suffix]
        if len(alike) > one and len(alike) == sum(p.suffix == suffix for p in files):
            yield alike, f"*{suffix}"
        else:
            yield from (([p], p.name) for p in alike)


def _sources(
    form: Form, name: str, path: str, paths: Sequence[Path]
) -> Iterator[tuple[SourceConfig, str, Path]]:
    place = paths[0].parent if len(paths) > 1 else paths[0]
    count = f"{len(paths)} files" if len(paths) > 1 else "a file"
    if form == "events":
        yield (
            SourceConfig(name=name, kind="changes", type="changes", path=path),
            "changes among a service's events",
            place,
        )
        yield (
            SourceConfig(name=f"{name}-log", kind="logs", type="log_files", path=path),
            "a service's events as log lines",
            place,
        )
    elif form == "cluster":
        yield from cluster_sources(name, path, place, f"{count} of Kubernetes objects")
    elif form:
        noun = {"otlp": "OTLP spans", "jaeger": "Jaeger traces", "cloudwatch": "CloudWatch metrics"}.get(
            form, form
        )
        yield SourceConfig(name=name, kind=KINDS[form], type=form, path=path), f"{count} of {noun}", place


def cluster_sources(
    name: str, path: str, place: Path, reason: str
) -> Iterator[tuple[SourceConfig, str, Path]]:
    """A recorded cluster, and the rollouts in it."""
    yield SourceConfig(name=name, kind="cluster", type="cluster_recorded", path=path), reason, place
    rollouts = SourceConfig(
        name=f"{name}-rollouts",
        kind="changes",
        type="cluster_changes",
        path=path,
        options={"reader": "cluster_recorded"},
    )
    yield rollouts, "rollouts and scalings of the recorded cluster", place


def is_graph(path: Path) -> bool:
    """Whether a file that is no JSON draws who depends on whom: GraphML, a Compose file, a Backstage catalog."""
    name = path.name.casefold()
    if path.suffix.lower() == ".graphml" or name.startswith("catalog-info."):
        return True
    return path.suffix.lower() in (".yaml", ".yml") and name.startswith(("docker-compose", "compose"))


def is_dump(place: Path, *, inside: bool = True) -> bool:
    """Whether a folder, or one in it, is a must-gather or what `kubectl cluster-info dump --output-directory` wrote."""
    folders = [d for d in sorted(place.iterdir())[:_MOST] if d.is_dir()] if inside else []
    return any(
        (d / "cluster-scoped-resources").is_dir()
        or ((d / "nodes.json").is_file() and any(d.glob("*/pods.json")))
        for d in (place, *folders)
    )


def file_name(stem: str) -> str:
    """A file's name as that of a source."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "_.-") else "-" for c in stem)
