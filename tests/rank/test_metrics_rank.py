"""The ranking tool on small shops: who is named, why, and that nothing is named where nothing moved."""

from __future__ import annotations

import dataclasses
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from aitia.core.aspects import RANK
from aitia.core.words import Result, Task, from_epoch
from aitia.tools.metrics import metrics_component, metrics_scan
from aitia.tools.rank import metrics_rank
from aitia.tools.registry import Registry
from aitia.tools.sources.metrics.table import TableSource

from . import shop
from .shop import FROM, STEP, T0, N, context, healthy, slow


def order(result: Result) -> list[str]:
    return [e.component for e in result.evidence]


def test_the_deepest_component_that_adds_time_ranks_first(tmp_path: Path) -> None:
    result = metrics_rank(context(tmp_path, slow(healthy(), "entry", "api", "store")))
    assert result.status == "ok"
    first = result.evidence[0]
    assert first.component == "store"
    assert first.values["share_percent"] > 80
    assert first.values["target"] == "entry"
    assert "% of the extra latency of entry" in first.statement


def test_a_component_between_that_adds_the_time_itself_ranks_first(tmp_path: Path) -> None:
    result = metrics_rank(context(tmp_path, slow(healthy(), "entry", "api")))
    assert order(result)[0] == "api"


def test_the_target_itself_ranks_first_where_nothing_that_it_calls_moved(tmp_path: Path) -> None:
    result = metrics_rank(context(tmp_path, slow(healthy(), "entry")))
    assert order(result)[0] == "entry"
    assert "nothing that it calls changed" in result.evidence[0].statement


def test_a_callee_of_which_nothing_is_measured_is_not_said_to_be_unchanged(tmp_path: Path) -> None:
    series = {key: values for key, values in slow(healthy(), "entry").items() if key[0] != "api"}
    first = metrics_rank(context(tmp_path, series)).evidence[0]
    assert first.component == "entry"
    assert "api, which it calls, sends no metrics" in first.statement
    assert "nothing that it calls changed" not in first.statement


def test_what_moves_at_another_time_is_not_taken_for_the_symptoms_cause(tmp_path: Path) -> None:
    series = slow(healthy(), "entry", "api", at=slice(FROM + 5, N))
    series = slow(series, "store", by=0.6, at=slice(FROM, FROM + 3))
    assert order(metrics_rank(context(tmp_path, series)))[0] == "api"


def test_a_success_rate_that_falls_is_a_share_of_failures_that_rises(tmp_path: Path) -> None:
    series = healthy()
    for name in ("entry", "api"):
        series[name, "success_rate", ""][FROM + 2 : FROM + 6] -= 8.0
    result = metrics_rank(context(tmp_path, series, title="Availability of entry fell"))
    assert order(result)[0] == "api"
    assert "extra failures of entry" in result.evidence[0].statement


def test_an_improvement_is_no_culprit(tmp_path: Path) -> None:
    series = slow(healthy(), "entry", "api")
    series["store", "success_rate", ""][:FROM] = 20.0  # it failed before, and works in the window
    series["store", "success_rate", ""][FROM:] = 100.0
    series["beside", "cpu_usage", ""][FROM:] = 0.01
    ranked = order(metrics_rank(context(tmp_path, series)))
    assert ranked[0] == "api"
    assert "beside" not in ranked


def test_cpu_that_follows_the_components_own_traffic_counts_less(tmp_path: Path) -> None:
    loaded, busy = healthy(), healthy()
    for series in (loaded, busy):
        series["api", "cpu_usage", ""][FROM:] *= 2.5
    loaded["api", "requests", ""][FROM:] *= 2.5
    assert order(metrics_rank(context(tmp_path / "busy", busy, hints=(), title="odd"))) == ["api"]
    assert metrics_rank(context(tmp_path / "loaded", loaded, hints=(), title="odd")).status == "no_data"


