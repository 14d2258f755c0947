"""Troubles that a log told of before as well: no news, and where logs are all that there is perhaps the fault itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aitia.core.redact import Redactor
from aitia.core.words import Evidence, Window
from aitia.tools.logs.count import Count
from aitia.tools.logs.facts import Finding, quoted, reference, writer
from aitia.tools.logs.mine import Mined
from aitia.tools.logs.outside import parties
from aitia.tools.text.names import Names, attribute
from aitia.tools.text.replies import replier

KIND: Final = "log.standing"
# By hand.
STRENGTH: Final = 0.45  # below that of what is new, above that from which a fact makes a suspect
EACH: Final = 3  # facts of one component
LEAST: Final = 0.3
_PLAIN: Final = ("log.error", "log.other", "log.restart")


def standing(
    mined: Mined, findings: Sequence[Finding], window: Window, names: Names, redactor: Redactor
) -> list[Evidence]:
    """One fact for each trouble of a kind that the window has as the baselines have it, those of a named kind first."""
    moved = {id(f.count) for f in findings}
    bad = [
        c for c in mined.counts
        if c.window and c.before and id(c) not in moved and c.meaning.bad and c.meaning.aspect not in _PLAIN
    ]  # fmt: skip
    bad.sort(key=lambda c: (-c.meaning.sure, -c.window, c.template.text))
    made: dict[str, Evidence] = {}
    for count in bad:
        if count.meaning.aspect not in made and len(made) < EACH:
            made[count.meaning.aspect] = _fact(mined, count, window, names, redactor)
    return [e for e in made.values() if e.strength >= LEAST]


def _fact(mined: Mined, count: Count, window: Window, names: Names, redactor: Redactor) -> Evidence:
    quote, text = quoted(count, redactor), count.template.text
    component, peer = attribute(mined.component, text, names)
    peer = peer or names.member(component, count.text)
    if server := replier(component, text, names):
        component, peer = server, ""
    found = count.meaning
    if not peer and component == mined.component:
        component, peer = parties(component, count, found, names)
    return Evidence(
        component=component,
        peer=peer,
        kind=KIND,
        aspect=found.aspect,
        statement=f'{mined.component} logged {count.window} times in the window, and {count.before} times before it: "{quote}"',
        values={
            "template": quote,
            "template_id": count.template.id,
            "count_baseline": count.before,
            "count_window": count.window,
            "level": found.severity,
            "reported_by": mined.component,
            "whose": found.whose,
            "whose_sure": found.whose_sure,
        },
        unit="lines",
        window=window,
        direction="new",
        strength=round(STRENGTH * found.sure, 3),
        source=reference(mined, count),
        taint=True,
        provenance=writer(mined.component, names),
    )
