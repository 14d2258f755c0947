"""The site's dictionary: what names mean that nobody else knows, read by a model or set by a person."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from pydantic import ValidationError, field_validator

from aitia.core.bounds import load_yaml, read_text
from aitia.core.disk import write_whole
from aitia.core.errors import BadInput
from aitia.core.words import Unit01, Word
from aitia.tools.meaning.names import BAR, UNKNOWN, Direction, lexicon

TAKEN: Final = 0.8
"""Below this probability a model's reading is not taken: .39 are right from .5 on, .72 above (benchmarks/meaning)."""
SURE: Final = 0.9
"""From this probability on what a model reads needs no person: .83 of such entries are right (benchmarks/meaning)."""
_HEAD: Final = (
    "# What names of this site mean: read by a diagnosis through the source of kind `dictionary`.\n"
    "# quantity: one of `aitia dictionary quantities`; direction of trouble: up, down, both or none.\n"
    "# by: person, or the model that read it, whose entries count from a confidence of 0.8 on, and by it; below 0.9 they wait\n"
    "# for a person (`aitia dictionary set`).\n"
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


def read_dictionary(path: Path) -> dict[str, Entry]:
    """The entries by name. Raises BadInput that names the entry that is wrong; OSError where it cannot be read."""
    try:
        raw: Any = load_yaml(read_text(path)) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadInput(f"Fix the YAML in {str(path)!r}: {str(error)[:200]}") from None
    names = raw.get("names") if isinstance(raw, dict) else None
    if not isinstance(names, dict):
        raise BadInput(
            f"{str(path)!r} needs a mapping under `names`: NAME: {{quantity: latency, direction: up}}."
        )
    found = {}
    for name, entry in names.items():
        try:
            found[str(name)] = Entry.model_validate(entry)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"])
            raise BadInput(
                f"Fix {field or 'the entry'} of {str(name)[:80]!r} in {str(path)!r}: {first['msg']}."
            ) from None
    return found


def write_dictionary(path: Path, entries: Mapping[str, Entry]) -> None:
    """Write the entries, by name; the file is whole at any time."""
    lines = [_HEAD, "names:\n"]
    for name in sorted(entries):
        entry = entries[name].model_dump(mode="json") | {"confidence": round(entries[name].confidence, 3)}
        text = yaml.safe_dump(
            {name: entry}, default_flow_style=None, allow_unicode=True, width=1000, sort_keys=False
        )
        lines += [f"  {line}\n" for line in text.splitlines()]
    if not entries:
        lines[-1] = "names: {}\n"
    write_whole(path, "".join(lines).encode())
