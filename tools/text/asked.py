"""Lines that a question asks for: what it quotes, and how many of them."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final

from aitia.core.words import Incident

QUOTE: Final = 200  # characters of a line that are shown
MOST: Final = 10  # lines where the question does not say how many
_QUOTED: Final = re.compile(r"\"([^\"\n]{2,80})\"|'([^'\n]{2,80})'(?!\w)|`([^`\n]{2,80})`|“([^”\n]{2,80})”")
_LINES: Final = re.compile(
    r"(?i)\b(?:logs?|lines?|messages?|errors?|reported|logged|problem|issue|contain(?:s|ing)?|say(?:s|ing)?|mention)\b"
)
_MANY: Final = re.compile(r"(?i)\b(?:last|first|newest|latest)\s+(\d{1,2})\b")

_LATENCY: Final = re.compile(
    r"(?i)latenc|slow|respon[sd]|takes? (?:too )?long|taking longer|time.?out|hang|p9\d|duration"
)


def speaks_of_time(incident: Incident) -> bool:
    """Whether the alarm or the question is about something that takes too long."""
    return bool(_LATENCY.search(f"{incident.title} {incident.text}"))


def phrases(incident: Incident) -> tuple[str, ...]:
    """What a person's question quotes, where it asks for lines or whether something was logged."""
    if incident.understood is None or not _LINES.search(incident.text):
        return ()
    found = (next(filter(None, m.groups()), "").strip() for m in _QUOTED.finditer(incident.text))
    return tuple(dict.fromkeys(p for p in found if p))


def found_lines(lines: Iterable[str], wanted: Sequence[str], incident: Incident) -> tuple[list[str], int]:
    """The last lines that hold one of the phrases, as many as were asked for, and how many there are."""
    many = _MANY.search(incident.text)
    last: deque[str] = deque(maxlen=max(1, int(many[1])) if many else MOST)
    total = 0
    exact = [re.compile(rf"(?<!\w){re.escape(p)}(?!\w)", 0 if p.isupper() else re.IGNORECASE) for p in wanted]
    for line in lines:
        if line.strip() and any(p.search(line) for p in exact):
            last.append(line.strip())
            total += 1
    return list(last), total


def shown(component: str, lines: Sequence[str], total: int, wanted: Sequence[str]) -> str:
    """The sentence with the lines, as they stand."""
    phrase = " or ".join(repr(p) for p in wanted)
    if not total:
        return f"{component}: no line that was read contains {phrase}."
    first = f"{component}: {total} lines contain {phrase}" + (
        f", the last {len(lines)}" if total > len(lines) else ""
    )
    return f"{first}: " + " / ".join(f'"{line[:QUOTE].replace(chr(34), chr(39))}"' for line in lines)
