"""Whether a question asks for what was before: the version before the last deploy, the one before that."""

from __future__ import annotations

import re
from typing import Final

from aitia.agent.asking.question.pieces import Pieces
from aitia.tools.meaning.incidents.words import one_of

_BEFORE_ONE: Final = re.compile(
    r"(?<!\w)vor (?:dem|der) (?:\w+ )?(?:deploy\w*|rollout|release|update|ausrollen|änderung|wechsel|umstellung)"
)
_BEFORE: Final = (
    "before",
    "previous",
    "previously",
    "earlier",
    "prior",
    "vorher",
    "davor",
    "vorherige*",
    "vorige*",
    "avant",
    "précédent*",
    "auparavant",
    "antes",
    "anterior*",
    "prima",
    "precedent*",
)


def says_before(p: Pieces) -> bool:
    """Whether what was before is asked for: the version before the last deploy."""
    return bool(re.search(one_of(_BEFORE), p.low) or _BEFORE_ONE.search(p.low))
