"""A register map: which register of which device is which signal of which asset, as a CSV file that a person writes."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal

from aitia.core.bounds import read_text
from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput
from aitia.core.trust import checked
from aitia.tools.sources.plant.readings import name_of

Space = Literal["coil", "discrete", "input", "holding"]
WORDS: Final[Mapping[str, int]] = {
    "bool": 1, "int16": 1, "uint16": 1, "int32": 2, "uint32": 2, "float32": 2, "int64": 4, "uint64": 4, "float64": 4,
}  # fmt: skip
"""Registers of 16 bits that a type takes; `bool` is a coil, a discrete input, or a register that is not 0."""
MOST_ROWS: Final = 5_000
MOST_AT_ONCE: Final = 120  # registers of one request; the protocol allows 125
_SPACES: Final[Mapping[str, Space]] = {"0": "coil", "1": "discrete", "3": "input", "4": "holding"}
_NAMES: Final[tuple[Space, ...]] = ("coil", "discrete", "input", "holding")
_BITS: Final = ("coil", "discrete")
_LAST: Final = 65_535
_COLUMNS: Final = "asset,point,address (needed), device, table, type, word_order, scale, offset, unit"


@dataclass(frozen=True, kw_only=True)
class Register:
    """One signal. `address` counts from 0; a value is `raw * scale + offset`."""

    asset: str
    point: str
    space: Space
    address: int
    device: int = 1
    type: str = "uint16"
    little: bool = False  # the word with the low bits comes first
    scale: float = 1.0
    offset: float = 0.0
    unit: str = ""

    @property
    def size(self) -> int:
        """Registers or bits that it takes."""
        return 1 if self.space in _BITS else WORDS[self.type]


@dataclass(frozen=True, kw_only=True)
class Block:
    """Registers that stand next to each other and are read in one request."""

    device: int
    space: Space
    start: int
    count: int
    registers: tuple[Register, ...]


def read_map(config: SourceConfig, root: Path) -> list[Register]:
    """The map that `options.map` names. Raises BadInput with the line that is wrong."""
    file = str(config.options.get("map", ""))
    if not file:
        raise BadInput(
            f"Set options.map of source {config.name!r} to a CSV file with the columns {_COLUMNS}."
        )
    try:
        text = read_text(checked(root / Path(file).expanduser(), config.within))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            f"Fix options.map of source {config.name!r}: {file!r} cannot be read ({error})."
        ) from None
    return parse_map(text, file)


def parse_map(text: str, file: str) -> list[Register]:
    """The rows of a map. Raises BadInput with the line that is wrong."""
    rows = csv.DictReader(io.StringIO(text))
    names = [(n or "").strip().lower() for n in rows.fieldnames or ()]
    if not {"asset", "point", "address"} <= set(names):
        raise BadInput(f"Fix line 1 of {file!r}: name the columns {_COLUMNS}.")
    rows.fieldnames = names
    found = []
    for row in rows:
        cells = {k: (v or "").strip() for k, v in row.items() if isinstance(v, str | None)}
        found.append(_register(cells, f"line {rows.line_num} of {file!r}"))
    if not found or len(found) > MOST_ROWS:
        raise BadInput(f"Give {file!r} 1 to {MOST_ROWS:,} rows; it has {len(found):,}.")
    keys = [(r.asset, r.point) for r in found]
    if twice := next((k for k in keys if keys.count(k) > 1), None):
        raise BadInput(f"Remove one of the rows of {twice[0]}, {twice[1]} in {file!r}: it is listed twice.")
    return found


def _register(row: Mapping[str, str], where: str) -> Register:
    space, address = _place(row, where)
    kind = row.get("type", "").lower() or ("bool" if space in _BITS else "uint16")
    if kind not in WORDS or (space in _BITS and kind != "bool"):
        raise BadInput(
            f"Fix type in {where}: {kind[:20]!r} is none of {', '.join(WORDS)} (coils and discrete inputs: bool)."
        )
    order = row.get("word_order", "").lower() or "big"
    if order not in ("big", "little"):
        raise BadInput(f"Set word_order in {where} to big or little, not {order[:20]!r}.")
    asset, point = name_of(row["asset"]), name_of(row["point"])
    if not point:
        raise BadInput(f"Name a point in {where}.")
    return Register(
        asset=asset,
        point=point,
        space=space,
        address=address,
        device=_whole(row.get("device", "") or "1", "device", where, 255),
        type=kind,
        little=order == "little",
        scale=_number(row.get("scale", "") or "1", "scale", where),
        offset=_number(row.get("offset", "") or "0", "offset", where),
        unit=name_of(row.get("unit", ""))[:40],
    )


def _place(row: Mapping[str, str], where: str) -> tuple[Space, int]:
    """The table and the address from 0: as both say, or of a reference such as 40001 where no table is named."""
    named, address = row.get("table", "").lower().rstrip("s").replace("_register", ""), row["address"]
    if named:
        space = next((s for s in _NAMES if named.startswith(s)), None)
        if space is None:
            raise BadInput(f"Set table in {where} to one of {', '.join(_NAMES)}, not {named[:20]!r}.")
        return space, _whole(address, "address", where, _LAST)
    if (
        len(address) not in (5, 6)
        or not address.isdecimal()
        or address[0] not in _SPACES
        or int(address[1:]) < 1
    ):
        raise BadInput(
            f"Name the table in {where} (coil, discrete, input, holding; addresses then count from 0), or give a reference of"
            f" five or six digits such as 40001, not {address[:20]!r}."
        )
    return _SPACES[address[0]], _whole(str(int(address[1:]) - 1), "address", where, _LAST)


def _whole(text: str, what: str, where: str, most: int) -> int:
    if not text.isdecimal() or int(text) > most:
        raise BadInput(f"Set {what} in {where} to a whole number from 0 to {most}, not {text[:20]!r}.")
    return int(text)


def _number(text: str, what: str, where: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadInput(
            f"Set {what} in {where} to a number with a decimal point, not {text[:20]!r}."
        ) from None


def blocks(registers: list[Register]) -> list[Block]:
    """The requests that read all registers: neighbours together, and no register that the map does not name."""
    ordered = sorted(registers, key=lambda r: (r.device, r.space, r.address))
    groups: list[list[Register]] = [ordered[:1]] if ordered else []
    for before, register in pairwise(ordered):
        end = max(r.address + r.size for r in groups[-1])
        same = (before.device, before.space) == (register.device, register.space)
        if (
            same
            and register.address <= end
            and register.address + register.size - groups[-1][0].address <= MOST_AT_ONCE
        ):
            groups[-1].append(register)
        else:
            groups.append([register])
    return [
        Block(
            device=g[0].device,
            space=g[0].space,
            start=g[0].address,
            count=max(r.address + r.size for r in g) - g[0].address,
            registers=tuple(g),
        )
        for g in groups
    ]
