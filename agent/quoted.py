"""Which server a client's driver quotes: an answer that stands in two logs was given by who logged it as its own."""

from __future__ import annotations

import re
from typing import Final

from aitia.agent.facts import Facts
from aitia.agent.server_software import meant, software_of
from aitia.core.words import Evidence

# How drivers pass on what a database answered: SQLSTATE, lib/pq, ruby-pg, psycopg, PyMySQL, Go and PHP drivers of MySQL, JDBC.
_ANSWERED: Final = re.compile(
    r"\bSQLSTATE\b|\bpq: |\bPG::|\bpsycopg|General error: |\bError (?:\d{4}|<num>) \(|\((?:\d{4}|<num>), ['\"]|\bjava\.sql\."
    r"|\bsqlalchemy\.exc\b|\b[Dd]river(?:Exception|Error)\b"
)
_WORDS: Final = re.compile(r"\b(?:pq|ERROR|FATAL|PANIC): +(?:ERROR: +)?([^:()\[\]<>\"'…]{10,80})")


def answered(e: Evidence) -> bool:
    """Whether a message passes on what a database answered to its writer."""
    return _ANSWERED.search(str(e.values.get("template", ""))) is not None


class Quoted:
    """The servers that the drivers of a run quote."""

    def __init__(self, facts: Facts) -> None:
        self._software = software_of(facts.all, facts.topology.called())
        self._own = [
            (e.component, str(e.values.get("template", "")))
            for e in facts.all
            if e.component and not answered(e) and e.values.get("reported_by", e.component) == e.component
        ]

    def server(self, e: Evidence) -> str:
        """Who gave the answer that a message passes on: the one that logged its words, else the one of the software that they
        name; "" where none or several may be.
        """
        if not answered(e):
            return ""
        template = str(e.values.get("template", ""))
        for words in reversed(_WORDS.findall(template)):
            said = {c for c, own in self._own if words.strip() in own and c != e.component}
            if len(said) == 1:
                return said.pop()
        return meant(template, self._software, self._software)
