"""The trace tools on a shop that is broken in one way at a time: the facts name the way, and the ranking the culprit."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from aitia.core.words import Baseline, Evidence, Result, Window
from aitia.tools.sources.base import Span
from aitia.tools.traces import traces_diff, traces_rank, traces_tree
from aitia.tools.traces.visits import critical, fold, roots

from .shop import Fault, faulty


def found(result: Result, kind: str, component: str = "") -> list[Evidence]:
    return [e for e in result.evidence if e.kind == kind and component in ("", e.component)]


def first(result: Result) -> str:
    return result.evidence[0].component if result.evidence else ""


def test_slow_own_time_is_told_of_the_component_that_takes_it(tmp_path: Path) -> None:
    ctx = faulty(tmp_path, Fault(own={"stock": 80.0}))
    told = traces_diff(ctx)
    (fact,) = found(told, "trace.latency")
    assert (fact.component, fact.aspect, fact.direction) == ("stock", "latency", "up")
    assert fact.strength > 0.9
    assert fact.values["share"] == pytest.approx(1.0, abs=0.05)
    assert fact.values["p50_ms"] == pytest.approx(83, rel=0.1)
    assert not found(told, "trace.path")
    assert {e.component for e in found(told, "trace.quiet")} >= {"web", "orders", "payment", "mail"}
    assert first(traces_rank(ctx)) == "stock"


def test_a_slow_way_names_caller_and_callee_and_says_that_the_callee_is_as_fast_as_before(
    tmp_path: Path,
) -> None:
    ctx = faulty(tmp_path, Fault(way={("orders", "payment"): 200.0}))
    told = traces_diff(ctx)
    (fact,) = found(told, "trace.path")
    assert (fact.component, fact.peer, fact.aspect, fact.direction) == ("orders", "payment", "latency", "up")
    assert "payment itself answered as fast as before" in fact.statement
    assert not found(told, "trace.latency")
    assert first(traces_rank(ctx)) == "payment"


def test_a_busy_caller_is_blamed_for_its_own_work_and_for_all_of_its_calls(tmp_path: Path) -> None:
    busy = Fault(own={"orders": 60.0}, way={("orders", "payment"): 60.0, ("orders", "stock"): 60.0})
    ctx = faulty(tmp_path, busy)
    told = traces_diff(ctx)
    assert {e.component for e in found(told, "trace.latency")} == {"orders"}
    assert not found(told, "trace.path")
    assert first(traces_rank(ctx)) == "orders"


def test_what_nobody_feels_convicts_nobody_however_sure_it_is(tmp_path: Path) -> None:
    (tmp_path / "tiny").mkdir()
    (tmp_path / "plain").mkdir()
    tiny = faulty(tmp_path / "tiny", Fault(way={("orders", "payment"): 0.6}))
    plain = faulty(tmp_path / "plain", Fault(way={("orders", "payment"): 5.0}))
    strength = {
        name: max((e.strength for e in found(traces_diff(ctx), "trace.path")), default=0.0)
        for name, ctx in (("tiny", tiny), ("plain", plain))
    }
    assert 0 < strength["tiny"] < 0.3 < strength["plain"]
    ranked = [e for e in traces_rank(tiny).evidence if e.component == "payment"]
    assert all(e.strength < 0.4 for e in ranked)


def test_three_slow_requests_are_weaker_than_sixty(tmp_path: Path) -> None:
    (tmp_path / "few").mkdir()
    (tmp_path / "many").mkdir()
    many = found(traces_diff(faulty(tmp_path / "many", Fault(own={"mail": 30.0}))), "trace.latency", "mail")
    few = found(
        traces_diff(faulty(tmp_path / "few", Fault(own={"mail": 30.0}, share=0.05))), "trace.latency", "mail"
    )
    assert many[0].strength > 0.9
    assert all(e.strength < 0.7 for e in few)


def test_a_failure_is_told_of_where_it_began_and_weaker_of_whom_it_passed_through(tmp_path: Path) -> None:
    ctx = faulty(tmp_path, Fault(fails=("payment",), share=0.5))
    told = traces_diff(ctx)
    began = [e for e in found(told, "trace.errors") if e.values["began"]]
    assert [e.component for e in began] == ["payment"]
    passed = [e for e in found(told, "trace.errors") if not e.values["began"]]
    assert {e.component for e in passed} == {"orders", "web"}
    assert max(e.strength for e in passed) < began[0].strength
    (exception,) = found(told, "trace.exception")
    assert (exception.component, exception.aspect, exception.direction) == ("payment", "log.exception", "new")
    assert "IllegalStateException" in exception.statement
    assert exception.taint
    assert first(traces_rank(ctx)) == "payment"


def test_a_call_that_finds_nobody_is_a_failing_way(tmp_path: Path) -> None:
    ctx = faulty(tmp_path, Fault(refuses=(("orders", "stock"),)))
    told = traces_diff(ctx)
    (way,) = [e for e in found(told, "trace.errors") if e.peer]
    assert (way.component, way.peer) == ("orders", "stock")
    assert first(traces_rank(ctx)) == "stock"


@pytest.mark.parametrize("logs", [True, False])
def test_a_call_that_is_left_out_is_a_changed_flow(tmp_path: Path, logs: bool) -> None:
    ctx = faulty(tmp_path, Fault(skips_call=(("payment", "mail"),)), logs=logs)
    told = traces_diff(ctx)
    (flow,) = found(told, "trace.flow")
    assert (flow.component, flow.aspect, flow.direction) == ("payment", "log.flow", "gone")
    assert flow.values["broken"] == flow.values["n"]
    assert flow.strength > 0.9
    assert "mail" in flow.statement
    assert first(traces_rank(ctx)) == "payment"


def test_a_log_line_that_requests_no_longer_write_is_a_changed_flow(tmp_path: Path) -> None:
    ctx = faulty(tmp_path, Fault(skips_line=("stock",)))
    (flow,) = found(traces_diff(ctx), "trace.flow")
    assert flow.component == "stock"
    assert "audited request" in flow.statement
    assert flow.taint
    assert first(traces_rank(ctx)) == "stock"


def test_failed_requests_change_no_flow(tmp_path: Path) -> None:
    """They end early, which their failure explains."""
    told = traces_diff(faulty(tmp_path, Fault(fails=("payment",), share=0.6)))
    assert not found(told, "trace.flow")


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(n, marks=pytest.mark.long) for n in range(2, 6))])
def test_healthy_traces_convict_nobody(tmp_path: Path, seed: int) -> None:
    ctx = faulty(tmp_path, None, seed=seed)
    told = traces_diff(ctx)
    assert all(e.strength < 0.5 for e in told.evidence if e.kind != "trace.quiet")
    assert len(found(told, "trace.quiet")) >= 3
    assert all(e.strength < 0.5 for e in traces_rank(ctx).evidence)


def test_clocks_that_run_apart_change_nothing(tmp_path: Path) -> None:
    ctx = faulty(
        tmp_path, Fault(way={("orders", "payment"): 200.0}), logs=False, skew={"payment": 3.0, "mail": -2.0}
    )
    told = traces_diff(ctx)
    (fact,) = found(told, "trace.path")
    assert (fact.component, fact.peer) == ("orders", "payment")
    assert not found(told, "trace.latency")


def test_pods_of_another_replica_set_are_the_same_component(tmp_path: Path) -> None:
    ctx = faulty(tmp_path, Fault(own={"stock": 80.0}), suffix="-7f9c6b5d48-x2k4z", logs=False)
    assert first(traces_rank(ctx)) == "stock"
    assert "stock" in [c.id for c in ctx.inventory.components]
    orders = next(c for c in ctx.inventory.components if c.id == "orders")
    assert {link.to for link in orders.links} == {"stock", "payment"}


def test_the_tree_of_a_component_compares_its_operations_and_calls(tmp_path: Path) -> None:
    told = traces_tree(faulty(tmp_path, Fault(own={"orders": 50.0})), component="orders")
    (row,) = told.data["tree"]
    assert row["operation"] == "/orders"
    assert row["now"]["own_ms"] == pytest.approx(row["before"]["own_ms"] + 50, rel=0.1)
    assert [call["callee"] for call in row["calls"]] == ["payment", "stock"]
    assert [e.kind for e in told.evidence] == ["trace.latency"]


def test_the_tree_of_an_unknown_component_names_those_that_are_known(tmp_path: Path) -> None:
    told = traces_tree(faulty(tmp_path, None), component="nobody")
    assert told.status == "no_data"
    assert "mail, orders, payment, stock, web" in told.message


def test_without_spans_in_the_window_nothing_is_said(tmp_path: Path) -> None:
    from aitia.core.config import SourceConfig

    from .shop import T0, Shop, context

    Shop().run(T0 - 300, 200).write(tmp_path)
    ctx = context(tmp_path, [SourceConfig(name="traces", kind="traces", type="otlp", path="traces.jsonl")])
    for told in (traces_diff(ctx), traces_rank(ctx)):
        assert told.status == "no_data"
        assert "No span starts in the window" in told.message


def span(id: str, parent: str, component: str, start: float, duration: float, **more: object) -> Span:
    return Span(
        trace="t",
        id=id,
        parent=parent,
        component=component,
        operation=id,
        start=start,
        duration=duration,
        **more,
    )  # type: ignore[arg-type]


def test_own_time_is_less_the_union_of_overlapping_calls() -> None:
    spans = [
        span("a", "", "web", 0.0, 10.0, kind="server"),
        span("b", "a", "web", 1.0, 4.0, kind="client"),
        span("c", "a", "web", 3.0, 4.0, kind="client"),
        span("x", "b", "left", 1.5, 3.0, kind="server"),
        span("y", "c", "right", 3.5, 3.0, kind="server"),
    ]
    web, left, right = fold(spans, lambda raw: raw)
    assert web.own == pytest.approx(4.0)
    assert (left.gap, right.gap) == (pytest.approx(1.0), pytest.approx(1.0))
    assert critical([web, left, right]) == {web, right}


def test_rings_orphans_and_repeated_spans_are_borne() -> None:
    spans = [
        span("a", "b", "web", 0.0, 1.0),
        span("b", "a", "web", 0.0, 1.0),
        span("c", "missing", "stock", 0.0, 1.0),
        span("c", "missing", "stock", 0.0, 1.0),
    ]
    visits = fold(spans, lambda raw: raw)
    assert sorted(v.component for v in visits) == ["stock", "web"]
    assert len(roots(visits)) == 2


def test_a_step_left_out_right_after_an_answer_names_who_gave_it(tmp_path: Path) -> None:
    """A wrong answer leaves no trace where it is given: the caller's next step is missing."""
    ctx = faulty(tmp_path, Fault(skips_call=(("orders", "payment"),)))
    (flow,) = found(traces_diff(ctx), "trace.flow")
    assert (flow.component, flow.values["after"]) == ("orders", "stock")
    assert [e.component for e in traces_rank(ctx).evidence][:2] == ["orders", "stock"]


