"""Learning the factors: what separates right from wrong grows, what misleads shrinks, and folds keep groups whole."""

from __future__ import annotations

from aitia.agent.fit import Judged, fit
from aitia.agent.taxonomy import bundled
from aitia.agent.weights import Weights

from . import evidence as shop


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

    honest, _ = fit(cases(), bundled(), ridges=(1.0,), folds=4)
    lured, told = fit([misled(c) for c in cases()], bundled(), ridges=(1.0,), folds=4)
    assert honest.of("ranking") == 1.0
    assert lured.of("ranking") < 0.9
    assert told["ridge"] == 1.0


def test_a_wide_ridge_leaves_the_hand_set_sizes() -> None:
    learned, told = fit(cases(), bundled(), ridges=(1e6,), folds=2)
    assert learned == Weights()
    assert told["log_loss_learned"] == told["log_loss_hand_set"]


def test_learning_is_repeatable() -> None:
    assert fit(cases(), bundled(), ridges=(0.5, 4.0)) == fit(cases(), bundled(), ridges=(0.5, 4.0))
