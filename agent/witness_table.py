"""The table of what should move with an accusation (`witnesses.yaml`), and a line of the ledger by one of its rules."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from aitia.core.bounds import own_yaml
from aitia.core.words import Evidence, Word

BY_LOGS: Final = "only logs say so"
SERVES: Final = "its latency and error rate have not changed"
"""Why a suspect is held back of whom nothing but texts tells, or who serves as ever."""


class Rule(Word):
    """What a silence takes from a suspect's log-odds, and whether the suspect can still be the verdict."""

    log_odds: float
    bars: bool


class Table(Word):
    """The file `witnesses.yaml`."""

    harm: frozenset[str]
    serves: frozenset[str]
    computing: frozenset[str]
    claims: dict[str, frozenset[str]]
    against: dict[str, Rule]


class Against(NamedTuple):
    """A line of the ledger: what stayed quiet, with the fact that says so."""

    term: str
    rule: Rule
    why: str
    evidence: str


@lru_cache(maxsize=1)
def table() -> Table:
    """The bundled table."""
    path = Path(__file__).with_name("witnesses.yaml")
    return Table.model_validate(own_yaml(path.read_text(encoding="utf-8")))


def line(term: str, why: str, fact: Evidence) -> Against:
    """What stayed quiet by a rule of the table, with the fact that says so."""
    return Against(f"quiet.{term}", table().against[term], why, fact.id)