def test_a_long_chain_of_spans_is_folded_in_time() -> None:
    chain = [
        Span(trace="t", id=f"{n}", parent=f"{n + 1}", component="web", operation="o", start=1.0, duration=1.0)
        for n in range(50_000)
    ]
    began = time.process_time()
    (visit,) = fold(chain, lambda raw: raw)
    assert len(visit.spans) == 50_000
    assert time.process_time() - began < 3


def test_without_earlier_requests_the_part_that_takes_the_time_is_told_where_the_alarm_is_about_time(
    tmp_path: Path,
) -> None:
    ctx = faulty(tmp_path, Fault(own={"stock": 4000.0}))
    later = ctx.incident.model_copy(update={"baselines": (), "title": "web takes too long"})
    nothing_before = Window(start=later.window.start, end=later.window.end)
    long_ago = Baseline(name="yesterday", window=nothing_before.shift(-86_400))
    ctx = replace(ctx, incident=later.model_copy(update={"baselines": (long_ago,)}))
    (fact,) = traces_diff(ctx).evidence
    assert (fact.kind, fact.component, fact.aspect) == ("trace.where", "stock", "latency")
    assert "no earlier requests are at hand" in fact.statement
    other = replace(ctx, incident=ctx.incident.model_copy(update={"title": "web fails"}))
    assert traces_diff(other).status == "no_data"
