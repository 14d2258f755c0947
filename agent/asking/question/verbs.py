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
_DOES: Final = re.compile(r"(?:^|\W)(?:do|does|did|has|have|had|can|could|may|will|would|is|was)(?:\W|$)")
_HAS: Final = re.compile(
    r"(?:^|\W)(?:ha|han|hanno|hai|has|have|a|ont|as|avait|a-t-il|a-t-elle|ont-ils|ont-elles|a-t-on|se|si)\s+$"
)
_PARTICIPLE: Final = re.compile(r"(?:[aiu]t[oaie]|[ai]d[oa]s?|é|ée|és|ées|i|u|us|is|it|ed|en|t)$")
_GERMAN: Final = re.compile(r"(?<!\w)(?:wie|wann|welche\w*|der|die|das|und|ist|hat|wurde|von|bei)(?!\w)")
_BEING: Final = re.compile(
    r"(?<!\w)(?:ist|sind|war|waren|wird|werden|wurde|wurden|worden|sei)(?!\w)"
)  # predicate or passive: the participle is what is asked for


def is_verb(word: str, begin: int, end: int, low: str, asked: str, owners: Sequence[tuple[int, int]]) -> bool:
    """Whether the word at begin..end of `low` can only be what somebody does; `owners` are the spans of components.

    asked  the question as it was written: a German noun has a capital.
    """
    if _BEFORE.search(low[:begin]) or not word.isalpha():
        return False
    before, after = low[:begin], low[end:]
    if any(re.fullmatch(rf"\s+(?:{_ARTICLE}\s*)?", after[: a - end]) for a, _ in owners if a >= end):
        return True  # "conoce el bouncer", "produce la pompa"
    if any(b <= begin and not low[b:begin].strip() for _, b in owners) and _DOES.search(before):
        return True  # "does the motor draw"
    if _HAS.search(before) and _PARTICIPLE.search(word):
        return True  # "les clients ont-ils attendu"
    return _is_german_verb(word, low, asked)


def _is_german_verb(word: str, low: str, asked: str) -> bool:
    if not _GERMAN.search(low) or _BEING.search(low):
        return False
    found = re.search(
        rf"(?<!\w){re.escape(word)}(?!\w)(?:\s+(\w))?", asked
    )  # as it is written: in small letters
    return found is not None and not (found[1] or "x").isupper()
