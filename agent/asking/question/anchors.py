"""Moments that a question tells by what happened then: "errors since the last deploy", "after the bolts were tightened"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, timedelta
from typing import Final

from aitia.agent.asking.question.beside import beside_of
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.spans import span_of
from aitia.agent.asking.question.tables import hits, table
from aitia.agent.asking.question.word_by_word import english
from aitia.core.errors import SourceError
from aitia.tools.meaning.incidents.words import plain
from aitia.tools.query.execute import execute
from aitia.tools.query.found import Row
from aitia.tools.query.happened import changes
from aitia.tools.query.site import Site
from aitia.tools.query.words import MOST, Changes, Query, What

_SINCE: Final = r"since|after|seit|nach|depuis|après|desde|después|dopo|da"
_UNTIL: Final = r"before|until|prior to|vor|bis|avant|jusqu'au|antes|hasta|prima|fino"
_CUE: Final = re.compile(
    rf"(?<!\w)(?:(?P<since>{_SINCE})|(?P<until>{_UNTIL}))\s+"
    r"(?:(?:the|that|this|its|their|dem|der|den|zum|zur|le|la|les|ce|cette|du|de|del|el|ese|esa|esta|este|di|dello|della"
    r"|dal|dalla|al|alla|il|lo|questo|quella)\s+|(?:l|d|dell|dall|all)'){0,3}"
    r"(?:(?:last|today's|yesterday's|tonight's|heutigen|gestrigen|latest|most recent|newest|letzten|jüngsten|dernier|dernière"
    r"|últim[oa]|ultim[oa])\s+)?(?P<what>\S.{2,60})"
)
_KINDS: Final[tuple[tuple[str, What], ...]] = (
    (
        r"deploy\w*|roll-?outs?|releases?|upgrades?|updates?|ausrollen|auslieferung|déploiement|mise (?:en prod\w*|à jour)"
        r"|despliegue|actualización|rilascio|aggiornamento",
        "deploy",
    ),
    (
        r"config(?:uration)?(?: |-)?changes?|konfigurationsänderung|changement de config\w*|cambio de config\w*"
        r"|modifica (?:della|di) config\w*",
        "config",
    ),
    (r"maintenance|service visit|wartung|instandhaltung|entretien|maintenance|mantenimiento|manutenzione", "maintenance"),
    (r"changes?|änderung|changement|modification|cambio|modifica", ""),
)  # fmt: skip


def anchored(text: str, site: Site, before: Query | None = None) -> tuple[str, str]:
    """The question with moments in place of what happened then, and a note that says which; as it is where none is known.

    "Since then" is the moment that the query before told. Where another day or time is told as well, that one counts.
    Which version ran before a deploy is a question for the deploys themselves; a comparison has its own reading.
    """
    names = [n for c in site.inventory.components for n in (c.id, *c.aliases)]
    low = plain(english(text, names))
    if before is not None and len(low) == len(text) and (then := _THEN.search(low)):
        return _then(text, then, before, site)
    found = _CUE.search(low)
    if (
        found is None
        or len(low) != len(text)
        or not (site.sources.of("changes") or site.sources.of("maintenance"))
    ):
        return text, ""
    p = Pieces(asked=text, site=site, given=str(getattr(before, "component", "") or ""))
    if p.keys("parts") or p.has("verbs", "compare"):
        return text, ""
    for cue in _CUE.finditer(low):
        for length, row in _happened(cue, p):
            if row.at is None:
                continue
            side = "since" if cue["since"] else "before"
            at = row.at.astimezone(UTC).replace(microsecond=0)
            # The second in which it happened is after it: logs that tell whole seconds have its first lines there.
            at = at if cue["since"] else at - timedelta(seconds=1)
            end = cue.start("what") + length
            told, word = text[cue.start() : end], cue["since"] or cue["until"]
            put = f"{text[: cue.start()]}{word} {at:%Y-%m-%dT%H:%M:%SZ}{text[end:]}"
            rest = f"{text[: cue.start()]}{text[end:]}"
            if beside_of(plain(put)) is None and span_of(rest, site.now.astimezone(site.zone)).told:
                return rest, ""  # "on 15 March, the day after it was greased": the day is told
            return (
                put,
                f"“{told}” is read as {side} {at:%Y-%m-%d %H:%M:%S} UTC: {row.component}: {row.text[:80]}",
            )
    return text, ""


_THEN: Final = re.compile(
    r"(?<!\w)(?P<since>since then|seitdem|seit dann|depuis lors|depuis ce moment(?:-là)?|desde entonces|da allora"
    r"|da quel momento)(?!\w)"
    r"|(?<!\w)(?P<at>at that (?:moment|time|point)|at the time(?! of)|zu dem zeitpunkt|zu diesem zeitpunkt|in dem moment"
    r"|à ce moment(?:-là)?"
    r"|à cet instant(?:-là)?|en ese momento|en aquel momento|in quel momento)(?!\w)"
)


def _then(text: str, m: re.Match[str], before: Query, site: Site) -> tuple[str, str]:
    """The moment of the answer before in place of "then"; as it is where that had none, or several."""
    try:
        found = execute(before, site)
    except SourceError:  # which the look itself says
        return text, ""
    at = found.at or (found.rows[0].at if len(found.rows) == 1 else None)
    if at is None:
        return text, ""
    at = at.astimezone(UTC).replace(microsecond=0)
    side = "since" if m["since"] else "at"
    put = f"{text[: m.start()]}{side} {at:%Y-%m-%dT%H:%M:%SZ}{text[m.end() :]}"
    return (
        put,
        f"“{text[m.start() : m.end()]}” is read as {side} {at:%Y-%m-%d %H:%M:%S} UTC: of the answer before",
    )


def _happened(cue: re.Match[str], p: Pieces) -> Iterator[tuple[int, Row]]:
    """What the words behind a cue call by name, newest first: how many letters tell it, and its row."""
    what = cue["what"]
    for pattern, kind in _KINDS:
        if m := re.match(rf"(?:{pattern})(?!\w)", what):
            yield from ((m.end(), row) for row in _rows(p, Changes(what=kind, limit=MOST)))
    clause = m[0].rstrip() if (m := _DONE.match(what)) else ""
    told = [h for h in hits("acts", what) if h.begin == 0 or h.end <= len(clause)]
    words = " ".join(filter(None, (_stems(h.key) for h in told)))
    if words:
        word = re.compile(r"[\w-]*").match(what, told[0].end)  # of "greas*" the whole word
        length = len(clause) or (word.end() if word else told[0].end)
        yield from ((length, row) for row in _rows(p, Changes(words=words, limit=MOST)))


_DONE: Final = re.compile(  # "the bolts were tightened"
    r"[^,;?.]*?(?<!\w)(?:was|were|been|got|wurden?|worden|a été|ont été|fut|furent|fue|fueron|è stat\w|sono stat\w|venne"
    r"|vennero)(?!\w)[^,;?.]*"
)


def _stems(key: str) -> str:
    """The words of an act in all languages, as alternatives."""
    stems = [plain(w).strip("*") for w in table("acts")[key] if " " not in w]
    return "|".join(dict.fromkeys(s for s in stems if len(s) > 3))


def _rows(p: Pieces, query: Changes) -> list[Row]:
    """The newest such change of a component that is named, else of any."""
    for component in dict.fromkeys((*p.about.components, p.given, "")):
        rows = changes(query.model_copy(update={"component": component}), p.site).rows
        if rows:
            return list(rows[-1:])
    return []
