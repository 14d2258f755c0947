"""What an alarm is about, by its own words: whether it reports trouble at all, and whether a cluster's objects would show it."""

from __future__ import annotations

import re
from typing import Final

from aitia.core.words import Incident

_ROUTINE: Final = frozenset({"info", "informational", "information", "notice", "none", "normal", "ok"})
_OBJECT: Final = (
    r"(?:pods?|containers?|deployments?|replica ?sets?|replicas?|stateful ?sets?|daemon ?sets?|nodes?|jobs?|rollouts?"
    r"|images?)"
)
_STATE: Final = (
    r"(?:pending|restart\w*|crash\w*|not ?ready|unready|image ?pull\w*|err ?image\w*|unschedul\w*|stuck|evict\w*|oom\w*"
    r"|terminat\w*|unavailable|mismatch\w*|failed scheduling|back ?off)"
)
_OF_OBJECTS: Final = re.compile(
    rf"\b{_OBJECT}\b.{{0,60}}\b{_STATE}\b|\b{_STATE}\b.{{0,60}}\b{_OBJECT}\b", re.IGNORECASE
)
_SHARE: Final = re.compile(
    r"\b(?!0+(?:[.,]0+)? ?[%pP])\d{1,2}(?:[.,]\d+)? ?(?:%|percent\b|per cent\b|Prozent\b|pour ?cent\b|por ciento\b)"
)
_BOUND: Final = re.compile(  # what stands before a limit that a rule sets
    r"(?i)(?:\b(?:above|over|below|under|(?:more|less|higher|lower) than|exceed\w*|at (?:least|most)|limit\w*|target\w*"
    r"|objective\w*|slos?|mehr als|weniger als|über|unter|plus de|moins de|más de|menos de)|[<>≥≤=])\W{0,3}(?:\w+ ){0,2}$"
)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def is_routine(incident: Incident) -> bool:
    """Whether the alarm is none: a check that reports what it saw, with a severity that says so."""
    return incident.labels.get("severity", "").strip().casefold() in _ROUTINE


def is_of_objects(incident: Incident) -> bool:
    """Whether it speaks of the state of a cluster's objects, which that state then answers: nobody asked about requests."""
    named = _CAMEL.sub(" ", incident.labels.get("alertname", ""))
    return bool(_OF_OBJECTS.search(f"{named}. {incident.title}"))


def counted(incident: Incident) -> str:
    """The share that a report tells of ("3 % of page loads"): who counted has seen trouble, whatever is measured here; ""."""
    told = f"{incident.title} {incident.text}"
    return next((m[0] for m in _SHARE.finditer(told) if not _BOUND.search(told[: m.start()])), "")
