"""Alerts as the tools that send them write them: one table a format (`*.yaml`), one reader."""

from aitia.alerts.formats import Format, formats, known
from aitia.alerts.reading import (
    AsksPerson,
    Notice,
    as_webhook,
    format_of,
    parse_notice,
    read_message,
    read_text,
)

__all__ = [
    "AsksPerson",
    "Format",
    "Notice",
    "as_webhook",
    "format_of",
    "formats",
    "known",
    "parse_notice",
    "read_message",
    "read_text",
]
