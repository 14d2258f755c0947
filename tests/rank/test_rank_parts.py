"""The pure parts of the ranking: scorers, targets, shares, naming."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aitia.core.resolve import Resolver
from aitia.core.words import Baseline, Component, Incident, Link, Window, from_epoch
from aitia.tools.rank.blame import gone
from aitia.tools.rank.burden import Account, accounts, burdens, self_shares
from aitia.tools.rank.combine import LEAST, combined, reached, shares_of
from aitia.tools.rank.rows import Row, rows_of
from aitia.tools.rank.scores import MOST, Move, moved, nsigma, robust
from aitia.tools.rank.target import Target, target_of
from aitia.tools.series.aspects import Aspect, bundled, plain_name
from aitia.tools.series.derive import Derived
from aitia.tools.series.gather import Gathered
from aitia.tools.series.kinds import failed_share
from aitia.tools.sources.base import Series

N, M = 120, 20


def row(
    values: np.ndarray, about: Aspect, *, smooth: int = 1, component: str = "c", metric: str = "m"
) -> Row:
    t = np.arange(values.size, dtype=np.float64) * 10.0
    window = Window(start=from_epoch(t[N]), end=from_epoch(t[-1] + 10.0))
    baseline = Baseline(name="b", window=Window(start=from_epoch(0.0), end=window.start))
    derived = Derived(
        component=component, metric=metric, stat="gauge", about=about, t=t, v=values, smooth=smooth
    )
    found = rows_of(Gathered(raw=(), derived=(derived,), baselines=(baseline,), window=window, problems=()))
    return found[0]


CPU = Aspect(aspect="cpu", say="CPU use", unit="cores", bad="up", floor=0.05)


def noisy(seed: int = 0) -> np.ndarray:
    return 1.0 + 0.05 * np.random.default_rng(seed).standard_normal(N + M)


def test_a_rise_moves_and_a_fall_does_not() -> None:
    up, down = noisy(), noisy()
    up[N + 5 :] += 2.0
    down[N + 5 :] -= 0.9
    assert moved(row(up, CPU)).score > LEAST
    assert moved(row(up, CPU)).first == 5
    assert moved(row(down, CPU)).score == 0.0
    assert nsigma(row(down, CPU)) > 3.0  # the published scorers do not know which way is bad


def test_one_wild_sample_counts_less_than_a_lasting_change() -> None:
    spike, lasting = noisy(), noisy()
    spike[N + 5] += 100.0
    lasting[N + 5 :] += 3.0
    assert moved(row(spike, CPU)).score < moved(row(lasting, CPU)).score
    assert robust(row(spike, CPU)) > robust(row(lasting, CPU))


def test_a_short_window_is_held_against_runs_as_short() -> None:
    values = np.where(np.arange(N + 3) % 12 < 3, 3.0, 1.0)
    values[N:] = 3.0
    assert moved(row(values, CPU, smooth=3)).score == 0.0


def failing(component: str, unit: str, metric: str, by: float) -> Row:
    values = noisy() / 100.0
    values[N + 5 :] += by
    return row(values, Aspect(aspect="errors", say="errors", unit=unit, bad="up", floor=0.01), component=component, metric=metric)  # fmt: skip


@pytest.mark.parametrize(
    ("unit", "metric", "alike"),
    [("ratio", "failed", True), ("percent", "failed", True), ("/s", "failed", False), ("", "failed", False)],
)
def test_failures_are_subtracted_from_failures_of_the_same_unit_only(
    unit: str, metric: str, alike: bool
) -> None:
    front = failing("front", "ratio", "error_ratio", 0.2)
    back = failing("back", unit, metric, 20.0 if unit == "percent" else 0.2)
    rows = [(r, moved(r)) for r in (front, back)]
    found = accounts(burdens(rows, "errors", {"front": ["back"]}, "front"), "front", ["front", "back"])
    none = Account(share=0.0, shape=0.0)
    assert (found.get("back", none).score > 0.8) == alike
    assert (found.get("front", none).score > 0.8) != alike
    shares = self_shares(burdens(rows, "errors", {"front": ["back"]}))
    assert (shares["front"] < 0.2) == alike


def test_the_robust_scorer_is_baros() -> None:
    values = noisy()
    values[N + 3] = 9.0
    base = values[:N]
    low, median, high = np.percentile(base, (25, 50, 75))
    assert robust(row(values, CPU)) == pytest.approx((9.0 - median) / (high - low))
    constant = np.full(N + M, 2.0)
    constant[-1] = 5.0
    assert robust(row(constant, CPU)) == pytest.approx(3.0)


@settings(max_examples=60)
@given(st.lists(st.one_of(st.floats(-1e9, 1e9), st.just(float("nan"))), min_size=N + M, max_size=N + M))
def test_scorers_are_finite_on_anything(values: list[float]) -> None:
    data = np.array(values)
    data[-3:] = 1.0
    found = row(data, CPU)
    move = moved(found)
    assert 0.0 <= move.score <= MOST
    assert 0 <= move.first < M
    assert np.isfinite([move.z, nsigma(found), robust(found)]).all()


@settings(max_examples=60)
@given(st.lists(st.floats(0.0, 20.0), min_size=1, max_size=30))
def test_shares_are_a_distribution_with_room_for_none(scores: list[float]) -> None:
    shares = shares_of(scores)
    assert sum(shares) < 1.0
    assert all(0.0 <= s <= 1.0 for s in shares)
    order = sorted(range(len(scores)), key=lambda i: scores[i])
    assert [shares[i] for i in order] == sorted(shares)


def incident(title: str, hints: tuple[str, ...] = (), text: str = "") -> Incident:
    window = Window(start=from_epoch(0.0), end=from_epoch(60.0))
    return Incident(id="i", title=title, text=text, started_at=window.end, window=window, hints=hints)


@pytest.mark.parametrize(
    ("given_incident", "component", "aspect"),
    [
        (incident("checkout latency", ("checkout",)), "checkout", "latency"),
        (incident("HighErrorRate", ("checkout",)), "checkout", "errors"),
        (incident("p99 of cart-db above 2 s"), "cart-db", "latency"),
        (incident("cart: 5xx responses"), "cart", "errors"),
        (incident("error-tracker is slow"), "error-tracker", "latency"),
        (incident("something", text="cart fails"), "cart", "errors"),
        (incident("checkout", ("checkout",)), "checkout", ""),
    ],
)
def test_the_target_is_what_the_alarm_names(given_incident: Incident, component: str, aspect: str) -> None:
    found = target_of(given_incident, Resolver(), ["cart", "cart-db", "checkout", "error-tracker"])
    assert found is not None
    assert (found.component, found.aspect) == (component, aspect)


def test_a_name_inside_a_longer_word_is_no_target() -> None:
    assert target_of(incident("cartridge latency; my-cart; cart.internal"), Resolver(), ["cart"]) is None


def test_what_is_reached_ends_in_rings() -> None:
    assert reached("a", {"a": ["b"], "b": ["a", "c"]}, {"c": ["host"]}) == {"a", "b", "c", "host"}


@pytest.mark.parametrize(
    ("name", "aspect", "unit"),
    [
        ("ContainerCpuPercent(%)", "cpu", "percent"),
        ("HttpServerLatencyP90(s)", "latency", "seconds"),
        ("http_request_duration_seconds", "latency", "seconds"),
        ("RequestSuccessRatio", "errors", ""),
        ("mem", "memory", ""),
        ("lat_90", "latency", ""),
    ],
)
def test_camel_case_and_units_in_parentheses_are_read(name: str, aspect: str, unit: str) -> None:
    assert bundled().of(name).aspect == aspect
    assert plain_name(name).endswith(unit)


def gauge(name: str, *values: float) -> Series:
    return Series(component="c", metric=name, t=np.arange(float(len(values))), v=np.array(values))


def test_success_rates_become_the_share_that_failed() -> None:
    percent = failed_share(gauge("availability", 100.0, 95.0, np.nan))
    ratio = failed_share(gauge("success_ratio", 1.0, 0.9, 0.5))
    assert percent is not None
    assert ratio is not None
    np.testing.assert_allclose(percent, [0.0, 0.05, np.nan])
    np.testing.assert_allclose(ratio, [0.0, 0.1, 0.5])
    assert failed_share(gauge("availability", 1.0, 0.0, 1.0)) is None  # a state
    assert failed_share(gauge("success_total", 1.0, 300.0, 900.0)) is None
    assert failed_share(gauge("cpu_usage", 0.5, 0.6)) is None


def test_a_ratio_a_rounding_error_above_one_is_no_percentage() -> None:
    found = failed_share(gauge("success_ratio", 1.0000000000000002, 0.9))
    assert found is not None
    np.testing.assert_allclose(found, [0.0, 0.1])
    assert found.min() >= 0.0


UP = Aspect(aspect="availability", say="availability", bad="down", floor=0.3)
CODE = Aspect(aspect="other", say="")


def state(component: str, metric: str, before: float, after: float, about: Aspect) -> tuple[Row, Move]:
    values = np.full(N + M, before)
    values[N + 5 :] = after
    made = row(values, about, component=component, metric=metric)
    return made, moved(made)


def test_who_answers_a_check_with_an_error_is_not_gone() -> None:
    check = state("edge", "probe_success", 1.0, 0.0, UP)
    assert gone([check]) == {"edge"}
    assert gone([check, state("edge", "probe_http_status_code", 200.0, 503.0, CODE)]) == frozenset()
    assert gone([check, state("edge", "probe_http_status_code", 200.0, 0.0, CODE)]) == {"edge"}
    down = state("edge", "up", 1.0, 0.0, UP)
    assert gone([down, state("edge", "probe_http_status_code", 200.0, 503.0, CODE)]) == {"edge"}


def test_what_callers_add_is_the_callees_that_is_gone_before_one_that_moved() -> None:
    calls = [
        Component(id=name, links=tuple(Link(relation="calls", to=to) for to in ("store", "copy")))
        for name in ("desk-1", "desk-2")
    ]
    entry = Component(id="edge", links=tuple(Link(relation="calls", to=c.id) for c in calls))
    parts = [entry, *calls, Component(id="store"), Component(id="copy")]
    failed = [failing(c, "/s", "failed", by) for c, by in (("edge", 4.0), ("desk-1", 2.0), ("desk-2", 2.0))]
    rows = [(r, moved(r)) for r in failed]
    busy = state("store", "threads", 1.0, 40.0, CPU)
    target = Target(component="edge", aspect="errors")
    assert combined([*rows, busy], parts, target)[0].component == "store"
    found = combined([*rows, busy, state("copy", "up", 1.0, 0.0, UP)], parts, target)
    assert found[0].component == "copy"


def test_errors_of_clients_are_the_servers_own_series() -> None:
    assert failing("store", "/s", "httpd_clientError", 3.0).side == "own"
    assert failing("store", "/s", "http_client_failures", 3.0).side == "client"
