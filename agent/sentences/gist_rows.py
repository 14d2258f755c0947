"""A paragraph's matter as a line of JSON and back: what an expert writes from and what the verifier needs, no more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aitia.agent.sentences.gist import Against, Gist
from aitia.agent.text import names_in
from aitia.core.words import Evidence, SourceRef

_KEPT: Final = (
    "id",
    "component",
    "peer",
    "kind",
    "aspect",
    "statement",
    "onset",
    "onset_error_s",
    "direction",
    "taint",
)
_NOWHERE: Final = SourceRef(source="row", query="")


def row_of(name: str, system: str, gist: Gist, names: frozenset[str]) -> dict[str, Any]:
    """What a writer sees; under `ground` the facts' records, the known names that they tell, and whose they are."""
    every = gist.all_facts
    told = " ".join([*(f.statement for f in every), gist.suspect, *gist.missing])
    known = {n for _, n in names_in(told, names)} | {f.component for f in every} | {f.peer for f in every}
    known |= {gist.component, *(a.component for a in gist.against)}
    return {
        "id": name,
        "system": system,
        "verdict": gist.verdict,
        "sure": gist.sure,
        "suspect": gist.suspect,
        "facts": gist.fact_lines(),
        "against": gist.against_lines(),
        "missing": list(gist.missing),
        "ground": {
            "names": sorted(known - {""}),
            "component": gist.component,
            "kind": gist.kind,
            "facts": [_record(f) for f in every],
            "chain": [f.id for f in gist.facts],
            "against": [
                {"component": a.component, "kind": a.kind, "why": a.why, "facts": [f.id for f in a.facts]}
                for a in gist.against
            ],
        },
    }


def _record(fact: Evidence) -> dict[str, Any]:
    dumped = fact.model_dump(mode="json")
    return {key: dumped[key] for key in _KEPT if dumped[key] not in ("", None, False, 0.0)}


def gist_of_row(row: Mapping[str, Any]) -> tuple[Gist, frozenset[str]]:
    """The matter of a row and the names that are known in it."""
    ground = row["ground"]
    facts = {
        f["id"]: Evidence.model_validate({"strength": 1.0, "source": _NOWHERE, **f}) for f in ground["facts"]
    }
    gist = Gist(
        verdict=row["verdict"],
        sure=row["sure"],
        component=ground["component"],
        kind=ground["kind"],
        facts=[facts[i] for i in ground["chain"]],
        against=[
            Against(
                component=a["component"], kind=a["kind"], why=a["why"], facts=[facts[i] for i in a["facts"]]
            )
            for a in ground["against"]
        ],
        missing=tuple(row["missing"]),
    )
    return gist, frozenset({*ground["names"], gist.component, *(a.component for a in gist.against)} - {""})
