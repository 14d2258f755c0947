"""Mitigations come from matched runbooks, past incidents and the fault catalogue, each with its source; never invented."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aitia.agent.asset_class import as_it_can, kinds_of
from aitia.agent.fitting import fits, worded
from aitia.agent.gated import gate_of, gated
from aitia.agent.placeholders import names_of
from aitia.agent.taxonomy import Taxonomy, covers
from aitia.agent.topology import Topology
from aitia.agent.urgency import is_beyond
from aitia.agent.weigher import OPEN, Weighed
from aitia.core.commands import Gate
from aitia.core.words import Evidence, Inventory, Mitigation, Result

MATCHED, OURS, REMEMBERED, CLAIMED, FOREIGN = range(5)
"""The order of sources: see `_runbooks`."""
_WHILE_BEYOND: Final = re.compile(r"(?i)\b(?:above|beyond) the alarm(?:'s)? limit")
MAX_NOW: Final = 5
MAX_PREVENT: Final = 3


def mitigations(
    weighed: Weighed,
    results: Sequence[Result],
    taxonomy: Taxonomy,
    *,
    inventory: Inventory | None = None,
    evidence: Sequence[Evidence] = (),
    running: Mapping[str, Any] | None = None,
) -> list[Mitigation]:
    """Steps for each named fault: the matched runbook's first, then the incident's, then the catalogue's.

    `running` is the runbook that the run carries out: the site's own, whatever its folder, and matched.
    Placeholders of their commands are filled in from the cause's component, `inventory` and `evidence`
    (`aitia.agent.placeholders`); the step's text says so, or says what is left to fill in.
    """
    if weighed.verdict != "cause":
        return []
    others = [
        Weighed(
            verdict="cause", probability=s.probability, component=s.component, fault=s.fault, suspects=(s,)
        )
        for s in weighed.further
    ]
    held = inventory or Inventory()
    gate = gate_of(held, evidence)
    machines = Topology(held.components).machines
    found: list[Mitigation] = []
    for cause in (weighed, *others):
        kinds = kinds_of(cause.component, held, evidence)
        able = as_it_can(cause, taxonomy, kinds)
        names = names_of(cause.component, held, evidence)
        if cause.fault.startswith("sensor.") and (signal := _signal_of(cause, evidence)):
            names["signal"] = signal
        is_machine = cause.component in machines
        told = _of_one(
            able, [*_ran(running), *results], taxonomy, gate, names,
            of="machines" if is_machine else "computers",
        )  # fmt: skip
        if is_machine:
            told = [_of_asset(m, kinds) for m in told if fits(m.text, kinds) and _applies(m, evidence)]
        found += told
    return found


def _signal_of(cause: Weighed, evidence: Sequence[Evidence]) -> str:
    """The tag of the instrument that the cause's weightiest fact about a signal is of; "" where none is named."""
    ids = next((s.supporting for s in cause.suspects if s.component == cause.component), ())
    known = {e.id: e for e in evidence if e.kind.startswith(("signal.", "condition."))}
    return next((str(c) for i in ids if i in known and (c := known[i].values.get("channel"))), "")


def _ran(book: Mapping[str, Any] | None) -> Iterator[Result]:
    """The runbook that is being run as what a search would return of the site's own."""
    if book:
        found = dict(book) | {"origin": "site", "similarity": 1.0}
        yield Result(status="ok", data={"runbooks": [found]})


def _applies(step: Mitigation, evidence: Sequence[Evidence]) -> bool:
    """Whether a step for as long as a limit is passed is one now: its signal is beyond, or its vibration in zone C or D."""
    if not _WHILE_BEYOND.search(step.text):
        return True
    return any(is_beyond(e) or e.values.get("zone") in ("C", "D") for e in evidence)


def _of_asset(step: Mitigation, kinds: Sequence[str]) -> Mitigation:
    """The step in the words of such an asset."""
    return Mitigation.model_validate(step.model_dump() | {"text": worded(step.text, kinds)})


@dataclass(frozen=True, kw_only=True)
class _Source:
    """Where steps come from. `rank` orders what stands under "Do now": the lowest first."""

    steps: Sequence[Mapping[str, Any]]
    name: str
    rank: int
    foreign: bool = False


