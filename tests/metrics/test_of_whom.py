"""Whose trouble a series tells of: the component's own, one of those that it calls, or of a check from outside."""

from __future__ import annotations

import numpy as np
import pytest

from aitia.core.words import Evidence
from aitia.tools.metrics.scan import scan_series
from aitia.tools.series.aspects import bundled
from aitia.tools.series.derive import Deriver
from aitia.tools.series.gather import Gathered
from aitia.tools.sources.base import Series

from .test_behaviour import BEFORE, CUT, WINDOW, N, series, step

KNOWN = {"edge": "edge", "web-a": "web-a", "web-b": "web-b", "copy": "copy"}


def facts(*given: Series) -> list[Evidence]:
    derived = Deriver(aspects=bundled(), resolve=lambda raw: KNOWN.get(raw, "")).derive(given)
    raw = tuple(("m", s) for s in given)
    gathered = Gathered(raw=raw, derived=tuple(derived), baselines=(BEFORE,), window=WINDOW, problems=())
    return list(scan_series(gathered).facts)


def gone(*given: Series) -> list[Evidence]:
    return [e for e in facts(*given) if e.kind == "metric.missing"]


def count(before: float, after: float, at: int = CUT + 5) -> np.ndarray:
    return np.cumsum(step(before, after, at))


def test_a_server_behind_a_balancer_that_is_down_is_not_the_balancer() -> None:
    state = [
        series("lb_server_up", step(1, 0 if s == "web-b" else 1), component="edge", server=s)
        for s in ("web-a", "web-b")
    ]
    (told,) = gone(*state)
    assert (told.component, told.peer, told.direction) == ("edge", "web-b", "gone")
    assert "edge finds that web-b has been down" in told.statement


def test_one_of_several_members_that_nobody_knows_is_not_the_whole() -> None:
    one = series("lb_server_up", step(1, 0), component="edge", server="s1")
    other = series("lb_server_up", step(1, 1), component="edge", server="s2")
    assert gone(one, other) == []
    assert len(gone(one, series("lb_server_up", step(1, 0), component="edge", server="s2"))) == 1


@pytest.mark.parametrize(("served", "aspect"), [(200.0, "errors"), (0.0, "availability")])
def test_a_probe_that_fails_of_who_still_answers_is_no_process_that_is_down(
    served: float, aspect: str
) -> None:
    probe = series("probe_success", step(1, 0), component="edge")
    requests = series("http_requests_total", count(400.0, served), component="edge")
    (told,) = gone(probe, requests)
    assert told.aspect == aspect
    assert (told.values.get("answers") is True) == (aspect == "errors")


def test_a_link_to_the_primary_is_lost_and_the_copy_is_up() -> None:
    told = facts(series("redis_master_link_up", step(1, 0), component="copy"))
    assert {e.kind for e in told} == {"metric.shift"}
    assert {e.aspect for e in told} == {"lag"}


@pytest.mark.parametrize("metric", ["redis_db_avg_ttl_seconds", "redis_slowlog_length"])
def test_how_long_a_key_is_kept_is_no_latency(metric: str) -> None:
    assert not [e for e in facts(series(metric, step(0, 700), component="copy")) if e.aspect == "latency"]


@pytest.mark.parametrize(("used", "limited"), [(9.6, True), (12.0, True), (59.0, False)])
def test_a_limit_that_is_passed_by_far_bounds_nothing(used: float, limited: bool) -> None:
    jitter = 0.01 * np.random.default_rng(1).standard_normal(N)
    pool = series("pool_connections_in_use", step(2, used) + jitter, component="edge")
    most = series("pool_connections_max", np.full(N, 10.0), component="edge")
    assert any(e.kind == "metric.limit" for e in facts(pool, most)) == limited
