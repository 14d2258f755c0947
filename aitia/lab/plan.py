"""What to make: orders drawn by a seed, and the names of their folders, which say nothing."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence

from aitia.core.errors import BadInput
from aitia.lab.words import Failure, Order, Strength, System

DECOYS = (0, 1, 1, 2)  # how many happen, by chance; a healthy hour has one at least


def orders(
    system: System, *, fault: str, n: int, seed: int, victim: str = "", strength: Strength | None = None
) -> list[Order]:
    """`n` orders with the seeds from `seed` on; `fault` is an id or `all`. Raises BadInput for what is unknown."""
    known = {failure.id: failure for failure in system.failures}
    if fault != "all" and fault not in known:
        raise BadInput(f"{system.name} has no fault {fault!r}. Choose one of {', '.join(known)}, or all.")
    chosen = [f for f in known.values() if _fits(f, victim, strength)] if fault == "all" else [known[fault]]
    if not chosen:
        raise BadInput(
            f"No fault of {system.name} fits --victim {victim or 'any'} and --strength {strength or 'any'}."
        )
    return [_order(system, chosen[i % len(chosen)], seed + i, victim, strength) for i in range(n)]


def _fits(failure: Failure, victim: str, strength: Strength | None) -> bool:
    return (not victim or victim in failure.victims) and (strength is None or strength in failure.strengths)


def _order(system: System, failure: Failure, seed: int, victim: str, strength: Strength | None) -> Order:
    rng = random.Random(f"{system.name} {failure.id} {seed}")
    victims, strengths = sorted(failure.victims) or [""], sorted(failure.strengths)
    if victim and victim not in victims:
        raise BadInput(
            f"{failure.id} of {system.name} may hit {', '.join(failure.victims) or 'nobody in particular'}, not {victim!r}."
        )
    if strength and strength not in strengths:
        raise BadInput(f"{failure.id} of {system.name} is made {', '.join(strengths)}, not {strength}.")
    number = min(len(system.decoys), max(rng.choice(DECOYS), failure.family == "none"))
    return Order(
        system=system.name,
        fault=failure.id,
        seed=seed,
        victim=victim or rng.choice(victims),
        strength=strength or rng.choice(strengths),
        decoys=tuple(rng.sample(sorted(system.decoys), number)),
    )


def twins(planned: Sequence[Order], every: int) -> list[Order]:
    """A healthy twin of the first of each `every` orders of a system, with its seed and decoys."""
    found, counts = [], dict[str, int]()
    for order in planned:
        count = counts.get(order.system, 0)
        if every and count % every == 0:
            found.append(order.model_copy(update={"twin": True}))
        counts[order.system] = count + 1
    return found


def name_of(order: Order) -> str:
    """The folder's name: the same for the same order, and nothing of what it asks for can be read from it."""
    return f"{order.system}-{hashlib.blake2b(order.model_dump_json().encode(), digest_size=4).hexdigest()}"