def test_a_callers_timing_names_the_callee_whose_own_answers_are_as_fast_as_ever(tmp_path: Path) -> None:
    series = healthy()
    rng = np.random.default_rng(3)
    for to in ("api", "store"):
        timed = 0.01 * (1 + 0.05 * rng.standard_normal(N))
        timed[FROM + 3 : FROM + 8] += 0.3
        caller = "entry" if to == "api" else "api"
        series[caller, "client_latency_mean_seconds", f'{{"peer": "{to}"}}'] = timed
    series = slow(series, "entry", "api", by=0.3, at=slice(FROM + 3, FROM + 8))
    result = metrics_rank(context(tmp_path, series))
    assert order(result)[0] == "store"
    alone = metrics_rank(context(tmp_path / "b", series, hints=(), title="something is odd"))
    assert order(alone)[0] == "store"


@pytest.mark.parametrize(
    "seed", [*range(4), *(pytest.param(n, marks=pytest.mark.long) for n in range(4, 20))]
)
@pytest.mark.parametrize("hints", [("entry",), ()])
def test_healthy_data_has_no_culprit(tmp_path: Path, seed: int, hints: tuple[str, ...]) -> None:
    result = metrics_rank(context(tmp_path, healthy(seed), hints=hints))
    assert result.status == "no_data"
    assert result.evidence == ()
    assert "left its baseline" in result.message


def test_what_moved_but_ranks_nobody_is_not_said_to_have_stayed(tmp_path: Path) -> None:
    series = healthy()
    series["store", "XJ-104", ""] = 2.1 + 0.05 * np.random.default_rng(1).standard_normal(N)
    series["store", "XJ-104", ""][FROM:] *= 2
    result = metrics_rank(context(tmp_path, series, hints=(), title="odd"))
    assert result.status == "no_data"
    assert result.message.startswith("1 of ")
    assert (
        "left its baseline by more than its usual variation, but too little, or with too unclear a meaning"
        in result.message
    )


@pytest.mark.parametrize("method", ["nsigma", "robust", "correlation", "traversal"])
def test_every_method_ranks_and_none_ranks_noise(tmp_path: Path, method: str) -> None:
    found = metrics_rank(context(tmp_path, slow(healthy(), "entry", "api", "store")), method=method)
    assert {"api", "store"} & set(order(found)[:2])
    assert metrics_rank(context(tmp_path / "h", healthy()), method=method).status == "no_data"


def test_a_window_of_five_points_with_gaps_is_enough(tmp_path: Path) -> None:
    series = slow(healthy(), "entry", "api", at=slice(N - 4, N - 1))
    series["store", "request_latency_mean_seconds", ""][N - 3] = np.nan
    series["beside", "request_latency_mean_seconds", ""][:] = np.nan
    result = metrics_rank(context(tmp_path, series, start=N - 5))
    assert order(result)[0] == "api"


def test_without_a_baseline_the_windows_own_median_is_the_reference(tmp_path: Path) -> None:
    series = healthy()
    series["store", "cpu_usage", ""][N - 8 : N - 3] = 3.0
    result = metrics_rank(context(tmp_path, series, title="odd", hints=(), start=N - 25, base_from=N - 27))
    assert order(result)[0] == "store"


def test_a_level_that_was_there_before_the_window_is_no_move(tmp_path: Path) -> None:
    series = healthy()
    series["beside", "memory_usage_bytes", ""] = np.full(N, 1e8) + np.arange(N) % 3
    series["beside", "memory_usage_bytes", ""][N - 40 :] = 9e8
    series["store", "cpu_usage", ""][FROM + 2 :] = 1.5
    ranked = order(metrics_rank(context(tmp_path, series, title="odd", hints=())))
    assert ranked[0] == "store"
    assert "beside" not in ranked


def test_an_earlier_fault_in_the_baseline_does_not_hide_the_next_one(tmp_path: Path) -> None:
    series = healthy()
    for begin in (40,):
        series["api", "cpu_usage", ""][begin : begin + 4] = 3.0
    series["api", "cpu_usage", ""][FROM + 3 : FROM + 7] = 3.0
    assert order(metrics_rank(context(tmp_path, series, title="odd", hints=())))[0] == "api"


