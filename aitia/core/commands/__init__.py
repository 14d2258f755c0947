"""The gate for commands: what one does, what it needs, and what of it may be shown. See docs/runbooks.md."""

from aitia.core.commands.gate import Gate, Shown, command_line, is_script, query_line, spoken
from aitia.core.commands.grammar import is_program
from aitia.core.commands.judge import Does, effect

__all__ = [
    "Does",
    "Gate",
    "Shown",
    "command_line",
    "effect",
    "is_program",
    "is_script",
    "query_line",
    "spoken",
]
