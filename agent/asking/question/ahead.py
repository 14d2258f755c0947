"""What no telemetry holds: what is still to come, and how many samples came in without a value."""

from __future__ import annotations

import re
from typing import Final

from aitia.agent.asking.question.outcome import Reading, unknown
from aitia.agent.asking.question.pieces import Pieces

_NEXT: Final = r"(?:next|nächste[rsnm]?|prochaine?s?|próxim[oa]s?|prossim[oaei])"
_PAST: Final = r"\s+(?:did|was|were|had|war|kam|fue|était|fut|arrivò|è stat)"
_DUE: Final = re.compile(  # "when is the next greasing due?", "¿cuándo toca el próximo engrase?"
    rf"(?<!\w)(?:when|what day|wann|quand|cuándo|cuando|quando)(?!\w)(?!{_PAST}).*(?<!\w){_NEXT} (?!(?:to|zu|à|a)(?!\w))"
    r"|(?<!\w)(?:when|wann|quand|cuándo|quando)(?!\w).*(?<!\w)(?:due|overdue|fällig|toca|tocaría|à faire|da fare"
    r"|in scadenza)(?!\w)"
    r"|(?<!\w)(?:when|wann) (?:should|do|must|soll\w*|muss|müssen) "
    r"|(?<!\w)quand (?:faut-il|faudra-t-il|doit-on)|(?<!\w)cuándo (?:hay que|habrá que)"
    r"|(?<!\w)quando (?:bisogna|bisognerà|si deve)"
)
_SAMPLES: Final = re.compile(  # "how many readings came in as No Data?"
    r"(?<!\w)(?:how many|wie ?viele|combien de|cuánt[oa]s|quant[ei]) (?:\w+ )?"
    r"(?:readings?|samples?|data ?points?|values|messwerte|werte|lectures|échantillons|valeurs"
    r"|lecturas|muestras|valores|letture|campioni|valori)(?!\w)"
)
_COMPARED: Final = re.compile(
    r"(?<!\w)(?:above|below|over|under|über|unter|dépass\w*|super\w*|sopra|sotto) \D{0,12}\d"
)


def of_what_is_to_come(p: Pieces) -> Reading | None:
    """When something is to be done or happens next: the past does not tell."""
    if not _DUE.search(p.low):
        return None
    return unknown("What is still to come is in no telemetry.", "a maintenance plan")


def of_samples(p: Pieces) -> Reading | None:
    """How many samples of a measurement there are, or are without a value: they are not counted."""
    if not _SAMPLES.search(p.low) or _COMPARED.search(p.low) or p.has("verbs", "lines"):
        return None
    return unknown(
        "How many samples were taken is not counted here: ask for a value, or for how long it was above one."
    )
