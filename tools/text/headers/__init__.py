"""Headers of log lines: which part of a line is time, level, thread and logger, and where its message begins."""

from aitia.tools.text.headers.detect import detect
from aitia.tools.text.headers.fields import Fields
from aitia.tools.text.headers.header import Header, Parsed, Place
from aitia.tools.text.headers.levels import RANK, Level, fold, in_text, worst

__all__ = ["RANK", "Fields", "Header", "Level", "Parsed", "Place", "detect", "fold", "in_text", "worst"]
