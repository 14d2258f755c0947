"""The words of a step that state a condition for doing it, and the command in it."""

from __future__ import annotations

import re
from typing import Final

from aitia.core.commands import is_program

_LEADS: Final = re.compile(
    r"(?<![\w-])(?:(?:only|but|and) )?(?:if|once|unless|in case(?: of)?|as long as|as soon as|whenever|provided(?: that)?|"
    r"wenn|falls|sobald|solange|sofern|im falle?|"
    r"s'ils?|s’ils?|lorsqu\w*|dès qu\w*|en cas d\w*|tant qu\w*|jusqu'à ce qu\w*|à moins qu\w*|"
    r"cuando|en caso de|una vez que|en cuanto|hasta que|siempre que|salvo que|"
    r"quando|qualora|in caso di|finché|non appena|nel caso|a meno che|"
    r"em caso de|enquanto|assim que|até que|desde que)(?![\w-])",
    re.I,
)
_FIRST: Final = re.compile(
    r"^\W*(?:(?:only |else |otherwise |and )?(?:should|when|while|where|until|with (?:that|this|both)|in (?:that|this) case|"
    r"on|at or above|above|below|over|under)|"
    r"bei|liegt|steht|ist|sind|hält|bleibt|zeigt|fällt|kommt|hat|läuft|fehlt|steigt|war|unter|über|bis|"
    r"si|se|caso|quand|mientras|appena|au-delà|en dessous|por encima|sopra|sotto|acima|abaixo)(?![\w-])(?=[^,:]*[,:])",
    re.I,
)
"""What begins a condition at a sentence's beginning alone: elsewhere these words mean other things."""
_END: Final = re.compile(r",|;|:\s|\s[-–—]\s|\s(?:then|dann|so|alors|entonces|allora|então)\s|[.!?]$|\(")
_EASTERN: Final = re.compile(
    r"(?:^|[、，,。])\s*((?:如果|若|当|一旦|只有|除非|万一|要是|もし)?[^、，,。]*?(?:场合|場合は?|なら|れば|たら|ときは?|時は?|时候?|的话|之前|以后|までは?)|(?:如果|若|当|一旦|除非|只有|要是|仅当)[^，,。；]+)"
)
_ASKED: Final = re.compile(r"^\W*([^.?!,]{2,80})(?:\?|\s*(?:->|→|=>))\s*(?=\S)")
"""`Nothing freed? Restart it`, `sink fine -> add consumers`."""
_SPAN: Final = re.compile(r"`+([^`]+)`+")
_QUOTED: Final = re.compile(r"[\"“„«]([^\"”“»]+)[\"”“»]")
_TRAILING: Final = " \t.,;:!?。，、；"


def condition_of(text: str) -> str:
    """The condition in a sentence, verbatim, "" where none is stated; in nine languages, by the word that begins it."""
    eastern = _EASTERN.search(text)
    if eastern:
        return eastern[1].strip(_TRAILING)
    plain = _SPAN.sub(lambda m: "x" * len(m[0]), text)  # what a command holds is no condition
    asked = _ASKED.match(plain)
    if asked:
        return text[: asked.end(1)].strip(_TRAILING)
    found = _FIRST.match(plain) or _LEADS.search(plain)
    if found is None:
        return ""
    end = _END.search(plain, found.end())
    clause = text[found.start() : end.start() if end else len(text)].strip(_TRAILING)
    return clause if len(clause.split()) > 1 else ""


def commands_of(text: str) -> list[str]:
    """The commands in a sentence: code spans that could be typed, else what stands behind a program's name to the end."""
    spans = [s.strip() for s in _SPAN.findall(text)]
    found = [s for s in spans if s and (is_program(s.split()[0]) or len(s.split()) > 1)]
    if found:
        return found
    for quoted in _QUOTED.findall(text):
        if quoted.split() and is_program(quoted.split()[0]):
            return [quoted.strip()]
    return []
