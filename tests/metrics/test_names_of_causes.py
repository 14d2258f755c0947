"""Names that have a kind of fault of their own: clocks, rows without an index, stolen time, retries, messages that came back."""

from __future__ import annotations

import numpy as np
import pytest

from aitia.tools.series.aspects import bundled
from aitia.tools.series.derive import Deriver
from aitia.tools.sources.base import Series


@pytest.mark.parametrize(
    ("metric", "labels", "aspect"),
    [
        ("node_timex_offset_seconds", {}, "clock"),
        ("node_timex_sync_status", {}, "clock"),
        ("chrony_tracking_last_offset_seconds", {}, "clock"),
        ("windows_time_computed_time_offset_seconds", {}, "clock"),
        ("ceph_monitor_clock_skew_seconds", {}, "clock"),
        ("pg_stat_user_tables_seq_tup_read", {}, "scans"),
        ("mysql_global_status_handler_read_rnd_next", {}, "scans"),
        ("mysql_global_status_handlers_total", {"handler": "read_rnd_next"}, "scans"),
        ("node_cpu_seconds_total", {"mode": "steal"}, "steal"),
        ("envoy_cluster_upstream_rq_retry", {}, "retries"),
        ("rabbitmq_global_messages_redelivered_total", {}, "redeliveries"),
        ("influxdb_httpd_authFail", {}, "logins"),
        ("rabbitmq_auth_attempts_failed_total", {}, "logins"),
        ("redis_acl_access_denied_auth_total", {}, "logins"),
        ("dovecot_failed_logins_total", {}, "logins"),
        ("keycloak_login_error_total", {}, "logins"),
        ("pg_stat_user_tables_idx_scan", {}, "other"),
        ("auth_requests_total", {}, "traffic"),
        ("node_cpu_seconds_total", {"mode": "user"}, "cpu"),
        ("kafka_consumergroup_current_offset", {}, "other"),
        ("redis_slave_repl_offset", {}, "other"),
        ("redis_repl_backlog_first_byte_offset", {}, "other"),
        ("redis_connected_slave_lag_seconds", {}, "lag"),
        ("pg_stat_database_tup_returned", {}, "other"),
        ("pg_stat_database_xact_commit", {}, "traffic"),
    ],
)
def test_each_is_read_as_what_it_tells_of(metric: str, labels: dict[str, str], aspect: str) -> None:
    assert bundled().of(metric, labels).aspect == aspect


def test_a_limit_of_retries_is_none() -> None:
    assert bundled().of("client_max_retries").aspect != "retries"


def test_stolen_time_is_no_use_of_ones_own() -> None:
    t = 10.0 * np.arange(40)
    raw = [
        Series(
            component="host",
            metric="node_cpu_seconds_total",
            t=t,
            v=rate * t,
            labels={"mode": mode, "cpu": "0"},
        )
        for mode, rate in (("user", 0.5), ("steal", 0.3), ("idle", 0.2))
    ]
    found = {d.about.aspect: d for d in Deriver(aspects=bundled(), resolve=lambda name: name).derive(raw)}
    assert np.nanmedian(found["cpu"].v) == pytest.approx(0.5)
    assert np.nanmedian(found["steal"].v) == pytest.approx(0.3)
    assert found["steal"].about.unit == "cores"
