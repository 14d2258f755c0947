"""What a question asks and its query does not tell is asked back, with the word and the nearest query; nothing is told silently."""

from __future__ import annotations

import pytest

from aitia.agent.asking.question.account import unexplained
from aitia.agent.asking.question.measure import same
from aitia.agent.asking.question.met import unmet
from aitia.agent.asking.question.pieces import Pieces
from aitia.tools.query.notation import parse
from aitia.tools.query.site import Site

from .conftest import Sitting


@pytest.mark.parametrize(
    ("question", "told", "nearest"),
    [
        ("how many pods restarted more than twice?", "more than twice", "count("),
        ("which pods use most memory per node?", "each node", "who("),
        ("p95 latency of ingest-api by route", "p95", "count("),
        ("disk usage of etl0", "free, not what is used", "stat("),
        ("how many jobs failed since 9:00?", "known only as it is now", "count("),
        ("which image did the viewer run yesterday?", "known only as it is now", "get("),
        ("average memory of meta-pg per hour", "per hour", "stat("),
    ],
)
def test_what_the_query_does_not_tell_is_asked_back(
    cluster: Sitting, question: str, told: str, nearest: str
) -> None:
    answer = cluster.ask(question).answer
    assert answer.status == "unclear"
    assert told in answer.text
    assert answer.choices[0].startswith(nearest)
    assert not answer.found  # the figure of another question is not told


@pytest.mark.parametrize(
    "question",
    [
        "how many pods restarted?",
        "memory limit of ingest-api",
        "how many requests per minute does ingest-api get?",
        "how often did ingest-api restart in the last 10 minutes?",
        "how long has ingest-api been running?",
        "how much memory does meta-pg use on average?",
        "free disk space of etl0",
    ],
)
def test_what_the_query_tells_is_answered(cluster: Sitting, question: str) -> None:
    assert cluster.ask(question).answer.status == "answered"


@pytest.mark.parametrize(
    ("question", "query", "said"),
    [
        ("how often was the flow low?", 'stat(component="P-101", metric="flow_m3_per_hour")', "how often"),
        ("how long was the flow low?", 'stat(component="P-101", metric="flow_m3_per_hour")', "how long"),
        ("when was the flow low?", 'stat(component="P-101", metric="flow_m3_per_hour")', "tell when"),
        ("average flow", 'stat(component="P-101", metric="flow_m3_per_hour", function="max")', "the mean"),
        (
            "flow before the maintenance",
            'stat(component="P-101", metric="flow_m3_per_hour")',
            "name the time",
        ),
        ("flow at 01:00", 'stat(component="P-101", metric="flow_m3_per_hour")', "not looked at"),
    ],
)
def test_each_statistic_must_be_met(pump_site: Site, question: str, query: str, said: str) -> None:
    assert said in unmet(Pieces(asked=question, site=pump_site), [parse(query, now=pump_site.now)])


def test_a_met_question_leaves_nothing(pump_site: Site) -> None:
    p = Pieces(asked="average flow of P-101", site=pump_site)
    queries = [
        parse('stat(component="P-101", metric="flow_m3_per_hour", function="mean")', now=pump_site.now)
    ]
    assert unmet(p, queries) == ""
    assert unexplained(p, queries) == []


def test_a_word_that_no_query_explains_is_named(pump_site: Site) -> None:
    p = Pieces(asked="how many forced checkpoints had WAL?", site=pump_site)
    left = unexplained(p, [parse('count(words="WAL")', now=pump_site.now)])
    assert {"forced", "checkpoints"} <= {t.word for t in left}


def test_a_timeout_is_no_time() -> None:
    assert not same("timeout", "time")
    assert same("sessions", "session")
