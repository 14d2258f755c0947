"""What the alarm is about: the component and the aspect that its hints, title and text name."""

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
    """The component that shows the symptom and what it shows ("" where the alarm does not say).

    `hinted`: the alarm's own label, or a person, says that it is about it. Else its name merely stands in the text, which
    may name who suffers ("visitors wait"): then that it suffers does not make it the cause.
    """

    component: str
    aspect: str
    hinted: bool = True


def target_of(incident: Incident, resolver: Resolver, measured: Iterable[str]) -> Target | None:
    """The target among components that are measured: the first hint, else the longest name in the title or text."""
    known = set(measured)
    for hint in incident.hints:
        found = resolver.resolve(hint) or hint
        if found in known:
            return Target(component=found, aspect=_aspect(incident, found))
    for words in (incident.title, incident.text):
        named = [name for name in known - incident.cleared if _names(words, name)]
        if named:
            found = min(named, key=lambda n: (-len(n), n))
            return Target(component=found, aspect=_aspect(incident, found), hinted=False)
    return None


def _names(words: str, name: str) -> bool:
    """Whether a text names a component: the whole name, not as a part of a longer one."""
    return len(name) > 2 and bool(
        re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", words, re.IGNORECASE)
    )


def _aspect(incident: Incident, component: str) -> str:
    """The aspect whose word comes first in the title, else in the text; a component's own name says nothing."""
    for words in (incident.title, incident.text):
        said = re.sub(re.escape(component), " ", words, flags=re.IGNORECASE)
        places = [(found.start(), aspect) for aspect, pattern in _WORDS if (found := pattern.search(said))]
        if places:
            return min(places)[1]
    return ""
