"""Units of plant data: how they are spelled, what they measure, and their conversion to one canonical unit for each dimension."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from aitia.core.bounds import own_yaml

_LONGEST: Final = 24  # characters of a unit
_BRACKETS: Final = re.compile(r"\s*[\[(<{]\s*([^\[\]<>{}]{0,24}?)\s*[\])>}]\s*$")
_LAST: Final = re.compile(r"[)\]]\s*[(\[]([^()\[\]]{1,24})[)\]]\s*$")  # `Speed (OBD)(km/h)`


_PER: Final = re.compile(
    r"[^\W\d_]{1,4}[23\u00b2\u00b3]?/\d{0,3}\s?[^\W\d_]{1,5}[23\u00b2\u00b3]?"
)  # `t/24h`
_SUBSCRIPTS: Final = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_LOGGER: Final = re.compile(
    r"^([^,]+),\s*([^,()]{1,12})\s*\(.*\)$"
)  # `Temp, °C (LGR S/N: 2031)` of HOBO loggers


@dataclass(frozen=True, kw_only=True)
class PlantUnit:
    """A unit: canonical value = value × `factor` + `offset`, in `to`. `quantity` is "" where several can be told in it."""

    symbol: str
    dimension: str
    quantity: str
    to: str
    factor: float
    offset: float = 0.0


@lru_cache(maxsize=8192)
def unit_named(text: str) -> PlantUnit | None:
    """The unit that a text states as a whole; None for an unknown one, of which nothing can be converted."""
    if len(text) > _LONGEST:
        return None
    bare = _bare(text)
    exact, folded = _table()
    return exact.get(bare) or folded.get(bare.lower())


def split_unit(name: str) -> tuple[str, str]:
    """A name and the unit in brackets at its end: `Flow [m3/h]` is `Flow`, `m3/h`; also behind a comma or a blank."""
    if (last := _LAST.search(name)) and unit_named(last[1]):
        return name[: last.start() + 1].strip(), last[1].strip()
    if (found := _BRACKETS.search(name)) and name[: found.start()].strip():
        inner = found[1].strip()
        words = re.search(r"[^\W\d_]", inner) and not (re.search(r"\d", inner) or re.search(r"\w{4,}", inner))
        if (
            (unit_named(inner) and not inner.isdecimal())
            or words
            or _PER.fullmatch(inner)
            or (found[0].strip().startswith("[") and not re.search(r"\d{2}", inner))
        ):
            return name[: found.start()].strip(), inner
    if (found := _LOGGER.match(name)) and unit_named(found[2]):
        return found[1].strip(), found[2].strip()
    for mark in (", ", ",", " in "):
        head, cut, tail = name.rpartition(mark)
        if cut and head.strip() and unit_named(tail):
            return head.strip(), tail.strip()
    head, cut, tail = name.rpartition(" ")
    if (
        cut
        and head.strip()
        and (unit := unit_named(tail))
        and (len(tail) > 1 or not tail.isalnum())
        and not tail.strip("()[]").isdecimal()
        and unit.dimension != "time"
    ):
        return head.strip(), tail.strip()
    return name.strip(), ""


def canonical(unit: str, value: float) -> tuple[float, str] | None:
    """A value in its canonical unit; None where the unit is unknown: then nothing is converted."""
    known = unit_named(unit)
    return None if known is None else (value * known.factor + known.offset, known.to)


def _bare(text: str) -> str:
    text = unicodedata.normalize("NFC", text.strip().strip("[]<>{}"))
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1]
    return re.sub(r"\s+", " ", text.translate(_SUBSCRIPTS).replace("μ", "µ").replace("\u00ba", "°")).strip()


@cache
def _table() -> tuple[dict[str, PlantUnit], dict[str, PlantUnit]]:
    raw = own_yaml(files("aitia.tools.meaning").joinpath("unit_table.yaml").read_text(encoding="utf-8"))
    exact: dict[str, PlantUnit] = {}
    folded: dict[str, PlantUnit] = {}
    for dimension, of in dict(raw).items():
        for symbol, (factor, offset, *words) in of["units"].items():
            made = PlantUnit(
                symbol=str(symbol), dimension=dimension, quantity=of["quantity"], to=of["to"],
                factor=float(factor), offset=float(offset)
            )  # fmt: skip
            exact[_bare(str(symbol))] = made
            for word in words:
                folded.setdefault(_bare(str(word)).lower(), made)
    return exact, folded
