"""Facts of a chain with an expert's paragraph: in which order what happened, why that cause, what is missing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from random import Random
from typing import Any, Final

from aitia.models.adapters import Role
from aitia.models.curriculum import written
from aitia.models.curriculum.items import Item, Segment, Split

SYSTEM: Final = "Facts:"
LAST: Final = "In short:"
_CHECKED: Final = (
    0.08  # share of incidents of the training's systems whose paragraphs are for the checks while tuning
)


class Explain:
    """The curriculum of paragraphs: those that the verifier accepts. Systems that are held out have no paragraph here."""

    role: Role = "explain"
    about = "facts of a chain, what speaks against others, what is missing → the paragraph of an expert"
    size = 900

    def items(self, seed: int, size: int, split: Split) -> list[Item]:
        """At most `size` paragraphs in an order of the seed's; an incident's are of one split, a system's all held out or none.

        What is held out has the code's own text in an expert's place: any paragraph that the verifier accepts is right.
        """
        rows = [r for r in written.paragraphs() if _split_of(r) == split]
        Random(f"explain {seed} {split}").shuffle(rows)
        return [item_of(row, split) for row in rows[:size]]


def item_of(row: Mapping[str, Any], split: Split) -> Item:
    """A row as an item."""
    return Item(
        role="explain",
        system=SYSTEM,
        prompt=prompt_of(row["facts"], row["against"], row["missing"], row["suspect"], row["sure"]),
        answer=(Segment(text=f" {row['text']}\n", name="paragraph"),),
        split=split,
        vendor=str(row["system"]),
        author="language models, facts alone" if split != "held_out" else "the code's own text",
    )


def prompt_of(
    facts: Sequence[str], against: Sequence[str], missing: Sequence[str], suspect: str, sure: str
) -> str:
    """What a model is asked: the facts' lines in the order of the chain, then what speaks against others, and how sure it is."""
    lines = [
        *facts,
        *against,
        *(f"Missing: {m}." for m in missing),
        f"Suspect: {suspect or 'nobody'} ({sure})",
    ]
    return f" {len(facts)}\n" + "\n".join(lines) + f"\n{LAST}"


@cache
def row_of(prompt: str) -> Mapping[str, Any] | None:
    """The row that a prompt was made of, with what its paragraph is held against; None for a prompt of others."""
    rows = written.paragraphs()
    return next(
        (
            r
            for r in rows
            if prompt_of(r["facts"], r["against"], r["missing"], r["suspect"], r["sure"]) == prompt
        ),
        None,
    )


def _split_of(row: Mapping[str, Any]) -> Split:
    if row.get("held"):
        return "held_out"
    incident = str(row["id"]).partition("/")[0]
    place = int(hashlib.sha256(incident.encode()).hexdigest(), 16) % 1000
    return "check" if place < 1000 * _CHECKED else "train"
