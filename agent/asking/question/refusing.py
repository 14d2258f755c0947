"""Questions that ask to change something: nothing is run, and the look that is nearest is named."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from aitia.agent.asking.question.tables import data, table
from aitia.agent.asking.question.word_by_word import english
from aitia.tools.meaning.incidents.words import one_of, plain

if TYPE_CHECKING:
    from aitia.agent.asking.question.pieces import Pieces


_WELL: Final = (  # by which an order is led in
    r"(?:ok|okay|alright|right|well|so|then|ok then|good|gut|also|na gut|dann|alors|bon|bien|d'accord|entonces|bueno|vale|allora"
    r"|bene|va bene|dai)"
)


@cache
def _asked() -> re.Pattern[str]:
    words = table("act")
    first, polite = (one_of(map(plain, words[k])) for k in ("first", "polite"))
    lead = (
        rf"(?:^|[.;!?\n]\s*|,\s*(?:and |und |et |y |e )?|\band (?:then )?)\W*(?:{_WELL}\W+)?(?:{polite}\W+)*(?:(?:the|me"
        rf"|you|mir|uns|den|die|das|le|la|el|il)\W+)?"
    )
    return re.compile(rf"{lead}{first}")


@cache
def _anywhere() -> re.Pattern[str]:
    return re.compile(one_of(map(plain, table("act")["anywhere"])))


@cache
def _nouns() -> re.Pattern[str]:
    """Names of things that begin like an order: "open connections", "restart count"."""
    return re.compile(one_of(map(plain, data()["nouns"])))


@cache
def _german() -> re.Pattern[str]:
    """A German request, whose verb stands at the end: "kannst du X neu starten"."""
    polite = one_of(map(plain, table("act")["polite"]))
    ends = (
        r"(?:neu ?starten|löschen|stoppen|beenden|ausführen|herunterfahren|hochfahren|skalieren|entfernen"
        r"|abschalten|einschalten|zurückrollen|installieren|ändern|setzen|erhöhen)"
    )
    return re.compile(rf"{polite}\W.{{0,120}}?{ends}(?!\w)")


_ORDER: Final = re.compile(  # a verb that also tells of a course is an order where an article follows and nothing is asked
    r"\W*(?:sube|baja|aumenta|reduce|disminuye|augmente|baisse|monte|diminue|raise|lower|increase|decrease|erhöhe|senke|verringere|alza|abbassa)"
    r"\s+(?:la|el|los|las|le|les|the|den|die|das|il|lo|l')(?!\w)"
)

_BACK: Final = re.compile(  # something that is down is to run again, or another one is to take over
    r"^\W*(?:(?:please|ok|bitte|s'il (?:te|vous) plaît|por favor"
    r"|per favore)\W+)?(?:(?:bring|get|take) (?:\S+ ){1,3}?back (?:up|online)"
    r"|fail (?:back|over) (?:to|from|onto) \S+"
    r"|(?:bring|hol|fahr)\w* (?:\S+ ){1,3}?wieder (?:hoch|online)"
    r"|(?:make|put|set) \S+ (?:back )?(?:as )?(?:the )?(?:primary|master|leader|standby|replica)(?: again)?"
    r"|(?:mach|setz)\w* \S+ (?:wieder )?(?:als |zum |zur )(?:primary|master|leader|standby|replica?)"
    r"|(?:remet|met)\w* \S+ (?:en|comme) (?:primaire|maître|master|leader|réplica)"
    r"|(?:pon|vuelve a poner|ponga) \S+ (?:como|de) (?:primario|maestro|master|líder|réplica)"
    r"|(?:rimett|mett)\w* \S+ (?:come|a) (?:primario|master|leader|replica)"
    r"|remet\w* (?:\S+ ){1,3}?en (?:route|marche|service)|vuelve a (?:levantar|arrancar)"
    r"|rimett\w* (?:\S+ ){1,3}?in (?:funzione|servizio))(?!\w)"
)


def changing(p: Pieces) -> str | None:
    """Why nothing is done, or None where a question only asks."""
    return "I only look: nothing was run or changed." if asks_for_change(p.asked) else None


def asks_for_change(text: str) -> bool:
    """Whether a sentence wants something run, changed or revealed. What it quotes does not count: a line may say anything."""
    low = _nouns().sub(lambda m: "_" * len(m[0]), plain(english(text)))
    bare = re.sub(r"\"[^\"]*\"|'[^']*'(?!\w)|`[^`]*`", " ", low).strip()
    ordered = "?" not in text and (_ORDER.match(bare) or _BACK.search(bare)) is not None
    return ordered or any(pattern.search(bare) for pattern in (_anywhere(), _german(), _asked()))
