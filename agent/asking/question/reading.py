"""From a question to a query: rules over its pieces, in a fixed order; what they leave open is asked back or is unknown."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from aitia.agent.asking.question.about import near
from aitia.agent.asking.question.account import accounted, offered
from aitia.agent.asking.question.ahead import of_samples, of_what_is_to_come
from aitia.agent.asking.question.alarms_rules import of_alarms
from aitia.agent.asking.question.bounds_rules import of_bounds
from aitia.agent.asking.question.changes_rules import of_courses, of_happenings, of_work
from aitia.agent.asking.question.direction import SAID, direction
from aitia.agent.asking.question.downs_rules import of_downs
from aitia.agent.asking.question.failed_full_rules import of_failed, of_full
from aitia.agent.asking.question.health_rules import of_health
from aitia.agent.asking.question.life_rules import of_lifecycle, of_moments, of_people, of_roles, of_troubles
from aitia.agent.asking.question.lines_rules import of_lines, of_words
from aitia.agent.asking.question.machine_rules import of_machines
from aitia.agent.asking.question.measure import is_concept
from aitia.agent.asking.question.measures_rules import of_comparisons, of_measurements
from aitia.agent.asking.question.objects_rules import (
    of_objects,
    of_reasons,
    of_reasons_told,
    of_state,
    of_versions,
)
from aitia.agent.asking.question.operated_rules import of_operations
from aitia.agent.asking.question.outcome import Reading, unclear, unknown
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.ranking_rules import of_ranks
from aitia.agent.asking.question.refusing import changing
from aitia.agent.asking.question.relations_rules import of_relations
from aitia.agent.asking.question.runs_rules import of_runs
from aitia.agent.asking.question.settings_rules import of_settings, without_setting
from aitia.agent.asking.question.shares_rules import of_shares
from aitia.agent.asking.question.told import in_journal, stands
from aitia.agent.asking.question.trend_rules import of_trends
from aitia.tools.meaning.incidents.words import plain
from aitia.tools.query.lines import loggers
from aitia.tools.query.site import Site
from aitia.tools.query.words import Count, Documents, Get, Incidents, Lines, Query, Stat


def read(text: str, site: Site) -> Reading:
    """Read a question that stands alone."""
    return decide(Pieces(asked=text, site=site))


def decide(p: Pieces) -> Reading:
    """What the question means; of a component that is called by a common word, that word may be meant alone."""
    found = _decided(p)
    if found.status == "query" or found.status == "refused" or not (common := _common_words(p)):
        return found
    # "how many database connections are there?" is not held to be of a component that is called database
    again = _decided(replace(p, words_only=common))
    return again if again.status == "query" and all(isinstance(q, Stat) for q in again.queries) else found


def _common_words(p: Pieces) -> frozenset[str]:
    """The components that a question names by a word that stands for a thing which may be measured of others too."""
    spans = (*p.about.taken, *p.about.soft)
    said = {p.words[a:b] for a, b in spans}
    return frozenset(c for c in p.about.components if plain(c) in said and is_concept(plain(c)))


def _decided(p: Pieces) -> Reading:
    """The first rule that applies decides, and answers for every word of the question."""
    if (forbidden := changing(p)) is not None:
        return Reading(status="refused", said=forbidden, queries=_nearest(p), live=True)
    refused: Reading | None = None
    for rule in (
        _documents,
        _outside,
        _guess,
        of_what_is_to_come,
        of_samples,
        of_alarms,
        of_operations,
        _strange,
        _incidents,
        of_settings,
        of_health,
        of_downs,
        of_bounds,
        of_trends,
        of_comparisons,
        of_relations,
        of_people,
        of_roles,
        of_full,
        of_shares,
        of_ranks,
        of_reasons,
        of_versions,
        of_runs,
        of_courses,
        of_moments,
        of_machines,
        of_lifecycle,
        of_happenings,
        of_lines,
        of_reasons_told,
        of_state,
        of_objects,
        of_failed,
        of_measurements,
        of_work,
        of_troubles,
        of_words,
    ):
        if refused is not None and rule is of_work and not set(p.keys("verbs")) & _OF_WORK:
            continue  # "oil pressure" is no work on the oil
        if (found := rule(p)) is None:
            continue
        found = accounted(_without_said(p, rule), found, strict=refused is not None)
        if refused is not None and any(_guessed(q) for q in found.queries):
            continue  # lines that hold a word may be shown in place of what was meant, but are no number of it
        if refused is not None and found.status == "query" and not _spoken(p, found):
            return offered(
                refused, found
            )  # what a first reading could not meet is no answer, but may be what was meant
        if found.status == "query" or rule in _FINAL:
            return found
        refused = refused or found  # a later rule may read what this one could not
        if rule is of_measurements and found.status == "unclear":
            break  # several measurements fit: no line or work is meant
    bare = p.has("verbs", "when") and not p.terms  # "since when?": no document knows of what
    return refused or Reading(
        status="none", live=bare or bool(p.component) or p.span.told or bool(p.terms and _known_thing(p))
    )


def _without_said(p: Pieces, rule: Callable[[Pieces], Reading | None]) -> Pieces:
    """The question without the words that its rule has read by its form."""
    if rule is of_relations and direction(p):
        return replace(p, left_out=p.left_out | SAID)
    return without_setting(p) if rule is of_settings else p


def _guessed(query: Query) -> bool:
    """Whether lines are counted by a single word of the question."""
    return isinstance(query, Count) and query.of == "lines" and len(query.words.split()) == 1


def _spoken(p: Pieces, found: Reading) -> bool:
    """Whether it is asked when, and one line of the component's own log holds every word of it: that line tells it."""
    line = found.queries[0]
    return (
        p.has("verbs", "when")
        and isinstance(line, Lines)
        and bool(p.component)
        and line.component == p.component
        and len(line.words.split()) > 1
    )


