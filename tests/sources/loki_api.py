"""A small Loki for tests: its query API, with the limits and refusals that its public documentation states.

Enforced: `limit` at most max_entries_limit_per_query (400, plain text), `direction`, times as nanoseconds with an exclusive
end, defaults (limit 100, backward), a selector with a matcher that is not empty-compatible, at most 500 series a metric
query, 11,000 points, 721 h, X-Scope-OrgID (401), 429 while it is busy, structured metadata only where asked for.
"""

from __future__ import annotations

import base64
import http.server
import json
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlparse

SECOND = 1_000_000_000
_STRING = r'"(?:[^"\\]|\\.)*"|`[^`]*`'
_MATCHER = re.compile(rf"\s*([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*({_STRING})\s*")
_FILTER = re.compile(rf"\s*(\|=|!=|\|~|!~)\s*({_STRING})")
_METRIC = re.compile(
    r"\s*sum\s*(?:by\s*\((\w+)\)\s*)?\(\s*count_over_time\s*\((.*)\[(\d+)s\]\s*\)\s*\)\s*\Z", re.DOTALL
)


class Refused(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


@dataclass
class Loki:
    """What it holds, (labels, time in ns, line, structured metadata), how it refuses, and what it was asked."""

    entries: list[tuple[dict[str, str], int, str, dict[str, str]]] = field(default_factory=list)
    max_entries: int = 5000
    max_series: int = 500
    tenant: str = ""
    bearer: str = ""
    basic: str = ""
    busy: int = 0  # so many requests are answered 429 first
    has_index: bool = True
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    hook: Callable[[str, dict[str, str]], None] | None = None

    def push(self, labels: dict[str, str], ns: int, line: str, **metadata: str) -> None:
        self.entries.append((labels, ns, line, metadata))

    def answer(self, path: str, given: dict[str, str], headers: Any) -> Any:
        self.asked.append((path, given))
        self._allowed(headers)
        if self.busy > 0:
            self.busy -= 1
            raise Refused(429, "too many outstanding requests")
        if self.hook:
            self.hook(path, given)
        if match := re.fullmatch(r"/loki/api/v1/label/([^/]+)/values", path):
            inside = self._inside(given)
            return _success(sorted({e[0][unquote(match[1])] for e in inside if unquote(match[1]) in e[0]}))
        if path == "/loki/api/v1/labels":
            return _success(sorted({k for e in self._inside(given) for k in e[0]}))
        if path == "/loki/api/v1/index/stats" and self.has_index:
            inside = self._inside(given)
            return {"streams": len({_key(e[0]) for e in inside}), "chunks": 1, "entries": len(inside),
                    "bytes": sum(len(e[2]) for e in inside)}  # fmt: skip
        if path == "/loki/api/v1/query":
            metric = _METRIC.match(given.get("query", ""))
            if metric is None:
                raise Refused(400, "log queries are not supported as an instant query type")
            at = _nanoseconds(given["time"])
            vector = self._sums(metric, at)
            return _success(
                {
                    "resultType": "vector",
                    "result": [{"metric": m, "value": [at / 1e9, str(n)]} for m, n in vector],
                }
            )
        if path == "/loki/api/v1/query_range":
            return self._range(
                given, "categorize-labels" in (headers.get("X-Loki-Response-Encoding-Flags") or "")
            )
        raise Refused(404, "404 page not found")

    def _allowed(self, headers: Any) -> None:
        if self.tenant and headers.get("X-Scope-OrgID") != self.tenant:
            raise Refused(401, "no org id")
        if self.bearer and headers.get("Authorization") != f"Bearer {self.bearer}":
            raise Refused(401, "Unauthorized")
        if (
            self.basic
            and headers.get("Authorization") != "Basic " + base64.b64encode(self.basic.encode()).decode()
        ):
            raise Refused(401, "Unauthorized")

    def _inside(self, given: dict[str, str]) -> list[tuple[dict[str, str], int, str, dict[str, str]]]:
        start, end = _nanoseconds(given["start"]), _nanoseconds(given["end"])
        wanted = _logql(given["query"]) if given.get("query") else None
        return [e for e in self.entries if start <= e[1] < end and (wanted is None or wanted(e[0], e[2]))]

    def _sums(self, metric: re.Match[str], at: int) -> list[tuple[dict[str, str], int]]:
        wanted, back = _logql(metric[2]), int(metric[3]) * SECOND
        inside = [e for e in self.entries if at - back < e[1] <= at and wanted(e[0], e[2])]
        if len({_key(e[0]) for e in inside}) > self.max_series:
            raise Refused(400, f"maximum of series ({self.max_series}) reached for a single query")
        sums: dict[str, int] = defaultdict(int)
        for e in inside:
            sums[e[0].get(metric[1] or "", "")] += 1
        return [({metric[1]: name} if metric[1] and name else {}, n) for name, n in sorted(sums.items())]

    def _range(self, given: dict[str, str], categorized: bool) -> Any:
        start, end = _nanoseconds(given["start"]), _nanoseconds(given["end"])
        if end <= start:
            raise Refused(400, "end timestamp must not be before or equal to start time")
        if end - start > 721 * 3600 * SECOND:
            raise Refused(400, "the query time range exceeds the limit (query length: 800h, limit: 30d1h)")
        if metric := _METRIC.match(given["query"]):
            return self._matrix(metric, start, end, given["step"])
        limit = int(given.get("limit", "100"))
        if limit > self.max_entries:
            raise Refused(400, f"max entries limit per query exceeded, limit > max_entries_limit_per_query ({limit} > {self.max_entries})")  # fmt: skip
        direction = given.get("direction", "backward").lower()
        if direction not in ("forward", "backward"):
            raise Refused(400, f"invalid direction '{direction}'")
        found = sorted(self._inside(given), key=lambda e: e[1], reverse=direction == "backward")[:limit]
        streams: dict[str, dict[str, Any]] = {}
        for labels, ns, line, metadata in found:
            shown = labels if categorized else labels | metadata
            values = streams.setdefault(_key(shown), {"stream": shown, "values": []})["values"]
            more = [{"structuredMetadata": metadata} if metadata else {}] if categorized else []
            values.append([str(ns), line, *more])
        return _success({"resultType": "streams", "result": list(streams.values()), "stats": {}})

    def _matrix(self, metric: re.Match[str], start: int, end: int, step: str) -> Any:
        width = round(float(step.removesuffix("s")) * SECOND)
        if (end - start) // width > 11_000:
            raise Refused(400, "exceeded maximum resolution of 11,000 points per time series")
        points: dict[str, list[Any]] = defaultdict(list)
        for at in range(start, end + 1, width):
            for labels, n in self._sums(metric, at):
                points[_key(labels)].append([at / 1e9, str(n)])
        return _success(
            {"resultType": "matrix", "result": [{"metric": {}, "values": v} for v in points.values()]}
        )


def _logql(text: str) -> Callable[[dict[str, str], str], bool]:
    """A log query: a selector and line filters. Refused where it is anything else."""
    text = text.strip()
    at, matchers = 1, []
    while text.startswith("{") and (match := _MATCHER.match(text, at)):
        matchers.append((match[1], match[2], _unquoted(match[3])))
        at = match.end()
        if text[at : at + 1] != ",":
            break
        at += 1
    if not text.startswith("{") or text[at : at + 1] != "}":
        raise Refused(
            400, f"parse error at line 1, col {at + 1}: syntax error: unexpected {text[at : at + 1] or 'EOF'}"
        )
    if all(_holds(op, value, "") for _, op, value in matchers):
        raise Refused(400, "parse error : queries require at least one regexp or equality matcher that does not have an empty-compatible value. For instance, app=~\".*\" does not meet this requirement, but app=~\".+\" will")  # fmt: skip
    at, filters = at + 1, []
    while match := _FILTER.match(text, at):
        filters.append((match[1], _unquoted(match[2])))
        at = match.end()
    if text[at:].strip():
        raise Refused(
            400, f"parse error at line 1, col {at + 1}: syntax error: unexpected {text[at:].strip()[:10]}"
        )

    def wanted(labels: dict[str, str], line: str) -> bool:
        kept = all(_holds(op, value, labels.get(name, "")) for name, op, value in matchers)
        return kept and all(
            (bool(re.search(value, line)) if "~" in op else value in line) != op.startswith("!")
            for op, value in filters
        )

    return wanted


def _holds(op: str, value: str, held: str) -> bool:
    same = re.fullmatch(value, held) is not None if "~" in op else held == value
    return same != op.startswith("!")


def _unquoted(text: str) -> str:
    return text[1:-1] if text[0] == "`" else json.loads(text, strict=False)


def _nanoseconds(text: str) -> int:
    """Epoch values are nanoseconds; a float is seconds."""
    return round(float(text) * 1e9) if "." in text else int(text)


def _key(labels: dict[str, str]) -> str:
    return json.dumps(labels, sort_keys=True)


def _success(data: Any) -> Any:
    return {"status": "success", "data": data}


@contextmanager
def serving(loki: Loki) -> Iterator[str]:
    """The server's address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # head and body are two writes

        def do_GET(self) -> None:
            self._answer(urlparse(self.path).query)

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

        def _answer(self, query: str) -> None:
            given = {k: v[0] for k, v in parse_qs(query, keep_blank_values=True).items()}
            try:
                answer = loki.answer(urlparse(self.path).path, given, self.headers)
                status, body = 200, json.dumps(answer, ensure_ascii=False).encode()
            except Refused as refused:
                status, body = refused.status, refused.text.encode()
            except (KeyError, ValueError) as error:
                status, body = 400, str(error).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
