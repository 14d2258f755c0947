"""The value of a setting that a question writes out (`max_client_conn`), as a change or a log line last told it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from aitia.agent.asking.question.outcome import Reading, one, span_fields
from aitia.agent.asking.question.pieces import Pieces
from aitia.tools.meaning.incidents.words import plain
from aitia.tools.query.happened import changes
from aitia.tools.query.lines import lines
from aitia.tools.query.measured import measured
from aitia.tools.query.words import Changes, Lines, Stat

_SPELLED: Final = re.compile(r"(?<![\w./-])[a-z][a-z0-9]*(?:[_.][a-z0-9]+)+(?![\w/])")
_CAMEL: Final = re.compile(r"(?<![\w./-])[a-z]+[a-z0-9]*(?:[A-Z][a-z0-9]*)+(?![\w/])")
_TELLS: Final = (": ", "=", " = ", ":", " := ", " is ")  # what stands between a name and its value in a log
_VALUE: Final = re.compile(r"[\"']?(?:[+-]?\d|(?:on|off|true|false|yes|no|enabled|disabled)\b)")
_SETTING: Final = frozenset(  # which say that a setting is asked for
    [
        *(
            "set",
            "setting",
            "settings",
            "value",
            "values",
            "configured",
            "configuration",
            "config",
            "configure",
        ),
        *(
            "eingestellt",
            "einstellung",
            "gesetzt",
            "wert",
            "konfiguriert",
            "ingesteld",
            "instelling",
            "waarde",
            "staat",
        ),
        *("réglé", "réglée", "réglage", "valeur", "configuré", "configurée", "fixé", "ajuste"),
        *("valor", "configurado", "configurada", "puesto", "definido", "definida"),
        *("impostato", "impostata", "valore", "configurato", "configurata"),
    ]
)


def of_settings(p: Pieces) -> Reading | None:
    """What a setting is set to: the last change that names it with a value, else the last log line that does."""
    if any(p.has("verbs", v) for v in ("count", "changes", "when", "events", "work")) or p.quoted:
        return None
    exact = {plain(n) for m in measured(p.site) for n in (m.family, m.metric)}
    for name in names_of(p):
        if name in p.asked_of or plain(name) in exact:
            continue  # of a measurement that is written out any statistic may be asked for
        held = {(m.component, m.family) for m in measured(p.site) if _begins(name, m.family)}
        held = {h for h in held if p.component in ("", h[0])}
        if len(held) == 1:  # `pgbouncer_config_max_client_connections`
            component, metric = held.pop()
            return one(Stat(component=component, metric=metric, **span_fields(p)))
        if held:
            continue
        span = {k: v for k, v in span_fields(p).items() if k == "until"}  # it holds until it is set anew
        change = Changes(component=p.component, text=name, limit=1, **span)
        if (rows := changes(change, p.site).rows) and re.search(r"\d|\bo(?:n|ff)\b", rows[-1].text):
            return one(change)
        for between in _TELLS:
            line = Lines(component=p.component, text=name + between, limit=1, **span)
            if (rows := lines(line, p.site).rows) and _told(rows[-1].text, name + between):
                return one(line)
    return None


def without_setting(p: Pieces) -> Pieces:
    """The question without the words that say that a setting is asked for: its name says so."""
    return replace(p, left_out=p.left_out | _SETTING)


def names_of(p: Pieces) -> list[str]:
    """Names in parts, as settings are written: `pool_size`, `innodb.pool`, `maxClients`."""
    return list(dict.fromkeys([*_SPELLED.findall(p.words), *_CAMEL.findall(p.text)]))


def _begins(name: str, metric: str) -> bool:
    """Whether a measurement has the name in its own, its last part perhaps cut short."""
    return f"_{plain(name).replace('.', '_')}" in f"_{plain(metric).replace('.', '_')}"


def _told(text: str, phrase: str) -> bool:
    """Whether a value stands behind the phrase."""
    at = text.casefold().find(phrase.casefold())
    return at >= 0 and _VALUE.match(text, at + len(phrase)) is not None
