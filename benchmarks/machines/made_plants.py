"""All kinds of assets and their deal into shown and held."""

from __future__ import annotations

from benchmarks.machines.made_common import deal
from benchmarks.machines.made_electrical import ELECTRICAL
from benchmarks.machines.made_plant import Plant
from benchmarks.machines.made_rotating import ROTATING
from benchmarks.machines.made_thermal import THERMAL

PLANTS: tuple[Plant, ...] = (*ROTATING, *THERMAL, *ELECTRICAL)
HALF = deal(plant.name for plant in PLANTS)
