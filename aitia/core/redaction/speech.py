"""What the process itself says: log records, warnings, tracebacks and error lines, all without secrets."""

from __future__ import annotations

import logging
import secrets
import sys
import threading
import traceback
import warnings
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO

from aitia.core.errors import BadInput
from aitia.core.home import aitia_home

if TYPE_CHECKING:
    from aitia.core.redaction.redactor import Redactor


def said(text: str) -> str:
    """A text for stderr or a log, without secrets. It works without a home too: then its pseudonyms are of this process."""
    return _redactor().text(text)


@cache
def _redactor() -> Redactor:
    from aitia.core.redaction.keys import (
        load_key,
    )  # the rules take a moment: not for a process that says nothing
    from aitia.core.redaction.redactor import Redactor

    try:
        return Redactor(load_key(aitia_home()))
    except BadInput:
        return Redactor(secrets.token_bytes(32))


def guard_speech() -> None:
    """From now on no log record, warning or traceback of this process holds a secret. Doing it twice changes nothing."""
    if isinstance(logging.getLogRecordFactory(), type) and issubclass(logging.getLogRecordFactory(), _Record):  # type: ignore[arg-type]
        return
    logging.setLogRecordFactory(_Record)
    warnings.showwarning = _show_warning
    sys.excepthook = _show_error
    threading.excepthook = lambda args: _show_error(args.exc_type, args.exc_value, args.exc_traceback)


class _Record(logging.LogRecord):
    """A log record that tells its message and its exception redacted."""

    def __init__(self, *args: Any, **fields: Any) -> None:
        super().__init__(*args, **fields)
        whole = super().getMessage()
        if said(whole) == whole:
            self._told: str | None = None
        else:
            self._told = said(whole)
            if isinstance(self.args, tuple):  # formatters such as an access log's read them one by one
                self.args = tuple(said(a) if isinstance(a, str) else a for a in self.args)
        if self.exc_info and self.exc_info[1] is not None:
            self.exc_text = said("".join(traceback.format_exception(*self.exc_info)).rstrip("\n"))

    def getMessage(self) -> str:
        """The message as it may be shown."""
        return super().getMessage() if self._told is None else self._told


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    print(
        said(warnings.formatwarning(message, category, filename, lineno, line)),
        file=file or sys.stderr,
        end="",
    )


def _show_error(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    print(said("".join(traceback.format_exception(kind, error, trace))), file=sys.stderr, end="", flush=True)
