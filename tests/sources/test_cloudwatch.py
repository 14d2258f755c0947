"""Answers of CloudWatch and Performance Insights, saved as the command line of AWS prints them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aitia.core.config import SourceConfig
from aitia.core.errors import SourceError
from aitia.core.words import Window
from aitia.tools.series.aspects import bundled
from aitia.tools.sources.metrics.cloudwatch import MOST_PARTS, CloudWatchFiles

T0 = datetime(2026, 6, 18, 10, tzinfo=UTC)
WINDOW = Window(start=T0, end=T0 + timedelta(hours=1))
TIMES = [(T0 + timedelta(minutes=n)).isoformat() for n in range(4)]
DB = [{"Name": "DBInstanceIdentifier", "Value": "orders-db"}]


def source(root: Path, *answers: object, component: str = "") -> CloudWatchFiles:
    for n, one in enumerate(answers):
        (root / f"export{n}.json").write_text(one if isinstance(one, str) else json.dumps(one))
    config = SourceConfig(name="cw", kind="metrics", type="cloudwatch", path="*.json", component=component)
    return CloudWatchFiles(config, root)


def stat(id: str, metric: str, dimensions: list[dict[str, str]], stat: str = "Average") -> dict[str, Any]:
    return {
        "Id": id,
        "MetricStat": {
            "Metric": {"MetricName": metric, "Dimensions": dimensions},
            "Period": 60,
            "Stat": stat,
        },
    }


def test_metric_data_is_named_by_its_queries_and_put_in_order(tmp_path: Path) -> None:
    balancer = [
        {"Name": "TargetGroup", "Value": "targetgroup/web/9"},
        {"Name": "LoadBalancer", "Value": "app/shop/5"},
    ]
    found = source(
        tmp_path,
        {
            "MetricDataResults": [
                {
                    "Id": "m1",
                    "Label": "cpu",
                    "Timestamps": TIMES[::-1],
                    "Values": [4, 3, 2, 1],
                    "StatusCode": "Complete",
                },
                {"Id": "m2", "Label": "x", "Timestamps": TIMES[:1], "Values": [0.2]},
                {"Id": "m3", "Label": "orders-db FreeableMemory", "Timestamps": TIMES[:1], "Values": [7]},
            ],
            "MetricDataQueries": [
                stat("m1", "CPUUtilization", DB),
                stat("m2", "TargetResponseTime", balancer, "p99"),
            ],
        },
    ).read(WINDOW)
    assert [(s.component, s.metric, s.v.tolist()) for s in found] == [
        ("orders-db", "CPUUtilization", [1, 2, 3, 4]),
        ("orders-db", "FreeableMemory", [7]),
        ("web", "TargetResponseTime_p99", [0.2]),  # what targets take is their group's, not the balancer's
    ]
    assert found[0].labels == {"DBInstanceIdentifier": "orders-db"}


def test_names_in_lower_case_and_one_result_a_file_are_read(tmp_path: Path) -> None:
    one = {
        "id": "m",
        "label": "ReadIOPS",
        "metric_name": "ReadIOPS",
        "dimensions": DB,
        "timestamps": TIMES,
        "values": [1, 2, 3, 4],
    }
    found = source(tmp_path, one, {"metric_data_results": [{**one, "metric_name": "WriteIOPS"}]})
    assert [(s.component, s.metric) for s in found.read(WINDOW)] == [
        ("orders-db", "ReadIOPS"),
        ("orders-db", "WriteIOPS"),
    ]


def test_statistics_are_a_series_each_and_without_a_dimension_of_the_file(tmp_path: Path) -> None:
    points = [{"Timestamp": t, "Average": 1.0, "Maximum": n, "Unit": "Percent"} for n, t in enumerate(TIMES)]
    found = source(tmp_path, {"Label": "CPUUtilization", "Datapoints": points})
    assert [(s.component, s.metric, s.labels) for s in found.read(WINDOW)] == [
        ("export0", "CPUUtilization", {}),
        ("export0", "CPUUtilization_max", {}),
    ]
    assert (
        "no dimension names a component: the file's name is taken for export0 (else set component)"
        in found.describe(WINDOW).guessed
    )
    assert {s.component for s in source(tmp_path, component="db").read(WINDOW)} == {"db"}


def test_performance_insights_are_a_series_a_dimension(tmp_path: Path) -> None:
    points = [{"Timestamp": t, "Value": 1.5} for t in TIMES]
    grouped = {"Metric": "db.load.avg", "Dimensions": {"db.wait_event.name": "IO:DataFileRead"}}
    answer = {"Identifier": "db-ABC", "MetricList": [{"Key": {"Metric": "db.load.avg"}, "DataPoints": points},
                                                     {"Key": grouped, "DataPoints": points}]}  # fmt: skip
    found = source(tmp_path, answer).read(WINDOW)
    assert [(s.component, s.metric, dict(s.labels)) for s in found] == [
        ("db-ABC", "db.load.avg", {}),
        ("db-ABC", "db.load.avg_by_wait", {"db_wait_event_name": "IO:DataFileRead"}),
    ]


def test_of_a_load_that_is_split_over_and_over_the_largest_parts_are_read(tmp_path: Path) -> None:
    entries = [
        {"Key": {"Metric": "db.load.avg", "Dimensions": {"db.sql.statement": f"select {n}"}},
         "DataPoints": [{"Timestamp": t, "Value": float(n)} for t in TIMES]}
        for n in range(40)
    ]  # fmt: skip
    found = source(tmp_path, {"Identifier": "db", "MetricList": entries}).read(WINDOW)
    assert len(found) == MOST_PARTS
    assert min(s.v[0] for s in found) == 40 - MOST_PARTS


def test_a_statistic_of_each_period_is_no_setting_and_no_counter(tmp_path: Path) -> None:
    """`DatabaseConnections_max` is what was open at most, not the limit; a rate that never falls is no counter."""
    result = {"Id": "c", "Timestamps": TIMES, "Values": [1.0 + n for n in range(len(TIMES))]}
    query = stat("c", "DatabaseConnections", DB, "Maximum")
    answer = {"MetricDataQueries": [query], "MetricDataResults": [result]}
    (one,) = source(tmp_path, answer).read(WINDOW)
    assert (one.metric, one.metadata.stat, one.metadata.kind) == ("DatabaseConnections_max", "max", "gauge")
    assert bundled().of(one.metric, {}, one.metadata).aspect == "connections"
    assert bundled().of(one.metric).aspect != "connections"


def test_results_without_samples_are_counted_and_said(tmp_path: Path) -> None:
    results = [
        {"Id": "a", "Label": "A", "Timestamps": [], "Values": []},
        {"Id": "b", "Label": "B", "Timestamps": TIMES, "Values": [1]},
        {"Id": "c", "Label": "C", "Timestamps": ["noon"], "Values": [1]},
        {"Id": "d", "Label": "D", "Timestamps": TIMES[:1], "Values": ["x"]},
        7,
    ]
    found = source(tmp_path, {"MetricDataResults": results})
    assert found.read(WINDOW) == []
    assert "4 results without usable samples: A, B, C, D" in found.describe(WINDOW).note


@pytest.mark.parametrize("text", ["{", "[" * 100_000, '{"a": 1}', "[]", '{"MetricDataResults": 3}', '"x"'])
def test_another_json_is_an_error_that_names_the_file(tmp_path: Path, text: str) -> None:
    with pytest.raises(SourceError, match=r"export0\.json"):
        source(tmp_path, text).describe(WINDOW)


def test_a_series_is_asked_for_again_by_a_command(tmp_path: Path) -> None:
    answer = {
        "MetricDataQueries": [stat("w", "WriteLatency", DB), stat("c", "DatabaseConnections", DB, "Maximum")],
        "MetricDataResults": [{"Id": id, "Timestamps": TIMES, "Values": [1.0] * 4} for id in ("w", "c")],
    }
    by_name = {s.metric: s.query for s in source(tmp_path, answer).read(WINDOW)}
    assert by_name["WriteLatency"] == (
        "aws cloudwatch get-metric-statistics --namespace AWS/RDS --metric-name WriteLatency --dimensions"
        " Name=DBInstanceIdentifier,Value=orders-db --statistics Average --period 60"
        " --start-time 2026-06-18T10:00:00Z --end-time 2026-06-18T10:04:00Z"
    )
    assert "--metric-name DatabaseConnections " in by_name["DatabaseConnections_max"]
    assert "--statistics Maximum" in by_name["DatabaseConnections_max"]


@pytest.mark.parametrize("name", ["orders; rm -rf /", "$(id)", "a b", "-x", "x\n"])
def test_a_name_that_a_shell_would_read_is_in_no_command(tmp_path: Path, name: str) -> None:
    result = {"Label": "CPUUtilization", "Timestamps": TIMES, "Values": [1.0] * 4,
              "Dimensions": [{"Name": "DBInstanceIdentifier", "Value": name}]}  # fmt: skip
    (one,) = source(tmp_path, {"MetricDataResults": [result]}).read(WINDOW)
    assert one.query == "export0.json: CPUUtilization"
