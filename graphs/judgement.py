"""What a run judges by: the taxonomy and the weights, with what its user added, kept in the run for a rerun."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aitia.agent.taxonomy import Fault, Taxonomy, bundled
from aitia.agent.weights import Weights, bundled_weights


def remembered(taxonomy: Taxonomy | None, weights: Weights | None) -> dict[str, Any]:
    """The fault kinds that differ from the bundled ones and the weights that were given, for the run's record."""
    known = bundled()
    own = {f.id: f.model_dump(mode="json") for f in taxonomy or () if known.get(f.id) != f}
    return {"faults": own, "weights": weights.model_dump(mode="json") if weights else {}}


def taxonomy_of(meta: Mapping[str, Any]) -> Taxonomy:
    """The bundled taxonomy with the run's own fault kinds."""
    own = {key: Fault.model_validate(value) for key, value in meta.get("faults", {}).items()}
    return bundled() if not own else Taxonomy({f.id: f for f in bundled()} | own)


def weights_of(meta: Mapping[str, Any]) -> Weights:
    """The run's own weights, else the bundled ones."""
    own = meta.get("weights")
    return Weights.model_validate(own) if own else bundled_weights()
