"""The report as GitHub-flavoured Markdown. Outside text can form no link, image, HTML, mention or heading."""

from __future__ import annotations

import re
from typing import Final

from aitia.core.words import Report
from aitia.render.document import Document, build
from aitia.render.items import Item, Section

_SPECIAL = re.compile(r"([\\`*_\[\]<>~$&@])")
_LEADING = re.compile(r"^(\s*)([-+#=|:])")
_AUTOLINK = re.compile(r":(?=//)|(?<=www)\.", re.IGNORECASE)
_ORDERED = re.compile(r"^(\s*\d+)([.)])")
_ENTITIES: Final = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "&#64;"}


def escape(text: str) -> str:
    """Text that Markdown shows as it is."""
    escaped = _SPECIAL.sub(lambda m: _ENTITIES.get(m[1], f"\\{m[1]}"), text)
    escaped = _AUTOLINK.sub(lambda m: "\\" + m.group(), escaped)
    escaped = _LEADING.sub(r"\1\\\2", escaped)
    return _ORDERED.sub(r"\1\\\2", escaped)


def fenced(command: str, language: str = "sh") -> str:
    """A code block whose fence is longer than any run of backticks inside."""
    longest = max((len(run) for run in re.findall(r"`+", command)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{command}\n{fence}"


def render_markdown(report: Report, *, full: bool = True) -> str:
    """The report as Markdown, ending in a newline."""
    document = build(report, amount="full" if full else "short")
    blocks = [*_head(document), *(_section(section) for section in document.sections)]
    return "\n\n".join(block.rstrip("\n") for block in blocks) + "\n"


def _head(document: Document) -> list[str]:
    head = document.headline
    blocks = [
        f"# {escape(head.told)}: {escape(head.subject)}",
        "  \n".join(
            [
                f"**{escape(head.incident)}**",
                *([escape(head.understood)] if head.understood else []),
                escape(" · ".join(head.context)),
            ]
        ),
    ]
    if document.summary:
        blocks.append("\n".join(_inline(item) for item in document.summary))
    return blocks


def _section(section: Section) -> str:
    lines = [_item(item, f"{n}." if section.numbered else "-") for n, item in enumerate(section.items, 1)]
    if section.more:
        lines.append(f"- *{section.more} more*")
    title = f"## {escape(section.title)}" + (f"\n\n*{escape(section.note)}*" if section.note else "")
    return f"{title}\n\n" + "\n".join(lines)


def _item(item: Item, bullet: str) -> str:
    pad = " " * (len(bullet) + 1)
    line = f"{bullet} {_inline(item)}"
    if item.command:
        block = "\n".join(
            pad + part if part else ""
            for part in fenced(item.command, "sh" if item.shell else "").split("\n")
        )
        line += f"\n\n{block}\n"
    return line


def _inline(item: Item) -> str:
    parts = [f"**{escape(item.lead)}**" if item.lead else "", f"`{item.does}`" if item.mark else ""]
    parts += [escape(item.text), f"\\[{', '.join(item.cites)}\\]" if item.cites else ""]
    parts += [f"*({escape(item.source)})*" if item.source else ""]
    return " ".join(part for part in parts if part)
