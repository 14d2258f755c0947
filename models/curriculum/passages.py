"""Sentences of post-mortems and runbooks with what they are for; documents by language models, dealt by document."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, Final, Literal

from aitia.models.adapters import Role
from aitia.models.curriculum.items import Item, Segment, Split, split_of

SYSTEM: Final = "Passage:"
LONGEST: Final = 240  # characters of a unit that are read, and of the one before it and its heading a third
SAID: Final = {
    "postmortem": {
        "symptom": "symptom", "change": "change", "cause": "cause", "ruledout": "excluded", "look": "look", "tried": "failed",
        "action": "action", "recovered": "well", "later": "later", "other": "other",
    },
    "runbook": {
        "look": "look", "change": "change", "decide": "decide", "wait": "wait", "escalate": "inform", "expect": "expect",
        "warn": "danger", "later": "later", "other": "other",
    },
}  # fmt: skip
"""How each role is put to the model: words that differ in their first token."""
LEFT_OUT: Final = ("g", "h")
"""Authors of whom nothing that is shipped has learned."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A unit as its author wrote it: what it is for, its words, the condition and the command in it."""

    role: str
    text: str
    when: str = ""
    command: str = ""


@dataclass(frozen=True, kw_only=True)
class Block:
    """Units under one heading. `style` is paragraph, bullets, numbered, timeline or chat."""

    heading: str
    style: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, kw_only=True)
class Document:
    """A post-mortem or runbook, with what its author says that it tells."""

    id: str
    author: str
    kind: Literal["postmortem", "runbook"]
    language: str
    title: str
    blocks: tuple[Block, ...]
    record: dict[str, Any]

    @property
    def parts(self) -> list[Part]:
        """All units in order."""
        return [p for b in self.blocks for p in b.parts]

    @property
    def text(self) -> str:
        """As Markdown: what a reader is given."""
        return "\n\n".join([f"# {self.title}", *filter(None, map(_printed, self.blocks))]) + "\n"


@cache
def documents() -> tuple[Document, ...]:
    """All that were written."""
    text = files("aitia.models.curriculum").joinpath("passages_written.jsonl").read_text("utf-8")
    return tuple(document_of(json.loads(line)) for line in text.splitlines())


def document_of(row: dict[str, Any]) -> Document:
    """A document of its JSON."""
    return Document(
        id=row["id"],
        author=row["author"],
        kind=row["kind"],
        language=row["language"],
        title=row["title"],
        blocks=tuple(
            Block(
                heading=b["heading"],
                style=b["style"],
                parts=tuple(
                    Part(**dict(zip(("role", "text", "when", "command"), u, strict=False)))
                    for u in b["units"]
                ),
            )
            for b in row["blocks"]
        ),
        record=row["record"],
    )


def _printed(block: Block) -> str:
    head = f"## {block.heading}\n\n" if block.heading else ""
    texts = [" ".join(p.text.split()) if "```" not in p.text else p.text for p in block.parts]
    if block.style == "paragraph":
        return head + " ".join(texts)
    if block.style == "numbered":
        return head + "\n".join(f"{i}. {t}" for i, t in enumerate(texts, 1))
    if block.style == "bullets":
        return head + "\n".join(f"- {t}" for t in texts)
    return head + "\n".join(texts)


class Passages:
    """The curriculum of sentences of post-mortems and runbooks."""

    role: Role = "passages"
    about = "sentence of a post-mortem or runbook → what it is for"
    size = 8000

    def items(self, seed: int, size: int, split: Split) -> list[Item]:
        """At most `size` sentences of a split's documents; what is held out is of documents that training does not see."""
        known = [d for d in documents() if d.author not in LEFT_OUT and split_of(d.title) == split]
        items = [i for d in known for i in items_of(d, split)]
        Random(f"passages {seed} {split}").shuffle(items)
        return items[:size]


def items_of(document: Document, split: Split) -> list[Item]:
    """Every sentence of a document, each with the one before it and its heading."""
    said = SAID[document.kind]
    made, before = [], ""
    for block in document.blocks:
        for part in block.parts:
            made.append(
                Item(
                    role="passages",
                    system=SYSTEM,
                    prompt=head(document.kind, block.heading, before, part.text),
                    answer=(Segment(text=f" {said[part.role]}", name="role", labels=tuple(said.values())),),
                    split=split,
                    vendor=document.title,
                    author=f"documents, language models, {document.language}",
                )
            )
            before = part.text
    return made


def head(kind: str, heading: str, before: str, text: str) -> str:
    """What is read in front of the answer."""
    front = f" of a {kind}" + (f", under {_short(heading, LONGEST // 4)}" if heading else "")
    return f"{front}\nBefore: {_short(before, LONGEST // 3) or 'none'}\nThis: {_short(text, LONGEST)}\nFor:"


def _short(text: str, most: int) -> str:
    return " ".join(text.split())[:most]
