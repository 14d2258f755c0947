"""Multi-line records: which lines go on from the one above, and the exception that a stack trace names."""

from __future__ import annotations

import re
from typing import Final

_NAME: Final = r"[A-Za-z_][\w.$/`+]*"
_KIND: Final = r"(?:Error|Exception|Exit|Interrupt|Timeout|Warning|Fault|Throwable|panic)"
_EXCEPTION: Final = re.compile(
    # One tab is what a continuation of the journal is set off by.
    r"\t?(?:Caused by: |Uncaught |Unhandled exception\. |\s*---> |Exception in thread \"[^\"]*\" )?"
    rf"(?:{_NAME}{_KIND}\b|Error(?=:| \[)|panic: |fatal error: |thread '[^']*'.{{0,40}} panicked at "
    r"|FATAL ERROR: |terminate called after |Segmentation fault\b|Killed$|Aborted \(core)"
)
_FRAME: Final = re.compile(
    r"\s*(?:at (?:async |new )?[^\s(]+(?: \[as \S+\])? ?\([^)]*\)(?: in .*)?$"  # Java, .NET, Node
    r"|at (?:async )?\S+:\d+:\d+$|File \".*\", line \d+|\.\.\. \d+ (?:more|common frames omitted)|---> "
    rf"|--- End of |(?:Caused by|Suppressed): {_NAME}|Traceback \(most recent call last\)|goroutine \d+ \[)"
)
_LOOSE: Final = re.compile(r"\s|[}\])]|The above exception was the direct|During handling of the above|$")
_WITHIN: Final = re.compile(
    r"created by \S|[\w./*()\[\]-]+\(.*\)$|exit status \d+$|stack backtrace:$"
)  # Go, Rust


def continues(text: str, *, within: bool = False) -> bool:
    """Whether a line without a header goes on from the line above. `within`: that line went on itself."""
    if _LOOSE.match(text) or _FRAME.match(text):
        return True
    return within and bool(_EXCEPTION.match(text) or _WITHIN.match(text))


def frame(message: str) -> bool:
    """Whether a message is a frame of a stack trace: loggers that put a header before each line of one."""
    return bool(_FRAME.match(message))


def exception_in(text: str) -> str:
    """The line where it names an exception (`Caused by: java.net.ConnectException: …`), else ""."""
    return text.strip("\t\r\n")[:400] if _EXCEPTION.match(text) else ""
