"""MCP servers as tool sources, untrusted by default: what is not listed under `read` waits for a person.

Nothing that a server says of itself reaches a plan, a prompt or a report: names are checked, the line that a planner sees is
written here, and the argument schema is taken over as plain types. Where the settings say `choose: model`, a
model reads the descriptions of what they list, as first seen (`offering`).
"""

from __future__ import annotations

import concurrent.futures
import importlib.util
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from aitia.core.config import McpRead, McpServer
from aitia.core.errors import BadInput, SourceError
from aitia.core.words import Result, Word
from aitia.tools.mcp.arguments import COMPONENT, arguments_of, unusable
from aitia.tools.mcp.offering import offer_of
from aitia.tools.mcp.pins import Pin, Pins, accept, pins_of
from aitia.tools.offer import Offer
from aitia.tools.registry import Registry, ToolContext, ToolSpec

MOST_ASKED: Final = 3  # components that one call asks about
_WORD = re.compile(r"[\w][\w./:-]*\w")
_MOST_WORDS: Final = 400
_UNSEEN: Final = Pin(sha256="unseen")
_NEVER_SEEN: Final = (Pin(), _UNSEEN)


class McpTool(Word):
    """A tool of an MCP server as a run knows it; kept with the run, so that a rerun plans the same without the server."""

    server: McpServer
    tool: str
    pin: Pin = Pin()

    @property
    def name(self) -> str:
        """Its name in plans and runbooks."""
        return f"mcp_{self.server.name}_{self.tool}"

    @property
    def read(self) -> McpRead | None:
        """What the settings say of it, None where they say nothing."""
        return next((r for r in self.server.read if r.tool == self.tool), None)

    @property
    def about(self) -> str:
        """The argument that takes a component; "" where it takes none."""
        read, properties = self.read, self.pin.arguments.get("properties")
        if read is not None and read.components_arg:
            return read.components_arg
        wanted = self.server.components_arg
        known = properties if isinstance(properties, Mapping) else {}
        return wanted if wanted and (wanted in known or not self.pin.sha256) else ""

    @property
    def fixed(self) -> dict[str, Any]:
        """The arguments that the settings fix."""
        return dict(self.read.args) if self.read is not None else {}

    @property
    def offer(self) -> Offer | None:
        """How it may be chosen; None where it is left to no choice, or was never seen: nobody knows its arguments."""
        if self.read is None or not self.server.choose or self.pin in _NEVER_SEEN:
            return None
        given = {k: v for k, v in self.server.values.items() if k not in self.fixed}
        return offer_of(
            self.pin.arguments,
            said=self.pin.description or self.tool.replace("_", " "),
            fixed=self.fixed,
            about=self.about,
            values=given,
            written=self.server.written,
            by_model=self.server.choose == "model",
        )

    @property
    def unchosen(self) -> str:
        """Why nothing can choose it although the settings leave it to a choice; "" where something can."""
        if self.read is None or not self.server.choose or self.offer is not None:
            return ""
        required = self.pin.arguments.get("required")
        wants = [str(n)[:64] for n in required if n not in self._taken] if isinstance(required, list) else []
        return f"cannot be chosen: list `values` of {', '.join(wants) or 'its arguments'}"

    @property
    def trouble(self) -> str:
        """Why it cannot be called, "" where it can."""
        wrong = unusable(self.pin.arguments, fixed=self._taken)
        return (
            f"A plan cannot set argument {wrong[0][:64]!r} of {self.tool!r}. Set it under `args`."
            if wrong
            else ""
        )

    @property
    def _taken(self) -> set[str]:
        return {*self.fixed, *([self.about] if self.about else [])}

    def spec(self) -> ToolSpec:
        """The tool as the registry takes it."""
        about = " about a component" if self.about else ""
        return ToolSpec(
            name=self.name,
            doc=f"Ask MCP server {self.server.name} with its tool {self.tool}{about}.",
            function=partial(_ask, self),
            arguments=arguments_of(self.pin.arguments, fixed=self._taken, about=bool(self.about)),
            effect="read" if self.read is not None else "exec",
            family="mcp",
            left=bool(self.server.choose) and self.read is not None,
            offer=self.offer,
        )


