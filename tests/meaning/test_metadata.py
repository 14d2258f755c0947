"""What a source says of a metric beside its numbers: kind, unit and text; who wins over whom, and what a hostile text can do."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aitia.tools.meaning.metadata import LONGEST, UNTOLD, Kind, Metadata, metadata_of
from aitia.tools.meaning.names import UNKNOWN, lexicon
from aitia.tools.series.aspects import bundled
from aitia.tools.series.derive import Derived, Deriver
from aitia.tools.series.kinds import stated_unit
from aitia.tools.sources.base import Series
from aitia.tools.sources.metrics.metric_metadata import parse_metadata

FREE = "Free disk space and available memory of the filesystem in bytes, errors dropped."


def series(metric: str, v: list[float], told: Metadata = UNTOLD, **labels: str) -> Series:
    t = 2.0 * np.arange(len(v))
    return Series(component="a", metric=metric, t=t, v=np.array(v, dtype=float), labels=labels, metadata=told)


def derived(*given: Series) -> list[Derived]:
    return Deriver(aspects=bundled(), resolve=lambda _: "").derive(given)


def test_a_text_tells_what_a_name_does_not() -> None:
    assert lexicon().read("zq_lng").quantity == UNKNOWN
    found = lexicon().read("zq_lng", help="Duration of calls to the payment backend.")
    assert (found.quantity, found.direction, found.by) == ("latency", "up", "metadata")


def test_a_text_does_not_overrule_a_plain_name() -> None:
    for name, quantity in (("http_request_duration_seconds", "latency"), ("FreeableMemory", "memory")):
        found = lexicon().read(name, help=FREE)
        assert (found.quantity, found.by) == (quantity, "words")


def test_a_text_is_read_as_far_as_its_bound() -> None:
    assert lexicon().read("zq_lng", help="x " * (LONGEST // 2) + "duration latency").quantity == UNKNOWN


@given(st.text(max_size=400), st.text(max_size=60))
def test_any_text_and_unit_are_read_without_harm(text: str, unit: str) -> None:
    shares = lexicon().shares("zq_lng", unit, text)
    assert sum(shares.values()) == pytest.approx(1.0)


def test_what_a_unit_counts_is_part_of_the_text() -> None:
    assert lexicon().read("zq.n", unit="{connection}").quantity == "connections"


@pytest.mark.parametrize(
    ("stated", "unit"),
    [
        ("ms", "ms"), ("Milliseconds", "ms"), ("seconds", "s"), ("By", "bytes"), ("Bytes", "bytes"), ("KiBy", "KiB"),
        ("byte/second", "bytes/s"), ("Count/Second", "/s"), ("{request}/s", "/s"), ("1/s", "/s"), ("Percent", "percent"),
        ("Cel", "celsius"), ("1", ""), ("{request}", ""), ("None", ""), ("", ""), ("furlong/fortnight", ""),
    ],
)  # fmt: skip
def test_units_as_sources_write_them(stated: str, unit: str) -> None:
    assert stated_unit("zq_lng", Metadata(unit=stated)) == unit


def test_a_stated_unit_wins_over_the_names() -> None:
    assert stated_unit("zq_seconds", Metadata(unit="ms")) == "ms"
    assert stated_unit("zq_seconds", Metadata(unit="1")) == "s"


def test_parts_of_a_family_are_known_by_the_family() -> None:
    known = {
        "took": Metadata(kind="histogram", unit="s", help="h"),
        "pool": Metadata(kind="counter"),
        "pause": Metadata(kind="summary", unit="s"),
        "open_count": Metadata(kind="gauge"),
    }
    assert metadata_of("took_bucket", known) == Metadata(kind="counter", unit="s", help="h")
    assert metadata_of("took_count", known) == Metadata(kind="counter", unit="", help="h")
    assert metadata_of("pool_total", known).kind == "counter"
    assert metadata_of("pause", known).kind == "gauge"
    assert metadata_of("open_count", known).kind == "gauge"
    assert metadata_of("pool_count", known) == UNTOLD


RISING = [float(x) for x in np.cumsum(np.linspace(0.3, 0.9, 40))]
WAVE = [50.0 + 10.0 * float(np.sin(i)) for i in range(40)]


@pytest.mark.parametrize(
    ("metric", "values", "kind", "stat"),
    [
        ("zq_lng", RISING, "", "gauge"),
        ("zq_lng", RISING, "counter", "rate"),
        ("jobs_total", WAVE, "", "gauge"),  # whatever it is called, it falls again and again
        ("jobs_total", WAVE, "gauge", "gauge"),
        ("cpu_seconds_total", RISING, "gauge", "rate"),  # an exporter that errs
        ("open_sum", RISING, "counter", "rate"),  # no part of a histogram
        ("zq_bucket", RISING, "counter", "rate"),
    ],
)
def test_the_stated_kind_wins_over_the_guess(metric: str, values: list[float], kind: Kind, stat: str) -> None:
    (found,) = derived(series(metric, values, Metadata(kind=kind)))
    assert found.stat == stat


def test_what_only_informs_is_not_compared() -> None:
    assert derived(series("app_zq", [1.0] * 20, Metadata(kind="info"))) == []


def test_a_counters_unit_is_that_of_its_rate() -> None:
    (told,) = derived(
        series("zq_total", RISING, Metadata(unit="By", help="Network bytes that were transmitted."))
    )
    assert (told.about.unit, told.about.aspect, told.about.by) == ("bytes/s", "network", "metadata")
    (plain,) = derived(series("zq_total", RISING))
    assert (plain.about.unit, plain.about.understood) == ("/s", False)


OTLP = {
    "resourceMetrics": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "web"}}]},
            "scopeMetrics": [
                {
                    "scope": {"name": "lib", "version": "1"},
                    "metrics": [
                        {
                            "name": "took",
                            "unit": "ms",
                            "description": "How long.",
                            "histogram": {"dataPoints": []},
                        },
                        {
                            "name": "sent",
                            "unit": "By",
                            "sum": {"isMonotonic": True, "aggregationTemporality": 2},
                        },
                        {
                            "name": "delta",
                            "unit": "By",
                            "sum": {"isMonotonic": True, "aggregationTemporality": 1},
                        },
                        {"name": "held", "unit": "{item}", "sum": {"aggregationTemporality": 2}},
                    ],
                }
            ],
        }
    ]
}
API = {
    "data": {
        "took": [{"type": "histogram", "help": "How long.", "unit": "ms"}],
        "up": [{"type": "unknown", "help": "Up."}],
    }
}


@pytest.mark.parametrize(
    ("text", "name", "told"),
    [
        (json.dumps(API), "took", Metadata(kind="histogram", unit="ms", help="How long.")),
        (json.dumps(API), "up", Metadata(help="Up.")),
        (json.dumps(OTLP), "took", Metadata(kind="histogram", unit="ms", help="How long.")),
        (f"{json.dumps(OTLP)}\n{json.dumps(OTLP)}\n", "sent", Metadata(kind="counter", unit="By")),
        (json.dumps(OTLP), "delta", Metadata(unit="By")),
        (json.dumps(OTLP), "held", Metadata(kind="gauge", unit="{item}")),
        ('# HELP sent Bytes \\\\ sent.\n# TYPE sent counter\n# UNIT sent bytes\nsent_total 3\n', "sent",
         Metadata(kind="counter", unit="bytes", help="Bytes \\ sent.")),
        ('{"Label": "Latency", "Datapoints": [{"Average": 1.5, "Unit": "Milliseconds"}]}', "Latency",
         Metadata(unit="Milliseconds")),
        ('{"MetricData": [{"MetricName": "Depth", "Unit": "Count", "Value": 1}]}', "Depth", Metadata(unit="Count")),
        ('{"redis.net": {"type": "rate", "unit": "byte", "per_unit": "second", "description": "Sent."}}', "redis.net",
         Metadata(kind="gauge", unit="byte/second", help="Sent.")),
        ("metric_name,metric_type,unit_name,per_unit_name,description\nredis.net,count,byte,,Sent.\n", "redis.net",
         Metadata(unit="byte", help="Sent.")),
    ],
)  # fmt: skip
def test_metadata_as_others_write_it(text: str, name: str, told: Metadata) -> None:
    assert parse_metadata(text)[name] == told


def test_of_targets_that_disagree_neither_counts() -> None:
    text = json.dumps(
        {
            "data": {
                "a": [
                    {"type": "gauge", "help": "b", "unit": "s"},
                    {"type": "counter", "help": "a", "unit": "s"},
                ]
            }
        }
    )
    assert parse_metadata(text)["a"] == Metadata(unit="s")


@pytest.mark.parametrize("text", ["{", "hello", "", '{"a": 1}\n{'])
def test_a_text_of_no_known_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_metadata(text)


def test_brackets_without_end_and_endless_names_are_left_out() -> None:
    deep = "[" * 900 + '{"name": "a", "unit": "s"}' + "]" * 900
    assert parse_metadata(deep) == {}
    assert parse_metadata(json.dumps({"x" * 301: {"unit": "s"}, "b": {"unit": "s"}})) == {
        "b": Metadata(unit="s")
    }
