"""Deploys that a component's own `..._info` series show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from aitia.core.words import Incident, Window, from_epoch
from aitia.tools.metrics.versions import find_versions
from aitia.tools.sources.base import Series

START = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
INCIDENT = Incident(
    id="i", title="slow", origin="alertmanager", started_at=START + timedelta(seconds=400),
    window=Window(start=START + timedelta(seconds=300), end=START + timedelta(seconds=600)),
)  # fmt: skip


def info(metric: str, begin: float, end: float, component: str = "api", **labels: str) -> tuple[str, Series]:
    t = START.timestamp() + np.arange(begin, end, 10.0)
    return "prom", Series(
        component=component, metric=metric, t=t, v=np.ones(t.size), labels=labels, query=metric
    )


def test_a_new_version_is_a_deploy_at_the_time_of_its_first_sample() -> None:
    (told,) = find_versions(
        [info("app_info", 0, 310, version="2.8.1"), info("app_info", 320, 600, version="2.9.0")], INCIDENT
    )
    assert (told.kind, told.component, told.onset) == ("change.deploy", "api", START + timedelta(seconds=320))
    assert "2.8.1 to 2.9.0" in told.statement
    assert told.values["before_alarm_s"] == 80
    assert told.taint


@pytest.mark.parametrize(
    "given",
    [
        [info("app_info", 0, 600, version="2.8.1")],
        # two instances at once, each as before
        [info("app_info", 0, 600, version="2.8.1"), info("app_info", 0, 600, version="2.9.0")],
        # a version that is no word, and a counter with a label of that name
        [info("app_info", 0, 310, version="a b\n"), info("app_info", 320, 600, version="c; d")],
        [info("requests_total", 0, 310, version="1"), info("requests_total", 320, 600, version="2")],
        # of two components each began once
        [info("app_info", 0, 310, version="1"), info("app_info", 320, 600, component="db", version="2")],
    ],
)
def test_what_is_no_deploy(given: list[tuple[str, Series]]) -> None:
    assert not list(find_versions(given, INCIDENT))


def test_what_came_after_the_alarm_brought_nothing_about() -> None:
    given = [info("build_info", 0, 480, revision="aa"), info("build_info", 490, 600, revision="bb")]
    (told,) = find_versions(given, INCIDENT)
    assert told.strength == pytest.approx(0.05)
    assert told.onset == from_epoch(START.timestamp() + 490)
