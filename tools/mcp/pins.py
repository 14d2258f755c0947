"""What the tools of an MCP server were when aitia first saw them: `AITIA_HOME/mcp/NAME.json`.

Nothing that a server says later changes it: a tool that is another one by now is refused until a person accepts it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from aitia.core.config import McpServer
from aitia.core.errors import BadInput
from aitia.core.words import Word


class Pin(Word):
    """A tool as it was first seen: what it says of itself, the schema of its arguments, the hash of its whole definition."""

    arguments: dict[str, Any] = {}
    sha256: str = ""
    description: str = ""  # one line, cut; read by a model where the settings let it choose


class Pins(Word):
    """The tools of one server; `of` is the hash of how it is reached: another command or address is another server."""

    of: str
    tools: dict[str, Pin] = {}


def pins_of(server: McpServer, home: Path) -> Pins:
    """What is kept of the server, else what it says now, kept from now on. Raises SourceError, BadInput."""
    known = known_pins(server, home)
    return known if known is not None else accept(server, home, first=True)


def known_pins(server: McpServer, home: Path) -> Pins | None:
    """What is kept of the server, None where it was never seen. Raises BadInput where that cannot be read."""
    file = _file(server, home)
    try:
        kept = Pins.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError:
        raise BadInput(
            f"{file} is damaged. Check the tools of {server.name} and accept them (aitia mcp accept "
            f"{server.name})."
        ) from None
    return kept if kept.of == _way(server) else None


def accept(server: McpServer, home: Path, *, first: bool = False) -> Pins:
    """Keep what the server says now. With `first`, what another process kept in the meantime stands."""
    from aitia.tools.mcp.client import list_tools

    found = {
        n: Pin(arguments=t["schema"], sha256=t["sha256"], description=t["description"])
        for n, t in list_tools(server).items()
    }
    if first and (known := known_pins(server, home)) is not None:
        return known
    pins = Pins(of=_way(server), tools=found)
    file = _file(server, home)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = file.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
    try:
        part.write_text(pins.model_dump_json(indent=1), encoding="utf-8")
        os.replace(part, file)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
    return pins


def _file(server: McpServer, home: Path) -> Path:
    return home / "mcp" / f"{server.name}.json"


def _way(server: McpServer) -> str:
    return hashlib.sha256(json.dumps([*server.command, server.url]).encode()).hexdigest()
