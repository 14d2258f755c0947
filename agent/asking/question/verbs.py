"""Which unknown words of a question are verbs, by where they stand: a verb names no thing that is measured or logged."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_ARTICLE: Final = r"(?:the|our|my|der|die|das|den|dem|le|la|l'|les|el|los|las|il|lo|i|gli|un|una|ein|eine)"
_BEFORE: Final = re.compile(  # what makes the next word a noun
    rf"(?:^|\W)(?:{_ARTICLE}|of|for|in|on|at|with|per|von|vom|für|im|am|mit|pro|zum|zur|bei|de|du|des|d'|en|au|aux|pour|par|del|con|para|por"
    r"|di|dello|della|dei|degli|delle|da|dal|dalla|a|al|alla|ai|nel|nella|sul|sulla)\s*$"
)
_DOES: Final = re.compile(r"(?:^|\W)(?:do|does|did)(?:\W|$)")
_HAS: Final = re.compile(r"(?:^|\W)(?:ha|han|hanno|ont|a-t-il|a-t-elle|ont-ils|ont-elles|a-t-on)\s+$")
_PARTICIPLE: Final = re.compile(r"(?:[aiu]t[oaie]|[ai]d[oa]s?|é|ée|és|ées|i|u|us|is|it)$")
_INVERTED: Final = re.compile(r"[a-zà-ÿœ]+-(?:t-)?(?:il|elle|on|ils|elles|je|nous|vous|tu)")
_ENGLISH: Final = re.compile(
    r"(?<!\w)(?:the|how|what|which|when|is|are|of|for|show)(?!\w)"
)  # whose verbs stand behind the name


def is_verb(word: str, begin: int, end: int, low: str, owners: Sequence[tuple[int, int]]) -> bool:
    """Whether the word at begin..end of `low` can only be what somebody does; `owners` are the spans of components."""
    if _INVERTED.fullmatch(word):
        return True  # "combien de connexions accepte-t-il"
    if _BEFORE.search(low[:begin]) or not word.isalpha():
        return False
    before, after = low[:begin], low[end:]
    named = any(re.fullmatch(rf"\s+(?:{_ARTICLE}\s*)?", after[: a - end]) for a, _ in owners if a >= end)
    if named and not _ENGLISH.search(low):
        return True  # "conoce el bouncer", "produce la pompa"
    if any(b <= begin and not low[b:begin].strip() for _, b in owners) and _DOES.search(before):
        return True  # "does the motor draw"
    return bool(_HAS.search(before) and _PARTICIPLE.search(word))  # "les clients ont-ils attendu"


SLOW: Final = re.compile(
    r"slow|langsam|lent|plus l|más l|più l|longest|längst"
    r"|(?:am )?(?:hot|cold|warm|cool|heiß|wärm|kält|kühl)\w*|(?:plus|más|più) (?:ch|c|f)(?:aud|alient|ald|roid|río|redd)\w*"
)
"""Superlatives that also tell what of."""
MAY: Final = re.compile(
    r"(?<!\w)(may|can|could|darf|dürfen|kann|können|peut|peuvent|puede|pueden|può|possono)"
    r" (?:\S+ ){0,2}(?:use|have|open|hold|take|grow|connect|accept|log in|nutzen|haben|belegen|öffnen|verbinden|anmelden|annehmen"
    r"|utiliser|avoir|connecter|accepter|usar|tener|conectarse|conectar"
    r"|aceptar|usare|avere|collegarsi|accettare)(?!\w)"
)
"""What is allowed to something: "how much memory may redis use at most?"."""
