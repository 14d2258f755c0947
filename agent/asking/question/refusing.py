"""Questions that ask to change something: nothing is run, and the look that is nearest is named."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from aitia.agent.asking.question.tables import table
from aitia.tools.meaning.incidents.words import one_of, plain

if TYPE_CHECKING:
    from aitia.agent.asking.question.pieces import Pieces


@cache
def _asked() -> re.Pattern[str]:
    words = table("act")
    first, polite = (one_of(map(plain, words[k])) for k in ("first", "polite"))
    lead = rf"(?:^|[.;!?\n]\s*|,\s*(?:and |und |et |y |e )?|\band (?:then )?)\W*(?:{polite}\W+)*(?:(?:the|me|you|mir|uns|den|die|das|le|la|el|il)\W+)?"
    return re.compile(rf"{lead}{first}")


@cache
def _anywhere() -> re.Pattern[str]:
    return re.compile(one_of(map(plain, table("act")["anywhere"])))


@cache
def _german() -> re.Pattern[str]:
    """"Kannst du X neu starten": the verb stands at the end."""
    polite = one_of(map(plain, table("act")["polite"]))
    ends = r"(?:neu ?starten|löschen|stoppen|beenden|ausführen|herunterfahren|hochfahren|skalieren|entfernen|abschalten|einschalten|zurückrollen|installieren|ändern|setzen|erhöhen)"
    return re.compile(rf"{polite}\W.{{0,120}}?{ends}(?!\w)")


def changing(p: Pieces) -> str | None:
    """Why nothing is done, or None where a question only asks."""
    low = plain(p.text)
    found = _anywhere().search(low) or _german().search(low) or _asked().search(_masked(p))
    if found is None:
        return None
    return "I only look: nothing was run or changed."


def _masked(p: Pieces) -> str:
    """The text without what is quoted, of which a line may begin with any word."""
    return re.sub(r"\"[^\"]*\"|'[^']*'(?!\w)|`[^`]*`", " ", plain(p.text)).strip()
