"""The units of a document: each sentence of a paragraph, each bullet, row of a table, line of a timeline and message of a chat.

No expression here looks at more than a bounded piece of a line, and blanks are taken off by code: documents are of others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

Style = Literal["paragraph", "item", "timed", "code"]
MOST: Final = 2000
"""Units of a document that are read; a longer one is a log or a table."""
LONGEST: Final = 2000  # characters of a unit
_LOOKED_AT: Final = 300  # characters at a line's beginning by which it is known
_UNSEEN: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_BOLD: Final = re.compile(r"\*\*([^*]{2,80}?):?\*\*:?$")
_FENCE: Final = re.compile(r"(?:`{3,}|~{3,})")
_ITEM: Final = re.compile(
    r"(?:[-*+•–·▪] +|\(?\d{1,3}[.)、] *(?!\d)|[a-z][.)] +|[①-⑳] *)(?:\[[ xX]\] +)?(?=\S)"
)
_CLOCK: Final = (
    r"(?:\d{4}-\d\d-\d\d[T ])?\d{1,2}(?::|h|時|时)\d\d(?::\d\d)?(?: ?(?:UTC|GMT|CES?T|Uhr|Z|分|h)\b)?"
)
_TIMED: Final = re.compile(rf"[\[(<|]? ?{_CLOCK} ?[\])>|]? ?(?:[-–—:|] ?)?(?=\S)")
_CHAT: Final = re.compile(r"(?:[\[(]?" + _CLOCK + r"[\])]? )?[<@]?[\w.-]{2,24}>? ?: (?=\S)")
_LETTER_HEAD: Final = re.compile(
    r"(?:from|to|cc|bcc|subject|date|sent|reply-to|message-id|von|an|betreff|gesendet|datum|de|à|objet|envoyé|para|asunto|fecha|"
    r"enviado|oggetto|inviato|assunto|status|priority|severity|reporter|assignee|created|updated|closed|opened|"
    r"labels?|priorität|gemeldet von|author|owner|verantwortlich|发件人|收件人|主题|日期|差出人|宛先|件名|日付) ?[:：]",
    re.I,
)
_OWNED: Final = re.compile(
    r"(?:owner|contact|author|maintainer|reviewed|last (?:review|update|change)|verantwortlich|zuständig|ansprechpartner|autor|"
    r"responsable|responsabile|responsável|负责人|担当) ?[:：]",
    re.I,
)
_SIGNED: Final = re.compile(r"-- ?$|_{5,}$")
_RULE_OF_ROWS: Final = re.compile(r"[|:\- ]+$")
_ENDS: Final = re.compile(
    r"(?<=[.!?…])[\"'”»)\]]{0,3}\s+(?=[\"'“«(\[¿¡`]{0,3}[^\W\d_a-zß-öø-ÿ]|[\"'“«(\[`]{0,3}\d|`)|(?<=[。！？])[」』）”]{0,3}\s*(?=\S)"
)
_SHORT: Final = re.compile(
    r"(?:^|[\s(])(?:(?<!\d )[A-Za-zÀ-ÿ]|z\. ?B|d\. ?h|u\. ?a|o\. ?ä|i\. ?d\. ?R|e\.g|i\.e|approx|ca|vs|bzw|Nr|No|nº|núm|"
    r"Mr|Mrs|Ms|Dr|Sr|Sra|St|ggf|evtl|inkl|vgl|resp|[Ff]ig|Abb|env|aprox|p\. ?ej|p\. ?ex|cf|[Tt]el|"
    r"Jan|Feb|Apr|Jun|Jul|Aug|Sept?|Oct|Okt|Nov|Dec|Dez)\.$"
)
_NUMBERED: Final = re.compile(r"\W{0,3}\d{1,3}\.$")  # of a list, not of a sentence that ends with a number
_ORDINAL: Final = re.compile(r"(?:^|\s)\d{1,2}\.$")
_MONTH: Final = re.compile(r"(?:Jan|Feb|März|Mär|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez)\w*\b")


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A sentence, a list item, a row, a line of a timeline, or a block of code. `place` is where it stands, 0 to 1."""

    text: str
    heading: str
    style: Style
    line: int
    place: float = 0.0


