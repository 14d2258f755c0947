"""Logs of a Loki-compatible server through its HTTP API (LogQL)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Final
from urllib.parse import quote

from aitia.core.deadline import Deadline
from aitia.core.errors import BadInput, SourceError
from aitia.tools.sources.logs.remote_api import Refused
from aitia.tools.sources.logs.remote_lines import Entry
from aitia.tools.sources.logs.remote_logs import MAX_VALUES, RemoteLogs, Span
from aitia.tools.sources.logs.remote_plan import Cells
from aitia.tools.sources.metrics.promql import matcher

PAGE: Final = 5000  # entries per request: Loki's own default of max_entries_limit_per_query
LEAST_PAGE: Final = 50
_BATCH: Final = 200  # components counted in one query
_SECOND: Final = 1_000_000_000
_LEVELS: Final = ("level", "detected_level", "severity", "severity_text", "lvl")
_SPECIAL: Final = re.compile(r"([\\.+*?()|\[\]{}^$])")


class LokiSource(RemoteLogs):
    """A log source over `/loki/api/v1/*`. `match` is a stream selector, with line filters behind it where wanted."""

    LABELS: ClassVar = (
        "service",
        "service_name",
        "app",
        "component",
        "container",
        "job",
        "unit",
        "host",
        "instance",
    )

    # Structured metadata apart from the labels: else each trace id makes a stream of its own.
    HEADERS: ClassVar = {"X-Loki-Response-Encoding-Flags": "categorize-labels"}

    def _tenant_headers(self, tenant: str) -> dict[str, str]:
        return {"X-Scope-OrgID": tenant}

    def _query(self, names: Sequence[str]) -> str:
        return self._selector(names) + _parted(self._config.match)[1]

    def _selector(self, names: Sequence[str]) -> str:
        """The stream selector. At least one matcher must not match the empty string: Loki refuses others."""
        inside, label = _parted(self._config.match)[0], self._label
        if self._config.component or not names:
            parts = [] if inside else [matcher(label, ".+", operator="=~")]
        elif len(names) == 1:
            parts = [matcher(label, names[0])]
        else:
            parts = [matcher(label, "|".join(_SPECIAL.sub(r"\\\1", n) for n in names), operator="=~")]
        return "{" + ", ".join([*parts, *([inside] if inside else [])]) + "}"

    def _data(self, path: str, params: Sequence[tuple[str, str]], deadline: Deadline) -> Any:
        parsed = self._api.ask(path, params, deadline=deadline)
        if not isinstance(parsed, dict) or parsed.get("status") != "success":
            raise SourceError(
                f"The answer of source {self.name!r} does not report success. Point its `url` at a Loki API."
            )
        return parsed.get("data")

    def _values(self, label: str, span: Span, deadline: Deadline) -> list[str]:
        params = [*_ranged(span), *self._matched()]
        data = self._data(f"/loki/api/v1/label/{quote(label, safe='')}/values", params, deadline)
        return [str(v) for v in data or ()][:MAX_VALUES]

    def _label_names(self, span: Span, deadline: Deadline) -> list[str]:
        data = self._data("/loki/api/v1/labels", [*_ranged(span), *self._matched()], deadline)
        return [str(v) for v in data or () if not str(v).startswith("__")]

    def _matched(self) -> list[tuple[str, str]]:
        inside = _parted(self._config.match)[0]
        return [("query", "{" + inside + "}")] if inside else []

    def _size(self, span: Span, deadline: Deadline) -> int:
        """From the index where the server keeps one, else 0: not known."""
        try:
            return self._indexed((), span, deadline)
        except SourceError:
            if self._api.is_silent:
                raise
            return 0

    def _indexed(self, names: Sequence[str], span: Span, deadline: Deadline) -> int:
        params = [("query", self._selector(names)), *_ranged(span)]
        parsed = self._api.ask("/loki/api/v1/index/stats", params, deadline=deadline)
        return int((parsed if isinstance(parsed, dict) else {}).get("entries") or 0)

    def _counts(self, names: Sequence[str], span: Span, deadline: Deadline) -> dict[str, int]:
        """Counted by the server; where it refuses (too many streams), of halves, at last from its index."""
        out: dict[str, int] = {}
        todo = [list(names[i : i + _BATCH]) for i in range(0, len(names), _BATCH)]
        while todo:
            batch = todo.pop()
            try:
                out |= self._counted(batch, span, deadline)
            except Refused as refused:
                if "parse error" in str(refused):
                    raise
                if len(batch) == 1:
                    try:
                        out[batch[0]] = self._indexed(batch, span, deadline)
                        self._rough.add(batch[0])
                    except SourceError:
                        raise refused from None
                else:
                    todo += [batch[: len(batch) // 2], batch[len(batch) // 2 :]]
        return out

    def _counted(self, names: Sequence[str], span: Span, deadline: Deadline) -> dict[str, int]:
        own, label = self._config.component, self._label
        by = "" if own else f" by ({label})"
        seconds = max(1, math.ceil((span[1] - span[0]) / _SECOND))
        # A range is (t - s, t]: evaluated a nanosecond before the end it is [end - s, end).
        query = f"sum{by} (count_over_time({self._query(names)} [{seconds}s]))"
        data = self._data("/loki/api/v1/query", [("query", query), ("time", str(span[1] - 1))], deadline)
        return {
            own or str(r["metric"].get(label, "")): int(float(r["value"][1]))
            for r in self._results(data, "vector")
        }

    def _histogram(self, name: str, span: Span, width: int, deadline: Deadline) -> tuple[int, Cells]:
        seconds = max(1, math.ceil(width / _SECOND))
        width = seconds * _SECOND
        cells = math.ceil((span[1] - span[0]) / width)
        params = [
            ("query", f"sum (count_over_time({self._query([name])} [{seconds}s]))"),
            ("start", str(span[0] + width)),
            ("end", str(span[0] + cells * width)),
            ("step", f"{seconds}s"),
        ]
        data = self._data("/loki/api/v1/query_range", params, deadline)
        return width, [
            (round(float(at) * 1000) * 1_000_000 - width, int(float(count)))
            for series in self._results(data, "matrix")
            for at, count in series["values"]
        ]

    def _entries(self, names: Sequence[str], span: Span, deadline: Deadline) -> Iterator[Entry]:
        """Page after page; a page begins with the last moment of the one before, whose entries are known by their text."""
        start, seen = span[0], set[tuple[str, str]]()
        while start < span[1]:
            page, found = self._page(names, (start, span[1]), deadline)
            found.sort(key=lambda e: e.ns)
            fresh = [e for e in found if e.ns > start or (e.stream, e.line) not in seen]
            yield from fresh
            if len(found) < page or deadline.left <= 0:
                return
            last = found[-1].ns
            if (
                last == start and not fresh
            ):  # more entries of one nanosecond than a page holds: the rest is not to be had
                self._torn = True
                start, seen = start + 1, set()
                continue
            seen = {(e.stream, e.line) for e in found if e.ns == last} | (seen if last == start else set())
            start = last

    def _page(self, names: Sequence[str], span: Span, deadline: Deadline) -> tuple[int, list[Entry]]:
        """One page: how many entries were asked for, and those that came. A page that is too large is asked for in halves."""
        while True:
            page = self._page_size
            params = [
                ("query", self._query(names)),
                *_ranged(span),
                ("limit", str(page)),
                ("direction", "forward"),
            ]
            try:
                data = self._data("/loki/api/v1/query_range", params, deadline)
            except SourceError as error:
                too_much = any(
                    w in str(error) for w in ("max entries limit", "has more than", "received message larger")
                )
                if not too_much or page <= LEAST_PAGE:
                    raise
                self._page_size = max(LEAST_PAGE, page // 2)
                continue
            return page, [
                e for stream in self._results(data, "streams") for e in self._stream_entries(stream)
            ]

    @property
    def _page_size(self) -> int:
        return self._page_now or int(float(self._config.options.get("page", PAGE)))

    @_page_size.setter
    def _page_size(self, size: int) -> None:
        self._page_now = size

    _page_now = 0

    def _stream_entries(self, stream: dict[str, Any]) -> Iterator[Entry]:
        labels = {str(k): str(v) for k, v in stream["stream"].items()}
        component = self._config.component or labels.get(self._label, "")
        level = next((labels[k] for k in _LEVELS if labels.get(k)), "")
        key = "\0".join(f"{k}={v}" for k, v in sorted(labels.items()))
        for value in stream["values"]:
            more = value[2] if len(value) > 2 and isinstance(value[2], dict) else {}
            fields = more.get("structuredMetadata", more)
            fields = {str(k): str(v) for k, v in fields.items()} if isinstance(fields, dict) else {}
            own = next((fields[k] for k in _LEVELS if fields.get(k)), level)
            fields = {k: v for k, v in fields.items() if k not in _LEVELS}
            yield Entry(int(value[0]), component, key, str(value[1]), own, fields)

    def _results(self, data: Any, kind: str) -> list[dict[str, Any]]:
        """The entries of an answer, checked. Raises SourceError where they have another form."""
        try:
            found = data["result"] or []
            if data["resultType"] != kind or not all(isinstance(entry, dict) for entry in found):
                raise TypeError
            if kind != "vector":
                _ = [
                    (entry["stream" if kind == "streams" else "metric"].items(), iter(entry["values"]))
                    for entry in found
                ]
            else:
                _ = [(entry["metric"].items(), iter(entry["value"])) for entry in found]
        except (KeyError, TypeError, AttributeError):
            raise SourceError(
                f"The answer of source {self.name!r} is not a list of {kind}. Point its `url` at a Loki API."
            ) from None
        return list(found)


def _ranged(span: Span) -> list[tuple[str, str]]:
    return [("start", str(span[0])), ("end", str(span[1]))]


def _parted(match: str) -> tuple[str, str]:
    """The inside of the configured selector, and the line filters behind it. Raises BadInput for one without its brace."""
    text = match.strip()
    if not text.startswith("{"):
        return text.strip(","), ""
    quote_, i = "", 1
    while i < len(text):
        sign = text[i]
        if quote_:
            if sign == "\\" and quote_ == '"':
                i += 1
            elif sign == quote_:
                quote_ = ""
        elif sign in '"`':
            quote_ = sign
        elif sign == "}":
            tail = text[i + 1 :].strip()
            return text[1:i].strip().strip(","), f" {tail}" if tail else ""
        i += 1
    raise BadInput(f"{match!r} is not a stream selector. Close the brace of `match`.")