def mcp_tools(servers: Sequence[McpServer], home: Path) -> list[McpTool]:
    """The tools of the servers, as they were when first seen; one never seen before is asked now, all at once.

    A server that does not answer gives the tools that the settings list: calling them says why they fail.
    """
    if servers and importlib.util.find_spec("mcp") is None:
        raise BadInput("Install the extra for MCP servers: pip install '.[mcp]'.")
    if not servers:
        return []
    with concurrent.futures.ThreadPoolExecutor(max_workers=len(servers)) as pool:
        held = list(pool.map(lambda server: _held(server, home), servers))
    return [tool for server, pins in zip(servers, held, strict=True) for tool in tools_of(server, pins)]


def tools_of(server: McpServer, pins: Pins | None) -> list[McpTool]:
    """The usable tools of one server: those that the settings list, then all others that it has."""
    known = pins.tools if pins is not None else {}
    # One that the server did not have when first seen must not appear unnoticed: no definition has this hash.
    unseen = _UNSEEN if pins is not None else Pin()
    names = dict.fromkeys([*(r.tool for r in server.read), *known])
    if not server.choose:  # nobody reads it: a run does not keep it
        known = {n: pin.model_copy(update={"description": ""}) for n, pin in known.items()}
    made = [McpTool(server=server, tool=n, pin=known.get(n, unseen)) for n in names]
    return [tool for tool in made if not tool.trouble]


def client_state(server: McpServer, home: Path) -> list[dict[str, Any]]:
    """Each tool of a server as aitia would call it, and how it stands beside what was first seen. Raises SourceError."""
    from aitia.tools.mcp.client import list_tools

    pins, now = pins_of(server, home), list_tools(server)
    rows = []
    for name in dict.fromkeys([*(r.tool for r in server.read), *pins.tools, *now]):
        tool = McpTool(server=server, tool=name, pin=pins.tools.get(name, Pin()))
        if name not in now:
            state = "gone"
        elif name not in pins.tools:
            state = "new, not accepted"
        elif now[name]["sha256"] != pins.tools[name].sha256:
            state = "changed, not called"
        else:
            state = tool.trouble or tool.unchosen or "as first seen"
        fields = tool.spec().arguments.model_fields
        row = {"server": server.name, "tool": tool.name, "effect": tool.spec().effect}
        rows.append(row | {"arguments": list(fields), "state": state})
    return rows


def _held(server: McpServer, home: Path) -> Pins | None:
    try:
        return pins_of(server, home)
    except SourceError:  # told by each call of its tools
        return None


def with_mcp(registry: Registry, tools: Iterable[McpTool]) -> Registry:
    """The registry with these tools after its own."""
    return Registry([*registry, *(tool.spec() for tool in tools)])


def recorded_mcp(meta: Mapping[str, Any]) -> list[McpTool]:
    """The tools that a run began with, from what is kept of it."""
    return [McpTool.model_validate(each) for each in meta.get("mcp", ())]


def _ask(tool: McpTool, ctx: ToolContext, **args: Any) -> Result:
    """Ask the server; without a component, about those that the alarm names."""
    from aitia.tools.mcp.answers import Asked, result_of
    from aitia.tools.mcp.client import call_tool

    named = args.pop(COMPONENT, "")
    given = {name: value for name, value in args.items() if value is not None} | tool.fixed
    about = ([named] if named else _alarmed(ctx)) if tool.about else [""]
    if not about:
        return Result(
            status="no_data", message=f"{tool.name} asks about a component. Name one in the report."
        )
    asked = [
        Asked(tool.server, tool.tool, each, given | ({tool.about: each} if each else {})) for each in about
    ]
    answers = call_tool(tool.server, tool.tool, [a.args for a in asked], sha256=tool.pin.sha256)
    facts = tool.read.facts if tool.read is not None else None
    return result_of(asked, answers, facts, ctx)


def _alarmed(ctx: ToolContext) -> list[str]:
    """The components that the report names, hints first: words choose among what telemetry knows, and nothing else."""
    known = {c.id for c in ctx.inventory.components} - ctx.incident.cleared
    told = _WORD.findall(f"{ctx.incident.title}\n{ctx.incident.text}")[:_MOST_WORDS]
    found = [ctx.resolver.resolve(word) for word in (*ctx.incident.hints, *told)]
    return [c for c in dict.fromkeys(found) if c in known][:MOST_ASKED]


__all__ = ["McpTool", "accept", "client_state", "mcp_tools", "recorded_mcp", "tools_of", "with_mcp"]
