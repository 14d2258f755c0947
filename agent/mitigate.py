"""Mitigations come from matched runbooks, past incidents and the fault catalogue, each with its source; never invented."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from aitia.agent.placeholders import fill, fill_prose, names_of
from aitia.agent.taxonomy import Taxonomy, covers
from aitia.agent.weigher import Weighed
from aitia.core.words import Evidence, Inventory, Mitigation, NextCheck, Result

BUNDLED: Final = "bundled"  # the source of runbooks that come with aitia
MAX_PATH: Final = 1000  # longer than any path of the taxonomy
MAX_NOW: Final = 5
MAX_PREVENT: Final = 3


def mitigations(
    weighed: Weighed,
    results: Sequence[Result],
    taxonomy: Taxonomy,
    *,
    inventory: Inventory | None = None,
    evidence: Sequence[Evidence] = (),
) -> list[Mitigation]:
    """Steps for each named fault: the matched runbook's first, then the incident's, then the catalogue's.

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
    return [
        step
        for cause in (weighed, *others)
        for step in _of_one(cause, results, taxonomy, names_of(cause.component, held, evidence))
    ]


def _of_one(
    weighed: Weighed, results: Sequence[Result], taxonomy: Taxonomy, names: Mapping[str, str]
) -> list[Mitigation]:
    steps = [
        _filled(step, weighed.component, names)
        for step in (
            *_runbooks(weighed, results, taxonomy),
            *_incidents(weighed, results),
            *_catalogue(weighed, taxonomy),
        )
    ]
    unique: dict[str, Mitigation] = {}
    for step in steps:
        unique.setdefault(step.text.casefold(), step)
    now = sorted((m for m in unique.values() if m.when == "now"), key=lambda m: m.effect != "read-only")
    prevent = [m for m in unique.values() if m.when == "prevent"]
    return now[:MAX_NOW] + prevent[:MAX_PREVENT]


def _data(results: Sequence[Result], key: str) -> list[Mapping[str, Any]]:
    return [item for r in results for item in r.data.get(key) or [] if isinstance(item, Mapping)]


def _runbooks(weighed: Weighed, results: Sequence[Result], taxonomy: Taxonomy) -> list[Mitigation]:
    """The steps of the guides to the fault: those given first lead, but of the bundled ones the most specific."""
    wide = weighed.fault not in taxonomy  # it stopped at a parent: guides to what is below it may help
    books: list[tuple[int, Mapping[str, Any]]] = []
    for book in _data(results, "runbooks"):
        faults = [str(f) for f in book.get("faults") or []]
        fitting = [f for f in faults if covers(f, weighed.fault) or (wide and covers(weighed.fault, f))]
        # A runbook for faults of several families is a guide to finding one, not a remedy.
        if len({f.split(".")[0] for f in faults}) == 1 and fitting:
            books.append((max(map(len, fitting)) if book.get("source") == BUNDLED else MAX_PATH, book))
    found = []
    for _, book in sorted(books, key=lambda pair: -pair[0]):
        for step in (s for s in book.get("steps") or [] if isinstance(s, Mapping)):
            when: Literal["now", "prevent"] = "prevent" if step.get("when") == "prevent" else "now"
            found.append(_step(step, when, f"runbook {book.get('title') or book.get('id')}"))
    return found


def _incidents(weighed: Weighed, results: Sequence[Result]) -> list[Mitigation]:
    """What helped before, where the same component had the fault: what was done to another one is no step for this one."""
    found = []
    for past in _data(results, "incidents"):
        of_another = (
            str(past.get("component") or weighed.component).casefold() != weighed.component.casefold()
        )
        if of_another or not covers(str(past.get("fault", "-")) or "-", weighed.fault):
            continue
        texts = past.get("mitigation") or []
        for text in [texts] if isinstance(texts, str) else texts:
            found.append(_step({"text": text, "effect": "changing"}, "now", f"incident {past.get('id', '')}"))
    return found


def _catalogue(weighed: Weighed, taxonomy: Taxonomy) -> list[Mitigation]:
    likeliest = next((s.fault for s in weighed.suspects if s.component == weighed.component), weighed.fault)
    fault = taxonomy.get(likeliest)
    if fault is None:
        return []
    whens: tuple[tuple[Literal["now", "prevent"], Any], ...] = (
        ("now", fault.now),
        ("prevent", fault.prevent),
    )
    return [
        _step(s.model_dump(), when, f"fault catalogue {fault.id}") for when, steps in whens for s in steps
    ]


def _step(step: Mapping[str, Any], when: Literal["now", "prevent"], source: str) -> Mitigation:
    effect: Literal["read-only", "changing"] = (
        "read-only" if step.get("effect") in ("read-only", "read") else "changing"
    )
    return Mitigation(
        text=str(step.get("text") or ""),
        when=when,
        effect=effect,
        source=source,
        command=str(step.get("command") or ""),
    )


def _filled(step: Mitigation, component: str, names: Mapping[str, str]) -> Mitigation:
    command = fill(step.command, names)
    text = command.command if step.text == step.command else fill_prose(step.text, component)
    return step.model_copy(update={"text": text + command.note, "command": command.command})


def next_checks(weighed: Weighed, evidence: Sequence[Evidence], inventory: Inventory) -> list[NextCheck]:
    """What a person should look at next: the cause's facts again, or what is missing to decide."""
    again = [
        NextCheck(text=f"Read {f.id} again: {f.statement}", command=f.source.query)
        for f in _facts_of_top(weighed, evidence)
    ]
    missing = _missing(evidence, inventory) if weighed.verdict != "cause" else []
    broken = [
        NextCheck(text=f"Mend source {h.source}: {h.note}", command="aitia doctor")
        for h in inventory.holdings
        if h.note and not h.count
    ]
    ordered = [*again, *broken] if weighed.verdict == "cause" else [*broken, *missing, *again]
    return ordered[:5]


def _facts_of_top(weighed: Weighed, evidence: Sequence[Evidence]) -> list[Evidence]:
    """The two facts that speak most for the cause, or for the likeliest suspect where there is no cause."""
    by_id = {e.id: e for e in evidence}
    named = [s for s in weighed.suspects if s.component and s.component == (weighed.component or s.component)]
    return [by_id[i] for i in named[0].supporting if i in by_id][:2] if named else []


def _missing(evidence: Sequence[Evidence], inventory: Inventory) -> list[NextCheck]:
    """Components of which no telemetry was seen, the first three by name."""
    seen = {e.component for e in evidence if e.component}
    unseen = [c.id for c in inventory.components if c.id not in seen][:3]
    return [
        NextCheck(
            text=f"Connect metrics or logs of {c}: none were seen",
            command=f"aitia init  # add a source for {c}",
        )
        for c in unseen
    ]