def plain(text: str) -> str:
    """A text without control characters and signs that nobody sees; its lines end as Unix ends them."""
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def units_of(text: str) -> list[Unit]:
    """The units of Markdown or plain text, in order, at most `MOST`. Headings are told with their units, not as such.

    The head, the signature and, below a head, the quoted parts of a letter are left out.
    """
    found: list[Unit] = []
    for unit in _Reading(plain(text)).units():
        if unit.text:
            found.append(unit)
        if len(found) >= MOST:
            break
    last = max(len(found) - 1, 1)
    texts = (
        u.text if u.style == "code" else u.text[:LONGEST] for u in found
    )  # a command that is cut is another one
    return [
        replace(u, text=text, place=i / last) for i, (u, text) in enumerate(zip(found, texts, strict=True))
    ]


def sentences(text: str) -> list[str]:
    """A paragraph's sentences, in any language that ends them with a full stop, and in Chinese and Japanese."""
    made, begin = [], 0
    for end in _ENDS.finditer(text):
        near = text[max(begin, end.start() - 24) : end.start()]
        if _SHORT.search(near) or (end.start() - begin < 8 and _NUMBERED.match(text[begin : end.start()])):
            continue
        if _ORDINAL.search(near) and _MONTH.match(text, end.end()):
            continue
        made.append(text[begin : end.end()].strip())
        begin = end.end()
    made.append(text[begin:].strip())
    return [s for s in made if s]


class _Reading:
    """One document, line by line."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._letter = any(_LETTER_HEAD.match(line[:_LOOKED_AT]) for line in self._lines[:12])
        self._heading, self._begin = "", 1
        self._open: list[str] = []  # lines of an item or a paragraph that may go on
        self._style: Style = "paragraph"

    def units(self) -> Iterator[Unit]:
        """All units, as they come."""
        code: list[str] | None = None
        for number, raw in enumerate(self._lines, 1):
            line = raw.strip()
            if _FENCE.match(line):
                if code is not None:
                    yield self._unit("\n".join(code), "code")
                    code = None
                else:
                    yield from self._closed()
                    code, self._begin = [], number
            elif code is not None:
                if line:
                    code.append(line)
            else:
                if self._letter and _SIGNED.fullmatch(line):
                    break
                yield from self._line(line, number)
        yield from self._closed()
        if code:
            yield self._unit("\n".join(code), "code")

    def _line(self, line: str, number: int) -> Iterator[Unit]:
        if line.startswith(">"):
            line = "" if self._letter else line.lstrip("> ")
        near = line[:_LOOKED_AT]
        if not line or _LETTER_HEAD.match(near) or _OWNED.match(near):
            yield from self._closed()
        elif heading := self._heading_of(line):
            yield from self._closed()
            self._heading = heading
        elif (
            len(self._open) == 1
            and self._style == "paragraph"
            and set(line) in ({"="}, {"-"})
            and len(line) > 2
        ):
            self._heading = self._open.pop()
        elif len(line) > 1 and line.startswith("|") and line.endswith("|"):
            yield from self._closed()
            if not _RULE_OF_ROWS.fullmatch(line):
                cells = [c.strip() for c in line.strip("|").split("|")]
                self._begin = number
                yield self._unit(
                    ": ".join(filter(None, [cells[0], "; ".join(filter(None, cells[1:]))])), "item"
                )
        elif begun := (_TIMED.match(near) or _ITEM.match(near) or _CHAT.match(near)):
            yield from self._closed()
            rest = line[begun.end() :]
            if _OWNED.match(rest):
                return
            timed = begun.re is _TIMED or _TIMED.match(rest[:_LOOKED_AT]) is not None
            self._style, self._begin = ("timed" if timed else "item"), number
            self._open.append(line.strip("| ") if begun.re is _TIMED else rest)
        else:
            if not self._open:
                self._style, self._begin = "paragraph", number
            self._open.append(line)

    def _closed(self) -> Iterator[Unit]:
        """What was open, as one item or as sentences."""
        text = " ".join(self._open)
        self._open.clear()
        if self._style == "paragraph":
            for sentence in sentences(text):
                yield self._unit(sentence, "paragraph")
        else:
            yield self._unit(text, self._style)

    def _unit(self, text: str, style: Style) -> Unit:
        return Unit(text=text, heading=self._heading, style=style, line=self._begin)

    @staticmethod
    def _heading_of(line: str) -> str:
        if line.startswith("#"):
            marks = len(line) - len(line.lstrip("#"))
            return line.strip("# ")[:_LOOKED_AT] if marks <= 6 and line[marks : marks + 1] == " " else ""
        if line.startswith("==") and line.endswith("==") and len(line) > 4:
            return line.strip("= ")[:_LOOKED_AT]
        bold = _BOLD.fullmatch(line) if len(line) < 100 else None
        return bold[1] if bold else ""
