"""Questions since when, how long or how often something was down, by what is 1 while it is reached."""

from __future__ import annotations

import re
from typing import Any, Final

from aitia.agent.asking.question.bounds_rules import SINCE
from aitia.agent.asking.question.outcome import Reading, one, span_fields
from aitia.agent.asking.question.pieces import Pieces
from aitia.tools.query.measured import measured
from aitia.tools.query.words import Beyond


def of_downs(p: Pieces) -> Reading | None:
    """Since when, how long or how often something was not reachable, by what is 1 while it is."""
    if not p.component or p.level or p.quoted or not _DOWN.search(p.words) or p.has("verbs", "why"):
        return None
    if any(t.concepts and not t.soft and not t.concepts <= {"up", "started", "uptime"} for t in p.terms):
        return None
    long, often = p.has("lasting", "long"), p.has("verbs", "count")
    if not (long or often or p.has("verbs", "when") or SINCE.search(p.low)):
        return None
    probed = _OUTSIDE.search(p.words) is not None
    held = [m.metric for m in measured(p.site) if m.component == p.component and m.metric in _TELLS]
    if not held:
        return None
    metric = sorted(held, key=lambda m: (m == "probe_success") != probed)[0]
    wanted: Any = (
        "duration" if long else "times" if often else "first" if p.has("order", "oldest") else "since"
    )
    return one(Beyond(component=p.component, metric=metric, below=0.5, wanted=wanted, **span_fields(p)))


_TELLS: Final = frozenset({"up", "probe_success"})
_OUTSIDE: Final = re.compile(
    r"(?<!\w)(?:prob\w+|sonde?|sonda|outside|außen|reachable|unreachable|erreichbar|joignable|injoignable|alcanzable)(?!\w)"
)
_DOWN: Final = re.compile(
    r"(?<!\w)(?:down|offline|unreachable|unavailable|not (?:longer )?reachable|no longer reachable|not responding"
    r"|nicht (?:mehr )?(?:erreichbar|da|verfügbar)"
    r"|unerreichbar|injoignable|(?:plus|pas) joignable|indisponible|caíd[oa]|no responde|inalcanzable|irraggiungibile"
    r"|non raggiungibile"
    r"|non risponde|giù)(?!\w)"
)
