"""The kinds of lines that a component's log holds: a template each, with a line of it and words by which it is found again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from aitia.core.errors import SourceError
from aitia.core.words import Window
from aitia.tools.query.lines import BUDGET, dated, loggers, streams_of
from aitia.tools.query.site import Site
from aitia.tools.text.access import canonical
from aitia.tools.text.reader import Extract, open_set
from aitia.tools.text.templates import Form, Miner
from aitia.tools.text.templates.masks import join

MOST_LINES: Final = 20_000  # of a component that are looked at
_GAP: Final = re.compile(r"<[^<>\s]*>")
_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_WHOLE: Final = re.compile(r"(?<!\w)[^\W\d_]{3,}(?!\w)")
_EDGE: Final = " :,;=()[]{}<>\"'-_/."
_MOST_WORDS: Final = 6
_FEW: Final = 3  # forms of a template that are kinds of their own


@dataclass(frozen=True, kw_only=True)
class LineKind:
    """Lines of one template: how many there are, one of them, a phrase that each of them holds, and words that stand in each."""

    component: str
    sample: str
    phrase: str
    words: str
    size: int


def line_kinds(site: Site, component: str = "") -> tuple[LineKind, ...]:
    """The kinds of lines of a component up to now, of all components without one; the most frequent first."""
    if component:
        return site.once(("line kinds", component), lambda: _of_one(site, component))
    return tuple(k for one in sorted(loggers(site)) for k in line_kinds(site, one))


def _of_one(site: Site, component: str) -> tuple[LineKind, ...]:
    miner = Miner()
    samples: dict[Form, str] = {}
    for message in islice(_messages(site, component), MOST_LINES):
        samples.setdefault(miner.form(message), message)
    alike: dict[str, list[Form]] = {}
    for form in samples:
        alike.setdefault(miner.template(form).text, []).append(form)
    told: list[tuple[str, list[Form]]] = []
    for text, forms in alike.items():
        # A word that varies in many lines is a value; one of two or three is what tells "accepted" from "refused".
        told += [(join(f.tokens), [f]) for f in forms] if len(forms) <= _FEW else [(text, forms)]
    common = Counter(w for text, forms in told for w in _words(text, samples[forms[0]]))
    kinds = []
    for text, forms in told:
        sample = samples[forms[0]]
        words = _words(text, sample)
        rarest = set(sorted(words, key=lambda w: (common[w], -len(w)))[:_MOST_WORDS])
        kind = LineKind(
            component=component,
            sample=sample,
            phrase=_phrase(text, sample),
            words=" ".join(w for w in words if w in rarest),
            size=sum(f.size for f in forms),
        )
        if kind.phrase or kind.words:
            kinds.append(kind)
    return tuple(sorted(kinds, key=lambda k: -k.size))


def _messages(site: Site, component: str) -> Iterator[str]:
    """The messages of a log up to now; no access lines, which are asked for by status and route."""
    window = Window(start=site.begins(), end=site.window(None, None).end)
    for _, stream in streams_of(site, window, component):
        try:
            for file in open_set(
                stream.paths, zone=stream.zone, near=site.now, component=stream.component, only=stream.only
            ):
                for record in file.records(float("-inf"), window.epoch[1], budget=BUDGET, extract=Extract()):
                    if site.deadline.left <= 0:
                        return
                    if (message := record.message.strip()) and not canonical(message):
                        yield message
        except SourceError as error:
            site.notes.append(str(error))
    logged = {site.name(c) for h in site.inventory.holdings if h.kind == "logs" for c in h.components}
    if component not in logged:
        for _, reader in site.readers():
            for one in (w for w in reader.workloads if site.name(w.name) == component):
                texts = reader.lines(one, [p for p in reader.pods if p.app == one.name])
                messages = (record.message.strip() for record, _ in dated(texts, component, site.now))
                yield from (m for m in messages if m and not canonical(m))


def _phrase(template: str, sample: str) -> str:
    """The longest run of a template that every line of it holds as it stands; "" where none has a word in it."""
    runs = [r.strip(_EDGE) for r in _GAP.split(template)]
    fits = [r for r in runs if _WORD.search(r) and r.casefold() in sample.casefold()]
    return max(fits, key=lambda r: (len(_WORD.findall(r)), len(r)), default="")


def _words(template: str, sample: str) -> list[str]:
    """The words that all stand in every line of a template, in their order."""
    words = [w.casefold() for r in _GAP.split(template) for w in _WHOLE.findall(r)]
    return list(dict.fromkeys(w for w in words if w in sample.casefold()))
