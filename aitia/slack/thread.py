"""The message that a thread is about, read as a report of trouble: a tool's alert or a person's words."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from aitia.alerts import read_text
from aitia.core.errors import BadInput

# What alerting tools write as `name: value`; anything else stays a sentence.
LABELS: Final = frozenset({
    "alertname", "severity", "service", "app", "application", "job", "instance", "pod", "namespace", "node", "deployment",
    "component", "machine", "asset", "container", "cluster", "env", "environment", "region", "team", "host",
})  # fmt: skip
LONGEST: Final = 20_000  # characters that are read of a message
_LINK: Final = re.compile(r"<(?P<to>[^<>|]+)(?:\|(?P<label>[^<>]*))?>")
_PAIR: Final = re.compile(
    r"^\W{0,4}(?P<name>[A-Za-z_ ]{2,30}?)\W{0,3}[:=]\W{0,3}(?P<value>[\w./:@-]{1,200})\W{0,2}$"
)
_STATE: Final = re.compile(r"^\s*\[(FIRING|RESOLVED)(?::\d+)?\]\s*", re.IGNORECASE)


def said(text: str) -> str:
    """What a person sees of mrkdwn: links as their labels, people and channels by name or id, entities as signs."""
    return html.unescape(_LINK.sub(_shown, text[:LONGEST]))


def report_of(
    message: Mapping[str, Any], *, words: str = "", latest: datetime | None = None
) -> Mapping[str, Any]:
    """A Slack message as an alert: as a tool's own message where it is one. Raises BadInput where it says nothing.

    words   what the person who asks adds
    latest  a moment that it cannot be later than: of recorded telemetry
    """
    parts = [part for part in _parts(message) if part.strip()]
    pasted = (read_text(part, among=len(parts) > 1) for part in parts)
    if notice := next((found for found in pasted if found is not None), None):
        return notice.alert()
    lines = [line for part in parts for line in part.splitlines() if line.strip()]
    lines = list(dict.fromkeys(line.strip() for line in lines))
    if not lines and not words.strip():
        raise BadInput("This message has no text. Say what is wrong, or ask in the thread of an alert.")
    told = [*lines, *([words.strip()] if words.strip() else [])]
    title = _STATE.sub("", told[0]) or told[0]
    at = moment(str(message.get("ts", "")))
    begun = min(at, latest) if latest else at
    return {
        "alerts": [
            {
                "status": "firing",
                "labels": _labels(lines),
                "annotations": {"summary": title[:200], "description": "\n".join(told[1:])[:LONGEST]},
                "startsAt": begun.isoformat(),
            }
        ]
    }


def moment(ts: str) -> datetime:
    """When a message was written."""
    try:
        return datetime.fromtimestamp(float(ts), tz=UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.now(tz=UTC)


def _parts(message: Mapping[str, Any]) -> Iterator[str]:
    """Its texts: its own, then those of its attachments; blocks where they say more than the text."""
    text = str(message.get("text") or "")
    inside = "\n".join(_block_texts(message.get("blocks")))
    yield said(text)
    if len(inside) > len(text):
        yield said(inside)
    for attachment in _mappings(message.get("attachments")):
        yield from _attachment(attachment)


def _attachment(attachment: Mapping[str, Any]) -> Iterator[str]:
    texts = [said(str(attachment[name])) for name in ("pretext", "title", "text") if attachment.get(name)]
    texts += [said(text) for text in _block_texts(attachment.get("blocks"))]
    yield from texts
    for field in _mappings(attachment.get("fields")):
        yield said(f"{field.get('title', '')}: {field.get('value', '')}")
    if not texts and attachment.get("fallback"):
        yield said(str(attachment["fallback"]))


def _block_texts(value: Any) -> Iterator[str]:
    """Every text of blocks, a line each; the pieces of a rich text line are joined."""
    if isinstance(value, list):
        for one in value:
            yield from _block_texts(one)
    elif isinstance(value, Mapping):
        if value.get("type") in ("rich_text_section", "rich_text_preformatted", "rich_text_quote"):
            yield "".join(str(e.get("text") or e.get("url") or "") for e in _mappings(value.get("elements")))
        elif isinstance(value.get("text"), str) and value.get("type") != "button":
            yield value["text"]
        else:
            for name in ("text", "fields", "elements"):
                yield from _block_texts(value.get(name))


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _labels(lines: list[str]) -> dict[str, str]:
    found = (_PAIR.match(line) for line in lines)
    pairs = ((m["name"].strip().lower().replace(" ", ""), m["value"]) for m in found if m)
    return {name: value for name, value in pairs if name in LABELS}


def _shown(match: re.Match[str]) -> str:
    to, label = match["to"], match["label"]
    if to.startswith(("@", "#", "!")):
        return f"{to[0] if to[0] != '!' else '@'}{label or to[1:]}"
    return label or to.removeprefix("mailto:")
