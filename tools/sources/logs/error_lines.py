"""Log lines that tell of errors, counted by shape: the numbers in a line do not make it another one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

MOST_PATTERNS: Final = 30
MOST_CHARS: Final = 1000
_ERROR = re.compile(
    r"(?i)\b(?:error|err|fatal|panic|critical|severe|exception|traceback|fail(?:ed|ure|ing)?|refused|denied|unauthorized"
    r"|forbidden|timed? ?out|unreachable|unavailable|deadlock|oom|out of memory|no such host|too many connections)\b"
    r"|[A-Za-z]+(?:Error|Exception)\b|^[EF]\d{4} |^\s+at [\w.$]+\("
)
_VARYING = re.compile(r"\b(?:0x)?[0-9a-f]{8,}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\d+")


LAST: Final = 40  # lines before the end among which a process says why it ends
MOST_WORDS: Final = 3
# The frames of a stack trace say where, not why.
_FRAME = re.compile(r"^\s+(?:File \"|at |raise |\.\.\.|\^)|^\s{4,}\S|^Traceback|^goroutine \d|^\t")


def last_words(lines: Iterable[str]) -> tuple[str, ...]:
    """The last lines that tell of an error, as they stand; where none does, the very last line."""
    end = [line.strip("\r\n")[:MOST_CHARS] for line in lines if line.strip()][-LAST:]
    errors = [line for line in end if _ERROR.search(line) and not _FRAME.match(line)]
    return tuple(dict.fromkeys((errors or end[-1:])[-MOST_WORDS:]))


def summary(lines: Iterable[str]) -> dict[str, Any]:
    """`total_log_count`, `total_errors`, their ratio, and `patterns`: count, ratio and a sample each, most frequent first."""
    total = 0
    counts: Counter[str] = Counter()
    sample: dict[str, str] = {}
    for line in lines:
        if not line.strip():
            continue
        total += 1
        if _ERROR.search(line):
            shape = _VARYING.sub("#", line[:MOST_CHARS])
            counts[shape] += 1
            sample.setdefault(shape, line[:MOST_CHARS])
    if not counts:
        return {}
    best = sorted(counts, key=lambda s: (-counts[s], s))[:MOST_PATTERNS]
    errors = sum(counts.values())
    return {
        "total_log_count": total,
        "total_errors": errors,
        "total_error_ratio": round(errors / total, 4),
        "patterns": [
            {"count": counts[s], "ratio": round(counts[s] / total, 4), "sample": sample[s]} for s in best
        ],
    }
