"""Terminal colours and other control sequences (ECMA-48), which loggers write that take a file for a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from aitia.tools.text.reading.blocks import Line
from aitia.tools.text.reading.conversion import by_line
from aitia.tools.text.reading.skipped import Skipped

MARK: Final = b"\x1b["
_SEQUENCE: Final = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")


def plain(text: bytes) -> bytes:
    """The text without its control sequences."""
    return _SEQUENCE.sub(b"", text) if b"\x1b" in text else text


def _plain_lines(lines: Iterable[Line], skipped: Skipped) -> Iterator[Line]:
    return ((place, plain(raw)) for place, raw in lines)


coloured: Final = by_line(_plain_lines)
"""The lines of a log without their colours, with their places in the file."""
