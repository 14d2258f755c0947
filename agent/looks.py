"""How a person looks at what was not seen: by a query to a source or a command that reads, with names of this site alone.

Names come from outside: one that is no plain word is in no query and in no command (docs/runbooks.md).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from aitia.agent.topology import Topology
from aitia.core.commands import command_line, effect, query_line, spoken
from aitia.core.words import Evidence, Inventory, NextCheck

_METRIC: Final = re.compile(r"[A-Za-z_:][\w:]{0,199}")
_FILE: Final = re.compile(r"[\w./@+-]{1,400}")
_TROUBLE: Final = "error|fail|timeout|refused|exception"


def look(
    text: str,
    kinds: Collection[str],
    component: str,
    inventory: Inventory,
    evidence: Sequence[Evidence],
) -> NextCheck:
    """A check that says `text`, with the first query or command that shows telemetry of these kinds (of all: none given).

    Of the component and its parts first, else of anything that those sources hold; where they hold nothing, `aitia doctor`
    says why.
    """
    for query, command in _ways(kinds, component, inventory, evidence):
        made = NextCheck(text=text, query=query, command=command)
        if made.query or made.command:
            return made
    return NextCheck(text=text, command="aitia doctor")


def _ways(
    kinds: Collection[str], component: str, inventory: Inventory, evidence: Sequence[Evidence]
) -> Iterator[tuple[str, str]]:
    """Pairs of a query and a command, either of which may be empty, best first."""
    held = [h for h in inventory.holdings if not h.unread and (not kinds or h.kind in kinds)]
    about = Topology(inventory.components).family(component) if component else frozenset()
    names = {n for c in inventory.components for n in (c.id, *c.aliases)}
    sources = {h.source: h.kind for h in held}
    facts = [e for e in evidence if e.source.source in sources and e.source.query]
    facts.sort(key=lambda e: (e.component not in about, -e.strength, e.component, e.source.query))
    for fact in facts:
        if not component or fact.component in about:
            yield _of_fact(fact, names)
    for holding in sorted(held, key=lambda h: not about & set(h.components)):
        if holding.kind in ("metrics", "signals"):
            yield from ((item, "") for item in holding.items if _METRIC.fullmatch(item))
        if holding.kind == "cluster":
            yield "", "kubectl get pods --all-namespaces"
    for fact in facts:
        yield _of_fact(fact, names)


def _of_fact(fact: Evidence, names: Collection[str]) -> tuple[str, str]:
    """The fact's own query; of a line in a file a command that finds those like it."""
    path = fact.source.path
    if fact.kind.startswith("log.") and path and _FILE.fullmatch(path) and not path.startswith("-"):
        return "", f"grep -n -i -E {shlex.quote(_TROUBLE)} {path}"
    query = fact.source.query
    if any(n in query for n in names if spoken(n) != n):
        return "", ""
    line = command_line(query)
    if line and effect(line) == "read-only":
        return "", line
    return query_line(query), ""
