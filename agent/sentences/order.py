"""Which of two facts a sentence tells as the earlier one: only in words whose order is known here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from aitia.agent.sentences.binding import close, named_by, said
from aitia.agent.sentences.grounds import Grounds
from aitia.agent.sentences.wording import connectives
from aitia.agent.text import TIME, mask, names_in, numbers, stem, words
from aitia.core.words import Evidence

_BACKWARD: Final = re.compile(
    r"\b(because|due to|(?:caused|triggered|prompted|preceded|brought about|affected|impacted|explained|indicated|suggested|"
    r"shown|made) by|(?:an? |the )?(?:effect|impact) of|(?:in |as )?(?:an? )?response to|(?<!and )after(?! that| this| which)|"
    r"since(?! \d)|"
    r"(?:(?:as )?(?:a|the) )?results? of|result(?:s|ed|ing)? from|stem(?:s|med|ming)? from|the (?:reason|cause) (?:was|is|being)|"
    r"following|owing to|when|once(?! in|[,.;])|while|as(?! well| a result| fast))\b", re.I
)  # fmt: skip
_FORWARD: Final = re.compile(
    r"\b(after (?:that|this|which)|and after|then|(?:led|leading|leads) to|so that|as a result(?! of)|"
    r"(?:caus|trigger)(?:ed|es|s|ing)(?! by)|result(?:s|ed|ing)? in)\b", re.I
)  # fmt: skip
_AHEAD: Final = re.compile(
    r"\W*(?:(?:\w+\s+){0,2}(?:before|prior to|ahead of)\b|the (?:\w+ )?(?:cause|reason|trigger|source)s? (?:of|for|behind)\b)",
    re.I,
)
_SIDEWAYS: Final = re.compile(
    r"\b(?:results?|reasons?|cause|consequences?|origins?|sources?|effects?|affect\w*|impact\w*|respons\w*|explain\w*|"
    r"trigger|prior|preced\w+|earlier|ahead|before)\b", re.I
)  # fmt: skip
_LATER: Final = re.compile(r"\b(?:after|then|later|subsequently|afterwards|following|followed)\b", re.I)
_NO_ORDER: Final = re.compile(r"\b(?:before the alarm|never before|before that|not before)\b", re.I)


def order(sentence: str, grounds: Grounds) -> Iterable[str]:
    """Both facts are told, the first one first or marked as the earlier; what no known word orders is refused."""
    if not grounds.order or len(grounds.facts) < 2:
        return
    cause, effect = grounds.facts[0], grounds.facts[1]
    first = _mention(sentence, cause, effect, grounds.names)
    second = _mention(sentence, effect, cause, grounds.names)
    if first is None or second is None:
        yield "mentions only one of the two facts"
        return
    early, late = min(first, second), max(first, second)
    between, ahead = sentence[early:late], sentence[:early]
    # The cause is told first, unless the words between say that what follows came before.
    flipped = bool(_BACKWARD.search(between)) and not _FORWARD.search(between)
    flipped ^= bool(_AHEAD.match(ahead))
    if (first < second) == flipped:
        yield "puts the two facts in the wrong order"
        return
    began, followed = (
        f.onset and f.onset.replace(microsecond=0) for f in (cause, effect)
    )  # as they are told
    if began and followed and followed < began and _LATER.search(sentence):
        yield "says that something came later when it began earlier"
    rest = sentence
    for known in (_NO_ORDER, _AHEAD, _BACKWARD, _FORWARD):
        rest = known.sub(" ", rest)
    if odd := _SIDEWAYS.search(rest):
        yield f"states the order in a way that cannot be checked ({odd[0]!r})"


def _mention(sentence: str, fact: Evidence, other: Evidence, names: frozenset[str]) -> int | None:
    """Where a sentence first speaks of one fact and not of the other: by a name, a number, a time or a word of its own."""
    mine = named_by(fact, names) - named_by(other, names)
    places = [at for at, name in names_in(sentence, names) if name in mine]
    body = mask(sentence, names)
    strange = [n.value for n in numbers(mask(said(other), names))]
    own = [n.value for n in numbers(mask(said(fact), names))]
    places += [
        n.at for n in numbers(body) if any(close(n, v) for v in own) and not any(close(n, v) for v in strange)
    ]
    times = set(TIME.findall(said(fact))) - set(TIME.findall(said(other)))
    places += [m.start() for m in TIME.finditer(sentence) if m[0] in times]
    if not places:
        roots = {stem(w) for w in words(mask(said(fact), names))} - connectives()
        roots -= {stem(w) for w in words(mask(said(other), names))}
        places = [m.start() for m in re.finditer(r"[A-Za-z]+", body) if stem(m[0].lower()) in roots]
    return min(places, default=None)
