"""Whose a series is, by all of its labels together."""

from __future__ import annotations

import pytest

from aitia.tools.identity.owner import owner_of

SCRAPED = {"job": "kubelet", "service": "kps-kubelet", "instance": "10.0.0.1:10250", "node": "worker-1"}
STATE = {"job": "kube-state-metrics", "service": "kps-kube-state-metrics", "instance": "10.0.0.9:8080"}


@pytest.mark.parametrize(
    ("metric", "labels", "owner"),
    [
        (
            "container_memory_working_set_bytes",
            {**SCRAPED, "pod": "cart-7f9c-x2x4z", "container": "cart"},
            "cart-7f9c-x2x4z",
        ),
        ("container_cpu_usage_seconds_total", {**SCRAPED, "id": "/"}, "worker-1"),
        ("kube_pod_container_status_restarts_total", {**STATE, "pod": "cart-7f9c-x2x4z"}, "cart-7f9c-x2x4z"),
        (
            "kube_pod_status_ready",
            {**STATE, "pod": "ksm-0", "exported_pod": "cart-7f9c-x2x4z"},
            "cart-7f9c-x2x4z",
        ),
        ("kube_deployment_status_replicas_available", {**STATE, "deployment": "cart"}, "cart"),
        ("kube_node_status_condition", {**STATE, "node": "worker-2", "condition": "Ready"}, "worker-2"),
        (
            "kubelet_volume_stats_available_bytes",
            {**SCRAPED, "persistentvolumeclaim": "data-db-0"},
            "data-db-0",
        ),
        ("namespace_pod:container_memory_rss:sum", {"pod": "cart-1", "job": "x"}, "cart-1"),
        ("node_load1", {"job": "node-exporter", "instance": "10.0.0.3:9100"}, "10.0.0.3:9100"),
        ("node_load1", {"job": "shop-host", "instance": "127.0.0.1:9100"}, "shop-host"),
        ("probe_success", {"job": "blackbox", "instance": "https://shop.example"}, "https://shop.example"),
        ("ifHCInOctets", {"job": "snmp", "instance": "switch-7", "ifName": "Gi0/1"}, "switch-7"),
        (
            "redis_connected_slave_lag_seconds",
            {"job": "redis", "instance": "redis-a", "slave_ip": "127.0.0.1"},
            "redis-a",
        ),
        (
            "redis_connected_slave_lag_seconds",
            {"job": "redis", "instance": "redis-a", "slave_ip": "10.1.2.3"},
            "10.1.2.3",
        ),
        (
            "haproxy_frontend_http_requests_total",
            {"job": "lb", "instance": "lb-1:8404", "proxy": "web"},
            "lb-1:8404",
        ),
        (
            "haproxy_backend_http_responses_total",
            {"job": "lb", "instance": "lb-1:8404", "proxy": "www"},
            "www",
        ),
        (
            "istio_requests_total",
            {"source_workload": "web", "destination_workload": "cart", "app": "web"},
            "cart",
        ),
        (
            "aws_rds_cpuutilization_average",
            {"job": "yace", "dimension_DBInstanceIdentifier": "orders"},
            "orders",
        ),
        ("pg_stat_activity_count", {"job": "postgres-exporter", "instance": "10.0.0.4:9187"}, "postgres"),
        ("pg_stat_activity_count", {"job": "postgres-exporter", "instance": "db-7:9187"}, "db-7:9187"),
        ("pg_stat_activity_count", {"job": "postgres-exporter", "instance": "pg-exporter:9187"}, "postgres"),
        (
            "rabbitmq.queue.depth",
            {"host": "collector-1", "rabbitmq_queue": "mails", "rabbitmq_node": "r1"},
            "mails",
        ),
        (
            "elasticsearch.node.fs.free",
            {"elasticsearch.node.name": "es-2", "elasticsearch.cluster.name": "logs"},
            "es-2",
        ),
        (
            "TargetConnectionErrorCount",
            {"Namespace": "AWS/ApplicationELB", "LoadBalancer": "app/x", "TargetGroup": "tg/y"},
            "tg/y",
        ),
        (
            "istio_requests_total",
            {"reporter": "source", "source_workload": "web", "destination_workload": "cart"},
            "web",
        ),
        ("grpc_calls_total", {"service": "web", "target": "pay:443", "job": "web"}, "web"),
        ("net_response_time", {"host": "probe-1", "server": "mail.example"}, "mail.example"),
        ("http_client_requests_seconds_sum", {"client_name": "tax", "pod": "pay-1", "service": "pay"}, "pay"),
        (
            "process_resident_memory_bytes",
            {"job": "postgres-exporter", "instance": "10.0.0.4:9187"},
            "postgres-exporter",
        ),
        ("http_requests_total", {"service": "checkout", "pod": "checkout-1", "job": "shop"}, "checkout"),
        ("http_requests_total", {}, ""),
        ("", {"le": "0.1"}, ""),
    ],
)
def test_the_one_it_speaks_of(metric: str, labels: dict[str, str], owner: str) -> None:
    assert owner_of({"__name__": metric, **labels}) == owner


def test_the_label_of_the_settings_decides_where_the_family_has_no_owner() -> None:
    labels = {"__name__": "orders_total", "service": "a", "team": "b"}
    assert owner_of(labels, label="team") == "b"
    assert owner_of(labels, label="missing") == ""
    memory = {"__name__": "container_memory_rss", **SCRAPED, "pod": "cart-1"}
    assert owner_of(memory, label="service") == "cart-1"
