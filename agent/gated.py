"""Steps and checks on their way into a report: every command, query and name goes through the gate (docs/runbooks.md)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal

from aitia.agent.placeholders import fill, fill_prose
from aitia.core.commands import Gate, effect, is_script, query_line, spoken
from aitia.core.words import Evidence, Inventory, Mitigation, NextCheck
from aitia.tools.meaning.passages.conditions import typed_in

_QUOTE: Final = re.compile(r"[\"“'`].*[\"”'`]")
_SHELLY: Final = re.compile(
    r"\$\(|`|://|\|\s*\w*sh\b|[;&|]\s*\w+ -|<\(|(?:^|\s)>+\s*/|\b(?:rm|curl|wget|bash|sh|eval|sudo)\s+-"
)


def gate_of(inventory: Inventory, evidence: Sequence[Evidence]) -> Gate:
    """The gate of an incident: by its components and by what its sources and facts are."""
    names = {n for c in inventory.components for n in (c.id, *c.aliases)}
    types = {c.type for c in inventory.components}
    held = (
        w
        for h in inventory.holdings
        for w in (h.source, h.kind, *h.items)
        if h.kind not in ("runbooks", "incidents")
    )
    facts = (w for e in evidence if not e.taint for w in (e.kind, e.component, e.source.source))
    return Gate.of(names=names, seen=(*types, *held, *facts))


def gated(
    step: Mapping[str, Any],
    *,
    when: Literal["now", "prevent"],
    source: str,
    gate: Gate,
    names: Mapping[str, str],
    component: str,
    foreign: bool = False,
    general: bool = False,
) -> list[Mitigation]:
    """A step as the report may show it: a command a step, of several each its own, in their order.

    Placeholders are filled in before the gate; a step whose commands may not be shown keeps its words and says why. A `general`
    step was written for any site: that a command of it is for another platform need not be said.
    """
    raw, written = str(step.get("text") or ""), str(step.get("command") or "")
    told = fill_prose(raw, component, names.get("machine", ""), names)
    if not written.strip():
        reads = step.get("effect") in ("read-only", "read")
        text = _prose(told, foreign)
        return [Mitigation(text=text, when=when, effect="read-only" if reads else "changing", source=source)]
    if is_script(written):
        note = " (its commands belong together: see the runbook)"
        return [
            Mitigation(
                text=_prose("" if raw in written else told, foreign) + note,
                when=when,
                effect="changing",
                source=source,
            )
        ]
    lines = [line for line in written.split("\n") if line.strip()]
    made = [*_lines(lines, gate, names, foreign, general)]
    changes = any(
        does == "changing" for _, does, _ in made
    )  # of several commands none comes before those it belongs to
    found = []
    for n, (line, _, note) in enumerate(made, 1):
        which = f" ({n} of {len(made)})" if len(made) > 1 else ""
        words = (line or _prose("", foreign)) if raw == written else _prose(told, foreign)
        found.append(
            Mitigation(
                text=f"{words}{which}{note}",
                when=when,
                effect="changing" if changes else "read-only",
                source=source,
                command=line,
            )
        )
    return found


def _lines(
    lines: Sequence[str], gate: Gate, names: Mapping[str, str], foreign: bool, general: bool
) -> Iterator[tuple[str, Literal["read-only", "changing"], str]]:
    """Each command as it is shown, what it does, and the note on what was filled in or left out."""
    for line in lines:
        filled = fill(line, names)
        shown = gate.show(filled.command, foreign=foreign)
        untold = not shown.note or (general and shown.missing)
        note = filled.note if shown.command else "" if untold else f" ({shown.note})"
        does = shown.effect if shown.command else effect(filled.command)
        yield shown.command, does, note


def _prose(text: str, foreign: bool) -> str:
    """A step's words. Those of a document that nobody vouches for hold no command line and no address."""
    changes = foreign and any(effect(c) == "changing" for c in typed_in(text))
    if not text or changes or (foreign and _SHELLY.search(text)):
        return "A step in the document: read it there"
    return text


def look_at(
    fact: Evidence, names: Iterable[str], lead: str, words: str, *, plainly: bool = False
) -> NextCheck:
    """A fact to look at, by its query to its source: `words` of it after `lead`; what others wrote in it is left out.

    plainly   for a reader who runs no query: nothing is said of one that cannot be shown
    """
    said = _QUOTE.sub("“…”", words) if fact.taint else words
    text = f"{lead}: {_plainly(said, names)}"
    query = "" if _plainly(fact.source.query, names) != fact.source.query else query_line(fact.source.query)
    if fact.source.query and not query and not plainly:
        text += f" (its query quotes something that is not a plain name: see {fact.id})"
    return NextCheck(text=text, query=query)


def _plainly(text: str, names: Iterable[str]) -> str:
    """The text with a pseudonym in place of each name that is no plain words, as written or with its blanks collapsed."""
    for name in sorted({n for n in names if spoken(n) != n}, key=len, reverse=True):
        for form in {name, " ".join(name.split()), name.replace("\n", "\\n").replace('"', '\\"')}:
            text = text.replace(form, spoken(name)) if form.strip() else text
    return text
