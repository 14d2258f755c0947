"""Labelled names, messages and texts as items for `aitia models compare --items`: an adapter's gate on what nobody generated.

    python benchmarks/model/adapter_items.py --data benchmarks/meaning/data --json /tmp/items.jsonl
    aitia models compare BASE BASE+ADAPTER.gguf --items /tmp/items.jsonl --most 160

Taken are those on whose label both readers agree (benchmarks/meaning/{names,messages,texts}.py). Nothing is scored.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.models.curriculum import messages, names, texts
from aitia.models.curriculum.items import Item, Segment, write_items
from aitia.models.curriculum.roles import item_of
from aitia.tools.meaning.incidents.asking import head
from aitia.tools.meaning.messages_asking import LONGEST, SAID
from benchmarks import contract
from benchmarks.meaning.messages import agreed

Row = Mapping[str, Any]


def main() -> int:
    """Write the items."""
    args = contract.parser(__doc__).parse_args()
    data = Path(args.data)
    items = [
        *message_items(rows(data / "messages.jsonl")),
        *name_items(rows(data / "names.jsonl")),
        *text_items(rows(data / "texts.jsonl"), rows(data / "texts_second.jsonl")),
    ]
    vendors = set(contract.chosen({i.vendor for i in items}, args.cases))
    items = [i for i in items if i.vendor in vendors]
    if args.json:
        write_items(Path(args.json), items)
    print(dict(Counter(i.role for i in items)))
    return 0


def rows(path: Path) -> list[Row]:
    """The lines of a file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]


def message_items(labelled: list[Row]) -> Iterator[Item]:
    """Messages; kind and owner are judged where both readers agree on them too."""
    for row in labelled:
        if not agreed(row, "fault"):
            continue
        kind = SAID[row["class"]] if row["fault"] else "normal"
        whose = row["whose"] if row["fault"] else messages.CALM
        sure = {label: agreed(row, label) for label in ("class", "whose")}
        answer = [
            s.model_copy(update={"name": ""})
            if (s.name == "kind" and not sure["class"]) or (s.name == "whose" and not sure["whose"])
            else s
            for s in messages.answer_of(kind, whose)
        ]
        text = " ".join(str(row["text"]).split())[:LONGEST]
        yield Item(
            role="messages",
            system=messages.SYSTEM,
            prompt=f" {text}{messages.QUESTION}",
            answer=tuple(answer),
            split="held_out",
            vendor=str(row["product"]),
            author="benchmarks/meaning",
        )


def name_items(labelled: list[Row]) -> Iterator[Item]:
    """Names of known quantities."""
    known = set(names.quantities())
    for row in labelled:
        if row["quantity"] == row["second"] and row["quantity"] in known:
            made = item_of(
                names.Named(name=row["name"], quantity=row["quantity"], direction=row["direction"]),
                "held_out",
            )
            yield made.model_copy(update={"vendor": str(row["vendor"]), "author": "benchmarks/meaning"})


def text_items(labelled: list[Row], second: list[Row]) -> Iterator[Item]:
    """Texts of people and alerts with their main symptom."""
    also = {row["id"]: row["symptom"] for row in second}
    for row in labelled:
        if row["symptom"] == also.get(row["id"]):
            yield Item(
                role="texts",
                system=texts.SYSTEM,
                prompt=head(str(row["text"])),
                answer=(Segment(text=f" {row['symptom']}", name="symptom", labels=texts.SYMPTOMS),),
                split="held_out",
                vendor=str(row["domain"]),
                author="benchmarks/meaning",
            )


if __name__ == "__main__":
    raise SystemExit(main())
