"""What every role's examples are: a prompt, the answer in segments, and where they come from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, Literal, Protocol

from pydantic import Field, ValidationError

from aitia.core.disk import trouble, write_whole
from aitia.core.errors import BadInput
from aitia.core.words import Word
from aitia.models.adapters import Role

Split = Literal["train", "check", "held_out"]
SPLITS: Final[tuple[Split, ...]] = ("train", "check", "held_out")
_TENTH: Final = 10  # one part of ten of whatever is dealt out is held out, one is for the checks while tuning
_TRIES: Final = 20  # for an example that was not made yet
MOST_BYTES: Final = 1 << 28  # of a file of items


class Segment(Word):
    """A part of an answer. `weight` is that of its tokens in the loss, 0 for what is given.

    `name` is what it tells (`kind`), "" for what is not judged. With `labels` it is one of them, told by its first token;
    without, it is right where it is written whole.
    """

    text: str = Field(min_length=1)
    weight: float = Field(default=1.0, ge=0.0)
    name: str = ""
    labels: tuple[str, ...] = ()


class Item(Word):
    """One example: `system` (static) and `prompt` are what a tuned model is given, as plain text.

    `vendor` is the system, tool or site that it is of, `author` who wrote what it was made from.
    """

    role: Role
    system: str
    prompt: str = Field(min_length=1)
    answer: tuple[Segment, ...] = Field(min_length=1)
    split: Split
    vendor: str = ""
    author: str = ""

    @property
    def told(self) -> str:
        """The whole answer."""
        return "".join(s.text for s in self.answer)


class Curriculum(Protocol):
    """The examples of a role: the same for the same seed, all different."""

    @property
    def role(self) -> Role: ...
    @property
    def about(self) -> str:
        """What the model reads, in a line."""
        ...

    @property
    def size(self) -> int:
        """How many a model is tuned on, unless told otherwise."""
        ...

    def items(self, seed: int, size: int, split: Split) -> list[Item]:
        """At most `size` examples of a split. What is held out shares neither systems nor templates with the others."""
        ...


def distinct(draw: Callable[[], Item], size: int) -> list[Item]:
    """At most `size` different examples: one that was drawn before is drawn again, some times."""
    items: dict[str, Item] = {}
    for _ in range(size):
        for _ in range(_TRIES):
            one = draw()
            if one.prompt not in items:
                items[one.prompt] = one
                break
    return list(items.values())


def split_of(text: str) -> Split:
    """Where a system, a template or a phrase is dealt to, by its hash."""
    place = int(hashlib.sha256(text.encode()).hexdigest(), 16) % _TENTH
    return "held_out" if place == 0 else "check" if place == 1 else "train"


def dealt(texts: Iterable[str], split: Split, parts: int) -> list[str]:
    """One of `parts` of few texts is held out and one is for the checks, by the order of their hashes: no split goes without."""
    order = sorted(texts, key=lambda t: hashlib.sha256(t.encode()).hexdigest())
    part = len(order) // parts
    bounds = {"held_out": (0, part), "check": (part, 2 * part), "train": (2 * part, len(order))}
    return order[slice(*bounds[split])]


def of_split(texts: Iterable[str], split: Split) -> list[str]:
    """Those that are dealt to a split; of few texts, where none is, those of the training."""
    every = list(texts)
    return [t for t in every if split_of(t) == split] or [t for t in every if split_of(t) == "train"] or every


def digest(items: Sequence[Item]) -> str:
    """The sha256 of items, in their order."""
    found = hashlib.sha256()
    for item in items:
        found.update(line_of(item).encode() + b"\n")
    return found.hexdigest()


def line_of(item: Item) -> str:
    """An item as a line of JSON."""
    return json.dumps(item.model_dump(), ensure_ascii=False, sort_keys=True)


def write_items(path: Path, items: Sequence[Item]) -> None:
    """Write items as JSON lines. Raises BadInput where the folder cannot be written to."""
    try:
        write_whole(path, "".join(f"{line_of(item)}\n" for item in items).encode())
    except OSError as error:
        raise trouble(error, path) from None


def read_items(path: Path) -> list[Item]:
    """Items of a file as `write_items` writes it. Raises BadInput that names the first line that is none."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadInput(f"Split {str(path)!r}: it has more than {MOST_BYTES >> 20} MB.")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"Cannot read {str(path)!r} ({error}). Check the path and the encoding.") from None
    items = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            items.append(Item.model_validate_json(line))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(p) for p in first["loc"]) or "the line"
            raise BadInput(f"Fix line {number} of {str(path)!r}: {place}: {first['msg']}.") from None
    if not items:
        raise BadInput(f"Give items: {str(path)!r} holds none.")
    return items
