"""What the tests of tool sources share: a context without telemetry, and servers that misbehave."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aitia.core.config import McpServer
from aitia.core.resolve import Resolver
from aitia.core.words import Component, Incident, Inventory, Result, Task, Window
from aitia.tools import Registry, SourceSet, ToolContext
from aitia.tools.mcp import mcp_tools, with_mcp

HERE = Path(__file__).parent
WINDOW = Window(
    start=datetime(2026, 11, 25, 10, 0, tzinfo=UTC), end=datetime(2026, 11, 25, 10, 5, tzinfo=UTC)
)
COMPONENTS = tuple(Component(id=name) for name in ("gateway", "orders", "postgres"))


def raw(mode: str, *more: str, **fields: Any) -> McpServer:
    given: dict[str, Any] = {"name": "cmdb", "read": ["look"], "components_arg": "service", "timeout_s": 10}
    command = (sys.executable, str(HERE / "rawserver.py"), mode, *more)
    return McpServer.model_validate(given | {"command": command} | fields)


def registry(server: McpServer, home: Path) -> Registry:
    return with_mcp(Registry(), mcp_tools([server], home))


def context(text: str = "orders is slow") -> ToolContext:
    return ToolContext(
        incident=Incident(id="i", title=text, started_at=WINDOW.start, window=WINDOW),
        sources=SourceSet(),
        inventory=Inventory(components=COMPONENTS),
        resolver=Resolver(COMPONENTS),
    )


def call(
    server: McpServer, home: Path, *, tool: str = "look", text: str = "orders is slow", **args: Any
) -> Result:
    task = Task(id=1, tool=f"mcp_{server.name}_{tool}", args=args)
    return registry(server, home).call(task, context(text))
