"""Numbers that NATS and InfluxDB tell as JSON, for Prometheus: `stats.py nats|influxdb URL PORT`. Names as the exporter of
NATS and the input of Telegraf for InfluxDB give them.
"""

import json
import sys
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KIND, URL, PORT = sys.argv[1:4]
PARTS = ("httpd", "write", "queryExecutor", "tsm1_cache", "shard", "database")
GAUGES = {
    "connections",
    "subscriptions",
    "mem",
    "cpu",
    "leaf_nodes",
    "routes",
    "remotes",
    "cores",
    "max_payload",
}


def read(path: str) -> dict[str, Any]:
    """One page of numbers."""
    with urllib.request.urlopen(URL + path, timeout=2) as response:
        found: dict[str, Any] = json.load(response)
        return found


def nats() -> Iterator[str]:
    """Of /varz and /connz."""
    for key, value in read("/varz").items():
        if type(value) in (int, float):
            yield f"# TYPE gnatsd_varz_{key} {'gauge' if key in GAUGES else 'untyped'}"
            yield f"gnatsd_varz_{key} {value}"
    connections = read("/connz?limit=256")["connections"]
    yield "# TYPE gnatsd_connz_pending_bytes gauge"
    for one in connections:
        yield f'gnatsd_connz_pending_bytes{{name="{one.get("name", "")}"}} {one["pending_bytes"]}'


def influxdb() -> Iterator[str]:
    """Of /debug/vars: what the parts of the server count, and the memory of its runtime."""
    found = read("/debug/vars")
    for key in ("HeapInuse", "Sys", "Mallocs", "NumGC"):
        yield f"influxdb_memstats_{key} {found['memstats'][key]}"
    for part in found.values():
        if not isinstance(part, dict) or part.get("name") not in PARTS:
            continue
        tags = part["tags"] or {}
        labels = ",".join(f'{k}="{v}"' for k, v in tags.items() if k in ("database", "id"))
        for key, value in part["values"].items():
            yield f"influxdb_{part['name']}_{key}{{{labels}}} {value}".replace("{}", "")


class Handler(BaseHTTPRequestHandler):
    """Asks when it is asked."""

    def do_GET(self) -> None:
        """All numbers, or 503."""
        try:
            code, lines = 200, list(dict.fromkeys(nats() if KIND == "nats" else influxdb()))
        except (OSError, ValueError) as error:
            code, lines = 503, [f"# {error}"]
        body = ("\n".join(lines) + "\n").encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Scrapes are not logged."""


ThreadingHTTPServer(("127.0.0.1", int(PORT)), Handler).serve_forever()
