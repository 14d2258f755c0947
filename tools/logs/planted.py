"""Fault words that stand in what a service was given, and not in what it says: findings that accuse nobody."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote_plus

from aitia.core.redact import Redactor
from aitia.core.words import Evidence, Window
from aitia.tools.logs.count import Count
from aitia.tools.logs.facts import quoted, reference
from aitia.tools.logs.mine import Mined
from aitia.tools.text.classes import aspect_of
from aitia.tools.text.program_text import written

_EACH: Final = 2  # findings of one component
STRENGTH: Final = 0.3  # they are told, and move nothing


def planted(mined: Mined, window: Window, redactor: Redactor) -> list[Evidence]:
    """One finding for each kind of fault that clients of a component write of, the most frequent first."""
    found: dict[str, list[Count]] = {}
    for count in mined.counts:
        if count.window > 2 * count.before and (aspect := given(count)):
            found.setdefault(aspect, []).append(count)
    most = sorted(found.items(), key=lambda pair: (-sum(c.window for c in pair[1]), pair[0]))
    return [_fact(mined, aspect, counts, window, redactor) for aspect, counts in most[:_EACH]]


def given(count: Count) -> str:
    """The kind of fault that a template speaks of only in what its program was given; "" for none."""
    text = count.template.text
    aspect = aspect_of(unquote_plus(written(text).given).replace("_", " ").replace("-", " "))
    if aspect in ("log.restart", "log.exception"):
        return ""
    return aspect if count.meaning.aspect != aspect else ""


def _fact(mined: Mined, aspect: str, counts: list[Count], window: Window, redactor: Redactor) -> Evidence:
    first = max(counts, key=lambda c: (c.window, c.template.text))
    total = sum(c.window for c in counts)
    what = aspect.removeprefix("log.").replace("_", " ")
    return Evidence(
        component=mined.component,
        kind="log.planted",
        aspect="log.other",
        statement=(
            f'{mined.component}: {total} lines mention "{what}" only in their input (a request, a name, '
            f'a value), which says nothing about {mined.component} itself: "{quoted(first, redactor)}".'
        ),
        values={"count_window": total, "of": aspect, "template": quoted(first, redactor)},
        unit="lines",
        window=window,
        strength=STRENGTH,
        source=reference(mined, first),
        taint=True,
        provenance="client",
    )
