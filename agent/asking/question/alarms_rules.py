"""Questions about alarms in a plant's journal: when or how often one came, was acknowledged or went, and by whom.

The phases are those of ISA-18.2: an alarm comes, is acknowledged, returns to normal. A journal tells who acknowledged it, as it
tells no other person.
"""

from __future__ import annotations

import re
from typing import Any, Final

from aitia.agent.asking.question.account import spelled_out
from aitia.agent.asking.question.measure import parts_of
from aitia.agent.asking.question.outcome import Reading, one, span_fields, unknown
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.tables import hits
from aitia.agent.asking.question.told import stands
from aitia.tools.query.lines import count_lines, loggers
from aitia.tools.query.words import USUAL, Count, Lines, Query

_ALARM: Final = re.compile(
    r"alarm(?!iert)|alert(?!manager)|alerta|warnung(?!en? hat)|(?<!\w)warning(?!s? lines?)|meldung"
    r"|advertencia|avertissement|allarm"
)
_ACKED: Final = re.compile(
    r"(?<!\w)(?:ack(?!ground)\w*|(?:be)?quittier\w*|acquitt\w*|reconoc\w*|confirm\w*|bestätigt\w*|riconosci\w*|conferm\w*|tacit\w+|validé\w*)"
)
_WENT: Final = re.compile(
    r"(?<!\w)(?:clear(?:ed|s)?|went away|gone|return\w* to normal|back to normal|gegangen|ging weg|erloschen|disparu\w*"
    r"|retour\w* à la normale"
    r"|desapareci\w*|volvió a la normalidad|rientr\w+)(?!\w)"
)
_RAISES: Final = re.compile(
    r"(?<!\w)(?:raised|triggered|fired|went off|come up|came up|come in|came in|set off|started|start|begin|began|kam"
    r"|gekommen|kommen"
    r"|ausgelöst|aufgetreten|angefangen|begonnen|déclenché\w*|apparu\w*|arrivé\w*|saltó|apareció|saltado|empezó|scattat\w"
    r"|comparso)(?!\w)"
)
_LIMIT: Final = re.compile(
    r"limit|threshold|seuil|umbral|grenzwert|schwell|soglia|lines?(?!\w)|zeilen|lignes|líneas"
)
_PHASES: Final = {
    "acked": "ack|quittier|acquit|acknowledg|reconoc|confirm",
    "went": "rtn|gegangen|clear|normal|return|gone",
}
_ASKS: Final = frozenset({"when", "count", "list", "exists", "lines"})


def of_alarms(p: Pieces) -> Reading | None:
    """When, how often and which; None where no line of a journal is of such an alarm."""
    acked = _asks_who(p) and _ACKED.search(p.words)  # whatever was acknowledged was an alarm
    if (
        not (_ALARM.search(p.words) or acked)
        or _LIMIT.search(p.words)
        or not p.site.sources.of("logs")
        or p.site.readers()
    ):
        return None
    if p.level in ("error", "fatal") and not acked and set(_ALARM.findall(p.words)) == {"meldung"}:
        return None  # "die letzten FATAL-Meldungen"
    if _TELLS_WHEN.search(p.low):
        return None  # "the last deploy before the alert"
    who = _asks_who(p)
    if not (who or set(p.keys("verbs")) & _ASKS) or p.quoted or p.code or p.has("verbs", "why"):
        return None
    phase = "acked" if _ACKED.search(p.words) else "went" if _WENT.search(p.words) else ""
    if who and not phase:
        return None
    if any(not parts_of(n) and not hits("concepts", n) and not stands(p, n, "") for n in p.about.strange):
        return None  # of a name that nobody knows
    given = _filters(p, phase)
    if given is None:
        return None
    if given["words"] == _RAISED and not phase and not p.component and _FIRING.search(p.low):
        return unknown("No source here tells which alerts fire.", "an alert source")
    span = span_fields(p)
    if p.has("verbs", "count"):
        return one(Count(of="lines", **given, **span))
    newest = p.has("order", "newest") or not p.has("verbs", "when")
    single = who or p.has("verbs", "when")
    limit = p.limit or (1 if single else USUAL)
    return one(Lines(order="newest" if newest else "oldest", limit=limit, **given, **span))


