"""What the options of `aitia diagnose` mean: sources, the reported trouble, moments."""

from __future__ import annotations

import re
import sys
from datetime import datetime
from pathlib import Path

from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput
from aitia.core.words import SourceKind
from aitia.tools.sources.signals.recording_options import OPTIONS, RECORDED

_LARGEST_ALERT = 2_000_000
_URL = ("http://", "https://")


def read_report(text: str, alert: str) -> str:
    """The alert's text (a file, or stdin for `-`), else the words given."""
    if not alert:
        return text
    data = _read(alert)
    if len(data) > _LARGEST_ALERT:
        raise BadInput(f"{alert!r} is larger than 2 MB. Give --alert a smaller message.")
    try:
        told = data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadInput(f"{alert!r} is neither UTF-8 text nor JSON. Give --alert such a file.") from None
    if not told.strip():
        raise BadInput(f"{alert!r} is empty. Give --alert a message.")
    if text:
        raise BadInput("Give either words or --alert, not both.")
    return told


def _read(alert: str) -> bytes:
    if alert == "-":
        return sys.stdin.buffer.read(_LARGEST_ALERT + 1)
    try:
        with Path(alert).expanduser().open("rb") as file:
            return file.read(_LARGEST_ALERT + 1)
    except OSError as error:
        raise BadInput(f"Cannot read {alert!r} ({error.strerror}). Give --alert a readable file.") from None


def named_sources(
    *,
    metrics: list[str],
    logs: list[str],
    changes: list[str],
    topology: list[str],
    signals: list[str],
    seen_from: datetime | None = None,
) -> list[SourceConfig]:
    """The sources that were named on the command line; a file must exist.

    A recording ended at `seen_from`, else when its file was written.
    """
    found: list[SourceConfig] = []
    found += [_source("metrics", _metric_reader(p), p) for p in metrics]
    found += [_source("logs", "log_files", p) for p in logs]
    found += [_source("changes", "changes", p) for p in changes]
    found += [_source("topology", "topology", p) for p in topology]
    found += [_signal_source(place, seen_from) for place in signals]
    return _renamed(found)


def _signal_source(place: str, seen_from: datetime | None) -> SourceConfig:
    """Waveforms are listed in YAML, a recording is a file of its own, any other table holds slow process signals."""
    file, options = _with_options(place)
    if file.lower().endswith(RECORDED):
        ended = {"ended": seen_from.isoformat()} if seen_from else {}
        return _source("signals", "recording", file).model_copy(update={"options": ended | options})
    if options:
        raise BadInput(f"Only a recording ({', '.join(RECORDED)}) takes {', '.join(options)} after its name.")
    if place.endswith((".yaml", ".yml")):
        return _source("signals", "waveform", place)
    return _source("metrics", "table", place, option="signals")


def _with_options(place: str) -> tuple[str, dict[str, str | float | bool]]:
    """`pump.wav rpm=1480 bearing=6309`: the file, and what stands after it. A file of that whole name is that file."""
    file, options = place, dict[str, str | float | bool]()
    while not Path(file).expanduser().exists() and (match := re.fullmatch(r"(.+?)\s+([a-z]+)=(\S+)", file)):
        if match[2] not in OPTIONS:
            raise BadInput(f"{match[2]!r} is no option of a recording. Give {', '.join(sorted(OPTIONS))}.")
        file, options = match[1], {match[2]: match[3], **options}
    return file, options


def _metric_reader(place: str) -> str:
    if place.startswith(_URL):
        return "prometheus"
    return "cloudwatch" if place.lower().endswith(".json") else "table"


def _source(kind: SourceKind, reader: str, place: str, *, option: str = "") -> SourceConfig:
    option = option or kind
    if place.startswith(_URL):
        return SourceConfig(name=f"cli-{option}", kind=kind, type=reader, url=place)
    if not place:
        raise BadInput(f"--{option} needs a file.")
    path = Path(place).expanduser()
    if not path.exists() and not any(c in place for c in "*?["):
        raise BadInput(f"{place!r} does not exist. Give --{option} a file, folder or glob.")
    return SourceConfig(name=f"cli-{option}", kind=kind, type=reader, path=str(path))


def _renamed(sources: list[SourceConfig]) -> list[SourceConfig]:
    """`cli-logs`, `cli-logs-2`, ...: names must differ."""
    seen: dict[str, int] = {}
    renamed: list[SourceConfig] = []
    for source in sources:
        number = seen[source.name] = seen.get(source.name, 0) + 1
        renamed.append(
            source if number == 1 else source.model_copy(update={"name": f"{source.name}-{number}"})
        )
    return renamed