def test_cyclic_calls_end(tmp_path: Path) -> None:
    calls = {"entry": ["api"], "api": ["store", "entry"], "store": ["api", "store"], "beside": []}
    result = metrics_rank(context(tmp_path, slow(healthy(), "entry", "api", "store"), calls=calls))
    assert result.status == "ok"


def test_the_fact_is_a_rankings_word(tmp_path: Path) -> None:
    registry = Registry.load()
    ctx = context(tmp_path, slow(healthy(), "entry", "api", "store"))
    result = registry.call(Task(id=1, tool="metrics_rank"), ctx)
    assert result == registry.call(Task(id=1, tool="metrics_rank"), ctx).model_copy(
        update={"seconds": result.seconds}
    )
    assert 0 < len(result.evidence) <= 10
    strengths = [e.strength for e in result.evidence]
    assert strengths == sorted(strengths, reverse=True)
    assert sum(strengths) <= 1.01
    for fact in result.evidence:
        assert (fact.kind, fact.direction) == ("rank.suspect", "none")
        assert fact.aspect in RANK
        assert fact.source.query
    onset = result.evidence[0].onset
    assert onset is not None
    assert abs(onset.timestamp() - (T0 + (FROM + 3) * STEP)) <= STEP
    assert onset >= from_epoch(T0 + FROM * STEP)


def test_an_empty_window_says_what_to_change(tmp_path: Path) -> None:
    series = {key: values[: FROM - 5] for key, values in healthy().items()}
    result = metrics_rank(context(tmp_path, series))
    assert result.status == "no_data"
    assert result.message


def test_names_that_differ_in_case_only_are_two_components(tmp_path: Path) -> None:
    calls = {"entry": ["Api"], "Api": [], "api": []}
    series = healthy(names=("entry", "Api", "api"))
    result = metrics_rank(context(tmp_path, slow(series, "entry", "Api"), calls=calls))
    assert order(result)[0] == "Api"
    assert shop.CALLS["entry"] == ["api"]


def test_tools_of_one_run_read_the_series_once(tmp_path: Path) -> None:
    ctx = context(tmp_path, slow(healthy(), "entry", "api", "store"))
    source = ctx.sources.of("metrics")[0]
    assert isinstance(source, TableSource)
    reads: list[object] = []
    whole = source.read
    source.read = lambda *args, **named: reads.append(args) or whole(*args, **named)  # type: ignore[method-assign]
    first = metrics_scan(ctx)
    metrics_rank(ctx)
    metrics_component(ctx, component="api")
    assert len(reads) == 1
    assert metrics_scan(ctx) == first
    later = dataclasses.replace(ctx, incident=ctx.incident.model_copy(update={"baselines": ()}))
    metrics_rank(later)
    assert len(reads) == 2


def test_tools_that_gather_at_the_same_time_read_the_series_once(tmp_path: Path) -> None:
    ctx = context(tmp_path, healthy())
    source = ctx.sources.of("metrics")[0]
    assert isinstance(source, TableSource)
    reads: list[object] = []
    whole = source.read

    def slowly(*args: object) -> object:
        reads.append(args)
        time.sleep(0.2)
        return whole(*args)  # type: ignore[arg-type]

    source.read = slowly  # type: ignore[method-assign, assignment]
    threads = [threading.Thread(target=tool, args=(ctx,)) for tool in (metrics_scan, metrics_rank)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reads) == 1


def test_milliseconds_of_a_caller_and_seconds_of_a_callee_are_the_same_time(tmp_path: Path) -> None:
    series = slow(healthy(), "entry", "api", "store")
    series["entry", "request_latency_mean_ms", ""] = 1000.0 * series.pop(
        ("entry", "request_latency_mean_seconds", "")
    )
    first = metrics_rank(context(tmp_path, series)).evidence[0]
    assert first.component == "store"
    assert 80 < first.values["share_percent"] <= 100


