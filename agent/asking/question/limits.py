"""A measurement and its limit, by their names: `redis_memory_used_bytes` and `redis_memory_max_bytes`."""

from __future__ import annotations

import re
from typing import Final

from aitia.agent.asking.question.pieces import Pieces
from aitia.tools.query.measured import measured
from aitia.tools.query.words import Stat

ALLOWED: Final = re.compile(
    r"(?<!\w)(?:may|allow\w*|permit\w*|limit\w*|accept\w*|at most can|capacity|ceiling|darf|dürfen|erlaub\w*|grenze"
    r"|^(?!.*(?<!\w)(?:war|waren|gab|hatten?)(?!\w)).*(?<!\w)höchstens"
    r"|kapazität|peut|peuvent|autoris\w*|plafond|capacité|puede|pueden|admit\w*|acept\w*|tope|capacidad|può|possono|ammess\w*"
    r"|accett\w*|consent\w*|tetto|capacità|mag|mogen|toegestaan|pode\w*)(?!\w)"
)
"""What is allowed to something."""
USED: Final = re.compile(
    r"(?<!\w)(?:us(?:es?|ing|ed)|in use|taken|occup\w*|belegt|benutz\w*|genutzt|nutzt|verbrauch\w*|utilis\w*|usa\w*|ocupa\w*"
    r"|gasta\w*|consum\w*|gebruik\w*|em uso)(?!\w)"
)
"""What of it is in use."""
_LIMIT: Final = re.compile(
    r"(?:max\w*|limits?|capacity|capacite|capacidad|capacita|kapazitaet|quota|allowed|grenze|tope|soft|hard)"
)
_SPENT: Final = re.compile(
    r"(?:used?|usage|in|current|connected|open|opened|active|busy|resident|belegt|ouverts?|abiert\w*|aperti|offen)"
)
_SAYS_NOTHING: Final = frozenset(
    {"bytes", "total", "count", "config", "number", "process", "seconds", "ratio", "percent"}
)


def says_limit(name: str) -> bool:
    """Whether a name is of a limit."""
    return _says(name, _LIMIT)


def limit_of(p: Pieces, before: Stat) -> str:
    """The measurement of the limit of what was asked for; "" where none or several are alike."""
    return _beside(p, before, limits=True) if not _says(before.metric, _LIMIT) else ""


def used_of(p: Pieces, before: Stat) -> str:
    """What is in use of what a limit was told of; "" where none or several are alike."""
    return _beside(p, before, limits=False) if _says(before.metric, _LIMIT) else ""


def _beside(p: Pieces, before: Stat, *, limits: bool) -> str:
    things = _things(before.metric)
    named = {
        m.family for m in measured(p.site) if m.component == before.component and m.family != before.metric
    }
    scored = [
        (len(things & _things(n)), len(_things(n) - things), n) for n in named if _says(n, _LIMIT) == limits
    ]
    scored = [s for s in scored if s[0]]
    if not scored:
        return ""
    most = max(s[0] for s in scored)
    fewest = min(s[1] for s in scored if s[0] == most)
    best = [n for shared, other, n in scored if (shared, other) == (most, fewest)]
    spent = [n for n in best if _says(n, _SPENT)]
    best = spent if not limits and len(best) > 1 and len(spent) == 1 else best
    if limits and fewest == 0:
        return min(
            best, key=lambda n: (len(n), n)
        )  # names of one thing: `redis_max_clients`, `redis_config_maxclients`
    return best[0] if len(best) == 1 else ""


def _words(name: str) -> list[str]:
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    words = [w.casefold() for w in re.findall(r"[^\W_]+", split)]
    return [x for w in words for x in (("max", w[3:]) if w.startswith("max") and len(w) > 6 else (w,))]


def _says(name: str, what: re.Pattern[str]) -> bool:
    return any(what.fullmatch(w) for w in _words(name))


def _things(name: str) -> frozenset[str]:
    """What a name is of: its words without the software in front, the limit or use, and units."""
    words = _words(name)
    rest = words[1:] if len(words) > 1 else words
    return frozenset(
        w.rstrip("s") for w in rest
        if not _LIMIT.fullmatch(w) and not _SPENT.fullmatch(w) and w not in _SAYS_NOTHING
    )  # fmt: skip
