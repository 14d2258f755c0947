"""The site's dictionary: what names and messages mean that nobody else knows, read by a model or set by a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import yaml
from pydantic import ValidationError, field_validator

from aitia.core.bounds import load_yaml, read_text
from aitia.core.disk import write_whole
from aitia.core.errors import BadInput
from aitia.core.words import Unit01, Word
from aitia.tools.meaning.names import BAR, UNKNOWN, Direction, lexicon
from aitia.tools.meaning.vibration_zones import CLASSES, boundaries_of

W = TypeVar("W", bound=Word)
HEARD: Final = 0.7
"""Below this probability a model's word that a message is a sign of a fault is not taken (benchmarks/meaning/messages.py)."""
TAKEN: Final = 0.8
"""Below this probability a model's reading is not taken: .39 are right from .5 on, .72 above (benchmarks/meaning)."""
SURE: Final = 0.9
"""From this probability on what a model reads needs no person: .83 of such entries are right (benchmarks/meaning)."""
_HEAD: Final = (
    "# What names of this site mean: read by a diagnosis through the source of kind `dictionary`.\n"
    "# quantity: one of `aitia dictionary quantities`; direction of trouble: up, down, both or none.\n"
    "# by: person, or the model that read it, whose entries count from a confidence of 0.8 on, and by it; below 0.9 they wait\n"
    "# for a person (`aitia dictionary set`). messages: whether what a program writes is a sign of a fault, by its template.\n"
    "# tags: what a person says of a plant's tags (`aitia tags FILE --set`): asset, point, quantity, unit, low, high.\n"
)


class Entry(Word):
    """What one name means. `confidence` 0..1 that the quantity is right; a person's is 1."""

    quantity: str
    direction: Direction
    by: str = "person"
    confidence: Unit01 = 1.0

    @field_validator("quantity")
    @classmethod
    def _known(cls, quantity: str) -> str:
        if quantity != UNKNOWN and quantity not in lexicon().quantities:
            raise ValueError(f"{quantity[:40]!r} is no quantity; `aitia dictionary quantities` lists them")
        return quantity

    @property
    def taken(self) -> bool:
        """Whether a diagnosis goes by it; what a model said counts by its probability."""
        return self.quantity != UNKNOWN and self.confidence >= (
            TAKEN if self.by.startswith("model ") else BAR
        )

    @property
    def state(self) -> Literal["counts", "waits"]:
        """Whether it waits for a person to look at it."""
        return "counts" if self.quantity != UNKNOWN and self.confidence >= SURE else "waits"


class Message(Word):
    """Whether a message is a sign of a fault. `confidence` 0..1 that this is right; a person's is 1.

    `tuned`: said by a model that was tuned on messages. Of a fault it also says its `kind` (a class of messages, "" where it was
    not asked) and `whose` it is, each with its probability.
    """

    fault: bool
    by: str = "person"
    confidence: Unit01 = 1.0
    tuned: bool = False
    kind: str = ""
    kind_sure: Unit01 = 0.0
    whose: str = ""
    whose_sure: Unit01 = 0.0

    @property
    def taken(self) -> bool:
        """Whether a diagnosis goes by it before all else: a person's word, or a model's that it is a fault where that is sure."""
        return self.by == "person" or (self.fault and self.confidence >= HEARD)

    @property
    def outweighs(self) -> bool:
        """Whether it makes harmless what is a fault by words alone: a tuned model's word, where it is sure."""
        return self.tuned and not self.fault and self.confidence >= HEARD

    @property
    def state(self) -> Literal["counts", "waits"]:
        """Whether it waits for a person to look at it."""
        return "counts" if self.by == "person" or self.confidence >= HEARD else "waits"


class Tag(Word):
    """What a person says of a tag of a plant; what is empty is left as it is proposed. `low` and `high` are limits in `unit`."""

    asset: str = ""
    point: str = ""
    quantity: str = ""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    description: str = ""
    formula: str = ""
    zone: str = ""

    @field_validator("zone")
    @classmethod
    def _classed(cls, zone: str) -> str:
        if zone and boundaries_of(zone) is None:
            raise ValueError(f"{zone[:40]!r} is no class: set it to {CLASSES}")
        return zone

    @field_validator("quantity")
    @classmethod
    def _known(cls, quantity: str) -> str:
        if quantity and quantity not in lexicon().quantities:
            raise ValueError(f"{quantity[:40]!r} is no quantity; `aitia dictionary quantities` lists them")
        return quantity


class Dictionary(Word):
    """What names mean, by name; messages, by what their program wrote of their template; and tags of a plant."""

    names: dict[str, Entry] = {}
    messages: dict[str, Message] = {}
    tags: dict[str, Tag] = {}

    @property
    def waiting(self) -> int:
        """How many entries wait for a person."""
        states = [*(e.state for e in self.names.values()), *(e.state for e in self.messages.values())]
        return states.count("waits")


def read_dictionary(path: Path) -> Dictionary:
    """The entries. Raises BadInput that names the entry that is wrong; OSError where it cannot be read."""
    try:
        raw: Any = load_yaml(read_text(path)) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadInput(f"Fix the YAML in {str(path)!r}: {str(error)[:200]}") from None
    parts = raw if isinstance(raw, dict) else {}
    names, messages, tags = parts.get("names"), parts.get("messages", {}), parts.get("tags", {})
    if not isinstance(names, dict):
        raise BadInput(
            f"{str(path)!r} needs a mapping under `names`: NAME: {{quantity: latency, direction: up}}."
        )
    if not isinstance(messages, dict):
        raise BadInput(f"{str(path)!r} needs a mapping under `messages`: TEXT: {{fault: true}}.")
    if not isinstance(tags, dict):
        raise BadInput(f"{str(path)!r} needs a mapping under `tags`: TAG: {{asset: P-101, quantity: flow}}.")
    return Dictionary(
        names=_entries(Entry, names, path),
        messages=_entries(Message, messages, path),
        tags=_entries(Tag, tags, path),
    )


def _entries(kind: type[W], raw: Mapping[Any, Any], path: Path) -> dict[str, W]:
    found = {}
    for name, entry in raw.items():
        try:
            found[str(name)] = kind.model_validate(entry)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"])
            raise BadInput(
                f"Fix {field or 'the entry'} of {str(name)[:80]!r} in {str(path)!r}: {first['msg']}."
            ) from None
    return found


def write_dictionary(path: Path, found: Dictionary) -> None:
    """Write the entries, by name; the file is whole at any time."""
    lines = [_HEAD, *_section("names", found.names)]
    if found.messages:
        lines += _section("messages", found.messages)
    if found.tags:
        lines += _section("tags", found.tags)
    write_whole(path, "".join(lines).encode())


def _section(title: str, entries: Mapping[str, Word]) -> Iterator[str]:
    yield f"{title}:\n" if entries else f"{title}: {{}}\n"
    for name in sorted(entries):
        entry = entries[name].model_dump(mode="json", exclude_defaults=isinstance(entries[name], Tag))
        if "confidence" in entry:
            entry["confidence"] = round(entry["confidence"], 3)
        text = yaml.safe_dump(
            {name: entry}, default_flow_style=None, allow_unicode=True, width=1000, sort_keys=False
        )
        yield from (f"  {line}\n" for line in text.splitlines())
