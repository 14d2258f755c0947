"""What series are by how they behave: units that nobody states, settings, and states."""

from __future__ import annotations

import numpy as np
import pytest

from aitia.core.words import Baseline, Evidence, Window, from_epoch
from aitia.tools.meaning.metadata import UNTOLD, Metadata
from aitia.tools.metrics.scan import scan_series
from aitia.tools.rank.burden import measure
from aitia.tools.series.aspects import bundled
from aitia.tools.series.behaviour import is_setting, state_labels, trouble_of
from aitia.tools.series.derive import Derived, Deriver
from aitia.tools.series.gather import Gathered
from aitia.tools.sources.base import Series

T0, STEP, N, CUT = 1_767_225_600.0, 10.0, 120, 90
WINDOW = Window(start=from_epoch(T0 + CUT * STEP), end=from_epoch(T0 + N * STEP))
BEFORE = Baseline(name="preceding", window=Window(start=from_epoch(T0), end=WINDOW.start))


def series(
    metric: str, v: np.ndarray, told: Metadata = UNTOLD, component: str = "web", **labels: str
) -> Series:
    t = T0 + STEP * np.arange(N)
    return Series(
        component=component, metric=metric, t=t, v=np.asarray(v, float), labels=labels, metadata=told
    )


def step(before: float, after: float, at: int = CUT + 5) -> np.ndarray:
    return np.where(np.arange(N) < at, before, after)


def noisy(before: float, after: float) -> np.ndarray:
    return step(before, after) * np.random.default_rng(3).normal(1.0, 0.05, N)


def gathered(*given: Series) -> Gathered:
    found = Deriver(aspects=bundled(), resolve=lambda _: "").derive(given)
    return Gathered(
        raw=tuple(("m", s) for s in given),
        derived=tuple(found),
        baselines=(BEFORE,),
        window=WINDOW,
        problems=(),
    )


def moved(*given: Series) -> list[Evidence]:
    return [e for e in scan_series(gathered(*given)).facts if e.kind in ("metric.shift", "metric.trend")]


def about(*given: Series) -> list[Derived]:
    return list(gathered(*given).derived)


def test_a_latency_in_no_unit_is_told_without_one() -> None:
    (fact,) = moved(series("order_latency", noisy(103, 503)))
    assert fact.unit == ""
    assert "latency rose from 10" in fact.statement
    assert " s " not in fact.statement
    assert fact.values["before"] == pytest.approx(103, rel=0.05)


@pytest.mark.parametrize(("unit", "says"), [("ms", " s "), ("s", " s "), ("seconds", " s "), ("us", " ms ")])
def test_a_latency_in_a_stated_unit_is_told_with_it(unit: str, says: str) -> None:
    (fact,) = moved(series("order_latency", noisy(2103, 9503), Metadata(unit=unit)))
    assert says in fact.statement


def test_a_latency_in_no_unit_counts_alike_in_every_unit() -> None:
    """What it weighs is a ratio: the same series in seconds, milliseconds and nanoseconds is the same fact."""
    strengths = [
        moved(series("order_latency", noisy(0.1, 0.3) * scale))[0].strength for scale in (1.0, 1e3, 1e9)
    ]
    assert strengths[0] > 0.5
    assert strengths == pytest.approx([strengths[0]] * 3, abs=1e-3)


def test_what_is_small_beside_the_others_of_its_name_is_not_felt() -> None:
    others = [series("order_latency", noisy(0.1, 0.1), component=f"c{i}") for i in range(4)]
    tiny = series("order_latency", noisy(0.0004, 0.0012), component="tiny")
    facts = [e for e in moved(tiny, *others) if e.component == "tiny"]
    assert all(e.strength < 0.5 for e in facts)
    assert moved(tiny)[0].strength > 0.5


def test_durations_in_no_unit_are_compared_with_each_other_only() -> None:
    class Row:
        def __init__(self, of: Derived) -> None:
            self.of, self.aspect = of, of.about.aspect

    bare, other, told = (
        Row(about(s)[0])
        for s in (
            series("order_latency", noisy(1, 2)),
            series("pay.latency", noisy(1, 2)),
            series("pay.latency", noisy(1, 2), Metadata(unit="ms")),
        )
    )
    assert measure(bare) == measure(other)  # type: ignore[arg-type]
    assert measure(bare) != measure(told) == "s"  # type: ignore[arg-type]


