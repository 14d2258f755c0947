"""Learning the factors: what separates right from wrong grows, what misleads shrinks, and folds keep groups whole."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aitia.agent.judged import Judged
from aitia.agent.taxonomy import bundled
from aitia.agent.weights import Weights
from benchmarks.rca.factors import fit

from ..agent import evidence as shop


def cases() -> list[Judged]:
    """Four incidents of the shop; in some, a memory points at the wrong component."""
    answers = {
        "connection_leak": ("cause", (("orders", "resource.connections"),)),
        "slow_path": ("cause", (("redis", "network.delay"),)),
        "nothing": ("healthy", ()),
        "undecidable": ("unknown", ()),
    }
    return [
        Judged(
            id=name,
            group=name,
            evidence=tuple(getattr(shop, name)()),
            inventory=shop.inventory(),
            verdict=verdict,  # type: ignore[arg-type]
            accepted=accepted,
        )
        for name, (verdict, accepted) in answers.items()
    ]


def test_a_misleading_ranking_loses_its_weight() -> None:
    def misled(case: Judged) -> Judged:
        lure = shop.fact(
            "payment", "rank.metrics", "payment ranks first", kind="rank.suspect", direction="none"
        )
        return Judged(
            id=case.id,
            group=case.group,
            evidence=tuple(shop.numbered([*case.evidence, lure])),
            inventory=case.inventory,
            verdict=case.verdict,
            accepted=case.accepted,
        )

    honest = fit(cases(), bundled(), ridges=(1.0,), folds=4)
    lured = fit([misled(c) for c in cases()], bundled(), ridges=(1.0,), folds=4)
    assert honest.weights.of("ranking") == 1.0
    assert lured.weights.of("ranking") < 0.9
    assert lured.ridge == 1.0


def test_a_wide_ridge_leaves_the_hand_set_sizes() -> None:
    fitted = fit(cases(), bundled(), ridges=(1e6,), folds=2)
    assert fitted.weights == Weights()
    assert fitted.held_out == fitted.hand_set


@pytest.mark.parametrize("data", ["", "shop "])  # four sets of one group, and one set of four groups
def test_a_case_is_held_out_with_its_set_or_group(data: str) -> None:
    """Factors that a case was weighed by do not change with its answer, where it is held out."""
    every = [replace(c, group=f"{data}{c.group}") for c in cases()]
    told = [c if c.id != "nothing" else replace(c, verdict="unknown") for c in every]
    honest, other = (fit(cs, bundled(), ridges=(1.0,), folds=4) for cs in (every, told))
    index = [c.id for c in told].index("nothing")
    assert honest.held_out[index] == other.held_out[index]
    assert honest.held_out != other.held_out


def test_learning_is_repeatable() -> None:
    assert fit(cases(), bundled(), ridges=(0.5, 4.0)) == fit(cases(), bundled(), ridges=(0.5, 4.0))
