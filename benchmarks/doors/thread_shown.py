"""Messages, streams and forms of Slack as plain text: what a person would see, no more."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

_MARKS: Final = {"complete": "✓", "error": "✗", "in_progress": "…", "pending": "·"}


def shown(
    message: Mapping[str, Any],
    files: Mapping[str, Mapping[str, Any]],
    folder: Path,
    *,
    you: str = "",
    bot: str = "",
) -> str:
    """A message: its steps, its blocks or its text, and the files that lie under `folder` then."""
    parts = [f"[{message['plan']}]"] if message.get("plan") else []
    parts += [_task(t) for t in (message.get("tasks") or {}).values()]
    blocks = [_block(b) for b in message.get("blocks") or ()]
    parts += blocks or [str(message.get("text") or "")]
    for told in message.get("files") or ():
        held = files[told["id"]]
        folder.mkdir(exist_ok=True)
        (folder / str(held["name"])).write_bytes(held["data"])
        parts.append(f"(file: {held.get('title', '')} {folder / str(held['name'])})")
    text = "\n".join(p for p in parts if p.strip())
    return text.replace(f"<@{bot}>", "@aitia").replace(f"<@{you}>", "@you")


def shown_view(view: Mapping[str, Any]) -> str:
    """A form: its title, what it says, and the names of what can be filled in."""
    told = [str(view["title"]["text"])]
    for block in view["blocks"]:
        told.append(_field(block) if block["type"] == "input" else _block(block))
    return "\n".join(t for t in told if t.strip())


def _field(block: Mapping[str, Any]) -> str:
    element = block["element"]
    groups = element.get("option_groups") or [{"options": element.get("options") or ()}]
    options = [o["text"]["text"] for g in groups for o in g["options"]]
    given = f"  one of: {'; '.join(options)}" if options else ""
    return f"  {element['action_id']}=…  ({block['label']['text']}){given}"


def _task(task: Mapping[str, Any]) -> str:
    output = f"  {_rich(task['output'])}" if task.get("output") else ""
    return f"{_MARKS.get(str(task.get('status')), '·')} {task.get('title', '')}{output}"


def _block(block: Mapping[str, Any]) -> str:
    match block["type"]:
        case "header":
            return f"# {block['text']['text']}"
        case "context":
            return "  ".join(_text(e) for e in block["elements"])
        case "section":
            return _text(block["text"])
        case "rich_text":
            return "".join(_rich(e) for e in block["elements"]).rstrip("\n")
        case "actions":
            return " ".join(f"[{e['text']['text']}]" for e in block["elements"])
        case "image":
            return f"(picture: {block.get('alt_text', '')})"
        case other:
            return f"({other})"


def _text(element: Mapping[str, Any]) -> str:
    return str(element.get("text") or element.get("alt_text") or "")


def _rich(element: Any) -> str:
    if isinstance(element, str):
        return element
    inner = "".join(_rich(e) for e in element.get("elements", ()))
    match element["type"]:
        case "rich_text_list":
            first = int(element.get("offset", 0)) + 1
            ordered = element.get("style") == "ordered"
            rows = [_rich(e).strip("\n") for e in element["elements"]]
            return "".join(f"{f'{n}.' if ordered else '•'} {row}\n" for n, row in enumerate(rows, first))
        case "rich_text_preformatted":
            return "".join(f"    {line}\n" for line in inner.split("\n"))
        case "rich_text_section":
            return f"{inner}\n"
        case "user":
            return f"<@{element['user_id']}>"
        case "text":
            return (
                f"`{element['text']}`" if (element.get("style") or {}).get("code") else str(element["text"])
            )
        case _:
            return inner or str(element.get("text", ""))
