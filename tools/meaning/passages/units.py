"""The units of a document: each sentence of a paragraph, each bullet, line of a timeline and message of a chat."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

Style = Literal["paragraph", "item", "timed", "code"]
MOST: Final = 2000
"""Units of a document that are read; a longer one is a log or a table."""
LONGEST: Final = 2000  # characters of a unit
_HEADING: Final = re.compile(r"^(?:#{1,6}\s+(.+?)\s*#*|\*\*([^*]{2,80}?):?\*\*:?|==+\s*(.+?)\s*==+)$")
_RULED: Final = re.compile(r"^\s*(?:={3,}|-{3,})\s*$")
_FENCE: Final = re.compile(r"^\s*(?:```|~~~)")
_ITEM: Final = re.compile(
    r"^\s*(?:[-*+•–·▪]\s+|\(?\d{1,3}[.)、]\s*(?!\d)|[a-z][.)]\s+|[①-⑳]\s*)(?:\[[ xX]\]\s+)?(?=\S)"
)
_CLOCK: Final = (
    r"(?:\d{4}-\d\d-\d\d[T ])?\d{1,2}(?::|h|時|时)\d\d(?::\d\d)?(?:\s*(?:UTC|GMT|CES?T|Uhr|Z|分|h)\b)?"
)
_TIMED: Final = re.compile(rf"^\s*[\[(<|]?\s*{_CLOCK}\s*[\])>|]?\s*(?:[-–—:|]\s*)?(?=\S)")
_CHAT: Final = re.compile(r"^\s*(?:[\[(]?" + _CLOCK + r"[\])]?\s*)?[<@]?([\w.-]{2,24})[>]?\s*:\s+(?=\S)")
_ENDS: Final = re.compile(
    r"(?<=[.!?…])[\"'”»)\]]*\s+(?=[\"'“«(\[¿¡`]*[^\W\d_a-zß-öø-ÿ]|[\"'“«(\[`]*\d|`)|(?<=[。！？])[」』）”]*\s*(?=\S)"
)
_SHORT: Final = re.compile(
    r"(?:^|[\s(])(?:(?<!\d )[A-Za-zÀ-ÿ]|z\. ?B|d\. ?h|u\. ?a|o\. ?ä|i\. ?d\. ?R|e\.g|i\.e|approx|ca|vs|bzw|Nr|No|nº|núm|"
    r"Mr|Mrs|Ms|Dr|Sr|Sra|St|ggf|evtl|inkl|vgl|resp|[Ff]ig|Abb|env|aprox|p\. ?ej|p\. ?ex|cf|[Tt]el|"
    r"Jan|Feb|Apr|Jun|Jul|Aug|Sept?|Oct|Okt|Nov|Dec|Dez)\.$"
)
_NUMBERED: Final = re.compile(r"^\W*\d{1,3}\.$")  # of a list, not of a sentence that ends with a number
_ORDINAL: Final = re.compile(r"(?:^|\s)\d{1,2}\.$")
_MONTH: Final = re.compile(r"(?:Jan|Feb|März|Mär|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez)\w*\b")


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A sentence, a list item, a line of a timeline, or a block of code. `place` is where it stands, 0 to 1."""

    text: str
    heading: str
    style: Style
    line: int
    place: float = 0.0


def units_of(text: str) -> list[Unit]:
    """The units of Markdown or plain text, in order, at most `MOST`. Headings are told with their units, not as such."""
    found: list[Unit] = []
    for unit in _units(text):
        if unit.text:
            found.append(unit)
        if len(found) >= MOST:
            break
    last = max(len(found) - 1, 1)
    return [
        Unit(text=u.text[:LONGEST], heading=u.heading, style=u.style, line=u.line, place=i / last)
        for i, u in enumerate(found)
    ]


def sentences(text: str) -> list[str]:
    """A paragraph's sentences, in any language that ends them with a full stop, and in Chinese and Japanese."""
    made, begin = [], 0
    for end in _ENDS.finditer(text):
        head = text[begin : end.start()]
        if _SHORT.search(head) or _NUMBERED.search(head):
            continue
        if _ORDINAL.search(head) and _MONTH.match(text, end.end()):
            continue
        made.append(text[begin : end.end()].strip())
        begin = end.end()
    made.append(text[begin:].strip())
    return [s for s in made if s]


def _units(text: str) -> Iterator[Unit]:
    heading, open_item, fenced = "", False, False
    paragraph: list[str] = []
    code: list[str] = []
    begin = 0

    def flushed() -> Iterator[Unit]:
        for sentence in sentences(" ".join(paragraph)):
            yield Unit(text=sentence, heading=heading, style="paragraph", line=begin)
        paragraph.clear()

    item: list[str] = []
    style: Style = "item"

    def closed() -> Iterator[Unit]:
        if item:
            yield Unit(text=" ".join(item), heading=heading, style=style, line=begin)
        item.clear()

    lines = text.splitlines()
    for number, raw in enumerate(lines, 1):
        line = re.sub(r"^\s*>\s?", "", raw)
        if _FENCE.match(line):
            if fenced and code:
                yield Unit(text="\n".join(code), heading=heading, style="code", line=begin)
                code.clear()
            elif not fenced:
                yield from closed()
                yield from flushed()
                begin = number
            fenced = not fenced
            continue
        if fenced:
            if line.strip():
                code.append(line.strip())
            continue
        told = _HEADING.match(line.strip())
        if told or (paragraph and len(paragraph) == 1 and _RULED.match(line)):
            if told:
                yield from closed()
                yield from flushed()
                heading = next(g for g in told.groups() if g)
            else:
                heading = paragraph.pop()
            open_item = False
        elif not line.strip():
            yield from closed()
            yield from flushed()
            open_item = False
        elif begun := (_TIMED.match(line) or _ITEM.match(line) or _CHAT.match(line)):
            yield from closed()
            yield from flushed()
            timed = _TIMED.match(line) is not None or _TIMED.match(line[begun.end() :]) is not None
            style, begin, open_item = ("timed" if timed else "item"), number, True
            item.append((line if begun.re is _TIMED else line[begun.end() :]).strip().strip("|").strip())
        elif open_item:
            item.append(line.strip())
        else:
            if not paragraph:
                begin = number
            paragraph.append(line.strip())
    if fenced and code:
        yield Unit(text="\n".join(code), heading=heading, style="code", line=begin)
    yield from closed()
    yield from flushed()
