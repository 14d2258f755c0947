"""Passages: the pieces of documents that an answer may quote, each exactly as it stands, with heading path and lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from aitia.tools.sources.base import Document

MAX_CHARS: Final = 1200  # of a passage; longer blocks are split between lines
_HEADING: Final = re.compile(r"^(#{1,6})\s+(.+?)\s*#*\s*$")
_ITEM: Final = re.compile(r"^(\s*)(?:[-*+]|\d{1,3}[.)])\s+")
_FENCE: Final = re.compile(r"^\s*(`{3,}|~{3,})")
_NOISE: Final = re.compile(r"^\s*(?:</?(?:details|summary|br|div)\b[^>]*>|-{3,}|\*{3,}|<!--.*-->)", re.I)
_LINK: Final = re.compile(r"^\s*(?:[-*+]\s+)?(?:\[[^\]]+\](?:\([^)]*\)|:\s*\S+)\s*)+$")  # references alone
_ORDERS: Final = re.compile(
    r"\b(?:ignore|disregard|forget)\b.{0,40}\b(?:instructions?|previous|above|rules?|evidence)\b", re.I | re.S
)
_FIELDS: Final = ("cause", "mitigation", "outcome", "symptoms")


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A span of a document. `lead` is the sentence that a list or a command stands under; it is searched, not quoted."""

    document: str
    title: str
    headings: tuple[str, ...]
    text: str
    lines: tuple[int, int]
    path: str = ""
    source: str = ""
    kind: str = "paragraph"  # paragraph | step | command | table | field
    lead: str = ""

    @property
    def heading(self) -> str:
        """The heading path below the document's title."""
        return " > ".join(self.headings)

    @property
    def context(self) -> str:
        """What the passage is about beside its own words."""
        return f"{self.title}\n{self.heading}\n{self.lead}"


@dataclass(kw_only=True)
class _Block:
    kind: str
    lines: list[str]
    start: int
    headings: tuple[str, ...]
    lead: str = field(default="")

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def gives_orders(text: str) -> bool:
    """Whether a text speaks to a reader that is a machine; such a one is never quoted as an answer."""
    return bool(_ORDERS.search(text))


def passages(documents: Iterable[Document]) -> list[Passage]:
    """All passages of all documents that an answer may quote, in order."""
    return [p for d in documents for p in of_document(d) if not gives_orders(p.text)]


def of_document(document: Document) -> Iterator[Passage]:
    """The passages of one document: its blocks, or, of a record (one line of a file), its fields."""
    ref = document.ref
    base = Passage(
        document=document.id,
        title=document.title,
        headings=(),
        text="",
        lines=ref.lines if ref and ref.lines else (1, 1),
        path=ref.path if ref else "",
        source=ref.source if ref else "",
    )
    if base.lines[0] == base.lines[1]:  # a record
        if document.text.strip():
            yield replace(base, text=document.text.strip(), headings=("what happened",), kind="field")
        for name in _FIELDS:
            if value := document.meta.get(name, "").strip():
                yield replace(base, text=value, headings=(name,), kind="field")
        return
    # The text follows the front matter, if there is any, to the end of the file.
    offset = base.lines[1] - (document.text.count("\n") + 1)
    for block in _joined(_blocks(document.text)):
        if len(block.text.strip()) > 2 and not _LINK.match(block.text):
            first = offset + block.start
            yield replace(
                base,
                headings=block.headings,
                text=block.text.strip("\n"),
                lines=(first, first + len(block.lines) - 1),
                kind=block.kind,
                lead=block.lead,
            )


def _blocks(text: str) -> Iterator[_Block]:
    """Headings applied, the text falls into paragraphs, list items, tables and fenced commands."""
    headings: list[tuple[int, str]] = []
    block: _Block | None = None
    fence, titled = "", False
    for number, line in enumerate(text.split("\n"), 1):
        here = tuple(h for _, h in headings)
        if fence:
            assert block is not None
            block.lines.append(line)
            if line.strip().startswith(fence):
                fence = ""
                yield block
                block = None
            continue
        opened, heading, item = _FENCE.match(line), _HEADING.match(line), _ITEM.match(line)
        if opened or heading or not line.strip() or _NOISE.match(line):
            if block is not None:
                yield block
                block = None
            if opened:
                fence = opened[1]
                block = _Block(kind="command", lines=[line], start=number, headings=here)
            elif heading:
                level = len(heading[1])
                top = level == 1 and not headings and not titled  # the document's own name
                titled = True
                headings = (
                    [] if top else [(n, h) for n, h in headings if n < level] + [(level, _plain(heading[2]))]
                )
            continue
        kind = "table" if line.lstrip().startswith("|") else "step" if item else "paragraph"
        deeper = item is not None and block is not None and block.kind == "step" and len(item[1]) > 1
        if block is not None and ((kind in (block.kind, "paragraph") and not item) or deeper):
            block.lines.append(line)  # a wrapped line, or an item below an item
        else:
            if block is not None:
                yield block
            block = _Block(kind=kind, lines=[line], start=number, headings=here)
        if len(block.text) > MAX_CHARS:
            yield block
            block = None
    if block is not None:
        yield block


def _joined(blocks: Iterable[_Block]) -> Iterator[_Block]:
    """A command stands with the sentence above it, a list item under the sentence that leads the list in."""
    held: _Block | None = None
    lead = ""
    for block in blocks:
        if held is not None and block.headings != held.headings:
            lead = ""
        near = held is not None and block.headings == held.headings
        if block.kind == "command" and near and held is not None and held.kind in ("paragraph", "step"):
            gap = block.start - (held.start + len(held.lines))
            if 0 <= gap <= 2 and len(held.text) + len(block.text) <= MAX_CHARS:
                held.lines += [""] * gap + block.lines
                yield held
                held, lead = None, ""
                continue
        if held is not None:
            yield held
        if block.kind == "step":
            block.lead = lead
        elif block.kind == "paragraph":
            lead = block.text if block.text.rstrip().endswith(":") else ""
        held = block
    if held is not None:
        yield held


def _plain(heading: str) -> str:
    """A heading without emphasis, links and numbering."""
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[*_`]{1,3}", "", text).strip()
