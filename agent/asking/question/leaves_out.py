"""Whether a sentence goes on from the one before: it begins so, or is short and names no thing to look at."""

from __future__ import annotations

import re
from typing import Final

from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.sorting import asks_now
from aitia.agent.asking.question.tables import follow_pattern

_OWN_VERBS: Final = frozenset({"lines", "events", "changes", "work", "documents", "compare", "why"})
_ALONE: Final = frozenset({"events", "changes", "work", "documents", "compare", "incidents"})
_VERY_SHORT: Final = 5  # "when was it", "show me the last one", "zeig sie"
_SHORT: Final = 9  # words of a sentence that leaves something out, at most


def leaves_out(p: Pieces) -> bool:
    """Whether it begins like a follow-up, or is short and names no thing to look at."""
    follows = bool(follow_pattern().search(p.low))
    short = len(p.low.split()) <= _SHORT
    if not short and not follows:
        return False
    says_now = asks_now(p.as_put) and not (p.terms or p.keys("resources"))  # "e adesso a quanto sta?"
    if short and not p.about.components and (says_now or SAYS_THAT.search(p.low)):
        return True
    if set(p.keys("verbs")) & _ALONE and not follows:
        return False
    own = (
        bool(set(p.keys("verbs")) & _OWN_VERBS)
        or bool(p.keys("resources"))
        or bool(p.keys("relations"))
        or bool(p.quoted or p.code)
    )
    if follows:
        return True
    if (
        not p.component
        and p.keys("parts")
        and not own
        and not any(t.concepts and not t.soft for t in p.terms)
    ):
        return True  # "with which exit code?"
    if not p.about.components and not any(t.concepts for t in p.terms) and _WHICH_OF.search(p.low):
        return True
    if (
        p.about.components
        and (own or p.level or (p.keys("functions") and p.terms))
        and not p.has("verbs", "when")
    ):
        return False
    if (
        len(p.low.split()) <= _VERY_SHORT
        and not any(t.concepts for t in p.terms)
        and not p.has("verbs", "documents")
    ):
        return True
    pronoun = (
        bool({"it", "its", "there", "them", "dort", "davon", "là", "ahí", "lì"} & set(p.low.split()))
        and not p.component
    )
    return pronoun or (not own and not p.terms)


_WHICH_OF: Final = re.compile(  # "¿a qué hora salió la primera?", "when did the last of them come in?"
    r"(?<!\w)(?:the (?:very )?(?:first|last|latest|oldest|newest)(?: ones?| of (?:them|these|those|all))?"
    r"|d(?:er|ie|as) (?:aller)?(?:erste|letzte|jüngste|neueste)[nrs]?|l[ea] (?:premi(?:er|ère)|derni(?:er|ère))"
    r"|(?:el|la) (?:primer[oa]|últim[oa])|(?:il|la) prim[oa]|l'ultim[oa])"
    r"(?:\s+(?:come|came|went|fall|appear|arrive|happen|kam|war|auf|an|c'était|è|fue|fu)\w*(?: in| up| out| off)?)?\W*$"
)
SAYS_THAT: Final = re.compile(  # "how many times did that happen?"
    r"(?<!\w)(?:did|does|has|had) (?:that|this|it) (?:happen|occur)\w*"
    r"|(?:ist|kam|passierte?) das (?:\w+ ){0,3}(?:passiert|vor|vorgekommen|geschehen)"
    r"|c'est arrivé|s'est produit|ha (?:pasado|ocurrido) eso"
    r"|è (?:successo|capitato)(?!\w)"
)
"""A sentence of what the answer before told."""
