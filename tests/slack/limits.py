"""What Slack accepts: blocks, elements, texts and views, by its reference. The first thing wrong is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
ALL_BLOCKS = 13_200  # characters of text over all blocks of a message
MESSAGE_TEXT = 4_000
CHUNK_FIELD = 256
STYLES = {"bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink"}


class Refused(Exception):
    """The error that Slack would answer, and why."""

    def __init__(self, error: str, why: str = "") -> None:
        super().__init__(f"{error}: {why}")
        self.error, self.why = error, why


def check_message(arguments: Mapping[str, Any]) -> None:
    """`text` and `blocks` of a message."""
    text, blocks = arguments.get("text") or "", arguments.get("blocks")
    if not isinstance(text, str):
        raise Refused("invalid_arguments", "text is no string")
    if not text and not blocks:
        raise Refused("no_text")
    if len(text) > MESSAGE_TEXT:
        raise Refused("msg_too_long", f"{len(text)} characters")
    if blocks is not None:
        check_blocks(blocks, most=MESSAGE_BLOCKS, inputs=False)


def check_view(view: Any) -> None:
    """A modal."""
    _fields(view, required={"type", "title", "blocks"}, optional={
        "submit", "close", "private_metadata", "callback_id", "clear_on_close", "notify_on_close", "external_id"})  # fmt: skip
    _need(view["type"] == "modal", "view type")
    for name in ("title", "submit", "close"):
        if name in view:
            _plain(view[name], 24, name)
    _need(len(view.get("private_metadata", "")) <= 3000, "private_metadata")
    _need(len(view.get("callback_id", "")) <= 255, "callback_id")
    check_blocks(view["blocks"], most=VIEW_BLOCKS, inputs=True)
    if any(b["type"] == "input" for b in view["blocks"]):
        _need("submit" in view, "inputs need a submit")


def check_blocks(blocks: Any, *, most: int, inputs: bool) -> None:
    """A list of blocks."""
    _need(isinstance(blocks, list), "blocks is no list")
    if len(blocks) > most:
        raise Refused("invalid_blocks", f"no more than {most} items allowed: {len(blocks)}")
    ids = [b.get("block_id") for b in blocks if isinstance(b, dict) and b.get("block_id")]
    _need(len(ids) == len(set(ids)), "block_id twice")
    for block in blocks:
        _need(isinstance(block, dict) and block.get("type") in _BLOCKS, f"block {block!r:.80}")
        _need(inputs or block["type"] != "input", "input in a message")
        _need(len(block.get("block_id", "")) <= 255, "block_id")
        _BLOCKS[block["type"]](block)
    actions = [
        e["action_id"]
        for b in blocks
        for e in b.get("elements", ())
        if isinstance(e, dict) and "action_id" in e
    ]
    _need(len(actions) == len(set(actions)), f"action_id twice: {actions}")
    if not inputs and (size := characters(blocks)) > ALL_BLOCKS:
        raise Refused("msg_blocks_too_long", f"{size} characters")


def characters(value: Any) -> int:
    """The text in blocks."""
    if isinstance(value, Mapping):
        own = len(value["text"]) if isinstance(value.get("text"), str) else 0
        return own + sum(characters(v) for k, v in value.items() if k != "text" or not isinstance(v, str))
    return sum(characters(v) for v in value) if isinstance(value, list) else 0


def check_chunks(chunks: Any) -> None:
    """What is streamed."""
    if not isinstance(chunks, list) or not chunks:
        raise Refused("invalid_chunks", "no list")
    for chunk in chunks:
        kind = chunk.get("type")
        if kind == "markdown_text":
            ok = isinstance(chunk.get("text"), str) and 0 < len(chunk["text"]) <= 12_000
        elif kind == "plan_update":
            ok = isinstance(chunk.get("title"), str) and 0 < len(chunk["title"]) <= CHUNK_FIELD
        elif kind == "task_update":
            ok = bool(chunk.get("id")) and 0 < len(chunk.get("title") or "") <= CHUNK_FIELD
            ok = ok and chunk.get("status") in ("pending", "in_progress", "complete", "error")
            ok = ok and all(len(chunk.get(f) or "") <= CHUNK_FIELD for f in ("details", "output"))
            ok = ok and set(chunk) <= {"type", "id", "title", "status", "details", "output", "sources"}
        else:
            ok = False
        if not ok:
            raise Refused("invalid_chunks", f"{chunk!r:.200}")


def _need(met: bool, why: str) -> None:
    if not met:
        raise Refused("invalid_blocks", why)


def _fields(value: Any, *, required: set[str], optional: set[str] = frozenset()) -> None:  # type: ignore[assignment]
    _need(isinstance(value, dict), f"no object: {value!r:.80}")
    _need(required <= set(value), f"missing {sorted(required - set(value))} in {value!r:.80}")
    _need(set(value) <= required | optional, f"unknown {sorted(set(value) - required - optional)}")


def _string(value: Any, most: int, what: str, least: int = 1) -> None:
    _need(
        isinstance(value, str) and least <= len(value) <= most,
        f"{what}: {len(value) if isinstance(value, str) else value!r:.60}",
    )
    _need(
        all(c.isprintable() or c in "\n\t " or ord(c) > 127 for c in value), f"control characters in {what}"
    )
    value.encode("utf-8")  # a lone surrogate cannot be sent


def _plain(value: Any, most: int, what: str) -> None:
    _fields(value, required={"type", "text"}, optional={"emoji"})
    _need(value["type"] == "plain_text", f"{what} must be plain_text")
    _string(value["text"], most, what)


def _text(value: Any, most: int, what: str) -> None:
    kind = value.get("type") if isinstance(value, dict) else None
    _need(kind in ("plain_text", "mrkdwn"), f"{what}: type {kind!r}")
    _fields(value, required={"type", "text"}, optional={"emoji"} if kind == "plain_text" else {"verbatim"})
    _string(value["text"], most, what)


def _header(block: Any) -> None:
    _fields(block, required={"type", "text"}, optional={"block_id"})
    _plain(block["text"], 150, "header")


def _section(block: Any) -> None:
    _fields(block, required={"type"}, optional={"block_id", "text", "fields", "accessory", "expand"})
    _need("text" in block or "fields" in block, "section without text")
    if "text" in block:
        _text(block["text"], 3000, "section text")
    if "fields" in block:
        _need(1 <= len(block["fields"]) <= 10, "section fields")
        for field in block["fields"]:
            _text(field, 2000, "field")
    if "accessory" in block:
        _element(block["accessory"])


def _context(block: Any) -> None:
    _fields(block, required={"type", "elements"}, optional={"block_id"})
    _need(1 <= len(block["elements"]) <= 10, "context elements")
    for element in block["elements"]:
        _text(element, 2000, "context text")


def _divider(block: Any) -> None:
    _fields(block, required={"type"}, optional={"block_id"})


def _actions(block: Any) -> None:
    _fields(block, required={"type", "elements"}, optional={"block_id"})
    _need(1 <= len(block["elements"]) <= 25, "actions elements")
    for element in block["elements"]:
        _element(element)


def _input(block: Any) -> None:
    _fields(
        block,
        required={"type", "label", "element"},
        optional={"block_id", "hint", "optional", "dispatch_action"},
    )
    _plain(block["label"], 2000, "label")
    if "hint" in block:
        _plain(block["hint"], 2000, "hint")
    _element(block["element"])


def _markdown(block: Any) -> None:
    _fields(block, required={"type", "text"}, optional={"block_id"})
    _string(block["text"], 12_000, "markdown")


def _element(element: Any) -> None:
    kind = element.get("type") if isinstance(element, dict) else None
    _need(kind in _ELEMENTS, f"element {kind!r}")
    _string(element.get("action_id", "x"), 255, "action_id")
    _ELEMENTS[kind](element)


def _button(element: Any) -> None:
    _fields(
        element,
        required={"type", "text", "action_id"},
        optional={"value", "url", "style", "confirm", "accessibility_label"},
    )
    _plain(element["text"], 75, "button text")
    _string(element.get("value", "x"), 2000, "button value")
    _need(element.get("style", "primary") in ("primary", "danger"), "button style")
    if "confirm" in element:
        confirm = element["confirm"]
        _fields(confirm, required={"title", "text", "confirm", "deny"}, optional={"style"})
        for name, most in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
            _plain(confirm[name], most, f"confirm {name}")


def _select(element: Any) -> None:
    _fields(
        element,
        required={"type", "action_id"},
        optional={"options", "option_groups", "placeholder", "initial_option", "confirm", "focus_on_load"},
    )
    _need(("options" in element) != ("option_groups" in element), "options or option_groups")
    groups = element.get("option_groups") or [{"label": None, "options": element["options"]}]
    _need(1 <= len(groups) <= 100, "option_groups")
    for group in groups:
        if group["label"] is not None:
            _plain(group["label"], 75, "group label")
        _need(1 <= len(group["options"]) <= 100, "options")
        for option in group["options"]:
            _fields(option, required={"text", "value"}, optional={"description"})
            _plain(option["text"], 75, "option text")
            _string(option["value"], 150, "option value")
    if "placeholder" in element:
        _plain(element["placeholder"], 150, "placeholder")
    if "initial_option" in element:
        _need(any(element["initial_option"] in g["options"] for g in groups), "initial_option is no option")


def _typed(element: Any) -> None:
    _fields(
        element,
        required={"type", "action_id"},
        optional={"placeholder", "initial_value", "multiline", "min_length", "max_length", "focus_on_load"},
    )
    _need(0 < element.get("max_length", 3000) <= 3000, "max_length")
    if "placeholder" in element:
        _plain(element["placeholder"], 150, "placeholder")


def _rich(block: Any) -> None:
    _fields(block, required={"type", "elements"}, optional={"block_id"})
    _need(len(block["elements"]) >= 1, "rich_text without elements")
    for element in block["elements"]:
        kind = element.get("type")
        if kind == "rich_text_list":
            _fields(element, required={"type", "style", "elements"}, optional={"indent", "offset", "border"})
            _need(element["style"] in ("bullet", "ordered"), "list style")
            _need(len(element["elements"]) >= 1, "empty list")
            for entry in element["elements"]:
                _need(entry.get("type") == "rich_text_section", "list of sections only")
                _inline(entry["elements"], preformatted=False)
        elif kind in ("rich_text_section", "rich_text_preformatted", "rich_text_quote"):
            optional = set() if kind == "rich_text_section" else {"border"}
            _fields(element, required={"type", "elements"}, optional=optional)
            _inline(element["elements"], preformatted=kind == "rich_text_preformatted")
        else:
            raise Refused("invalid_blocks", f"rich_text {kind!r}")


def _inline(elements: Sequence[Any], *, preformatted: bool) -> None:
    _need(len(elements) >= 1, "rich text section without elements")
    for element in elements:
        kind = element.get("type")
        if kind == "text":
            _fields(element, required={"type", "text"}, optional={"style"})
            _string(element["text"], 3000, "rich text")
            _need(set(element.get("style", {})) <= STYLES, "style")
            _need(not (preformatted and "style" in element), "style in preformatted")
        elif kind == "user" and not preformatted:
            _fields(element, required={"type", "user_id"}, optional={"style"})
        else:
            raise Refused("invalid_blocks", f"rich text element {kind!r}")


_ELEMENTS = {"button": _button, "static_select": _select, "plain_text_input": _typed}
_BLOCKS = {
    "header": _header, "section": _section, "context": _context, "divider": _divider, "actions": _actions, "input": _input,
    "rich_text": _rich, "markdown": _markdown,
}  # fmt: skip
