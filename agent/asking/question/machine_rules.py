"""Questions for how a machine ran, where a tag tells whether it does: how often it started, how long, since when it is off."""

from __future__ import annotations

import re
from typing import Any, Final

from aitia.agent.asking.question.bounds_rules import SINCE
from aitia.agent.asking.question.measures_rules import fitting
from aitia.agent.asking.question.outcome import Reading, one, span_fields
from aitia.agent.asking.question.pieces import Pieces
from aitia.tools.query.machine_state import running_tag
from aitia.tools.query.words import Beyond

_HALF: Final = 0.5  # between 0, at rest, and 1, running
_RUNS: Final = re.compile(
    r"(?<!\w)(?:run|runs|ran|running|on|in operation|switched on|lief|läuft|laufen|gelaufen|an|in betrieb|eingeschaltet"
    r"|tourn\w+|marche|fonctionn\w+|en service|funcion\w+|en marcha|encendid\w|in funzione|in marcia"
    r"|acces[oai]|gira\w*|girat\w)(?!\w)"
)
_RESTS: Final = re.compile(
    r"(?<!\w)(?:off|stopped|idle|at rest|standing still|switched off|aus|steht|stand|stillsteh\w*|(?:stehen"
    r"|stehn) ?(?:ge)?blieben|blieb\w* stehen|came to a (?:stop|halt)|halted|ausgeschaltet|abgeschaltet"
    r"|arrêtée?s?|à l'arrêt|éteinte?s?|parad[oa]s?|apagad\w+|detenid\w+|ferm[oai]|spent[oaie]|arrestat\w)(?!\w)"
)


def of_machines(p: Pieces) -> Reading | None:
    """How often, how long or since when a machine ran or rested, by the tag that is 1 while it runs."""
    if not p.component or p.level or p.quoted or p.site.readers() or any(_of_a_thing(p)):
        return None
    ended, began = p.has("lifecycle", "stop"), p.has("lifecycle", "start")
    rests = bool(_RESTS.search(p.words)) or (ended and not began)
    if not (rests or began or _RUNS.search(p.words)) or (tag := running_tag(p.site, p.component)) is None:
        return None
    counts = p.has("verbs", "count") and (began or ended)
    wanted: Any = "duration" if p.has("lasting", "long") else "times" if counts else ""
    if p.has("verbs", "when") and (SINCE.search(p.low) or ended or began):
        wanted = "first" if p.has("order", "oldest") else "since"
    if not wanted:
        return None
    side: Any = {"below" if rests else "above": _HALF}
    return one(Beyond(component=p.component, metric=tag.metric, wanted=wanted, **side, **span_fields(p)))


def _of_a_thing(p: Pieces) -> list[bool]:
    """Whether a measurement of the component's is named: then that one is meant."""
    telling = [t for t in p.terms if t.concepts and not t.soft]
    return [bool(telling) and bool([f for f in fitting(p, p.component) if not f.left])]
