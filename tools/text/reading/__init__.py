"""Reading: from bytes as they lie on a disk to whole lines, each with its place in the original.

`gather` finds files and puts rotated ones in time order, `open_log` unpacks and unwraps, `blocks` gives whole
lines a block at a time, `Skipped` counts what was left out.
"""

from aitia.tools.text.reading.blocks import LINE_MAX, Block, Place, blocks, lines_of
from aitia.tools.text.reading.form import Form, form_of
from aitia.tools.text.reading.gather import LogSet, gather
from aitia.tools.text.reading.joining import continues, exception_in, frame
from aitia.tools.text.reading.open_log import open_log, open_unpacked
from aitia.tools.text.reading.skipped import Skipped

__all__ = [
    "gather",
    "LogSet",
    "open_log",
    "open_unpacked",
    "form_of",
    "Form",
    "blocks",
    "lines_of",
    "Block",
    "Place",
    "LINE_MAX",
    "continues",
    "frame",
    "exception_in",
    "Skipped",
]
