"""How questions are asked, learned: weights that fit the features, names that move nothing, offers that are run where it agrees."""

from __future__ import annotations

import numpy as np
import pytest

from aitia.agent.asking.question.agreed import AGREES, learned_of, settled
from aitia.agent.asking.question.follow import pieces_of
from aitia.agent.asking.question.learned import (
    VERBS,
    WANTED,
    bundled,
    features,
    learned,
    size,
    verb_of,
    wanted_of,
)
from aitia.agent.asking.question.outcome import unclear
from aitia.tools.query.notation import parse
from aitia.tools.query.site import Site


def test_the_weights_fit_the_features() -> None:
    weights = bundled()
    assert weights.table.shape == (size(), len(VERBS) + len(WANTED))
    assert np.isfinite(weights.table).all()
    assert np.isfinite(weights.constants).all()
    columns, values = features("how hot did P-101 get?", ["P-101"], "")
    assert len(columns) == len(set(columns.tolist())) == len(values)
    assert columns.max() < size()


@pytest.mark.parametrize(
    ("question", "verb"),
    [
        ("how high did the pressure get today?", "max"),
        ("wie viel Speicher belegt orders gerade", "last"),
        ("quels services appellent payment ?", "who"),
        ("muéstrame las últimas líneas de error de orders", "lines"),
        ("which image does orders run", "get"),
    ],
)
def test_a_verb_is_read_in_several_languages(question: str, verb: str) -> None:
    found = learned(question, ["orders", "payment"])
    assert found.verb == verb
    assert sum(found.verbs.values()) == pytest.approx(1.0, abs=1e-5)


def test_another_name_of_the_site_changes_nothing() -> None:
    one = learned("how much memory does orders use", ["orders"])
    other = learned("how much memory does zq-billing use", ["zq-billing"])
    assert one.verbs == other.verbs


@pytest.mark.parametrize(
    ("line", "verb", "wanted"),
    [
        ("max temp @ P-1 time", "max", "time"),
        ("count lines error @ web", "count lines", ""),
        ("count pods pending", "count things", ""),
        ("above 3 temp @ P-1 duration", "above", "duration"),
        ("nonsense", "", ""),
    ],
)
def test_a_line_has_a_verb(line: str, verb: str, wanted: str) -> None:
    assert (verb_of(line), wanted_of(line)) == (verb, wanted)


def test_an_offer_is_run_where_its_verb_is_the_learned_one(shop_site: Site) -> None:
    question = "which services call payment, thingamajigs included?"
    p = pieces_of(question, shop_site, None)
    assert learned_of(p, None).verbs["who"] >= AGREES
    calls = parse('who(component="payment", does="called_by")', now=shop_site.now)
    rate = parse('stat(component="payment", function="rate", metric="process_threads")', now=shop_site.now)
    offered = unclear("Nothing here explains that.")
    assert settled(p, offered, None) == offered
    assert settled(p, offered.model_copy(update={"offers": (calls,)}), None).status == "query"
    assert settled(p, offered.model_copy(update={"offers": (rate,)}), None).status == "unclear"
