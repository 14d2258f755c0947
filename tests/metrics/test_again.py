"""The query beside a fact reads what its numbers were made of: all series of a sum, and of failed requests those that failed."""

from __future__ import annotations

import numpy as np
import pytest

from aitia.tools.series.again import again
from aitia.tools.sources.base import Series
from aitia.tools.sources.metrics.promql import selector


def series(metric: str, query: str = "", **labels: str) -> Series:
    t = np.arange(3.0)
    return Series(
        component="a", metric=metric, t=t, v=t, labels=labels, query=query or selector(metric, labels)
    )


@pytest.mark.parametrize(
    ("members", "stat", "query"),
    [
        ([series("m", job="a")], "gauge", 'm{job="a"}'),
        ([series("m", job="a", x="1"), series("m", job="a", x="2")], "gauge", 'sum(m{job="a"})'),
        ([series("m_total", job="a")], "rate", 'rate(m_total{job="a"}[30s])'),
        (
            [series("m_total", job="a", code="500"), series("m_total", job="a", code="503")],
            "rate",
            'sum(rate(m_total{job="a",code=~"500|503"}[30s]))',
        ),
        (
            [series("m_total", job="a", code="500")],
            "ratio",
            'sum(rate(m_total{code="500",job="a"}[30s])) / sum(rate(m_total{job="a"}[30s]))',
        ),
        (
            [series("m_total", job="a", code="08006", outcome="timeout")],
            "ratio",
            'sum(rate(m_total{code="08006",job="a",outcome="timeout"}[30s])) / sum(rate(m_total{job="a"}[30s]))',
        ),
        (
            [series("m_sum", job="a")],
            "mean",
            'sum(rate(m_sum{job="a"}[30s])) / sum(rate(m_count{job="a"}[30s]))',
        ),
        (
            [series("m_bucket", job="a", le="1"), series("m_bucket", job="a", le="+Inf")],
            "p95",
            'histogram_quantile(0.95, sum by (le) (rate(m_bucket{job="a"}[30s])))',
        ),
        (
            [series("m", query="SELECT 1", job="a"), series("m", query="SELECT 2", job="b")],
            "gauge",
            "SELECT 1",
        ),
        ([], "gauge", ""),
    ],
)
def test_the_query_holds_all_that_was_added_up(members: list[Series], stat: str, query: str) -> None:
    assert again(members, stat, 30.0) == query
