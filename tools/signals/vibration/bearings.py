"""Rolling-element bearings: defect orders from geometry, and a catalogue of sourced entries (by name: `designations.py`).

Orders are multiples of the shaft speed for a rotating inner ring and a standing outer ring (Harris, Rolling Bearing
Analysis): with γ = d/D·cos φ, BPFO = Z/2·(1-γ), BPFI = Z/2·(1+γ), FTF = (1-γ)/2, BSF = D/2d·(1-γ²).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from aitia.core.bounds import own_yaml
from aitia.core.errors import BadInput
from aitia.core.words import Word

_REPRODUCED = 0.0015  # published orders carry three or four digits


class Orders(Word):
    """Defect orders of a bearing; 0 where unknown. A ball strikes both races in one spin: its impacts are at 2·bsf.

    `ratio_error` is the relative error of d/D·cos φ where the geometry was estimated, 0 where it is known.
    """

    bpfo: float = Field(default=0.0, ge=0)
    bpfi: float = Field(default=0.0, ge=0)
    bsf: float = Field(default=0.0, ge=0)
    ftf: float = Field(default=0.0, ge=0)
    ratio_error: float = Field(default=0.0, ge=0, lt=0.5)

    @property
    def slack(self) -> dict[str, float]:
        """How far each line may lie from its order where d/D is estimated, relative: |∂ log order / ∂ log γ| · error."""
        g, e = 1.0 - 2.0 * self.ftf, self.ratio_error
        if not e:
            return {}
        return {
            "bpfo": e * g / (1 - g),
            "bpfi": e * g / (1 + g),
            "bsf": e * (1 + g**2) / (1 - g**2),
            "ftf": e * g / (1 - g),
        }

    @property
    def impacts(self) -> dict[str, float]:
        """The order of each known defect's impacts: bpfo, bpfi, bsf (twice the spin), ftf."""
        found = {"bpfo": self.bpfo, "bpfi": self.bpfi, "bsf": 2.0 * self.bsf, "ftf": self.ftf}
        return {name: order for name, order in found.items() if order > 0}


class Geometry(Word):
    """Z rolling elements of diameter d on a pitch circle of diameter D (the same unit), contact angle in degrees."""

    rolling_elements: int = Field(ge=3)
    element_diameter: float = Field(gt=0)
    pitch_diameter: float = Field(gt=0)
    contact_angle: float = Field(default=0.0, ge=0, lt=90)

    @property
    def orders(self) -> Orders:
        """The four defect orders."""
        ratio = self.element_diameter / self.pitch_diameter
        gamma = ratio * math.cos(math.radians(self.contact_angle))
        z = self.rolling_elements
        return Orders(
            bpfo=z / 2 * (1 - gamma),
            bpfi=z / 2 * (1 + gamma),
            bsf=(1 - gamma**2) / (2 * ratio),
            ftf=(1 - gamma) / 2,
        )


class Entry(Geometry):
    """A catalogue entry: geometry, the orders its source publishes (bpfo, bpfi, ftf, bsf2), and that source."""

    name: str = Field(min_length=1)
    source: str = Field(min_length=20)
    published: dict[str, float]


def entry(raw: Mapping[str, Any]) -> Entry:
    """A checked entry. BadInput without a source, without a published BPFO and BPFI, or where they do not follow."""
    try:
        made = Entry.model_validate(raw)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise BadInput(
            f"Fix {where!r} of the bearing {raw.get('name', '?')!r}: {error.errors()[0]['msg']}"
        ) from None
    if not {"bpfo", "bpfi"} <= set(made.published):
        raise BadInput(
            f"The geometry of {made.name!r} is checked against its published bpfo and bpfi. Give both."
        )
    computed = made.orders
    told = {"bpfo": computed.bpfo, "bpfi": computed.bpfi, "ftf": computed.ftf, "bsf2": 2 * computed.bsf}
    for key, value in made.published.items():
        if key not in told or abs(told[key] - value) > _REPRODUCED * value:
            raise BadInput(
                f"Check the geometry of {made.name!r}: it gives {key} {told.get(key, math.nan):.4f}, but the "
                f"published value is {value}."
            )
    return made


@cache
def catalogue() -> dict[str, Entry]:
    """The bundled entries by name: those with sizes, and those of whose inside a maker publishes the orders alone."""
    told = own_yaml((Path(__file__).parent / "bearings.yaml").read_text(encoding="utf-8"))
    rows = [
        _of_orders(str(name), dict(zip(table["columns"], row, strict=True)), table["source"])
        for table in told["tables"]
        for name, row in table["rows"].items()
    ]
    return {made.name: made for made in map(entry, (*told["entries"], *rows))}


def _of_orders(name: str, row: Mapping[str, float], source: str) -> dict[str, Any]:
    """An entry from published orders: Z = BPFO + BPFI, d/D = (BPFI - BPFO)/Z at no contact angle; `entry` checks FTF and BSF."""
    total = row["bpfo"] + row["bpfi"]
    ratio = (row["bpfi"] - row["bpfo"]) / total
    published = {"bpfo": row["bpfo"], "bpfi": row["bpfi"], "ftf": row["ftf"], "bsf2": 2 * row["bsf"]}
    return {"name": name, "rolling_elements": round(total), "element_diameter": ratio, "pitch_diameter": 1.0,
            "published": published, "source": source}  # fmt: skip


def orders_of(bearing: str | Geometry | Orders | Mapping[str, float] | None) -> Orders:
    """Orders of a catalogue name, a geometry, or a mapping of orders (bpfo, bpfi, bsf, ftf); all 0 for None."""
    if bearing is None:
        return Orders()
    if isinstance(bearing, Orders):
        return bearing
    if isinstance(bearing, Geometry):
        return bearing.orders
    if isinstance(bearing, str):
        if bearing not in catalogue():
            raise BadInput(
                f"The catalogue has {len(catalogue())} bearings, but not {bearing!r}. Give its geometry or orders."
            )
        return catalogue()[bearing].orders
    known_keys = {k: v for k, v in bearing.items() if k in Orders.model_fields}
    try:
        return Orders.model_validate(known_keys)
    except ValidationError as error:
        raise BadInput(f"Give positive orders of the bearing: {error.errors()[0]['msg']}") from None
