"""What an MCP server answered as a Result: outside text as a tainted fact without weight, rows as the settings say."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from aitia.core.config import McpFacts, McpServer
from aitia.core.words import Evidence, Result, SourceRef, from_epoch
from aitia.tools.mcp.transport import kept
from aitia.tools.registry import ToolContext

if TYPE_CHECKING:
    from mcp.types import CallToolResult

TEXT: Final = "external.text"
FACT: Final = "external.fact"
FAINT: Final = 0.1  # strength of a text: below what any pattern, memory or ranking reads
_MOST_TEXT: Final = 240  # characters that are quoted
_MOST_DATA: Final = 32_000  # characters of a structured answer that is kept
_MOST_ROWS: Final = 20
_DEEPEST: Final = 40
_QUOTES: Final = dict.fromkeys(map(ord, '"\u201c\u201d\u201e\u201f\u2033\u301d\u301e\uff02'), "'")


class Asked:
    """One call: which tool of which server, about which component ("" for none), with which arguments."""

    def __init__(self, server: McpServer, tool: str, about: str, args: Mapping[str, Any]) -> None:
        self.server, self.tool, self.about, self.args = server, tool, about, dict(args)

    @property
    def query(self) -> str:
        """How it can be asked again."""
        return f"{self.tool} {json.dumps(self.args, sort_keys=True, ensure_ascii=False)}"

    @property
    def ref(self) -> SourceRef:
        """Where its answer can be read again."""
        return SourceRef(source=f"mcp:{self.server.name}", query=self.query)


def result_of(
    asked: Sequence[Asked], answers: Sequence[CallToolResult], facts: McpFacts | None, ctx: ToolContext
) -> Result:
    """All answers of one task. What the server calls an error is one, where no other call was answered."""
    found: list[Evidence] = []
    refused: list[str] = []
    data: list[dict[str, Any]] = []
    for call, answer in zip(asked, answers, strict=True):
        text = _text(answer)
        if answer.isError:
            refused.append(kept(text, 200))
            continue
        structured = answer.structuredContent or (_json_in(text) if facts is not None else None)
        held = _bounded(structured)
        if held is not None:
            data.append({"component": call.about, "answer": held})
        rows = list(_rows(structured, facts, call, ctx)) if facts is not None else []
        if rows:
            found += rows
        elif text.strip():
            found.append(_quoted(call, text))
    query = "; ".join(a.query for a in asked)
    who = f"MCP server {asked[0].server.name!r}"
    if not found and refused:
        return Result(status="error", query=query, message=f"{who} answered {refused[0]!r}. Check it.")
    if not found and not data:
        return Result(
            status="no_data", query=query, message=f"The answer of {who} is empty. Ask it something else."
        )
    return Result(status="ok", query=query, evidence=tuple(found), data={"external": data} if data else {})


def _text(answer: CallToolResult) -> str:
    """The texts of an answer; images and links say nothing that can be checked."""
    return "\n".join(each.text for each in answer.content if each.type == "text")


def _json_in(text: str) -> Any:
    """A text that is JSON, as the structured answer that many servers give in no other way; None for any other text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _bounded(structured: Any) -> Any:
    """A structured answer that is small, flat enough and plain JSON; else None."""
    if not structured or _too_deep(structured, _DEEPEST):
        return None
    try:
        text = json.dumps(structured, ensure_ascii=False, allow_nan=False)
        text.encode("utf-8")
    except ValueError:
        return None
    return structured if len(text) <= _MOST_DATA else None


def _too_deep(value: Any, left: int) -> bool:
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return left == 0 or any(_too_deep(each, left - 1) for each in inner)


def _quoted(call: Asked, text: str) -> Evidence:
    about = f"{call.about}: " if call.about else ""
    said = f"the tool {call.tool} of MCP server {call.server.name} answered {_quote(text)}."
    return Evidence(
        component=call.about,
        kind=TEXT,
        aspect="other",
        statement=about + said if about else said[0].upper() + said[1:],
        values={"reported_by": f"mcp:{call.server.name}", "characters": len(text)},
        strength=FAINT,
        source=call.ref,
        taint=True,
        provenance="document",
    )


def _quote(text: str) -> str:
    """In quotation marks that nothing within can close."""
    return '"' + kept(text, _MOST_TEXT).translate(str.maketrans('"“”„', "''''")) + '"'


def _rows(structured: Any, facts: McpFacts, call: Asked, ctx: ToolContext) -> Iterator[Evidence]:
    """A fact for each row about the component that was asked about, at a moment of the incident where rows tell one.

    Where none was asked about, about any that telemetry knows.
    """
    given, about = _at(structured, facts.rows), ctx.resolver.resolve(call.about) if call.about else ""
    window = ctx.incident.window
    for row in (given if isinstance(given, list) else [given])[:_MOST_ROWS]:
        named = _at(row, facts.component)
        component = ctx.resolver.resolve(named[:300]) if isinstance(named, str) else ""
        onset = _moment(_at(row, facts.onset)) if facts.onset else None
        if (
            not component
            or component != (about or component)
            or (facts.onset and (onset is None or not window.start <= onset <= window.end))
        ):
            continue
        told = _at(row, facts.text) if facts.text else None
        since = f" since {onset:%H:%M:%S} UTC" if onset else ""
        quote = f": {_quote(told)}" if isinstance(told, str) and told.strip() else ""
        yield Evidence(
            component=component,
            kind=FACT,
            aspect=facts.aspect,
            statement=f"{component}: MCP server {call.server.name}, asked with {call.tool}, reports"
            f" {_words(facts.aspect)}{since}{quote}.",
            values={"reported_by": f"mcp:{call.server.name}"},
            onset=onset,
            onset_error_s=60.0 if onset else 0.0,
            direction=facts.direction,
            strength=facts.strength,
            source=call.ref,
            taint=True,
            provenance="document",
        )


def _words(aspect: str) -> str:
    return aspect.replace(".", " ").replace("_", " ")


def _at(value: Any, path: str) -> Any:
    for part in path.split(".") if path else ():
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def _moment(value: Any) -> datetime | None:
    if isinstance(value, bool):
        return None
    try:
        if isinstance(value, int | float) and math.isfinite(value):
            return from_epoch(value)
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):
        return None
    if moment is None:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
