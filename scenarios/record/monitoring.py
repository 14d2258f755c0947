"""Configuration of the monitoring: what Prometheus scrapes, the alert rules at the gateway, and the alert's receiver."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aitia.lab.folder import write_yaml
from scenarios.record.ports import HOST, SERVICES, Wiring

SCRAPE_S = 2
_RATIO = (
    'sum(rate(http_requests_total{job="gateway",code=~"5.."}[20s])) / '
    'sum(rate(http_requests_total{job="gateway"}[20s])) > 0.05'
)
_QUANTILE = (
    'histogram_quantile(%s, sum by (le) (rate(http_request_duration_seconds_bucket{job="gateway"}[%s]))) > %s'
)


def rules(*, tight: bool, usual_rate: float) -> dict[str, Any]:
    """Alert rules that see symptoms at the gateway. `tight` adds two that are too sensitive for production."""
    found = [
        _rule("GatewayErrorRatioHigh", _RATIO, "6s", "Gateway 5xx ratio above 5 %",
              "More than 5 % of the answers of gateway are 5xx for 6 s. Customers see errors."),
        _rule("GatewayLatencyHigh", _QUANTILE % ("0.95", "20s", "0.5"), "6s", "p95 latency of gateway above 500 ms",
              "The 95th percentile of the response time of gateway is above 500 ms for 6 s."),
    ]  # fmt: skip
    if tight:
        rate = f'sum(rate(http_requests_total{{job="gateway"}}[20s])) > {usual_rate * 1.4:g}'
        found += [
            _rule("GatewaySlowRequests", _QUANTILE % ("0.98", "8s", "0.5"), "0s",
                  "p98 latency of gateway above 500 ms",
                  "The 98th percentile of the response time of gateway was above 500 ms at one evaluation."),
            _rule("GatewayTrafficHigh", rate, "6s", "Request rate of gateway unusually high",
                  f"gateway gets more than {usual_rate * 1.4:g} requests a second for 6 s."),
        ]  # fmt: skip
    return {"groups": [{"name": "gateway", "interval": f"{SCRAPE_S}s", "rules": found}]}


def _rule(name: str, expression: str, hold: str, summary: str, description: str) -> dict[str, Any]:
    labels = {"severity": "page", "service": "gateway"}
    annotations = {"summary": summary, "description": description}
    return {"alert": name, "expr": expression, "for": hold, "labels": labels, "annotations": annotations}


def write_monitoring(folder: Path, wiring: Wiring, *, tight: bool, usual_rate: float) -> None:
    """`prometheus.yml`, `rules.yml` and `alertmanager.yml`."""
    targets = {
        "gateway": "gateway-exporter",
        **{name: name for name in SERVICES},
        "postgres": "postgres-exporter",
        "redis": "redis-exporter",
        HOST: "node-exporter",
    }
    scrapes = [
        {"job_name": job, "static_configs": [{"targets": [f"127.0.0.1:{wiring.port(program)}"]}]}
        for job, program in targets.items()
    ]
    prometheus = {
        "global": {
            "scrape_interval": f"{SCRAPE_S}s", "scrape_timeout": f"{SCRAPE_S}s",
            "evaluation_interval": f"{SCRAPE_S}s",
        },
        "rule_files": ["rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{wiring.port('alertmanager')}"]}]}]},
        "scrape_configs": scrapes,
    }  # fmt: skip
    hook = {"url": f"http://127.0.0.1:{wiring.port('receiver')}/", "send_resolved": True}
    alertmanager = {
        "route": {
            "receiver": "on-call",
            "group_by": ["alertname"],
            "group_wait": "1s",
            "group_interval": "5s",
        },
        "receivers": [{"name": "on-call", "webhook_configs": [hook]}],
    }
    write_yaml(folder / "prometheus.yml", prometheus)
    write_yaml(folder / "rules.yml", rules(tight=tight, usual_rate=usual_rate))
    write_yaml(folder / "alertmanager.yml", alertmanager)
