"""The curricula by role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aitia.core.errors import BadInput
from aitia.models.adapters import Role
from aitia.models.curriculum import names
from aitia.models.curriculum.items import Curriculum, Item, Segment, Split
from aitia.models.curriculum.judge import Judge
from aitia.models.curriculum.log_lines import LogLines
from aitia.models.curriculum.messages import Messages
from aitia.models.curriculum.passages import Passages
from aitia.models.curriculum.plan import Plan
from aitia.models.curriculum.questions import Questions
from aitia.models.curriculum.texts import Texts

_DIRECTION: Final = 0.3  # weight of a name's second answer in the loss, beside 1 for the quantity
_CHECKED: Final = 320  # names by which the weights are chosen: those that are held out come after them


class Names:
    """The curriculum of metric names."""

    role: Role = "names"
    about = "metric name → quantity, direction of trouble"
    size = names.SIZE

    def items(self, seed: int, size: int, split: Split) -> list[Item]:
        """Names; those of checks and held-out ones are of the same subjects and phrases, which training does not see."""
        if split == "train":
            made = names.names(seed, size)
        else:
            first = names.names(seed, _CHECKED, held_out=True)
            made = first[:size]
            if split == "held_out":
                known = {n.name for n in first}
                later = names.names(seed + 1_000_003, size + _CHECKED, held_out=True)
                made = [n for n in later if n.name not in known][:size]
        return [item_of(named, split) for named in made]


def item_of(named: names.Named, split: Split) -> Item:
    """A name as an item."""
    labels = tuple(names.label_of(q) for q in names.quantities())
    return Item(
        role="names",
        system=names.SYSTEM,
        prompt=f" {named.name}{names.QUESTION}",
        answer=(
            Segment(text=f" {names.label_of(named.quantity)}", name="quantity", labels=labels),
            Segment(text=f", {named.direction}", weight=_DIRECTION),
        ),
        split=split,
        author="phrases, hand",
    )


CURRICULA: Final[Mapping[Role, Curriculum]] = {
    c.role: c for c in (Names(), Messages(), Questions(), LogLines(), Texts(), Passages(), Plan(), Judge())
}


def curriculum_of(role: str) -> Curriculum:
    """The curriculum of a role. Raises BadInput that names those that there are."""
    for known, found in CURRICULA.items():
        if known == role:
            return found
    raise BadInput(f"Give one of the roles {', '.join(CURRICULA)}, not {role!r}.")
