"""Kinds of faults beside the code that fails, each told by what programs measure and write of it, and decoys of each.

By facts alone, without a ranking: whom they accuse most is asked, not whether that is enough for a verdict.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from aitia.agent.taxonomy import bundled, covers
from aitia.agent.weigher import Weighed, weigh
from aitia.agent.weights import ledgers_alone
from tests.kinds.facts import facts_of, inventory_of

HERE = Path(__file__).parent
SHOP: dict[str, Any] = yaml.safe_load((HERE / "shop.yaml").read_text(encoding="utf-8"))
CASES: dict[str, Any] = yaml.safe_load((HERE / "incidents.yaml").read_text(encoding="utf-8"))
KINDS = {
    "clock": "software.clock", "plan": "software.query_plan", "flag": "software.flag", "neighbour": "resource.neighbour",
    "poison": "software.data.poison_message", "retries": "software.retry_storm",
}  # fmt: skip


def weighed(name: str) -> Weighed:
    case = CASES[name]
    facts, inventory = facts_of(SHOP, case), inventory_of(SHOP)
    return weigh(facts, inventory, bundled(), ledgers_alone(), alarmed=[case.get("names", "storefront")])


@pytest.mark.parametrize("name", [n for n, c in CASES.items() if isinstance(c["expected"], list)])
def test_the_likeliest_suspect_is_the_right_one(name: str) -> None:
    told = [s for s in weighed(name).suspects if s.component]
    right = any(
        told[0].component == component and covers(fault, told[0].fault)
        for component, fault in CASES[name]["expected"]
    )
    assert right, [(s.component, s.fault, s.probability) for s in told[:4]]


@pytest.mark.parametrize("name", [n for n, c in CASES.items() if not isinstance(c["expected"], list)])
def test_what_nobody_feels_is_no_cause(name: str) -> None:
    assert weighed(name).verdict != "cause"


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_three_cases_and_three_decoys(kind: str) -> None:
    mine = [c for n, c in CASES.items() if n.startswith(kind)]
    told = [c for c in mine if not c.get("decoy")]
    assert min(len(told), len(mine) - len(told)) >= 3
    assert all(c["expected"][0][1] == KINDS[kind] for c in told)
    assert all(
        KINDS[kind] not in {f for _, f in c["expected"]}
        for c in mine
        if c.get("decoy") and isinstance(c["expected"], list)
    )


def test_each_new_kind_names_its_source() -> None:
    assert all(bundled()[fault].source for fault in KINDS.values())
