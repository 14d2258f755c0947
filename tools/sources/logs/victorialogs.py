"""Logs of a VictoriaLogs server through its HTTP API (LogsQL)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from aitia.core.deadline import Deadline
from aitia.core.errors import BadInput, SourceError
from aitia.tools.sources.logs.remote_lines import Entry
from aitia.tools.sources.logs.remote_logs import MAX_VALUES, RemoteLogs, Span
from aitia.tools.sources.logs.remote_plan import Cells

_LEVELS: Final = ("level", "severity", "severity_text", "log.level", "detected_level", "lvl")
_LEVEL_NAMES: Final = frozenset(_LEVELS)
_SECOND: Final = 1_000_000_000
_decoded = json.JSONDecoder().raw_decode  # half of the time that `json.loads` takes for bytes
_NAMES: Final = re.compile(r'[{,]"?([^"=,{]+)"?=')  # of the labels in a stream's text


class VictoriaLogsSource(RemoteLogs):
    """A log source over `/select/logsql/*`. `match` is a LogsQL filter that bounds what is read."""

    LABELS: ClassVar = (
        "service", "service.name", "service_name", "app", "component", "container", "kubernetes.container_name",
        "kubernetes_container_name", "job", "unit", "_SYSTEMD_UNIT", "host", "hostname", "instance",
    )  # fmt: skip

    def _tenant_headers(self, tenant: str) -> dict[str, str]:
        account, _, project = tenant.partition(":")
        if not (
            account.isascii()
            and account.isdigit()
            and (project or "0").isascii()
            and (project or "0").isdigit()
        ):
            raise BadInput(
                f"Give the tenant of source {self.name!r} as account or account:project, two numbers (12:34)."
            )
        return {"AccountID": account, "ProjectID": project or "0"}

    def _query(self, names: Sequence[str]) -> str:
        parts = [f"({self._config.match})"] if self._config.match else []
        if names and not self._config.component:
            values = ",".join(quoted(n) for n in names)
            parts.append(
                f"{quoted(self._label)}:in({values})"
                if len(names) > 1
                else f"{quoted(self._label)}:={values}"
            )
        return " ".join(parts) or "*"

    def _timed(self, names: Sequence[str], span: Span, pipe: str = "") -> str:
        """The query of a span; the half-open time filter keeps nanoseconds and means the same in every version."""
        query = f"{self._query(names)} _time:[{stamp(span[0])},{stamp(span[1])})"
        return f"{query} | {pipe}" if pipe else query

    def _values(self, label: str, span: Span, deadline: Deadline) -> list[str]:
        params = [("query", self._timed((), span)), ("field", label), ("limit", str(MAX_VALUES))]
        return self._listing("/select/logsql/field_values", params, deadline)

    def _label_names(self, span: Span, deadline: Deadline) -> list[str]:
        found: list[str] = []
        for path in ("stream_field_names", "field_names"):
            names = self._listing(f"/select/logsql/{path}", [("query", self._timed((), span))], deadline)
            found += [
                n for n in names if n not in found and n not in ("_msg", "_time", "_stream", "_stream_id")
            ]
        return found

    def _listing(self, path: str, params: Sequence[tuple[str, str]], deadline: Deadline) -> list[str]:
        parsed = self._api.ask(path, params, deadline=deadline)
        values = parsed.get("values") if isinstance(parsed, dict) else None
        if values is None and isinstance(parsed, dict) and "values" in parsed:
            return []
        if not isinstance(values, list):
            raise SourceError(
                f"Point `url` of source {self.name!r} at VictoriaLogs: its answer has no `values`."
            )
        return [str(v["value"]) for v in values if isinstance(v, dict) and v.get("value")]

    def _size(self, span: Span, deadline: Deadline) -> int:
        return sum(self._stats(self._timed((), span, "stats count() lines"), "", deadline).values())

    def _counts(self, names: Sequence[str], span: Span, deadline: Deadline) -> dict[str, int]:
        if self._config.component:
            return {n: self._size(span, deadline) for n in names}
        label = self._label
        few = names if len(names) <= 50 else ()
        found = self._stats(
            self._timed(few, span, f"stats by ({quoted(label)}) count() lines"), label, deadline
        )
        return {n: found[n] for n in names if n in found}

    def _stats(self, query: str, label: str, deadline: Deadline) -> dict[str, int]:
        parsed = self._api.ask("/select/logsql/stats_query", [("query", query)], deadline=deadline)
        try:
            rows = parsed["data"]["result"] or ()
            return {str(r["metric"].get(label, "")): int(float(r["value"][1])) for r in rows}
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            raise SourceError(
                f"Point `url` of source {self.name!r} at VictoriaLogs: its counts cannot be read."
            ) from None

    def _histogram(self, name: str, span: Span, width: int, deadline: Deadline) -> tuple[int, Cells]:
        milliseconds = -(-width // 1_000_000)
        width = milliseconds * 1_000_000
        params = [("query", self._timed([name], span)), ("step", f"{milliseconds}ms")]
        parsed = self._api.ask("/select/logsql/hits", params, deadline=deadline)
        try:
            cells = [
                (moment(str(at)), int(count))
                for series in parsed["hits"]
                for at, count in zip(series["timestamps"], series["values"], strict=True)
            ]
        except (KeyError, TypeError, ValueError):
            raise SourceError(
                f"Point `url` of source {self.name!r} at VictoriaLogs: its hits cannot be read."
            ) from None
        return width, cells

    def _entries(self, names: Sequence[str], span: Span, deadline: Deadline) -> Iterator[Entry]:
        label, own = self._label, self._config.component or (names[0] if len(names) == 1 else "")
        left_out = ["_stream_id", *([label] if own and not self._config.component else [])]
        params = [("query", self._timed(names, span, "delete " + ",".join(map(quoted, left_out))))]
        seconds: dict[str, int] = {}
        known: dict[str, frozenset[str]] = {}
        for raw in self._api.lines("/select/logsql/query", params, deadline=deadline):
            if not raw.strip():
                continue
            try:
                row: dict[str, Any] = _decoded(raw.decode("utf-8", "replace"))[0]
                text = row["_time"]
                second = seconds.get(text[:19])
                if second is None:
                    second = seconds[text[:19]] = moment(f"{text[:19]}Z")
                digits = text[20:-1]
                exact = text[-1] == "Z" and (len(text) == 20 or (text[19] == "." and digits.isdigit()))
                ns = second + int(digits[:9].ljust(9, "0") or 0) if exact else moment(text)
                stream = row.get("_stream", "")
                labels = known.get(stream)
                if labels is None:
                    labels = known[stream] = frozenset(
                        {"_msg", "_time", "_stream", "_stream_id", label, *_LEVELS, *_NAMES.findall(stream)}
                    )
                more = not row.keys() <= labels
                fields = {k: str(v) for k, v in row.items() if k not in labels and v} if more else {}
                level = "" if _LEVEL_NAMES.isdisjoint(row) else next(str(row[k]) for k in _LEVELS if k in row)
            except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
                raise SourceError(
                    f"Point `url` of source {self.name!r} at VictoriaLogs: it returned a line that is not an "
                    "entry."
                ) from None
            yield Entry(ns, own or str(row.get(label, "")), stream, str(row.get("_msg", "")), level, fields)


def quoted(text: str) -> str:
    """A LogsQL string: names and values are always quoted, so that none of them is read as a part of the query."""
    return json.dumps(text, ensure_ascii=False)


def stamp(ns: int) -> str:
    """RFC 3339 with nanoseconds."""
    second, rest = divmod(ns, _SECOND)
    return f"{datetime.fromtimestamp(second, tz=UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def moment(text: str) -> int:
    """Nanoseconds since the epoch of an RFC 3339 time. Raises ValueError for anything else."""
    head, dot, rest = text.partition(".")
    digits = rest.rstrip("Z")
    if not dot:
        head = text.removesuffix("Z")
    elif not digits.isdigit():
        return round(datetime.fromisoformat(text).timestamp() * 1e6) * 1000
    at = datetime.fromisoformat(head)
    whole = int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())
    return whole * _SECOND + int(digits[:9].ljust(9, "0") or 0) if dot else whole * _SECOND
