"""Series that seem to say how much there is of something and do not: peaks, sizes, counters, settings, usual climbs."""

from __future__ import annotations

import numpy as np
import pytest

from aitia.core.resolve import Resolver
from aitia.core.words import Component, Link
from aitia.tools.change.trends import find_trend
from aitia.tools.series.aspects import Aspect, bundled

from .test_behaviour import CUT, N, series, step
from .test_of_whom import facts


def about(metric: str) -> str:
    return bundled().of(metric).aspect


@pytest.mark.parametrize(
    "metric", ["haproxy_backend_max_session_rate", "haproxy_frontend_max_sessions", "pool_connections_peak"]
)
def test_the_most_that_there_ever_was_is_not_in_use(metric: str) -> None:
    assert about(metric) == "other"


def test_a_servers_weight_is_no_force_and_a_current_revision_no_electricity() -> None:
    assert about("haproxy_backend_uweight") == "other"
    assert about("etcd_debugging_mvcc_current_revision") == "other"
    assert about("motor_current") == about("press_current_l1") == "current"


def limits(*given: object) -> list[str]:
    return [str(e.values["metric"]) for e in facts(*given) if e.kind == "metric.limit"]  # type: ignore[arg-type]


def test_what_rises_with_a_gauge_is_its_peak_and_no_limit() -> None:
    used, peak, limit = step(2, 13), step(2, 13), step(13, 13)
    assert limits(series("row_lock_time", used), series("row_lock_time_max", peak)) == []
    assert limits(series("row_lock_time", used), series("row_lock_time_max", limit)) == ["row_lock_time"]


def test_all_that_a_pool_holds_is_no_use_of_it_where_another_series_tells_that() -> None:
    size, bound = series("pool_connections", step(8, 8)), series("pool_connections_max", step(8, 8))
    assert limits(size, bound) == ["pool_connections"]
    assert limits(size, bound, series("pool_connections_active", step(1, 1))) == []


def test_what_somebody_set_reaches_no_limit() -> None:
    used, bound = (
        series("mysql_global_variables_query_cache_size", step(9, 9)),
        series("mysql_global_variables_query_cache_size_max", step(9, 9)),
    )
    assert limits(used, bound) == []


@pytest.mark.parametrize("metric", ["queryDurationNs", "lock_operations", "varnish_waiter_action"])
def test_what_never_falls_is_counted_though_its_name_holds_the_letters_of_a_gauge(metric: str) -> None:
    told = facts(series(metric, np.cumsum(np.full(N, 40.0))))
    assert [e for e in told if e.kind in ("metric.trend", "metric.shift")] == []


def test_all_connections_that_ever_were_are_counted() -> None:
    steady = np.concatenate([np.full(CUT, 6.0), 6.0 + 40.0 * np.arange(N - CUT)])
    (told,) = [e for e in facts(series("varz_total_connections", steady)) if e.kind == "metric.shift"]
    assert told.unit == "/s"


HEAP = Aspect(aspect="memory", say="memory in use", unit="bytes", bad="up", floor=1.0)


def test_a_climb_that_is_usual_between_drops_is_a_third_as_strong() -> None:
    t = np.arange(240.0)
    usual = 10.0 + (t % 80)
    leak = np.where(t < 160, 10.0 + (t % 10) / 10, 10.0 + (t - 160))
    told, plain = (find_trend(t, v, HEAP, window_start=165.0) for v in (usual, leak))
    assert told is not None
    assert plain is not None
    assert told.strength < 0.5 * plain.strength


def resolver(*callees: str) -> Resolver:
    edge = Component(id="edge", links=tuple(Link(relation="calls", to=c) for c in callees))
    return Resolver([edge, *(Component(id=c) for c in callees), Component(id="beside-n3")])


def test_a_balancers_short_name_of_a_server_it_calls() -> None:
    found = resolver("desk-n1", "desk-n2")
    assert found.called("n1", "edge") == "desk-n1"
    assert found.called("N2", "edge") == "desk-n2"
    assert found.called("n3", "edge") == ""  # not one that it calls
    assert found.called("1", "edge") == ""  # a part of a part
    assert resolver("a-n1", "b-n1").called("n1", "edge") == ""
    assert found.called("", "edge") == found.called("n1", "nobody") == ""