def _known_thing(p: Pieces) -> bool:
    return any(t.concepts for t in p.terms)


def _nearest(p: Pieces) -> tuple[Query, ...]:
    """The look that is nearest to what somebody wants changed."""
    if not p.component:
        return ()
    return (
        (Get(component=p.component, part="state"),)
        if p.site.readers()
        else (Lines(component=p.component, level="error", limit=3),)
    )


def _documents(p: Pieces) -> Reading | None:
    if not p.has("verbs", "documents"):
        return None
    return Reading(status="query", queries=(Documents(text=p.text[:2000]),))


def _incidents(p: Pieces) -> Reading | None:
    if p.has("verbs", "incidents") and not p.has("verbs", "work"):  # work orders that "we have had"
        return Reading(status="query", queries=(Incidents(text=p.text[:500], component=p.component),))
    return None


def _outside(p: Pieces) -> Reading | None:
    found = p.keys("outside")
    if not found:
        return None
    words = next(h for h in p.hits("outside"))
    return unknown(f"Not in what I have: {p.words[words.begin : words.end].strip()!r}.", found[0])


def guesses(p: Pieces) -> bool:
    """Whether somebody supposes a cause: "is it the network?"."""
    return _GUESSED.match(p.low) is not None


def _guess(p: Pieces) -> Reading | None:
    """A cause that somebody supposes: "is it the network?"."""
    if not guesses(p):
        return None
    return unclear("Whether it is that, a diagnosis tells: aitia diagnose. Or name what to look at.")


_GUESSED: Final = re.compile(
    r"\W*(?:so |also |alors |entonces |allora )?(?:is|was|could|might|may) (?:it|this|that)(?: be)? (?:just |really )?"
    r"(?:the |a |an )?[a-zà-ÿ-]+\W*$"
    r"|\W*(?:ist|war|liegt) (?:es|das)(?: an)?(?: der| die| das| dem| ein| eine)? [a-zà-ÿ-]+\W*$"
    r"|\W*(?:est-ce|c'est|serait-ce)(?: que c'est)? (?:le |la |l'|les |un |une )[a-zà-ÿ-]+\W*$"
    r"|\W*(?:es|será|era) (?:el |la |los |las |un |una )[a-zà-ÿ-]+\W*$"
    r"|\W*(?:è|sarà|era) (?:il |la |lo |l'|i |gli |un |una )[a-zà-ÿ-]+\W*$"
)


def _strange(p: Pieces) -> Reading | None:
    if not p.about.strange:
        return None
    own = p.component if p.component in loggers(p.site) else ""
    name = next(
        (
            n
            for n in p.about.strange
            if n not in p.quoted.casefold() and not in_journal(p, n) and not (own and stands(p, n, own))
        ),
        "",
    )
    if not name:
        return None
    close = near(name, p.site)
    told = f" Nearest: {', '.join(close)}." if close else ""
    return unknown(f"No source knows {name!r}.{told}", f"telemetry of {name}")


_OF_WORK: Final = frozenset({"when", "exists", "changes", "work", "list"})
_FINAL: Final = (
    _documents,
    _outside,
    _guess,
    of_what_is_to_come,
    of_samples,
    _strange,
    _incidents,
    of_people,
    of_full,
)  # what these refuse no other rule answers
