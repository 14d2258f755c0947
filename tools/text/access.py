"""Access-log lines, whatever server wrote them: method, route and status as one canonical message."""

from __future__ import annotations

import re
from typing import Final

_LINE = re.compile(
    r"[\"']?\b(GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS) (/[^\s\"'?]*)[^\s\"']*(?: HTTP/\d(?:\.\d)?)?[\"']?"
    r"(?: ->|:| -)? +(?:status[=:] ?|code[=:] ?)?([1-5]\d\d)\b"
)
# A route with blanks in it, where its end is marked: whoever asked for it wrote them.
_SPACED = re.compile(
    r"\b(GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS) (/[^\"?]*?)(?:\?[^\"]*?)?"
    r"(?: HTTP/\d(?:\.\d)?[\"']?(?: ->|:| -)? +| -> )(?:status[=:] ?|code[=:] ?)?([1-5]\d\d)\b"
)
# HAProxy's HTTP log: backend/server, timers, status, bytes, …, and the request at its end.
_HAPROXY = re.compile(
    r" [^\s/]+/(\S+) [-+\d]+(?:/[-+\d]+){2,4} ([1-5]\d\d) \+?\d+ .*\"(GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS) (/[^\s\"?]*)"
)
# What went wrong, in words behind the status, is more than an access line.
_RAISED = re.compile(r"[\s:|-]+[\w.]*(?:Error|Exception)\b")
_UPSTREAM = re.compile(r"\b(?:up|upstream|upstream_addr|upstream_name|backend|peer)[=:] ?\"?([\w.:-]*\w)")
_STATUS = re.compile(r"^[A-Z]+ /.* -> (\d{3})(?: via \S+)?$")
_METHODS: Final = ("GET /", "POST /", "PUT /", "DELETE /", "PATCH /", "HEAD /", "OPTIONS /")
_ID = re.compile(r"/(?:\d[\w.-]*|[0-9a-fA-F-]{16,}|[^/]*\d{3,}[^/]*)(?=/|$)")


def canonical(message: str) -> str:
    """`GET /orders/<id> -> 503 via orders` of an access line; "" for any other message."""
    if not any(method in message for method in _METHODS):
        return ""
    match = _LINE.search(message) or _SPACED.search(message)
    if match is not None and not _RAISED.match(message, match.end()):
        upstream = _UPSTREAM.search(message, match.end())
        return _canonical(match[1], match[2], match[3], upstream[1] if upstream else "")
    if (balanced := _HAPROXY.search(message)) is not None:
        server = "" if balanced[1].startswith("<") else balanced[1]  # <NOSRV>: none was asked
        return _canonical(balanced[3], balanced[4], balanced[2], server)
    return ""


def _canonical(method: str, route: str, code: str, upstream: str) -> str:
    via = f" via {upstream}" if upstream else ""
    return f"{method} {_ID.sub('/<id>', route)[:120]} -> {code}{via}"


def status(text: str) -> int:
    """The status of a canonical access message; 0 for any other text."""
    match = _STATUS.search(text)
    return int(match[1]) if match else 0


def refused(text: str) -> bool:
    """Whether a canonical access message is of a request that was refused (4xx).

    Not where the client hung up (499): it may have had to wait too long.
    """
    return 400 <= status(text) < 499
