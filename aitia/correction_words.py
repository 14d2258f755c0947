"""What a sentence wants of a diagnosis: that it stops, that it goes on otherwise, or neither; and what it corrects."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

from aitia.core.store import RunStore
from aitia.core.words import Component, Correction, Denied, Incident, Inventory

if TYPE_CHECKING:
    from aitia.core.words import Understood

LONGEST = 500  # characters of a correction
Meaning = Literal["stop", "correction", ""]
_STOP: Final = re.compile(
    r"(?:please |pls |bitte |stp |svp |por favor |per favore )?"
    r"(?:stop|halt|cancel|abort|stopp|abbrechen|brich ab|arrête|annule|para|detente|cancela|ferma|fermati|annulla|interrompi)"
    r"(?: (?:it|that|this|now|the (?:diagnosis|run)|die diagnose|le diagnostic|el diagnóstico|la diagnosi))?[\s.!]*",
    re.IGNORECASE,
)
_SENTENCE: Final = re.compile(r"(?<=[.!?;])\s+")
_DENIES: Final = re.compile(
    r"\W*(?:no,? )?(?:the [\w -]{2,40} (?:is|was)(?: not|n't) (?:it|the (?:cause|problem|reason))\b"
    r"|(?:(?:it|that|this)(?:'s| is| was)(?: not|n't)|(?:it|that) (?:isn|wasn)'t|not"
    r"|(?:es|das) (?:ist|war|liegt) nicht|nicht"
    r"|(?:ce|c')? ?n'(?:est|était) pas|pas|no (?:es|fue|era)|non (?:è|era)) "
    r"(?:the|a|an|at|der|die|das|ein|eine|le|la|les|un|une|el|los|il|lo)\b)",
    re.IGNORECASE,
)
_NOT_THE: Final = re.compile(
    r"(?<![\w-])(?:not|\w+n['’]t|nicht|pas|no|non)\s+(?:the|an?|at|de[rmn]|die|das|eine?|les?|la|une?|el|los|las|il|lo|i|gli)\s+"
    r"(?P<thing>\w[\w.-]{0,60})",
    re.IGNORECASE,
)


def meant(text: str, store: RunStore) -> Meaning:
    """What a sentence wants of a run: that it stops (of one that is under way), that it goes on otherwise, or neither.

    One that corrects and asks as well wants both: `parts` tells them apart.
    """
    if _STOP.fullmatch(text.strip()) and store.meta().get("state") == "running":
        return "stop"
    return "correction" if parts(text, store)[0] else ""


def parts(text: str, store: RunStore) -> tuple[str, str]:
    """What of a message corrects a run, and what of it asks: "it was not the deploy, we rolled it back. Could it be payment?"."""
    from aitia.agent.asking.question.sorting import asks

    if len(text) > LONGEST:
        return "", text
    told, asked = list[str](), list[str]()
    for sentence in filter(None, map(str.strip, _SENTENCE.split(text))):
        (asked if sentence.endswith("?") or asks(sentence) else told).append(sentence)
    said = " ".join(told)
    if not said or corrects(said, store) is None:
        return "", text
    return said, " ".join(asked)


def denies(text: str) -> bool:
    """Whether a sentence says of something that it is not the cause, and asks nothing: "not the deploy, we rolled it back"."""
    from aitia.agent.asking.question.sorting import asks

    return bool(_DENIES.match(text)) and "?" not in text and not asks(text)


def corrects(text: str, store: RunStore) -> Correction | None:
    """What a sentence corrects of a run: when it began, or what it is not; None where it says neither, or asks."""
    from aitia.tools.meaning.incidents.denied import denied_in, done_in
    from aitia.tools.meaning.incidents.mentions import called_so
    from aitia.tools.meaning.incidents.reading import read_components, read_start
    from aitia.tools.meaning.incidents.spoken_hours import with_clock

    meta = store.meta()
    if len(text) > LONGEST or text.rstrip().endswith("?") or "incident" not in meta:
        return None
    opened = meta.get("opened", {})
    incident = Incident.model_validate(opened.get("incident") or meta["incident"])
    components = _components(store)
    read: Understood = read_components(read_start(with_clock(text), incident.window.end), text, components)
    denied, owners = denied_in(text, components)
    start = read.start if read.start and read.start <= incident.window.end else None
    excluded = tuple(
        dict.fromkeys(s.component for s in read.excluded if not (denied and s.component in owners))
    )
    complains = {s.component for s in read.affected} - {*excluded, *owners}
    if complains and not (denied and denies(text)):
        return None  # who complains of a component tells of a trouble
    for thing in _ruled_out(text, components, denied):
        excluded = tuple(dict.fromkeys([*excluded, *called_so(thing, components)]))
    if start is None and not excluded and not denied:
        return None
    return Correction(
        text=text,
        at=datetime.now(tz=UTC),
        start=start,
        excluded=excluded,
        denied=denied,
        done=done_in(text),
    )


def _components(store: RunStore) -> tuple[Component, ...]:
    meta = store.meta()
    return Inventory.model_validate(meta.get("opened", {}).get("inventory", {})).components or tuple(
        Component.model_validate(c) for c in meta.get("components", ())
    )


def _ruled_out(text: str, components: Sequence[Component], denied: Sequence[Denied]) -> list[str]:
    """What a text says that it is not, and that is neither a component nor a kind that was read."""
    from aitia.tools.meaning.incidents.mentions import mentions_of

    named = mentions_of(text, components)
    kinds = " ".join(d.words for d in denied).casefold()
    return [
        m["thing"]
        for m in _NOT_THE.finditer(text)
        if m["thing"].casefold() not in kinds and not any(n.begin <= m.start("thing") < n.end for n in named)
    ]


def passed_over(text: str, store: RunStore) -> tuple[str, ...]:
    """What a correction rules out that no component and no kind of change or fault here is called: it is left out."""
    from aitia.tools.meaning.incidents.denied import denied_in
    from aitia.tools.meaning.incidents.mentions import called_so

    components = _components(store)
    things = _ruled_out(text, components, denied_in(text, components)[0])
    return tuple(t for t in dict.fromkeys(things) if not called_so(t, components))
