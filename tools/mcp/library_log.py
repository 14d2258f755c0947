"""The MCP library's log, kept from stderr: it repeats what the other side sent."""

from __future__ import annotations

import logging
from typing import Any


def quiet() -> None:
    """Give the library a log of its own. A program that configures logging still gets it, under `mcp`.

    `mcp.shared.session` writes to the root logger, whose first use sets it up for the whole program: every other
    library's debug lines would then appear on stderr.
    """
    import mcp.shared.session

    session: Any = mcp.shared.session
    log = logging.getLogger("mcp")
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    session.logging = log