def _of_one(
    weighed: Weighed,
    results: Sequence[Result],
    taxonomy: Taxonomy,
    gate: Gate,
    names: Mapping[str, str],
    *,
    of: str,
) -> list[Mitigation]:
    sources = sorted(
        (
            *_runbooks(weighed, results, taxonomy),
            *_incidents(weighed, results),
            *_catalogue(weighed, taxonomy, of),
        ),
        key=lambda source: source.rank,
    )
    unique: dict[str, Mitigation] = {}
    for source in sources:
        for step in source.steps:
            for m in gated(
                step,
                when="prevent" if step.get("when") == "prevent" else "now",
                source=source.name,
                gate=gate,
                names=names,
                component=weighed.component,
                foreign=source.foreign,
                general=source.rank == OURS,
            ):
                unique.setdefault(m.text.casefold(), m)
    # What a person reads comes first; of a machine then what its own kind of fault needs, before what a guide to several tells.
    now = sorted(
        (m for m in unique.values() if m.when == "now"),
        key=lambda m: (
            m.effect != "read-only",
            of == "machines" and m.source.startswith("runbook ") and _is_ours(m, sources),
        ),
    )
    prevent = [m for m in unique.values() if m.when == "prevent"]
    return now[:MAX_NOW] + prevent[:MAX_PREVENT]


def _is_ours(step: Mitigation, sources: Sequence[_Source]) -> bool:
    """Whether a step is of a guide that comes with aitia: the site's own go before."""
    return any(s.name == step.source and s.rank >= OURS for s in sources)


def _data(results: Sequence[Result], key: str) -> list[Mapping[str, Any]]:
    return [item for r in results for item in r.data.get(key) or [] if isinstance(item, Mapping)]


def _runbooks(weighed: Weighed, results: Sequence[Result], taxonomy: Taxonomy) -> Iterator[_Source]:
    """The guides to the fault. What the site wrote and the incident's own words match leads, then what comes with aitia.

    A document that fits by its front matter's claim alone stands behind these, and behind it all that nobody vouches for.
    """
    books: list[tuple[int, int, Mapping[str, Any]]] = []
    for book in _data(results, "runbooks"):
        fitting, rank = fitting_faults(book, weighed.fault, taxonomy), _rank(book)
        families = {str(f).split(".")[0] for f in book.get("faults") or []}
        # A runbook for faults of several families that no word matches is a guide to finding one, not a remedy.
        if fitting and (len(families) == 1 or rank == MATCHED):
            books.append((rank, -max(map(len, fitting)), book))  # the most specific first
    for rank, _, book in sorted(books, key=lambda known: known[:2]):
        steps = [s for s in book.get("steps") or [] if isinstance(s, Mapping)]
        foreign = rank == FOREIGN
        whose = "runbook of unknown origin" if foreign else "runbook"
        yield _Source(
            steps=steps, name=f"{whose} {book.get('title') or book.get('id')}", rank=rank, foreign=foreign
        )


def fitting_faults(book: Mapping[str, Any], fault: str, taxonomy: Taxonomy) -> list[str]:
    """Those kinds of a runbook's `faults` that cover a verdict's kind, or lie below one that stopped at a parent."""
    wide = fault not in taxonomy  # it stopped at a parent: guides to what is below it may help
    faults = [str(f) for f in book.get("faults") or []]
    return [f for f in faults if covers(f, fault) or (wide and covers(fault, f))]


def _rank(book: Mapping[str, Any]) -> int:
    origin = book.get("origin", "foreign")
    if origin == "site":
        return MATCHED if float(book.get("similarity") or 0.0) > 0.0 else CLAIMED
    return OURS if origin == "bundled" else FOREIGN


def _incidents(weighed: Weighed, results: Sequence[Result]) -> Iterator[_Source]:
    """What helped before, where the same component had the fault: what was done to another one is no step for this one."""
    for past in _data(results, "incidents"):
        of_another = (
            str(past.get("component") or weighed.component).casefold() != weighed.component.casefold()
        )
        if of_another or not covers(str(past.get("fault", "-")) or "-", weighed.fault):
            continue
        texts = past.get("mitigation") or []
        steps = [
            {"text": text, "effect": "changing"} for text in ([texts] if isinstance(texts, str) else texts)
        ]
        yield _Source(steps=steps, name=f"incident {past.get('id', '')}", rank=REMEMBERED, foreign=True)


def _catalogue(weighed: Weighed, taxonomy: Taxonomy, of: str) -> Iterator[_Source]:
    """The steps of the fault's own entry, for what it is: nobody looks at the logs of a pump."""
    likeliest = [s.fault for s in weighed.suspects if s.component == weighed.component] or [weighed.fault]
    for name in likeliest[: 2 if weighed.fault == OPEN else 1]:
        fault = taxonomy.get(name)
        if fault is not None:
            steps = [
                s.model_dump(exclude={"of"}) | {"when": when}
                for when in ("now", "prevent")
                for s in getattr(fault, when)
                if s.of in ("", of)
            ]
            if weighed.fault == OPEN:  # which kind it is, is to be found out first
                steps = [s for s in steps if s["effect"] == "read-only"]
            yield _Source(steps=steps, name=f"fault catalogue {fault.id}", rank=OURS)
