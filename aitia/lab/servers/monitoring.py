"""Configuration of the monitoring of a system: Prometheus, its rules, Alertmanager, blackbox_exporter."""

from __future__ import annotations

from typing import Any, Final

from aitia.lab.servers.model import SystemFile

SCRAPE_S: Final = 2
HOST_COLLECTORS: Final = (
    "cpu", "meminfo", "loadavg", "diskstats", "filesystem", "netdev", "stat", "vmstat", "pressure", "filefd", "sockstat",
    "netstat",
)  # fmt: skip


def prometheus(system: SystemFile, address: dict[str, str], alertmanager: str) -> dict[str, Any]:
    """`prometheus.yml`. `address` gives each target's by job; `instance` is the component whose metrics these are."""
    jobs: list[dict[str, Any]] = []
    for exporter in system.exporters:
        jobs.append(
            _job(
                exporter.job or exporter.id,
                exporter.component,
                address[exporter.id],
                exporter.path,
                exporter.labels,
            )
        )
    for n, scrape in enumerate(system.scrapes):
        job = _job(
            scrape.job or scrape.component,
            scrape.component,
            address[f"scrape {n}"],
            scrape.path,
            scrape.labels,
        )
        jobs.append(
            job | ({"params": {k: list(v) for k, v in scrape.params.items()}} if scrape.params else {})
        )
    for load in system.loads:
        if load.component:
            jobs.append(_job(load.id, load.component, address[f"load {load.id}"], "/metrics", {}))
    if system.host_metrics:
        jobs.append(_job("node", system.host, address["node"], "/metrics", {}))
    for n, probe in enumerate(system.probes):
        job = _job(probe.job, probe.component, address["blackbox"], "/probe", {})
        jobs.append(job | {"params": {"module": [f"{probe.module}_{n}"], "target": [address[f"probe {n}"]]}})
    return {
        "global": {
            "scrape_interval": f"{SCRAPE_S}s", "scrape_timeout": f"{SCRAPE_S}s", "evaluation_interval": f"{SCRAPE_S}s",
        },
        "rule_files": ["rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
        "scrape_configs": _distinct(jobs),
    }  # fmt: skip


def _job(name: str, component: str, address: str, path: str, labels: dict[str, str]) -> dict[str, Any]:
    target = {"targets": [address], "labels": {**labels, "instance": component}}
    return {"job_name": name, "metrics_path": path, "static_configs": [target]}


def _distinct(jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A job's name may be there once: jobs of the same name get a number and are named back by relabelling."""
    seen: dict[str, int] = {}
    for job in jobs:
        name = job["job_name"]
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            job["job_name"] = f"{name}-{seen[name]}"
            job["relabel_configs"] = [{"target_label": "job", "replacement": name}]
    return jobs


def rules(system: SystemFile) -> dict[str, Any]:
    """`rules.yml`."""
    found = [
        {
            "alert": rule.name,
            "expr": rule.expr,
            "for": f"{rule.for_s:g}s",
            "labels": {"severity": "page", **rule.labels},
            "annotations": {"summary": rule.summary, "description": rule.description or rule.summary},
        }
        for rule in system.alerts
    ]
    return {"groups": [{"name": system.entry, "interval": f"{SCRAPE_S}s", "rules": found}]}


def alertmanager(receiver: str) -> dict[str, Any]:
    """`alertmanager.yml`."""
    hook = {"url": f"http://{receiver}/", "send_resolved": True}
    route = {"receiver": "on-call", "group_by": ["alertname"], "group_wait": "1s", "group_interval": "5s"}
    return {"route": route, "receivers": [{"name": "on-call", "webhook_configs": [hook]}]}


def blackbox(system: SystemFile) -> dict[str, Any]:
    """`blackbox.yml`, a module for each probe."""
    modules = {
        f"{probe.module}_{n}": {
            "prober": probe.module,
            "timeout": f"{min(probe.timeout_s, SCRAPE_S - 0.2):g}s",
        }
        for n, probe in enumerate(system.probes)
    }
    return {"modules": modules}
