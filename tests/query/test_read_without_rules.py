"""What no rule reads is read as was learned from written questions: where that is sure, and of nothing else that is named."""

from __future__ import annotations

import numpy as np
import pytest

from aitia.agent.asking.question import learned
from aitia.agent.asking.question.asked_how import VERBS, WANTED, size
from aitia.agent.asking.question.follow import pieces_of
from aitia.agent.asking.question.learned import candidates, choose, heads, read_line, table_scores
from aitia.agent.asking.question.line_form import line_of
from aitia.agent.asking.question.outcome import unclear
from aitia.agent.asking.question.second import read_without_rules
from aitia.graphs.looking import look
from aitia.tools.query.site import Site

OPEN = unclear("What of it?")


def test_the_weights_are_of_the_features() -> None:
    held = heads()
    assert held.asked.shape == (held.used.size + 1, len(VERBS) + len(WANTED))
    assert held.used.max() < size()
    assert np.all(np.diff(held.used) > 0)


@pytest.mark.parametrize(
    ("question", "line"),
    [
        (
            "peak of pg_stat_activity_count on postgres since this morning",
            "max pg_stat_activity_count @ postgres",
        ),
        ("redis_connected_clients on redis, gib mir den verlauf", "curve redis_connected_clients @ redis"),
    ],
)
def test_a_name_and_a_way_of_asking_make_a_line(shop_site: Site, question: str, line: str) -> None:
    found = read_line(pieces_of(question, shop_site, None), None)
    assert found is not None
    assert found.line == line
    assert found.query is not None
    assert line_of(found.query).split(" @ ")[0] == line.split(" @ ")[0]


def test_it_is_run_from_its_probability_on_and_says_so(
    shop_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    p = pieces_of("peak of pg_stat_activity_count on postgres", shop_site, None)
    found = read_line(p, None)
    assert found is not None
    monkeypatch.setattr("aitia.agent.asking.question.second.LEARNED", found.sure - 0.01)
    read = read_without_rules(p, OPEN, None)
    assert read.reading.queries == (found.query,)
    assert read.sure == found.sure
    assert found.line in read.note
    monkeypatch.setattr("aitia.agent.asking.question.second.LEARNED", found.sure + 0.01)
    assert read_without_rules(p, OPEN, None).reading == OPEN


@pytest.mark.parametrize(
    "question",
    [
        "oil pressure of orders",
        "how many messages are stuck in the kafka topic?",
        "delete the orders",
        "who is on call for orders?",
    ],
)
def test_of_something_else_no_figure_is_told(
    shop_site: Site, question: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aitia.agent.asking.question.second.LEARNED", 0.0)
    found = look(question, shop_site)
    assert found is None or not any(n.startswith("no rule reads it") for n in found[0].notes)


def test_a_sooner_said_verb_makes_a_line_no_less_sure(shop_site: Site) -> None:
    p = pieces_of("peak of pg_stat_activity_count on postgres", shop_site, None)
    found = candidates(p, None)
    scores, wanted = table_scores(p, found), {"": 1.0}
    sure = []
    for share in (0.01, 0.2, 0.9):
        made = choose(p, None, found, scores, {"max": share, "none": 1 - share}, wanted)
        assert made is not None
        sure.append(float(heads().right[:-1] @ np.array(made[1])))
    assert sure == sorted(sure)
    assert sure[0] < sure[-1]


def test_nothing_measured_is_no_line(cluster_site: Site) -> None:
    p = pieces_of("peak of the memory", cluster_site, None)
    assert candidates(p, None) or learned.read_line(p, None) is None
