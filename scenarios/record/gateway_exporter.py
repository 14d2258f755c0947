"""nginx's access log and stub_status as Prometheus metrics: `python -m scenarios.record.gateway_exporter LOG STATUS PORT`."""

from __future__ import annotations

import re
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aitia.lab.exposition import Exposition

LINE = re.compile(
    r'"(?P<method>[A-Z]+) (?P<path>\S+) [^"]*" (?P<code>\d{3}) .* rt=(?P<took>[\d.]+) ut=(?P<upstream>[\d.]+|-) '
    r"up=(?P<name>\S+)"
)
STATUS = re.compile(r"Active connections: (\d+).*Reading: (\d+) Writing: (\d+) Waiting: (\d+)", re.S)


def follow(log: Path, metrics: Exposition) -> None:
    """Count each access line as it is written."""
    with log.open(encoding="utf-8", errors="replace") as file:
        while True:
            line = file.readline()
            if not line:
                time.sleep(0.1)
                continue
            if found := LINE.search(line):
                route = "/".join(found["path"].split("?")[0].split("/")[:3])
                metrics.count("http_requests_total", method=found["method"], route=route, code=found["code"])
                metrics.observe("http_request_duration_seconds", float(found["took"]), route=route)
                if found["upstream"] != "-":
                    name = found["name"]
                    metrics.observe(
                        "upstream_response_seconds", float(found["upstream"]), buckets=(), upstream=name
                    )


def read_status(url: str, metrics: Exposition) -> None:
    """The connection gauges of stub_status."""
    try:
        with urllib.request.urlopen(url, timeout=1) as reply:
            found = STATUS.search(reply.read().decode())
    except (urllib.error.URLError, TimeoutError):
        return
    if found:
        for name, value in zip(("active", "reading", "writing", "waiting"), found.groups(), strict=True):
            metrics.set("nginx_connections", float(value), state=name)


def main() -> int:
    log, status, port = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    metrics = Exposition()
    threading.Thread(target=follow, args=(log, metrics), daemon=True).start()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            read_status(status, metrics)
            body = metrics.text().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Scrapes are not worth a line."""

    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
