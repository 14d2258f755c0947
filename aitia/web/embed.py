"""The report's document inside a page: without the frame of a file of its own, its lines with buttons that look again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

# What the document has once and a page has itself; outside text cannot hold it, since it is escaped.
_BEGINS, _ENDS = "</a>\n<header>", "</body>"
_LOOK: Final = re.compile(
    r'<span class="look">To look again: <code>aitia ask [\w.-]+ (E\d+|next (\d+))</code></span>'
)
_FRAMES: Final = ('<main id="main" tabindex="-1">\n', "</main>\n")


@dataclass(frozen=True, kw_only=True)
class Embedded:
    """The document's inside, and the ids of the facts that a link can lead to."""

    body: Markup
    anchors: frozenset[str]


def embedded(html: str) -> Embedded:
    """What lies between `<body>` and `</body>`, without skip link and `<main>`: a page is both already."""
    _, begins, rest = html.partition(_BEGINS)
    inside, ends, _ = rest.rpartition(_ENDS)
    if not (begins and ends and all(frame in inside for frame in _FRAMES)):
        raise ValueError("the report's template no longer has the frame that a page takes off")
    for frame in _FRAMES:
        inside = inside.replace(frame, "", 1)
    inside = _LOOK.sub(_button, inside)
    body = Markup("<header>" + inside)  # safe: the report's own template has escaped it
    return Embedded(body=body, anchors=frozenset(re.findall(r'<li id="(E\d+)"', inside)))


def _button(line: re.Match[str]) -> str:
    """What looks at a line again: a button of the page's form `look`, for next checks by their number as access key."""
    key = f' accesskey="{line[2]}"' if line[2] and len(line[2]) == 1 else ""
    return (
        f'<button class="look" form="look" name="question" value="{line[1]}"{key}'
        f' aria-label="Look again at {line[1]}">Look again</button>'
    )
