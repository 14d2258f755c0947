"""What was read, written as files that the readers of this package read again: tables, spans, journals, topology."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from aitia.core.redact import Redactor
from aitia.core.words import Component
from aitia.tools.sources.base import RecordedChange, Series, Span, Waveform
from aitia.tools.sources.duck import database
from aitia.tools.sources.traces.span_attributes import KINDS

MOST_SAMPLES: Final = 20_000_000
_SECRET_KEY: Final = re.compile(
    r"(?i)passw|passphrase|pwd$|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential|cookie|authorization"
)
_SPANS_A_LINE: Final = 500


def clean(value: Any, redactor: Redactor) -> Any:
    """A plain value with every text in it redacted; each text and number under a secret-looking key goes whole."""
    if isinstance(value, str):
        return redactor.text(value)
    if isinstance(value, dict):
        return {
            redactor.text(str(k)): (_hidden if _SECRET_KEY.search(str(k)) else clean)(v, redactor)
            for k, v in value.items()
        }
    if isinstance(value, list | tuple):
        return [clean(v, redactor) for v in value]
    return value


def _hidden(value: Any, redactor: Redactor) -> Any:
    if isinstance(value, dict):
        return {redactor.text(str(k)): _hidden(v, redactor) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(v, redactor) for v in value]
    if value is None or value == "" or isinstance(value, bool):
        return value
    return redactor.secret(str(value))


def write_table(path: Path, series: Iterable[Series], redactor: Redactor) -> tuple[int, int]:
    """Series as a long Parquet table (time, component, metric, labels, value).

    Returns the number of samples, and of the series for which MOST_SAMPLES left no room.
    """
    said = _memo(redactor.text)
    total = left_out = 0
    target = str(path).replace("'", "''")
    with database() as db:
        db.execute("SET threads = 2")
        db.execute(
            "CREATE TABLE samples (t DOUBLE, component VARCHAR, metric VARCHAR, labels VARCHAR, value DOUBLE)"
        )
        for one in series:
            if total + one.t.size > MOST_SAMPLES:
                left_out += 1
                continue
            total += one.t.size
            labels = (
                json.dumps(clean(dict(sorted(one.labels.items())), redactor), ensure_ascii=False)
                if one.labels
                else ""
            )
            db.register("part", {"t": np.asarray(one.t), "v": np.asarray(one.v)})
            db.execute(
                "INSERT INTO samples SELECT t, ?, ?, ?, v FROM part",
                [said(one.component), said(one.metric), labels],
            )
            db.unregister("part")
        db.execute(
            "COPY (SELECT make_timestamp((round(t * 1000000))::BIGINT) AS time, component, metric, labels, value FROM samples"
            f" ORDER BY component, metric, labels, t) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
        )
    return total, left_out


def write_spans(path: Path, spans: Sequence[Span], redactor: Redactor) -> int:
    """Spans as OTLP JSON Lines, a request of some hundred spans per line; returns their number."""
    said = _memo(redactor.text)
    with path.open("w", encoding="utf-8") as file:
        for at in range(0, len(spans), _SPANS_A_LINE):
            groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
            for span in spans[at : at + _SPANS_A_LINE]:
                groups.setdefault((said(span.component), said(span.instance)), []).append(_otlp(span, said))
            request = {"resourceSpans": [_resource(*key, listed) for key, listed in sorted(groups.items())]}
            file.write(json.dumps(request, ensure_ascii=False, separators=(",", ":")) + "\n")
    return len(spans)


def _resource(component: str, instance: str, spans: list[dict[str, Any]]) -> dict[str, Any]:
    named = _attributes({"service.name": component, "service.instance.id": instance})
    return {"resource": {"attributes": named}, "scopeSpans": [{"spans": spans}]}


def _otlp(span: Span, said: Callable[[str], str]) -> dict[str, Any]:
    code = "http.response.status_code" if re.fullmatch(r"[1-5]\d\d", span.status) else "rpc.grpc.status_code"
    start = round(span.start * 1e6) * 1000  # a double holds no finer time of today
    told: dict[str, Any] = {
        "traceId": _hex(span.trace, 32),
        "spanId": _hex(span.id, 16),
        "name": said(span.operation),
        "kind": KINDS.index(span.kind),
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + round(span.duration * 1e9)),
        "status": {"code": 2 if span.error else 0},
        "attributes": _attributes(
            {
                "peer.service": said(span.peer),
                code: said(span.status),
                "exception.type": said(getattr(span, "exception", "")),
            }
        ),
    }
    return told | ({"parentSpanId": _hex(span.parent, 16)} if span.parent else {})


def _attributes(named: dict[str, str]) -> list[dict[str, Any]]:
    return [{"key": k, "value": {"stringValue": v}} for k, v in named.items() if v]


def _hex(text: str, digits: int) -> str:
    """An id as hexadecimal digits: as it is, or, where it is none, its bytes."""
    if re.fullmatch(rf"[0-9a-f]{{{digits}}}", text):
        return text
    return text.encode().hex().rjust(digits, "0")[-digits:]


def write_changes(path: Path, changes: Iterable[RecordedChange], redactor: Redactor) -> int:
    """Changes as JSON Lines; returns their number."""
    found = list(changes)
    entries = [
        {
            "at": c.at.isoformat(),
            "component": redactor.text(c.component),
            "kind": c.kind,
            "text": redactor.text(c.text),
            **({"id": redactor.text(c.id)} if c.id else {}),
            **({"diff": redactor.text(c.diff)} if c.diff else {}),
            **({"files": [redactor.text(f) for f in c.files]} if c.files else {}),
        }
        for c in found
    ]
    _lines(path, entries)
    return len(found)


def write_topology(path: Path, components: Sequence[Component], redactor: Redactor) -> int:
    """Components and links as JSON; returns the number of components."""
    told = clean([c.model_dump(mode="json") for c in components], redactor)
    path.write_text(json.dumps({"components": told}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return len(components)


def write_waveforms(folder: Path, blocks: Sequence[Waveform], redactor: Redactor) -> int:
    """Blocks of samples as .npz files and the `signals.yaml` that lists them; returns their number."""
    import yaml

    listed: list[dict[str, Any]] = []
    written: set[tuple[str, str, str]] = set()  # tachometers that several channels share
    for number, block in enumerate(blocks):
        name, pulses, at = f"block-{number:04d}.npz", block.tachometer, block.at.isoformat()
        arrays: dict[str, Any] = {"x": block.x}
        listed.append(
            {"component": redactor.text(block.component), "channel": redactor.text(block.channel), "at": at,
             "fs": float(block.fs), "file": name, "key": "x", "unit": block.unit,
             "bearing": redactor.text(block.designation) or {k: float(v) for k, v in block.bearing.items()},
             **_speed_and_zone(block, redactor)}
        )  # fmt: skip
        if pulses is not None and pulses.x.size and (pulses.component, pulses.channel, at) not in written:
            written.add((pulses.component, pulses.channel, at))
            arrays["pulses"] = pulses.x
            listed.append(
                {"component": redactor.text(pulses.component), "channel": redactor.text(pulses.channel), "at": at,
                 "fs": float(pulses.fs), "file": name, "key": "pulses", "unit": "", "pulses_per_rev": pulses.per_rev}
            )  # fmt: skip
        np.savez_compressed(folder / name, **arrays)
    (folder / "signals.yaml").write_text(
        yaml.safe_dump({"blocks": listed}, sort_keys=False), encoding="utf-8"
    )
    return len(blocks)


def _speed_and_zone(block: Waveform, redactor: Redactor) -> dict[str, Any]:
    """What is known of a block's speed and of its machine's severity zones."""
    known: dict[str, Any] = {} if np.isnan(block.rpm) else {"rpm": float(block.rpm)}
    known |= {} if block.load is None else {"load": float(block.load)}
    if (pulses := block.tachometer) is not None:
        whose, what = redactor.text(pulses.component), redactor.text(pulses.channel)
        known["tachometer"] = f"{whose}/{what}" if pulses.x.size else what
    return known | {k: v for k, v in (("group", block.group), ("support", block.support)) if v}


def write_json_lines(path: Path, lines: Iterable[str], redactor: Redactor) -> int:
    """JSON objects, one a line, each redacted part by part; lines that are none are left out. Returns their number."""

    def parsed() -> Iterator[Any]:
        for line in lines:
            try:
                yield clean(json.loads(line), redactor)
            except (ValueError, RecursionError):
                continue

    found = list(parsed())
    _lines(path, found)
    return len(found)


def _lines(path: Path, entries: Iterable[Any]) -> None:
    text = "".join(json.dumps(e, ensure_ascii=False) + "\n" for e in entries)
    path.write_text(text, encoding="utf-8")


def _memo(say: Callable[[str], str]) -> Callable[[str], str]:
    known: dict[str, str] = {}

    def told(text: str) -> str:
        if text not in known:
            known[text] = say(text)
        return known[text]

    return told