_TELLS_WHEN: Final = re.compile(
    r"(?<!\w)(?:before|after|since|until|vor|nach|seit|avant|après|depuis|antes|después|desde|prima|dopo)"
    r" (?:(?:the|that|this|dem|der|den|le|la|de|del|della|dell'|il|el|di|l'|d') ?){1,3}(?:alarm|alert|warn|meldung|allarm)"
)


def _asks_who(p: Pieces) -> bool:
    return bool(
        re.search(
            r"(?<!\w)(?:who|by whom|wer|von wem|qui|par qui|quién|quien|por quién|chi|da chi)(?!\w)", p.low
        )
    )


def _filters(p: Pieces, phase: str) -> dict[str, Any] | None:
    """Component, things and phase as lines have them, with all that is asked for, else without the things of a phase."""
    own = p.component in loggers(p.site)
    component = p.component if own else ""
    text = "" if own else p.component or next((n for n in p.about.strange if stands(p, n, "")), "")
    stems: list[str] = []
    for word in dict.fromkeys(
        t.word for t in p.terms if t.concepts and not t.soft and not t.concepts <= _CAME
    ):
        told = (
            _standing(p, "|".join(spelled_out(c)), component)
            for t in p.terms
            if t.word == word
            for c in t.concepts
        )
        if not (one_of_it := next(filter(None, told), "")) and not phase:
            return None  # an alarm of another thing
        stems += [one_of_it] if one_of_it else []
    wanted = _PHASES.get(phase, "")
    tries = [(" ".join([*dict.fromkeys(stems), wanted]).strip(), ""), (wanted, "")] if phase else []
    if stems and not phase:  # where a journal tells apart what came, was acknowledged and went
        tries += [
            (" ".join([*dict.fromkeys(stems), came]), "")
            for came in (_RAISED,)
            if _gone(p, stems, component, text)
        ]
    tries += (
        []
        if phase
        else [(" ".join(dict.fromkeys(stems)), "warning"), (" ".join([*dict.fromkeys(stems), _RAISED]), "")]
    )
    for words, level in tries:
        given: dict[str, Any] = {"component": component, "text": text, "words": words, "level": level}
        if (text or words) and count_lines(Count(of="lines", **given), p.site).value:
            return given
    return None


_CAME: Final = frozenset({"up", "started"})  # as an alarm does
_FIRING: Final = re.compile(
    r"(?<!\w)(?:alerts?|alertes?|alertas?)(?!\w).*(?<!\w)(?:firing|fires?"
    r"|active|activ[ae]s?|attiv\w+|en cours|ouvertes?|sonnent?|en curso|open|now)(?!\w)"
    r"|(?<!\w)(?:firing|active) alerts?(?!\w)"
)
_RAISED: Final = "alarm|alm|offnormal|alert|warn|störung"


def _gone(p: Pieces, stems: list[str], component: str, text: str) -> bool:
    """Whether lines of such an alarm tell that it was acknowledged, or that it went."""
    words = " ".join([*dict.fromkeys(stems), "|".join(_PHASES.values())])
    return bool(count_lines(Count(of="lines", component=component, text=text, words=words), p.site).value)


def after_an_alarm(p: Pieces, before: Query) -> Reading | None:
    """Who acknowledged, or when went, the alarm whose lines were asked for before; None where it is about no such lines."""
    if not isinstance(before, Lines | Count) or getattr(before, "of", "lines") != "lines":
        return None
    phase = "acked" if _ACKED.search(p.words) else "went" if _WENT.search(p.words) else ""
    if not phase and before.words in _PHASES.values() and before.text and _RAISES.search(p.words):
        phase = "raised"
    if not phase or not (_asks_who(p) or p.has("verbs", "when") or p.has("verbs", "exists")):
        return None
    given: dict[str, Any] = {
        "component": before.component,
        "text": before.text,
        "words": _PHASES.get(phase, _RAISED),
    }
    if not count_lines(Count(of="lines", **given), p.site).value:
        return None
    return one(Lines(limit=1, order="oldest", **given))


def _standing(p: Pieces, stems: str, component: str) -> str:
    """Those of several alternatives that a line has."""
    return "|".join(s for s in stems.split("|") if s and stands(p, s, component))
