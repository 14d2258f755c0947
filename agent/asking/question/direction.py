"""Which end of a call a question asks for: "which services depend on X" asks who calls X, "what does X depend on" whom X calls.

By grammar: whether the component is the verb's subject or its object, by the place of verb, question word and preposition, and by
number ("quels services appelle X ?" has one subject, "quels services appellent X ?" several).
"""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

from aitia.agent.asking.question.pieces import Pieces

Direction = Literal["calls", "called_by", ""]


class _Verb(NamedTuple):
    one: str  # of one subject
    more: str  # of several
    before: str = ""  # what stands between verb and object
    after: str = ""  # the particle behind the object


_VERBS: Final = (
    _Verb("calls|uses|needs|queries|accesses", "call|use|need|query|access"),
    _Verb("talks|connects|speaks|writes", "talk|connect|speak|write", "to|with"),
    _Verb("depends|relies", "depend|rely", "on|upon"),
    _Verb("reads", "read", "from"),
    _Verb("ruft|nutzt|benutzt|verwendet|braucht", "rufen|nutzen|benutzen|verwenden|brauchen", "", "auf|an"),
    _Verb("verbindet sich|spricht", "verbinden sich|sprechen", "mit|zu"),
    _Verb("hängt", "hängen", "von|vom", "ab"),
    _Verb("greift", "greifen", "auf", "zu"),
    _Verb("appelle|utilise|interroge", "appellent|utilisent|interrogent"),
    _Verb("se connecte|parle|accède", "se connectent|parlent|accèdent", "à|au|avec"),
    _Verb("dépend|a besoin", "dépendent|ont besoin", "de|du|d'"),
    _Verb("llama", "llaman", "a|al"),
    _Verb("usa|utiliza|necesita", "usan|utilizan|necesitan"),
    _Verb("se conecta|habla|accede", "se conectan|hablan|acceden", "a|al|con"),
    _Verb("depende", "dependen", "de|del"),
    _Verb("chiama|usa|utilizza|interroga", "chiamano|usano|utilizzano|interrogano"),
    _Verb(
        "si collega|si connette|parla|accede", "si collegano|si connettono|parlano|accedono", "a|al|alla|con"
    ),
    _Verb("dipende", "dipendono", "da|dal|dalla"),
    _Verb("gebruikt|roept", "gebruiken|roepen", "", "aan|op"),
    _Verb("verbindt|praat|spreekt", "verbinden|praten|spreken", "met"),
)
_WHO: Final = r"who|what|wer|qui|qui est-ce qui|quién|quiénes|chi|wie|quem"  # which is a subject
_WHICH: Final = (
    r"(?P<noun>(?:which|what|welche[rsn]?|quel(?:le)?s?|qué|que|cuáles|qual[ei]|che|welke)"
    r"(?: (?:of (?:the|our|my)|andere[nrs]?|other|autres|otros|otras|altri|altre))? [\w-]+)"
)
_WHAT: Final = r"was|qu'est-ce qui|qué|cosa|che cosa|wat"  # subject or object
_WHOM: Final = (  # which is an object
    r"whom|wen|wem|wovon|womit|worauf|woran|mit (?:wem|was|welche[mrn] \w+)|von (?:wem|was|welche[mrn] \w+)"
    r"|auf (?:wen|was|welche[nr]? \w+)|à (?:qui|quoi|quel(?:le)?s? \w+)|de (?:qui|quoi|quel(?:le)?s? \w+)|avec (?:qui|quoi)"
    r"|qu'|que|a (?:quién|quiénes|qué|qué \w+)|de (?:quién|qué|qué \w+)|con (?:quién|qué|qué \w+)"
    r"|a (?:chi|cosa|che cosa|qual[ei] \w+)"
    r"|da (?:chi|cosa|che cosa|qual[ei] \w+)|con (?:chi|cosa|qual[ei] \w+)"
)
_DOES: Final = r"(?:does|do)"
_ARTICLE: Final = r"(?:(?:the|den|dem|der|die|das|le|la|les|el|los|las|il|lo|gli|de|het|service|servicio|servizio|dienst)\s+|l')"
_HOW: Final = r"(?:(?:directly|direkt|directement|directamente|direttamente|rechtstreeks|currently|now|all|gerade|alle)\s+)"
_BY: Final = re.compile(
    rf"(?<!\w)(?:(?:called|used|queried) by|aufgerufen von|appelée?s? par|utilisée?s? par|llamad[oa]s? por|usad[oa]s? por"
    rf"|chiamat[oaie] da|usat[oaie] da|aangeroepen door) {_ARTICLE}*$"
)
_ONE_NOUN: Final = re.compile(
    r"(?:which|what|welche[rs]|quel(?:le)?|qué|cuál|quale|che|welke?)"
    r" (?:service|component|host|server|dienst|knoten|composant|serveur|servicio|componente"
    r"|servidor|servizio|nodo|app|client|application|programm|system|pod|job|process)$"
)


