"""How a person looks at what was not seen: by a query to a source or a command that reads, with names of this site alone.

Names come from outside: one that is no plain word is in no query and in no command (docs/runbooks.md).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from aitia.agent.topology import Topology
from aitia.core.aspects import LOG
from aitia.core.commands import command_line, effect, query_line, spoken
from aitia.core.words import OWN_COMMANDS, Evidence, Inventory, NextCheck, Window
from aitia.tools.series.aspects import bundled

_METRIC: Final = re.compile(r"[A-Za-z_:][\w:]{0,199}")
_FILE: Final = re.compile(r"(?!-)[\w./@+-]{1,400}")
_UNIT: Final = re.compile(r"[A-Za-z0-9][\w.@:-]{0,79}")
_SELECTOR: Final = re.compile(
    r"\{[\w:]{1,100}=\"[\w./:-]{1,200}\"\}"
)  # of one component's lines at a log server
# What aitia's own sources write as a command; any other query may be the name of a file, a column or a tool.
_COMMANDS: Final = {
    "cluster": re.compile(r"kubectl (?:get|describe|logs)(?: (?:-n|-o|--all-containers|\w[\w./,:-]*))+"),
    "changes": re.compile(r"kubectl get [\w./-]+ -n [\w-]+"),
    "metrics": re.compile(r"aws (?:cloudwatch get-metric-statistics|pi get-resource-metrics) --[^;&|`$<>]+"),
}
_TELLING: Final = (
    "errors",
    "latency",
    "availability",
    "connections",
    "cpu",
)  # what is asked first of anything
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


def measuring(aspect: str, place: str, inventory: Inventory, evidence: Sequence[Evidence]) -> tuple[str, str]:
    """A query that shows an aspect of a component, or a command; both empty where the site holds nothing that does."""
    held = [h for h in inventory.holdings if not h.unread]
    if aspect in LOG:
        word = aspect.removeprefix("log.").replace("_", " ")
        sources = {h.source for h in held if h.kind == "logs"}
        for fact in (e for e in evidence if e.source.source in sources and e.component == place):
            if _is_file(fact):
                return "", f"grep -n -i {shlex.quote(word)} {fact.source.path}"
            if _SELECTOR.fullmatch(fact.source.query):
                return f'{fact.source.query} |~ "(?i){word}"', ""
        return "", ""
    near = sorted(
        (h for h in held if h.kind in ("metrics", "signals")), key=lambda h: place not in h.components
    )
    names = (item for h in near for item in h.items if _METRIC.fullmatch(item))
    return next((name for name in names if bundled().of(name).aspect == aspect), ""), ""


def shows(component: str, window: Window, inventory: Inventory, evidence: Sequence[Evidence]) -> NextCheck:
    """How to see what a component did in the window, where nothing said so: by what the site holds, else by its own log."""
    when = f"from {window.start:%Y-%m-%d %H:%M:%S} to {window.end:%Y-%m-%d %H:%M:%S} UTC"
    text = f"Look at {spoken(component) if component else 'what the sources hold'} {when}"
    found = look(text, (), component, inventory, evidence)
    if found.command not in OWN_COMMANDS or not _UNIT.fullmatch(component):
        return found
    since, until = (f"{at:%Y-%m-%d %H:%M:%S} UTC" for at in (window.start, window.end))
    return NextCheck(text=text, command=f"journalctl -u {component} --since '{since}' --until '{until}'")


def _telling(metric: str) -> int:
    aspect = bundled().of(metric).aspect
    return _TELLING.index(aspect) if aspect in _TELLING else len(_TELLING)


def _is_file(fact: Evidence) -> bool:
    return fact.kind.startswith("log.") and _FILE.fullmatch(fact.source.path) is not None


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
            yield _of_fact(fact, names, sources[fact.source.source])
    for holding in sorted(held, key=lambda h: not about & set(h.components)):
        if holding.kind in ("metrics", "signals"):
            plain = [item for item in holding.items if _METRIC.fullmatch(item)]
            yield from ((item, "") for item in sorted(plain, key=_telling))
        if holding.kind == "cluster":
            yield "", "kubectl get pods --all-namespaces"
    for fact in facts:
        yield _of_fact(fact, names, sources[fact.source.source])


def _of_fact(fact: Evidence, names: Collection[str], kind: str) -> tuple[str, str]:
    """The fact's own query to a source of a kind; of a line in a file a command that finds those like it."""
    if _is_file(fact):
        return "", f"grep -n -i -E {shlex.quote(_TROUBLE)} {fact.source.path}"
    query = fact.source.query
    if any(n in query for n in names if spoken(n) != n):
        return "", ""
    line, own = command_line(query), _COMMANDS.get(kind)
    if own is not None and own.fullmatch(line) and effect(line) == "read-only":
        return "", line
    return query_line(query), ""
