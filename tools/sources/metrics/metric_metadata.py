"""Metadata of metrics as others write it: Prometheus (API and text), OpenTelemetry (OTLP JSON), CloudWatch, Datadog."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, get_args

from aitia.core.bounds import load_json, read_text
from aitia.core.config import SourceConfig
from aitia.core.errors import SourceError
from aitia.core.redact import Redactor
from aitia.core.trust import checked
from aitia.tools.meaning.metadata import LONGEST, UNTOLD, Kind, Metadata

MOST: Final = 50_000  # metrics of one file or answer
_CHARS: Final = 300  # of a name
_DEEPEST: Final = 12  # brackets within each other; OTLP needs six
_KINDS: Final[Mapping[str, Kind]] = {
    **{kind: kind for kind in get_args(Kind)},
    "rate": "gauge",  # Datadog's: already per second. Its `count` is what one interval counted, and no counter
    "distribution": "histogram",
}
_NAME, _UNIT, _PER = (
    ("name", "MetricName", "metric_name"),
    ("unit", "Unit", "unit_name"),
    ("per_unit", "per_unit_name"),
)
_HELP, _TYPE = ("help", "description"), ("type", "metric_type")
_OTLP: Final[Mapping[str, Kind]] = {
    "gauge": "gauge", "histogram": "histogram", "exponentialHistogram": "histogram", "summary": "summary",
}  # fmt: skip
_CUMULATIVE: Final = (2, "AGGREGATION_TEMPORALITY_CUMULATIVE")
_LINE: Final = re.compile(r"^# (HELP|TYPE|UNIT) (\S+)[ \t]+(.*?)\r?$", re.MULTILINE)
_ESCAPED: Final = re.compile(r"\\(.)")
Known = dict[str, Metadata]


def read_metadata(config: SourceConfig, root: Path) -> Known:
    """The metadata in the file that `options: {metadata: FILE}` names; none without it. Raises SourceError."""
    file = str(config.options.get("metadata", ""))
    if not file:
        return {}
    try:
        return parse_metadata(read_text(checked(root / Path(file).expanduser(), config.within)))
    except (OSError, ValueError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)[:200]
        raise SourceError(
            f"Fix options.metadata of source {config.name!r}: {file!r} cannot be read ({reason})."
        ) from None


def parse_metadata(text: str) -> Known:
    """The metadata of metrics by name. Raises ValueError for a text of no known form."""
    found: Known = {}
    if text.lstrip()[:1] in ("{", "["):
        for value in _json(text):
            _walk(value, found)
    elif _LINE.search(text):
        _read_exposition(text, found)
    elif "metric_name" in text.partition("\n")[0]:
        for row in csv.DictReader(io.StringIO(text)):
            _keep(row.get("metric_name") or "", _entry(row), found)
    else:
        raise ValueError("neither JSON, nor HELP, TYPE and UNIT lines, nor a table with a column metric_name")
    return found


def metadata_in(answer: object) -> Known:
    """The metadata in a parsed answer, such as Prometheus' of `/api/v1/metadata`."""
    found: Known = {}
    _walk(answer, found)
    return found


def write_metadata(path: Path, known: Mapping[str, Metadata], redactor: Redactor) -> None:
    """Metadata as JSON that `parse_metadata` reads again."""
    told = {
        redactor.text(name): {"type": m.kind, "unit": redactor.text(m.unit), "help": redactor.text(m.help)}
        for name, m in sorted(known.items())
    }
    path.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _json(text: str) -> Iterator[Any]:
    try:
        yield load_json(text)
    except ValueError:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2:
            raise
        yield from map(load_json, lines)


def _walk(value: object, found: Known, depth: int = 0) -> None:
    """Every metric that is told of anywhere in a parsed text: by a name of its own, or as the value of its name."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for each in value:
            _walk(each, found, depth + 1)
    elif isinstance(value, dict):
        points = value.get("Datapoints")  # CloudWatch's get-metric-statistics
        if isinstance(points, list) and points and isinstance(points[0], dict):
            _keep(_text(value, ("Label",)), _entry(points[0]), found)
        elif (name := _text(value, _NAME)) and (entry := _entry(value)) != UNTOLD:
            _keep(name, entry, found)
        else:
            for key, inner in value.items():
                of = inner if isinstance(inner, list) else [inner]
                if of and all(map(_is_entry, of)):
                    for each in of:
                        _keep(str(key), _entry(each), found)
                else:
                    _walk(inner, found, depth + 1)


def _is_entry(value: object) -> bool:
    """Whether it is what is told of one metric, whose name stands before it."""
    plain = isinstance(value, dict) and not any(isinstance(v, dict | list) for v in value.values())
    return (
        plain
        and isinstance(value, dict)
        and not _text(value, _NAME)
        and any(k in value for k in (*_UNIT, *_HELP, *_TYPE))
    )


def _entry(raw: Mapping[str, Any]) -> Metadata:
    unit, per = _text(raw, _UNIT), _text(raw, _PER)
    return Metadata(
        kind=_KINDS.get(_text(raw, _TYPE).lower(), "") or _otlp_kind(raw),
        unit=f"{unit}/{per}"[:_CHARS] if unit and per else unit[:_CHARS],
        help=_text(raw, _HELP)[:LONGEST],
    )


def _otlp_kind(raw: Mapping[str, Any]) -> Kind:
    sums = raw.get("sum")
    if isinstance(sums, dict) and sums.get("aggregationTemporality") in _CUMULATIVE:
        return "counter" if sums.get("isMonotonic") is True else "gauge"
    return next((kind for key, kind in _OTLP.items() if isinstance(raw.get(key), dict)), "")


def _text(raw: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    return next((v.strip() for key in keys if isinstance(v := raw.get(key), str) and v.strip()), "")


def _read_exposition(text: str, found: Known) -> None:
    told: dict[str, dict[str, str]] = {}
    for what, name, rest in _LINE.findall(text):
        told.setdefault(name, {}).setdefault(what, rest)
    for name, of in told.items():
        plain = _ESCAPED.sub(lambda m: " " if m[1] == "n" else m[1], of.get("HELP", ""))
        _keep(name, _entry({"type": of.get("TYPE", ""), "unit": of.get("UNIT", ""), "help": plain}), found)


def _keep(name: str, entry: Metadata, found: Known) -> None:
    """Of two that speak of one metric and disagree, neither counts: targets of several versions export one name."""
    known = found.get(name)
    if entry == UNTOLD or not name or len(name) > _CHARS or (known is None and len(found) >= MOST):
        return
    found[name] = (
        entry
        if known is None
        else Metadata(
            kind=known.kind if known.kind == entry.kind else "",
            unit=known.unit if known.unit == entry.unit else "",
            help=known.help if known.help == entry.help else "",
        )
    )