SAID: Final = frozenset(  # the words of it that no table knows
    [
        *(
            "depend",
            "depends",
            "rely",
            "relies",
            "connect",
            "connects",
            "talk",
            "talks",
            "speak",
            "speaks",
            "directly",
        ),
        *("direkt", "hängt", "hängen", "verbindet", "verbinden", "spricht", "sprechen"),
        *("directement", "dépend", "dépendent", "connecte", "connectent", "parle", "parlent"),
        *("directamente", "depende", "dependen", "conecta", "conectan", "habla", "hablan"),
        *(
            "direttamente",
            "dipende",
            "dipendono",
            "collega",
            "collegano",
            "connette",
            "connettono",
            "parla",
            "parlano",
        ),
    ]
)


def direction(p: Pieces) -> Direction:
    """`called_by` where callers of the one component are asked for, `calls` where its callees are; "" where no verb tells."""
    named = sorted({*p.about.taken, *p.about.soft})
    if len(named) != 1 or not p.component:
        return ""
    a, b = named[0]
    head, tail = p.words[:a], p.words[b:]
    if _BY.search(head):
        return "calls"  # "what is called by X"
    for verb in _VERBS:
        if found := _behind_verb(verb, head) or _before_verb(verb, head, tail):
            return found
    return ""


def _behind_verb(verb: _Verb, head: str) -> Direction:
    """The component stands behind the verb."""
    between = rf"(?P<to>(?:{verb.before})\s+|d'\s*)?" if verb.before else "(?P<to>)"
    m = re.search(
        rf"(?:(?P<whom>(?<!\w)(?:{_WHOM}))|(?P<who>(?<!\w)(?:{_WHO}))|(?<!\w){_WHICH}|(?P<what>(?<!\w)(?:{_WHAT})))\s*"
        rf"(?:(?:(?P<one>{verb.one})|(?P<more>{verb.more}))(?!\w))\s+{_HOW}?{between}{_ARTICLE}*$",
        head,
    )
    if m is None:
        return ""
    if verb.before and (m["to"] or "").strip():
        return "called_by"
    if m["whom"] or (verb.before and not m["who"]):
        return "calls"
    if m["who"] or m["more"]:
        return "called_by"
    if m["noun"] and _ONE_NOUN.fullmatch(m["noun"]):
        return "called_by"
    return "calls"  # "quels services appelle X ?", "was ruft X auf?"


def _before_verb(verb: _Verb, head: str, tail: str) -> Direction:
    """The component stands before the verb: "what does X call", "welche Dienste X aufrufen"."""
    if re.search(
        rf"(?<!\w)(?:what|which|who|whom)\b[\w\s-]*?(?<!\w){_DOES}\s+{_ARTICLE}*$", head
    ) and re.match(rf"\s+{_HOW}?(?:{verb.more})(?!\w)", tail):
        return "calls"
    return ""
