"""Where a text writes out a name that the sources have: of a measurement, of a log that is no component's own."""

from __future__ import annotations

import re

from aitia.agent.asking.question.tables import words_of
from aitia.tools.meaning.incidents.words import plain
from aitia.tools.query.lines import loggers
from aitia.tools.query.measured import measured
from aitia.tools.query.site import Site

_OWN_WORDS = frozenset({"en"})  # of names, and silent in English ones alone


def spelled_names(words: str, text: str, site: Site) -> tuple[tuple[int, int], ...]:
    """Spans of `words` (small letters) that are a measurement's name or a part of one; `text` has them as they were written.

    `max_connections`, `load1`; in capitals as the source has it: RUN; with blanks: "en cours" of `guichet_en_cours`.
    """
    held = {n for m in measured(site) for n in (m.metric, m.family)}
    joined = " ".join(n.casefold() for n in held)
    labels = {t.casefold() for m in measured(site) for pair in m.labels for t in pair}
    found = [
        m.span()
        for m in re.finditer(r"(?<![\w./-])[a-z][a-z0-9]*(?:_[a-z0-9]+)+|[a-z]{3,}\d+", words)
        if m[0] in joined or ("_" in m[0] and m[0] not in labels)  # a setting's, of which changes may speak
    ]
    for name in (n for n in held if n.isupper() and len(n) > 1):
        if re.search(rf"(?<![\w.]){re.escape(name)}(?![\w.])", text):
            found += _places(words, rf"(?<![\w.]){re.escape(name.casefold())}(?![\w.])")
    for tail in {_tail(m.component, m.family) for m in measured(site)} - {()}:
        found += _places(words, rf"(?<!\w){re.escape(' '.join(tail))}(?!\w)")
    return tuple(sorted(set(found)))


def _places(words: str, pattern: str) -> list[tuple[int, int]]:
    return [m.span() for m in re.finditer(pattern, words)]


def _tail(component: str, family: str) -> tuple[str, ...]:
    """The words of a name behind its component's, none where one of them tells only a unit or a kind."""
    words, own = family.casefold().split("_"), re.split(r"[-_.]", component.casefold())
    tail = words[len(own) :] if words[: len(own)] == own else words
    silent = words_of("silent") - _OWN_WORDS
    return tuple(tail) if len(tail) > 1 and not silent & set(tail) else ()


def journals(words: str, site: Site) -> tuple[tuple[int, int], ...]:
    """Spans of `words` that name a log which is no component's own: a plant's archive of messages."""
    ids = {plain(n) for c in site.inventory.components if c.type != "unknown" for n in (c.id, *c.aliases)}
    ids |= {plain(m.component) for m in measured(site)}
    own = {plain(n) for n in loggers(site)} - ids
    return tuple(m.span() for m in re.finditer(r"[\w-]{5,}", words) if m[0] in own)
