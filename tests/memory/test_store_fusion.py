"""The store's fusion: the weights are whole and used, and what is learned is pulled to the prior and blind to held-out answers."""

from __future__ import annotations

import dataclasses
import importlib
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from aitia.tools.memory import fusion
from aitia.tools.memory.store import MemoryStore
from aitia.tools.memory.words import Query

from .site import LEAK, NOW, SITE, SLOW, Stub

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution
fit = importlib.import_module("benchmarks.memory.store_fit")
parts = importlib.import_module("benchmarks.memory.store_parts")
splits = importlib.import_module("benchmarks.memory.store_tasks")
script = importlib.import_module("benchmarks.memory.fit_store")

HAND = np.array([fusion.WEIGHTS[p] for p in parts.PARTS])


def asked(n: int, rows: list[list[float]]) -> object:
    return parts.Asked(name=f"q{n}", ids=tuple(f"i{k}" for k in range(len(rows))), parts=np.array(rows))


def world(good: int, seed: int = 0, queries: int = 30) -> list[object]:
    """Queries of which one part alone tells the right incident, i0."""
    chance = np.random.default_rng(seed)
    made = []
    for n in range(queries):
        rows = chance.uniform(0.0, 0.6, (12, 5))
        rows[0, good] = 0.9
        made.append(asked(n, rows.tolist()))
    return made


def first(query: str, id: str) -> bool:
    return id == "i0"


def ranks(groups: dict[str, list[object]]) -> dict[str, np.ndarray]:
    return {
        name: fit.reciprocal(fit.group(g, first), fit.with_parts(fit.candidates(HAND)))
        for name, g in groups.items()
    }


def test_every_part_has_a_weight_and_none_alone_is_lost() -> None:
    assert set(fusion.WEIGHTS) == set(parts.PARTS)
    assert all(w > 0 for w in fusion.WEIGHTS.values())
    for part in fusion.CONTENT:
        assert fusion.fused({part: 0.9}) == pytest.approx(0.9)


def test_the_benchmark_sees_what_the_store_sees(tmp_path: Path) -> None:
    pytest.importorskip("chromadb", reason="the [memory] extra is not installed")
    query = Query(
        text="search is slow, one core busy, checkout clients at the limit",
        component="postgres",
        fingerprint=(*LEAK.fingerprint, *SLOW.fingerprint),
        before=NOW,
    )
    with MemoryStore(tmp_path, embedder=Stub()) as store:
        store.put(SITE, by="test")
        store.embed()
        found = {m.incident.id: m for m in store.search(query)}
    (seen,) = parts.compared(SITE, [("q", query)], parts.Vectors(Stub()))
    assert seen.facts == 3
    fused = fit.scores(np.nan_to_num(seen.parts), seen.held, HAND)
    assert len(found) >= 2
    for id, row, score in zip(seen.ids, seen.parts, fused, strict=True):
        if id in found:
            why = {p: round(float(v), 3) for p, v in zip(parts.PARTS, row, strict=True) if not np.isnan(v)}
            assert found[id].why == pytest.approx(why, abs=0.002)
            assert found[id].similarity == pytest.approx(score, abs=0.002)
    assert parts.compared(SITE, [("q", query.model_copy(update={"exclude": ("INC-1",)}))], None)[0].ids == (
        "INC-2",
        "WO-7",
    )
    early = query.model_copy(update={"before": LEAK.at - timedelta(days=1)})
    assert parts.compared(SITE, [("q", early)], None)[0].ids == ("WO-7",)


@pytest.mark.parametrize("good", [0, 1, 3, 4])
def test_the_part_that_tells_the_right_one_gains_weight(good: int) -> None:
    weights, _ = fit.learned(ranks({"a": world(good)}), fit.candidates(HAND), HAND)
    share, before = weights[good] / weights.sum(), HAND[good] / HAND.sum()
    assert share > before
    assert weights.min() > 0
    assert weights.sum() == pytest.approx(HAND.sum())
    held = world(good, seed=9)
    right = [fit.ranking(a, weights)[0] == 0 for a in held]
    assert np.mean(right) >= np.mean([fit.ranking(a, HAND)[0] == 0 for a in held])


def test_what_teaches_nothing_leaves_the_prior() -> None:
    blank = np.full((4, 5), 0.5)
    for groups in ({}, {"a": [asked(n, blank.tolist()) for n in range(20)]}, {"a": []}):
        weights, strength = fit.learned(ranks(groups), fit.candidates(HAND), HAND)
        assert weights == pytest.approx(HAND)
        assert strength == max(fit.STRENGTHS)
    only_right = [asked(0, [[0.1] * 5])]
    assert len(fit.group(only_right, first).real) == 0


def test_a_part_that_cannot_be_compared_is_left_out_and_equal_scores_count_against() -> None:
    nan = float("nan")
    a = asked(0, [[0.5, nan, nan, nan, nan], [0.4, nan, 0.9, nan, nan]])
    g = fit.group([a], first)
    assert fit.scores(g.parts, g.held, HAND)[0] == pytest.approx([0.5, round((0.16 + 1.8) / 2.4, 4)])
    assert fit.ranking(a, HAND) == [1, 0]
    assert fit.ranking(a, HAND, without=("evidence",)) == [0, 1]
    assert fit.reciprocal(g, HAND[None])[0] == pytest.approx([0.5])
    tied = fit.group([asked(0, [[0.5] * 5] * 4)], first)
    assert fit.reciprocal(tied, HAND[None])[0] == pytest.approx([0.25])


def test_noise_for_a_folds_answers_changes_no_weight_that_scores_it() -> None:
    made = [splits.text_task(name, world(good, seed=good), first, 0) for name, good in (("a", 0), ("b", 4))]
    held = {a.name for a in made[0].test[2]}
    noisy = dataclasses.replace(made[0], right=lambda q, i: i == "i7" if q in held else i == "i0")
    before, after = script.Learning(made, ["ours"]), script.Learning([noisy, made[1]], ["ours"])
    assert np.array_equal(before.of(2)[0], after.of(2)[0])
    assert np.array_equal(before.of(-1, without="a")[0], after.of(-1, without="a")[0])
    orders = [
        {(r["task"], r["id"]): r["orders"] for r in script.predictions(tasks, by) if r["fold"] == 2}
        for tasks, by in ((made, before), ([noisy, made[1]], after))
    ]
    for row, same in zip(orders[0].values(), orders[1].values(), strict=True):
        assert row["ours"] == same["ours"]
    assert script.scored(made[0], script.predictions(made, before))[0]


def test_a_generated_recurrence_is_found_and_its_future_is_not() -> None:
    known, queries, right = parts.generated(3)
    again = parts.generated(3)
    assert (known, queries, right) == again
    at = {i.id: i for i in known}
    for name, query in queries:
        assert right[name]
        assert all(at[i].resolved_at < query.before for i in right[name])
    recent = [min((q.before - at[i].at).days for i in right[n]) for n, q in queries]
    assert 0.8 < np.mean([d <= 20 for d in recent]) <= 1.0
    assert {bool(i.fingerprint) for i in known} == {True, False}
