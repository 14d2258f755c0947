"""Which words of a question the journals of changes and work orders use themselves: "aligned", "geschmiert", "filtro"."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Final

from aitia.agent.asking.question.across import stems_across
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.stems import stem_of
from aitia.agent.asking.question.tables import hits, is_glue, table
from aitia.agent.asking.question.tables import keys as tables_keys
from aitia.tools.meaning.incidents.mentions import is_software
from aitia.tools.meaning.incidents.words import plain
from aitia.tools.query.happened import changes
from aitia.tools.query.lines import loggers, texts_of
from aitia.tools.query.words import MOST, Changes

_SHORTEST: Final = 4  # letters of a stem
_GENERIC: Final = re.compile(
    r"work|order|change|deploy|releas|mainten|wartung|auftr|änder|ausger|instand|changement|déplo|modif|intervention|entretien|ordre|cambi|despl|orden|trabajo|manteni"
    r"|lavoro|ordin|manuten|rilas|commit|rollout|config|scal|version|update|upgrade|done|made|happen|service"
)


def acted(p: Pieces) -> str:
    """The work that a question speaks of, as alternatives of the languages that journals are kept in: `greas|schmier`.

    A thing and what was done to it must both stand there: `filter|strainer clean|rinse`.
    """
    texts = " ".join(plain(r.text) for r in changes(Changes(limit=MOST), p.site).rows)
    keys = p.keys("acts")
    groups = {key: "|".join(_stems_in(key, texts)) for key in keys}
    if not any(groups.values()):
        return ""
    both = bool(_THINGS & set(keys)) and not set(keys) <= _THINGS
    return (" " if both else "|").join(g or key for key, g in groups.items() if g or both)


_THINGS: Final = frozenset({"filter", "oil"})  # keys of acts that name what work is done to


def _stems_in(key: str, texts: str) -> list[str]:
    """The beginnings of an act's words that a journal has."""
    stems = [
        plain(w).strip("*") for w in table("acts")[key] if " " not in w and len(w.strip("*")) >= _SHORTEST
    ]
    return list(
        dict.fromkeys(
            s for s in stems if re.search(rf"(?<![a-zà-ÿ])(?:nach|ge|aus|ab|an|re)?{re.escape(s)}", texts)
        )
    )


def in_journal(p: Pieces, name: str) -> bool:
    """Whether a change or work order has a name for its own, such as its number."""
    return any(name in plain(r.text) for r in changes(Changes(limit=MOST), p.site).rows)


def telling(p: Pieces) -> str:
    """The stem of the first such word, "" where there is none; words that name a component or a time do not count."""
    if number := next((n for n in p.about.strange if in_journal(p, n)), ""):
        return number
    if version := re.search(r"(?<![\w.])v?\d+\.\d+\.\d+(?![\w.])", p.words):
        return version[0]
    return next(iter(tellings(p)), "")


def tellings(p: Pieces) -> list[str]:
    """The stems of such words, and of the same things in the journal's language as alternatives."""
    texts = " ".join(plain(r.text) for r in changes(Changes(limit=MOST), p.site).rows)
    taken = [
        *p.about.taken,
        *p.about.soft,
        *((h.begin, h.end) for n in ("order", "functions", "resources", "parts") for h in hits(n, p.words)),
    ]
    found: list[str] = []
    for hit in hits("things", p.words):
        stems = [plain(w).strip("*") for w in table("things")[hit.key]]
        if held := [s for s in stems if " " not in s and re.search(rf"(?<![a-zà-ÿ]){re.escape(s)}", texts)]:
            found.append("|".join(dict.fromkeys(held)))
            taken.append((hit.begin, hit.end))
    for m in re.finditer(r"[a-zà-öø-ÿœ]{4,}", p.words):
        word = m[0]
        if is_glue(word) or _GENERIC.search(word) or any(a < m.end() and m.start() < b for a, b in taken):
            continue
        stem = stem_of(word)
        if len(stem) >= _SHORTEST and re.search(rf"(?<![a-zà-ÿ]){re.escape(stem)}", texts):
            found.append(stem)
    return list(dict.fromkeys(found))


def wording(p: Pieces) -> tuple[str, str]:
    """A component and the stems of the question's words, at most three, that one of its log lines holds together.

    Where no line of its own does, a line of another that names it: then without component, its name among the words.
    """
    taken = [
        *p.about.taken,
        *((h.begin, h.end) for n in ("order", "functions", "resources") for h in p.hits(n)),
    ]
    stems: list[str] = []
    for m in re.finditer(r"[a-zà-öø-ÿœ]{5,}|(?<![\w.-])\d{3,}(?![\w.-])", p.words):
        stem = stem_of(m[0])
        stem = stem if len(stem) > _SHORTEST else m[0]  # "comp" of "compte" is in too many words
        if (
            is_glue(m[0])
            or is_software(m[0], p.component)
            or any(a < m.end() and m.start() < b for a, b in taken)
            or (len(stem) < _SHORTEST and not stem.isdigit())
        ):
            continue
        stem = "|".join(dict.fromkeys([*tables_keys("logged", m[0]), stem, *stems_across(m[0])]))
        stems += [stem] if stem not in stems else []
    own = p.component if p.component in loggers(p.site) else ""
    for component, name in ((own, ""), ("", p.component)) if p.component else (("", ""),):
        for size in range(min(3, len(stems)), 0, -1):
            for group in combinations(stems[:6], size):
                words = " ".join([*group, *([plain(name)] if name else [])])
                if stands(p, words, component):
                    return component, words
    return "", ""


def stands(p: Pieces, words: str, component: str) -> bool:
    """Whether a log line holds all the words, each of which may have alternatives `a|b`."""
    wanted = [w.split("|") for w in words.casefold().split()]
    whole, texts = p.site.once(("texts", component), lambda: texts_of(p.site, component))
    if not all(any(a in whole for a in w) for w in wanted):
        return False
    return any(all(any(a in text for a in w) for w in wanted) for text in texts)