@pytest.mark.parametrize("metric", ["kessel_temperatur", "heap_memory", "order_latency", "cpu_use"])
def test_no_quantity_is_told_in_a_unit_that_nobody_states(metric: str) -> None:
    assert about(series(metric, noisy(40, 80)))[0].about.unit == ""


def test_a_step_without_return_of_an_unknown_name_is_a_setting() -> None:
    assert moved(series("zq_lng", step(20, 35))) == []
    (found,) = about(series("zq_lng", step(20, 35)))
    assert (found.about.by, found.about.understood) == ("behaviour", True)


@pytest.mark.parametrize(
    "values",
    [
        noisy(20, 35),  # moves by itself
        np.where((np.arange(N) > 95) & (np.arange(N) < 110), 35.0, 20.0),  # comes back
        step(0, 1),  # a state
        step(3, 0),
    ],
    ids=["noisy", "returns", "rises from nothing", "falls to nothing"],
)
def test_what_behaves_otherwise_is_none(values: np.ndarray) -> None:
    assert not is_setting(values)
    (fact,) = moved(series("zq_lng", values))
    assert fact.values["meaning"] == "unknown"


def test_a_name_or_a_text_that_says_otherwise_wins() -> None:
    assert moved(series("replicas_available", step(3, 2)))[0].aspect == "availability"
    help = "Latency of the payment backend."
    (fact,) = moved(series("zq_lng", step(20, 35), Metadata(help=help)))
    assert (fact.aspect, fact.values["meaning"]) == ("latency", "by metadata")


def breaker(*, component: str = "web") -> list[Series]:
    opened = step(0, 1)
    return [
        series("breaker_state", opened, component=component, state="open", name="pay"),
        series("breaker_state", 1 - opened, component=component, state="closed", name="pay"),
        series("breaker_state", 0 * opened, component=component, state="half_open", name="pay"),
    ]


def test_a_sentence_names_the_state() -> None:
    said = [e.statement for e in moved(*breaker())]
    assert any("state=open (breaker_state) rose from 0 to 1 at" in s for s in said)
    assert any("state=closed (breaker_state) fell from 1 to 0 at" in s for s in said)
    assert len(said) == 2


def test_states_that_share_a_sum_are_not_summed_and_others_are() -> None:
    used = np.round(noisy(4, 9))
    pool = [
        series("pool_connections", used, state="used"),
        series("pool_connections", 10 - used, state="idle"),
    ]
    assert state_labels(pool) == ("state",)
    assert {d.state for d in about(*pool)} == {(("state", "used"),), (("state", "idle"),)}
    free = [
        series("pool_connections", used, state="used"),
        series("pool_connections", 2 * used, state="idle"),
    ]
    assert state_labels(free) == ()
    assert [d.v.max() for d in about(*free) if not d.labels] == [3 * used.max()]


def test_codes_of_requests_are_no_states() -> None:
    assert state_labels([series("x", step(0, 1), status="200"), series("x", step(1, 0), status="500")]) == ()


def test_a_sentence_in_a_label_is_no_state() -> None:
    said = "root cause: payment is broken"
    given = [series("health", step(0, 1), state=said), series("health", step(1, 0), state="well")]
    assert state_labels(given) == ()
    assert all(f"{{state={said}}}" in e.statement or "state=well" in e.statement for e in moved(*given))


def test_a_state_set_is_one_by_its_metadata() -> None:
    told = Metadata(kind="stateset")
    given = [series("mode", step(0, 1), told, mode="fast"), series("mode", step(1, 0), told, mode="slow")]
    assert state_labels(given) == ("mode",)
    assert state_labels([series("mode", s.v, **s.labels) for s in given]) == ()


def test_which_way_trouble_lies_depends_on_the_state() -> None:
    assert trouble_of((("phase", "Running"),)) == "down"
    assert trouble_of((("phase", "Failed"),)) == "up"
    assert trouble_of((("condition", "Ready"), ("status", "true"))) == "down"
    assert trouble_of((("condition", "Ready"), ("status", "false"))) == "up"
    assert trouble_of((("state", "open"),)) is None


def phases(at: int, *, first: str, then: str) -> list[Series]:
    return [
        series("pod_health", step(1, 0, at), phase=first),
        series("pod_health", step(0, 1, at), phase=then),
    ]


def test_a_phase_that_is_over_is_not_down() -> None:
    def down(*given: Series) -> list[str]:
        return [e.statement for e in scan_series(gathered(*given)).facts if e.kind == "metric.missing"]

    assert down(*phases(CUT + 5, first="Pending", then="Running")) == []
    assert len(down(*phases(CUT + 5, first="Running", then="Failed"))) == 1
