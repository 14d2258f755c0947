"""Block Kit, as far as aitia uses it, within Slack's limits. Outside text is never mrkdwn here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from aitia.render.items import Item, Section
from aitia.slack import mrkdwn

Block = dict[str, Any]
Inline = dict[str, Any]

HEADER, FIELD, BUTTON, OPTION = 150, 2_000, 75, 75  # characters
MESSAGE, VIEW = 50, 100  # blocks
ROOM: Final = 11_000  # characters over all blocks of a message; Slack refuses from about 13 000
VIEW_ROOM: Final = 40_000
ITEM, LEAD = 600, 80  # characters of one entry of a list
INDENT: Final = (
    "     "  # before what a curve reaches: a phone shows as many characters in a line as the curve has
)
COMMAND: Final = 1_500  # a command that is longer is not shown at all: half of one must not be copied


def header(text: str) -> Block:
    """A large line."""
    return {
        "type": "header",
        "text": {"type": "plain_text", "text": mrkdwn.plain(text, HEADER), "emoji": False},
    }


def context(*texts: str) -> Block:
    """A small line of at most ten texts."""
    shown = [{"type": "plain_text", "text": mrkdwn.plain(t, 300), "emoji": False} for t in texts[:10]]
    return {"type": "context", "elements": shown}


def words(text: str, *styles: str, limit: int = ITEM) -> Inline:
    """A piece of rich text, its spaces at both ends kept; styles: bold, italic, code."""
    shown = mrkdwn.plain(text, limit) if text.strip() else ""
    before, after = " " * text[:1].isspace(), " " * (text[-1:].isspace() and bool(shown))
    element: Inline = {"type": "text", "text": f"{before}{shown}{after}" or mrkdwn.EMPTY}
    return element | ({"style": dict.fromkeys(styles, True)} if styles else {})


def person(user: str) -> Inline:
    """A person's name, as Slack shows it."""
    return {"type": "user", "user_id": user}


def line(*pieces: Inline) -> Inline:
    """A line of rich text."""
    return {"type": "rich_text_section", "elements": list(pieces)}


def lines(*rows: Sequence[Inline]) -> Inline:
    """Several lines of rich text."""
    broken = [piece for row in rows for piece in ({"type": "text", "text": "\n"}, *row)]
    return {"type": "rich_text_section", "elements": broken[1:]}


def pre(text: str, *, limit: int = COMMAND) -> Inline:
    """Preformatted lines."""
    shown = {"type": "text", "text": mrkdwn.code(text, limit)}
    return {"type": "rich_text_preformatted", "elements": [shown]}


def rich(*elements: Inline) -> Block:
    """A block of rich text."""
    return {"type": "rich_text", "elements": list(elements)}


def said(*pieces: Inline) -> Block:
    """A block of one line."""
    return rich(line(*pieces))


def button(text: str, action: str, value: str, *, style: str = "") -> Inline:
    """A button; `value` is at most 2000 characters and comes back with the click."""
    label = {"type": "plain_text", "text": mrkdwn.plain(text, BUTTON), "emoji": False}
    return {"type": "button", "text": label, "action_id": action, "value": value} | (
        {"style": style} if style else {}
    )


def actions(*buttons: Inline) -> Block:
    """A row of buttons."""
    return {"type": "actions", "elements": list(buttons)}


def entry(item: Item) -> Inline:
    """An entry of a list, without its command."""
    pieces = [words(f"{item.lead} ", "bold", limit=LEAD)] if item.lead else []
    pieces += [words(item.does, "code"), words(" ")] if item.mark else []
    pieces.append(words(item.text))
    pieces += [words(f" [{', '.join(item.cites)}]", limit=LEAD)] if item.cites else []
    pieces += [words(f" ({item.source})", "italic", limit=200)] if item.source else []
    return line(*pieces)


def section(found: Section) -> Block:
    """A titled list; numbers go on after a command in between."""
    style = "ordered" if found.numbered else "bullet"
    elements = [line(words(found.title, "bold"))]
    for n, item in enumerate(found.items):
        listed = {"type": "rich_text_list", "style": style, "elements": [entry(item)]}
        last = elements[-1]
        if last["type"] == "rich_text_list":
            last["elements"].append(listed["elements"][0])
        else:
            elements.append(listed | ({"offset": n} if found.numbered and n else {}))
        if item.curves:
            elements.append(pre("\n".join(c.replace("  ", f"\n{INDENT}", 1) for c in item.curves)))
        if item.command and len(item.command) <= COMMAND:
            elements.append(pre(item.command))
        elif item.command:
            elements.append(
                line(words("The command is in the attached report: it is too long for Slack.", "italic"))
            )
    if found.more:
        elements.append(line(words(f"{found.more} more in the attached report", "italic")))
    return rich(*elements)


def size(value: Any) -> int:
    """Characters of text in blocks."""
    if isinstance(value, dict):
        return sum(len(v) if k == "text" and isinstance(v, str) else size(v) for k, v in value.items())
    return sum(size(v) for v in value) if isinstance(value, list) else 0


def fit(
    head: Sequence[Block],
    body: Iterable[Block],
    tail: Sequence[Block],
    *,
    most: int = MESSAGE,
    room: int = ROOM,
) -> list[Block]:
    """Head and tail whole; of the body, in order, what has room. What is left out is said."""
    left, places = [*body], most - len(head) - len(tail) - 1
    room -= size([*head, *tail]) + 100
    kept: list[Block] = []
    for block in left:
        if len(kept) < places and size(block) <= room:
            kept.append(block)
            room -= size(block)
    gone = len(left) - len(kept)
    note = [context(f"{gone} more sections are in the attached report.")] if gone else []
    return [*head, *kept, *note, *tail]
