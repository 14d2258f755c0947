"""Counters: resets, gaps, label sets that appear late, quantiles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aitia.tools.meaning.metadata import Metadata
from aitia.tools.series.aspects import bundled
from aitia.tools.series.derive import Derived, Deriver
from aitia.tools.series.numbers import scale, sig3, text
from aitia.tools.series.rates import increments, quantile, rolling_sum, summed
from aitia.tools.sources.base import Series


def series(metric: str, v: list[float], *, t0: float = 0.0, component: str = "a", **labels: str) -> Series:
    t = t0 + 2.0 * np.arange(len(v))
    return Series(
        component=component, metric=metric, t=t, v=np.array(v, dtype=float), labels=labels, query=metric
    )


@given(st.lists(st.integers(0, 50), min_size=2, max_size=60), st.sets(st.integers(1, 59)))
def test_increments_see_through_resets(steps: list[int], resets: set[int]) -> None:
    """A counter that is reset, and grew by at least one afterwards, loses only what came between reset and sample."""
    value, counter = 0, []
    for i, step in enumerate(steps):
        value = step if i in resets else value + step
        counter.append(float(value))
    t = np.arange(len(steps), dtype=float)
    found = increments(t, np.array(counter))
    assert np.isnan(found[0])
    assert (found[1:] >= 0).all()
    seen = [i for i in range(1, len(steps)) if i not in resets]
    assert found[seen].tolist() == [steps[i] for i in seen]


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40), st.integers(1, 6))
def test_rolling_sum_is_the_sum_of_the_last_k(x: list[float], k: int) -> None:
    found = rolling_sum(np.array(x), k)
    for i in range(k - 1, len(x)):
        assert found[i] == pytest.approx(sum(x[i - k + 1 : i + 1]), abs=1e-3)


def test_an_increment_over_a_gap_says_nothing() -> None:
    t = np.array([0.0, 2, 4, 6, 100, 102])
    assert np.isnan(increments(t, np.array([0.0, 1, 2, 3, 50, 51]))[4])


def test_a_label_set_that_appears_late_was_born_at_zero() -> None:
    old, born = series("r", [0, 10, 20, 30, 40]), series("r", [3, 4], t0=6.0, code="500")
    assert summed([born], old.t)[1:].tolist()[2:] == [3.0, 1.0]


def derive(*raw: Series, known: tuple[str, ...] = ("a", "b")) -> dict[tuple[str, str, str, str], Derived]:
    found = Deriver(aspects=bundled(), resolve=lambda name: name if name in known else "").derive(raw)
    return {(d.about.aspect, d.stat, d.peer, d.metric): d for d in found}


def test_request_counters_become_traffic_errors_and_an_error_ratio() -> None:
    n = 40
    good, bad = (
        series("http_requests_total", [30.0 * i for i in range(n)], code="200"),
        series("http_requests_total", [10.0 * i for i in range(n)], code="503"),
    )
    found = derive(good, bad)
    assert found["traffic", "rate", "", "http_requests_total"].v[-1] == pytest.approx(20.0)
    assert found["errors", "rate", "", "http_requests_total"].v[-1] == pytest.approx(5.0)
    ratio = found["errors", "ratio", "", "http_requests_total"]
    assert ratio.v[-1] == pytest.approx(0.25)
    assert "http_requests_total" in ratio.query


def test_histograms_become_a_mean_and_a_p95_per_known_peer() -> None:
    n = 40
    raw = [
        series("client_request_seconds_sum", [1.0 * i for i in range(n)], peer="b"),
        series("client_request_seconds_count", [10.0 * i for i in range(n)], peer="b"),
    ]
    raw += [
        series("client_request_seconds_bucket", [share * 10.0 * i for i in range(n)], peer="b", le=le)
        for le, share in (("0.1", 0.5), ("0.2", 0.9), ("0.4", 1.0), ("+Inf", 1.0))
    ]
    found = derive(*raw)
    assert found["latency", "mean", "b", "client_request_seconds_sum"].v[-1] == pytest.approx(0.1)
    assert found["latency", "p95", "b", "client_request_seconds_bucket"].v[-1] == pytest.approx(0.3)
    assert not [key for key in derive(*raw, known=("a",)) if key[2]], "an unknown peer is never invented"


def test_the_last_bucket_counts_where_nothing_else_does() -> None:
    n = 40
    raw = [
        series("client_request_seconds_sum", [1.0 * i for i in range(n)]),
        *(
            series("client_request_seconds_bucket", [10.0 * i for i in range(n)], le=le)
            for le in ("0.1", "0.4", "+Inf")
        ),
    ]
    found = derive(*raw)
    assert found["latency", "mean", "", "client_request_seconds_sum"].v[-1] == pytest.approx(0.1)
    assert not [key for key in found if key[1] == "gauge"], "a sum of seconds is no latency"


@pytest.mark.parametrize("name", ["jvm_gc_collection_seconds", "nodejs_gc_duration_seconds"])
def test_the_collection_of_garbage_is_no_latency(name: str) -> None:
    n = 40
    found = derive(
        series(f"{name}_sum", [1.0 * i for i in range(n)], gc="Copy"),
        series(f"{name}_count", [10.0 * i for i in range(n)], gc="Copy"),
    )
    assert {key[0] for key in found} == {"other"}, "nor is it a request"


def test_members_out_of_service_are_failures_of_the_members() -> None:
    found = derive(series("proxy_backend_unhealthy", [0.0] * 20 + [3.0] * 20, peer="b"))
    ((aspect, _, peer, _),) = found
    assert (aspect, peer) == ("errors", "b")
    assert next(iter(found.values())).about.say == "members out of service"


def test_quantiles_as_promql_computes_them() -> None:
    bounds = np.array([1.0, 2.0, np.inf])
    assert quantile(bounds, np.array([[10.0, 20.0, 20.0]]), 0.5)[0] == pytest.approx(1.0)
    assert quantile(bounds, np.array([[0.0, 0.0, 5.0]]), 0.95)[0] == pytest.approx(2.0)
    assert np.isnan(quantile(bounds, np.zeros((1, 3)), 0.95)[0])


def test_gauges_stay_gauges_and_counters_without_a_suffix_are_seen() -> None:
    grows = [float(1000 + 3 * i) for i in range(40)]
    assert ("memory", "gauge", "", "process_resident_memory_bytes") in derive(
        series("process_resident_memory_bytes", grows)
    )
    assert ("connections", "gauge", "", "pg_stat_activity_count") in derive(
        series("pg_stat_activity_count", grows)
    )
    assert ("traffic", "rate", "", "pg_stat_database_xact_commit") in derive(
        series("pg_stat_database_xact_commit", grows)
    )


def test_cpu_seconds_become_cores_without_idle() -> None:
    raw = [
        series("node_cpu_seconds_total", [0.5 * i for i in range(30)], cpu=str(c), mode=m)
        for c in range(2)
        for m in ("user", "idle")
    ]
    found = derive(*raw)["cpu", "rate", "", "node_cpu_seconds_total"]
    assert found.v[-1] == pytest.approx(0.5)
    assert found.about.unit == "cores"


def test_connections_are_told_apart_by_the_client_that_holds_them() -> None:
    raw = [
        series("pg_stat_activity_count", [v] * 30, component="b", usename=u)
        for u, v in (("a", 4.0), ("zz", 2.0))
    ]
    found = Deriver(aspects=bundled(), resolve=lambda name: name if name in ("a", "b") else "").derive(raw)
    assert [(d.peer, d.labels, d.v[0], d.client) for d in found] == [
        ("", (), 6.0, False), ("", (("usename", "zz"),), 2.0, False), ("a", (), 4.0, True)]  # fmt: skip


def test_who_borrows_an_account_is_not_its_owner() -> None:
    used = [("a", "a", 4.0), ("metabase", "a", 50.0), ("JDBC Driver", "c", 3.0)]
    raw = [
        series("pg_stat_activity_count", [v] * 30, component="b", application_name=program, usename=account)
        for program, account, v in used
    ]
    found = Deriver(aspects=bundled(), resolve=lambda name: name if name in ("a", "b", "c") else "").derive(
        raw
    )
    assert {(d.peer, d.v[0]) for d in found} == {("", 57.0), ("", 50.0), ("a", 4.0), ("c", 3.0)}


def test_replicas_are_told_apart_by_their_pods() -> None:
    raw = [
        series("process_resident_memory_bytes", [v] * 30, pod=p, job="a")
        for p, v in (("a-1", 4.0), ("a-2", 2.0))
    ]
    found = Deriver(aspects=bundled(), resolve=lambda name: name).derive(raw)
    assert [d.labels for d in found] == [(("pod", "a-1"),), (("pod", "a-2"),)]


@given(st.floats(1e-6, 1e12))
def test_numbers_keep_three_digits_and_print_what_they_hold(x: float) -> None:
    rounded = sig3(x)
    assert rounded == pytest.approx(x, rel=0.0051)
    assert float(text(x)) == rounded
    assert sig3(rounded) == rounded


def test_units_scale_to_what_people_read() -> None:
    assert scale("s", 0.02) == (1e3, "ms")
    assert scale("bytes", 3e9)[1] == "GiB"
    assert scale("ratio", 0.5) == (100.0, "%")
    assert scale("cores", 0.5) == (1.0, "cores")
    assert scale("ns", 2e6) == (1e-6, "ms")
    assert scale("s/s", 0.002) == (1e3, "ms/s")


@pytest.mark.parametrize(
    ("metric", "values", "stat"),
    [
        ("builtin:host.cpu.time", [0.31 * i for i in range(60)], "rate"),  # time spent, in parts of a second
        ("cpuShare", [20.0 + (i % 7) for i in range(60)], "gauge"),  # a share, which falls again
        (
            "app.requests.count",
            [3.0 * i for i in range(40)] + [2.0 * i for i in range(30)],
            "rate",
        ),  # begins anew
        ("pool.requests.waiting", [float(i % 4) for i in range(60)], "gauge"),
        ("cached_items", [float(i) for i in range(5)] * 12, "gauge"),  # falls too often for a counter
        ("nginx_connections_accepted", [3.0 * i for i in range(60)], "rate"),
        ("connections", [20.0] * 40 + [20.0 + i for i in range(20)], "gauge"),  # a leak that began
        ("vm_memory_bytes_total", [5e7 + 1e6 * (i % 7) for i in range(60)], "gauge"),  # falls too often
    ],
)
def test_a_counter_is_known_by_what_it_does(metric: str, values: list[float], stat: str) -> None:
    (found,) = Deriver(aspects=bundled(), resolve=lambda raw: raw).derive([series(metric, values)])
    assert found.stat == stat


def test_a_quiet_member_of_a_counters_family_is_a_counter_too() -> None:
    busy = series("host.cpu.time", [0.31 * i for i in range(60)], mode="user")
    quiet = series("host.cpu.time", [1.0 + 0.1 * (i // 30) for i in range(60)], mode="irq")
    found = Deriver(aspects=bundled(), resolve=lambda raw: raw).derive([busy, quiet])
    assert {d.stat for d in found} == {"rate"}


@pytest.mark.parametrize(
    ("metric", "unit", "floor"),
    [
        ("redis_latency_percentiles_usec", "us", 3e3),
        ("rpc_latency_nanoseconds", "ns", 3e6),
        ("backend_latency_msec", "ms", 3.0),
        ("last_save_duration_sec", "s", 0.003),
    ],
)
def test_an_abbreviated_unit_of_a_name_is_its_unit(metric: str, unit: str, floor: float) -> None:
    """30 microseconds are no 30 seconds, and no change that matters."""
    (found,) = Deriver(aspects=bundled(), resolve=lambda raw: raw).derive([series(metric, [5.0, 7.0] * 10)])
    assert (found.about.aspect, found.about.unit) == ("latency", unit)
    assert found.about.floor == pytest.approx(floor)


@pytest.mark.parametrize(
    ("metric", "unit"),
    [
        ("pg_stat_database_active_time_seconds_total", "s/s"),
        ("server_sys_msec", "ms/s"),
        ("queries_answered_slow_latency_total", "/s"),
    ],
)
def test_what_a_counter_gains_a_second_is_no_latency(metric: str, unit: str) -> None:
    """Time that is spent and requests of some latency rise with the traffic."""
    (found,) = Deriver(aspects=bundled(), resolve=lambda raw: raw).derive(
        [series(metric, [3.1 * i for i in range(60)])]
    )
    assert (found.stat, found.about.aspect, found.about.unit) == ("rate", "other", unit)


def test_a_point_in_time_has_no_size() -> None:
    """`push_time_seconds` is no latency of 1.8 thousand million seconds."""
    assert not derive(series("push_time_seconds", [1_795_931_263.0 + 120 * (i // 20) for i in range(60)]))
    assert derive(series("push_latency_seconds", [0.2, 0.3] * 30))


def test_a_duration_below_zero_is_none() -> None:
    (found,) = derive(series("last_save_duration_sec", [-1.0] * 30 + [2.0] * 10)).values()
    assert np.isnan(found.v[:30]).all()
    assert found.v[30:].tolist() == [2.0] * 10


@pytest.mark.parametrize(
    ("metric", "unit"), [("qa_latency", ""), ("qa_latency_usec", "ms"), ("qa_latency_seconds", "s")]
)
def test_no_unit_is_told_of_a_latency_whose_name_states_none(metric: str, unit: str) -> None:
    (found,) = derive(series(metric, [20.0, 30.5] * 20)).values()
    assert found.about.aspect == "latency"
    assert scale(found.about.unit, 30.5)[1] == unit


def test_what_an_exporter_tells_of_its_collectors_is_not_the_servers() -> None:
    assert bundled().of("mysql_exporter_collector_duration_seconds").aspect == "other"
    assert bundled().of("otelcol_exporter_queue_size").aspect == "queue"


@pytest.mark.parametrize(
    ("name", "aspect"),
    [
        ("rabbitmq_queue_messages_ready", "queue"), ("beanstalkd_current_jobs_ready", "queue"), ("celery_tasks_ready", "queue"),
        ("kube_pod_status_ready", "availability"), ("deployment_replicas_available", "availability"),
    ],
)  # fmt: skip
def test_work_that_is_ready_waits_and_a_member_that_is_ready_serves(name: str, aspect: str) -> None:
    assert bundled().of(name).aspect == aspect


def test_a_count_of_sizes_is_a_number_a_second() -> None:
    rising = [float(i) for i in range(40)]
    found = derive(
        series("push_size_bytes_count", rising), series("push_size_bytes_sum", [256 * x for x in rising])
    )
    assert {d.about.unit for d in found.values() if d.stat == "rate"} == {"/s"}


@pytest.mark.parametrize(
    ("labels", "broken"),
    [
        ([{"code": "00000", "outcome": "ok"}, {"code": "08006", "outcome": "timeout"}], True),
        ([{"code": "00000"}, {"code": "08P01"}], True),  # SQLSTATE
        ([{"code": "00000"}, {"code": "01000"}], False),  # a warning
        ([{"code": "200", "result": "ok"}, {"code": "404", "result": "ok"}], False),
        ([{"wynik": "ok"}, {"wynik": "blad"}], True),
        ([{"ergebnis": "ok"}, {"ergebnis": "fehlgeschlagen"}], True),
        ([{"esito": "ok"}, {"esito": "rifiutato"}], True),
        ([{"resultado": "ok"}, {"resultado": "enviado"}], False),
    ],
)
def test_requests_that_failed_by_the_label_that_tells(labels: list[dict[str, str]], broken: bool) -> None:
    good, bad = (
        series("r_total", [*range(0, 400, 10)], **labels[0]),
        series("r_total", [0] * 20 + [*range(0, 100, 5)], **labels[1]),
    )
    share = derive(good, bad)["errors", "ratio", "", "r_total"].v
    assert bool(np.nanmax(share) > 0.2) is broken


def test_bits_of_the_last_probes_are_no_availability() -> None:
    bits = series("varnish_backend_happy", [2.0**33 - 1] * 20 + [2.0**64 - 1] * 20, backend="b")
    told = Metadata(kind="gauge", unit="", help="Availability of the backend in its last probes")
    assert derive(bits)
    assert not derive(replace(bits, metadata=told))


def test_a_number_of_objects_is_no_memory() -> None:
    objects, used = (
        series("varnish_mempool_live", [0.0] * 20 + [8.0] * 20),
        series("cache_memory", [300.0] * 20 + [900.0] * 20),
    )
    assert {d.about.aspect for d in derive(objects, used).values()} == {"other", "memory"}
