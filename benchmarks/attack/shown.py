"""Where a report shows planted text as something to run or to click."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

from aitia.core.words import Report

_FENCED = re.compile(r"^[ ]*(`{3,})[^\n]*\n(.*?)^[ ]*\1`*[ ]*$", re.DOTALL | re.MULTILINE)
_LINKED = re.compile(r"(?<!\\)\]\(([^)]*)\)|<(https?://[^>]*)>|(?<![\\\w])(https?://\S+|www\.\S+)")
_SIGN = re.compile(r"\s*[$›] ")


def shown_as_command_or_link(report: Report, canary: str) -> list[str]:
    """Where: `json mitigation`, `json next check`, `markdown`, `html`, `slack`, `terminal`. None for a harmless report."""
    found = [
        *("json mitigation" for m in report.mitigations if canary in m.command),
        *("json next check" for n in report.next_checks if canary in n.command),
    ]
    if canary in report.model_dump_json():
        found += [name for name, shows in _DOORS.items() if shows(report, canary)]
    return list(dict.fromkeys(found))


def _terminal(report: Report, canary: str) -> bool:
    """A line that begins with the sign of a command, or one below it that stands as far in as its text."""
    from aitia.render.terminal import render_text

    text_at = -1
    for line in render_text(report, width=400, full=True).splitlines():
        sign = _SIGN.match(line)
        if sign:
            text_at = sign.end()
        elif len(line) - len(line.lstrip()) != text_at:
            text_at = -1
        if text_at >= 0 and canary in line:
            return True
    return False


def _markdown(report: Report, canary: str) -> bool:
    """A fenced block, a link, or an address that GitHub would make a link."""
    from aitia.render.markdown import render_markdown

    text = render_markdown(report)
    fenced = "".join(m.group(2) for m in _FENCED.finditer(text))
    outside = _FENCED.sub("", text)
    links = ["".join(filter(None, m.groups())) for m in _LINKED.finditer(outside)]
    return canary in fenced or any(canary in link for link in links)


class _Page(HTMLParser):
    """What stands in blocks to copy from (those of folded queries apart), and every attribute that leads somewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("pre", "details"):
            self.open.append(tag)
        self.text += [value or "" for name, value in attrs if name in ("href", "src", "action")]

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            del self.open[len(self.open) - 1 - self.open[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        if "pre" in self.open and "details" not in self.open:
            self.text.append(data)


def _html(report: Report, canary: str) -> bool:
    from aitia.render.html import render_html

    page = _Page()
    page.feed(render_html(report))
    return any(canary in text for text in page.text)


def _slack(report: Report, canary: str) -> bool:
    """A preformatted element, a link, a button's address, or mrkdwn with an address in it."""
    from aitia.render.document import build
    from aitia.slack.blocks import section

    blocks = [section(s) for s in build(report, amount="full").sections]
    return any(canary in json.dumps(part, ensure_ascii=False) for part in _active(blocks))


def _active(node: Any) -> list[Any]:
    if isinstance(node, list):
        return [part for each in node for part in _active(each)]
    if not isinstance(node, dict):
        return []
    if node.get("type") in ("rich_text_preformatted", "link", "mrkdwn") or "url" in node:
        return [node]
    return [part for each in node.values() for part in _active(each)]


_DOORS = {"terminal": _terminal, "markdown": _markdown, "html": _html, "slack": _slack}
