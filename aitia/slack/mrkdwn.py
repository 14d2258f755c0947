"""Outside text in Slack: as plain text wherever Slack has a field for it, else with nothing left that Slack would act on."""

from __future__ import annotations

from typing import Final

from aitia.render.text import clean, clean_lines, clip

EMPTY: Final = "–"  # Slack refuses an empty text
_ENTITIES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
# mrkdwn has no escape for its own signs: they are shown by signs that look like them.
_SIGNS: Final = str.maketrans({"*": "∗", "_": "ˍ", "~": "∼", "`": "ˋ"})
_STREAMED: Final = frozenset(" .,:;/%+-='()#")


def plain(text: str, limit: int) -> str:
    """One line for a `plain_text` or rich text element, which Slack shows as it is."""
    return clip(clean(text), limit) or EMPTY


def code(text: str, limit: int) -> str:
    """Lines for a preformatted element."""
    return clip(clean_lines(text), limit) or EMPTY


def fallback(text: str, limit: int = 500) -> str:
    """One line of mrkdwn, for a message's `text`: no mention, no link, no formatting."""
    shown = plain(text, limit).translate(_SIGNS).translate(_ENTITIES)
    return shown.replace("://", ":\u2060//").replace("@", "@\u2060")


def streamed(text: str, limit: int) -> str:
    """One line for a streamed step, where Slack reads Markdown: signs that could form any are blanks."""
    line = clean(text).replace("://", ": ")
    shown = "".join(c if c.isalnum() or c in _STREAMED else " " for c in line)
    return clip(" ".join(shown.split()), limit) or EMPTY
