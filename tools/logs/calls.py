"""Who calls whom, as logs tell it on calm days too: the names of others beside which a program writes that it asks them.

Errors alone name only who fails. A line such as `POST https://stock/reserve 200` or `pool target=hsm-a:1501 open=6` tells as
much, hours before. It joins two components that are known, never makes one, and counts only where the program wrote the words
around the name: what a client sent joins nobody.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any, Final

from aitia.core.words import Evidence, Window
from aitia.tools.logs.mine import Mined
from aitia.tools.logs.shared_ids import waits
from aitia.tools.text.names import Names
from aitia.tools.text.program_text import written
from aitia.tools.text.reading.cut import text_of

KIND: Final = "log.calls"
EACH: Final = 2  # records of a template that are looked at; by hand
MOST: Final = 12  # others that a fact names; by hand
LONGEST: Final = 600  # characters of a record
_ASKS: Final = re.compile(
    r"(?i)(?:://|@|->\s?|\b(?:to|via|at|with|against|into|upstream|backend|ups|server|target|node|broker|endpoint|remote|dial(?:ing)?"
    r"|call(?:ed|ing|s)?|connect(?:ed|ing)?|fetch(?:ed|ing)?|query|get|post|put|delete)\W{1,3})$"
)
_ASKED: Final = re.compile(
    r"(?i)(?::\d{2,5}\b|/\d{1,3}(?:\.\d{1,3}){3}|[ _-](?:call|request|lookup|client|pool|connection|rpc)s?\b"
    r"|: (?:\d{3}\b|i/o|context|time))"
)
_PATH: Final = re.compile(r"(://[^\s/\"'?]+)[/?][^\s\"']*")  # of an address
_LEADS: Final = re.compile(r"(?:\b[\w.-]+=\"?(?:\w+://)?|\b\w+://)$")
_BY: Final = re.compile(
    r"(?i)\b(?:from|by|client(?:[_ ]?(?:id|name))?|user(?:name)?|group(?:[_ ]?id)?|consumer|producer|cn|application(?:[_ ]?name)?"
    r"|caller|for)\W{1,3}(?:\S{1,40}:\d+ - )?$"
)
_FIELD: Final = re.compile(
    r'"(upstream|target|backend|server|remote|peer|provider|broker|endpoint|db|database|dest(?:ination)?|url|addr(?:ess)?|to'
    r'|caller|client|client_?name|consumer|producer|from)"\s*:\s*"(?:\w+://)?([^"/:\s]{2,80})'
)
_OF_CALLER: Final = frozenset(
    {"caller", "client", "clientname", "client_name", "consumer", "producer", "from"}
)


def calls(mined: Sequence[Mined], window: Window, names: Names) -> list[Evidence]:
    """One fact for each component whose lines name others that it calls, or that waits for others by the ids that both log
    (`shared_ids`); where lines say both ways of two, none.
    """
    told: Counter[tuple[str, str]] = Counter()
    for m in mined:
        if m.tally is None or m.component.casefold() in names.hosts:
            continue
        for count in m.counts:
            for _, _, raw in [*count.new.kept[:EACH], *count.old.kept[:EACH]]:
                for pair in _pairs(m.component, text_of(raw)[:LONGEST], names):
                    told[pair] += count.window + count.before
    by_ids = {p: n for p, n in waits(mined, window, names).items() if p not in told and p[::-1] not in told}
    told.update(by_ids)
    both = {pair for pair in told if told[pair[::-1]] >= told[pair]}
    out = []
    for m in mined:
        callees = sorted(
            (c for a, c in told if a == m.component and (a, c) not in both),
            key=lambda c: (-told[m.component, c], c),
        )
        if callees:
            out.append(_fact(m, callees[:MOST], {c for a, c in by_ids if a == m.component}, window))
    return out


def _pairs(component: str, line: str, names: Names) -> set[tuple[str, str]]:
    """Caller and callee, as one line of a component names them."""
    found: set[tuple[str, str]] = set()
    line = _PATH.sub(r"\1 ", line)
    for key, value in _FIELD.findall(line):
        for other in names.of(value):
            if other != component:
                found.add((other, component) if key in _OF_CALLER else (component, other))
    for other, start, end in names.places(line):
        led = _LEADS.search(line[:start])  # a field's name, or the scheme of an address
        own = line[: led.start() if led else start]
        if other == component or not written(f"{own}x").own.endswith("x"):
            continue
        before, after = line[max(0, start - 60) : start], line[end : end + 30]
        if _BY.search(before):
            found.add((other, component))
        elif _ASKS.search(before) or _ASKED.match(after):
            found.add((component, other))
    return found


def _fact(mined: Mined, callees: Sequence[str], by_ids: Collection[str], window: Window) -> Evidence:
    values: dict[str, Any] = {"calls": " ".join(callees)}
    named, shared = [c for c in callees if c not in by_ids], [c for c in callees if c in by_ids]
    told = [f"by its log {mined.component} calls {', '.join(named)}"] if named else []
    told += [f"by ids that both log {mined.component} waits for {', '.join(shared)}"] if shared else []
    statement = f"{'; '.join(told)}."
    return Evidence(
        component=mined.component,
        kind=KIND,
        aspect="log.other",
        statement=statement[0].upper() + statement[1:],
        values=values,
        window=window,
        direction="none",
        strength=0.1,
        source=mined.reference("names of others"),
        taint=True,
    )