@pytest.mark.parametrize("samples", [1, 2])
def test_one_or_two_samples_are_not_ranked(tmp_path: Path, samples: int) -> None:
    series = healthy()
    series["store", "cpu_usage", ""][-1] = 5.0
    ctx = context(tmp_path, series, start=N - samples)
    for result in (metrics_rank(ctx), metrics_scan(ctx)):
        assert result.status == "no_data"
        assert "Widen the window" in result.message
        assert f"at most {samples} sample" in result.message
        assert "60 s apart, and 3 are needed" in result.message
        assert "baseline:" not in result.message


def test_series_of_nobody_are_not_ranked(tmp_path: Path) -> None:
    series = healthy()
    series["", "cpu_usage", ""] = series["store", "cpu_usage", ""].copy()
    series["", "cpu_usage", ""][FROM + 2 :] = 9.0
    series["store", "cpu_usage", ""][FROM + 2 :] = 1.5
    assert order(metrics_rank(context(tmp_path, series, title="odd", hints=()))) == ["store"]
    alone = {key: values for key, values in series.items() if not key[0]}
    result = metrics_rank(context(tmp_path / "alone", alone, title="odd", hints=()))
    assert result.status == "no_data"
    assert "`component_label`" in result.message


def test_what_is_gone_ranks_before_its_caller_whose_errors_are_large(tmp_path: Path) -> None:
    series = healthy(names=("entry", "api"))
    series["entry", "success_rate", ""][FROM + 3 :] = 1.0
    series["api", "up", ""] = np.where(np.arange(N) < FROM + 3, 1.0, 0.0)
    for metric in ("request_latency_mean_seconds", "requests", "success_rate", "cpu_usage"):
        del series["api", metric, ""]
    calls = {"entry": ["api"], "api": []}
    result = metrics_rank(context(tmp_path, series, title="Errors of entry", calls=calls))
    assert order(result)[:2] == ["api", "entry"]


def test_what_a_component_waits_for_goes_to_the_callee_that_moved(tmp_path: Path) -> None:
    """Its client times all calls together, and the callee answers as fast as ever: the way to it is slow."""
    series = slow(healthy(names=("entry", "api")), "entry")
    waits = 0.05 * (1 + 0.05 * np.random.default_rng(5).standard_normal(N))
    waits[FROM + 3 : FROM + 7] += 0.2
    series["entry", "store_client_latency_mean_seconds", ""] = waits
    series["api", "open_connections", ""] = np.where(
        (np.arange(N) >= FROM + 3) & (np.arange(N) < FROM + 7), 90.0, 10.0
    ) + np.random.default_rng(6).standard_normal(N)
    calls = {"entry": ["api"], "api": []}
    assert order(metrics_rank(context(tmp_path, series, calls=calls)))[0] == "api"
    del series["entry", "store_client_latency_mean_seconds", ""]
    assert order(metrics_rank(context(tmp_path / "own", series, calls=calls)))[0] == "entry"


def test_that_a_name_in_the_text_suffers_does_not_make_it_the_cause(tmp_path: Path) -> None:
    """Who is named by a label and adds the time itself is told so; of a name in the words alone its own trouble accounts for nothing."""
    series = slow(healthy(), "entry")
    labelled = metrics_rank(context(tmp_path / "a", series))
    spoken = metrics_rank(context(tmp_path / "b", series, title="Latency: visitors of entry wait", hints=()))
    assert labelled.evidence[0].values["target"] == "entry"
    assert not spoken.evidence[0].values["target"]
    assert spoken.evidence[0].strength < labelled.evidence[0].strength


def test_what_a_name_in_the_text_calls_is_still_found_by_it(tmp_path: Path) -> None:
    series = slow(healthy(), "entry", "api", "store")
    first = metrics_rank(
        context(tmp_path, series, title="Latency: visitors of entry wait", hints=())
    ).evidence[0]
    assert (first.component, first.values["target"]) == ("store", "entry")
