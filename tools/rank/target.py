"""What the alarm is about: the component that its hints name, and the aspect of which it speaks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from aitia.core.resolve import Resolver
from aitia.core.words import Incident

_WORDS: Final = (
    ("errors", re.compile(r"error|5xx|exception|fail|unavailab|availability|success", re.IGNORECASE)),
    ("latency", re.compile(r"latency|slow|duration|response.?time|time.?out|\bp(50|90|95|99)\b", re.IGNORECASE)),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Target:
    """The component that shows the symptom and what it shows ("" where the alarm does not say)."""

    component: str
    aspect: str


def target_of(incident: Incident, resolver: Resolver, measured: Iterable[str]) -> Target | None:
    """The first of the incident's hints that is measured; None where it has none.

    A name that merely stands in an alert's text is no target: "visitors wait for the kiosk" names who suffers and whom they
    blame, and whoever it is would draw the ranking to itself. Such names decide what is read first (`near_alarm`).
    """
    known = set(measured)
    found = next((name for h in incident.hints if (name := resolver.resolve(h) or h) in known), "")
    return Target(component=found, aspect=_aspect(incident, found)) if found else None


def _aspect(incident: Incident, component: str) -> str:
    """The aspect whose word comes first in the title, else in the text; a component's own name says nothing."""
    for words in (incident.title, incident.text):
        said = re.sub(re.escape(component), " ", words, flags=re.IGNORECASE)
        places = [(found.start(), aspect) for aspect, pattern in _WORDS if (found := pattern.search(said))]
        if places:
            return min(places)[1]
    return ""
