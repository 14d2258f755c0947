"""The command of AWS that shows a series again: what was saved in a file can be asked for anew.

Names and values of telemetry stand in it only where they are plain: letters, digits and `_./:@+-`, nothing that a shell reads.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import numpy as np

from aitia.tools.sources.rows import Floats

MINUTE: Final = 60
_PLAIN: Final = re.compile(r"[A-Za-z0-9][\w./:@+-]{0,199}")
# The namespace of a metric by its dimension, as the user guides of the services state it.
_NAMESPACES: Final = {
    "DBInstanceIdentifier": "AWS/RDS", "DBClusterIdentifier": "AWS/RDS", "LoadBalancer": "AWS/ApplicationELB",
    "InstanceId": "AWS/EC2", "VolumeId": "AWS/EBS", "FunctionName": "AWS/Lambda", "QueueName": "AWS/SQS",
    "TableName": "AWS/DynamoDB", "CacheClusterId": "AWS/ElastiCache", "AutoScalingGroupName": "AWS/AutoScaling",
}  # fmt: skip
_GROUPS: Final = {"sql": "db.sql", "wait": "db.wait_event", "user": "db.user", "host": "db.host"}


def metric_command(metric: str, stat: str, dimensions: Mapping[str, str], t: Floats) -> str:
    """`aws cloudwatch get-metric-statistics …` over the series' own time; "" where the namespace is not known.

    metric      as CloudWatch calls it, without a statistic
    stat        as CloudWatch calls it: Average, Maximum, p99
    dimensions  name to value
    t           epoch seconds of the samples, at least one
    """
    space = next((_NAMESPACES[name] for name in dimensions if name in _NAMESPACES), "")
    if not space or not all(map(_PLAIN.fullmatch, (metric, stat, *dimensions, *dimensions.values()))):
        return ""
    named = " ".join(f"Name={name},Value={value}" for name, value in sorted(dimensions.items()))
    which = f"--extended-statistics {stat}" if stat.startswith("p") else f"--statistics {stat}"
    period, start, end = _span(t)
    return (
        f"aws cloudwatch get-metric-statistics --namespace {space} --metric-name {metric} --dimensions {named} {which}"
        f" --period {period} --start-time {start} --end-time {end}"
    )


def load_command(identifier: str, split: Mapping[str, str], t: Floats) -> str:
    """`aws pi get-resource-metrics …` of the load, grouped as it was; "" where the identifier is not plain."""
    if not _PLAIN.fullmatch(identifier):
        return ""
    group = next((group for part, group in _GROUPS.items() if any(part in key for key in split)), "")
    query = {"Metric": "db.load.avg"} | ({"GroupBy": {"Group": group}} if group else {})
    period, start, end = _span(t)
    return (
        f"aws pi get-resource-metrics --service-type RDS --identifier {identifier} --metric-queries "
        f"{shlex.quote(json.dumps([query]))} --period-in-seconds {period} --start-time {start} --end-time {end}"
    )


def _span(t: Floats) -> tuple[int, str, str]:
    """The period in seconds, a multiple of a minute, and the first and last moment with the last period in it."""
    step = float(np.median(np.diff(t))) if t.size > 1 else MINUTE
    period = max(MINUTE, round(step / MINUTE) * MINUTE)
    start, end = (datetime.fromtimestamp(at, tz=UTC) for at in (float(t[0]), float(t[-1]) + period))
    return period, f"{start:%Y-%m-%dT%H:%M:%SZ}", f"{end:%Y-%m-%dT%H:%M:%SZ}"
