"""Words, codes and instruments by which tags name equipment: what is a machine, a part of one, or a place."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final

from aitia.core.bounds import own_yaml
from aitia.tools.meaning.plant_words import quantity_of_word

ISA: Final = re.compile(
    r"^(?:(\d{1,4})[-_.]?)?([TPFLSVIEJAZWMHXD]D?[ITCERSAVYGQ][CTSAHLRV]{0,2})[-_ ]?(\d{2,6})[-_]?([A-Z]{0,2}\d?)$"
)
CODE: Final = re.compile(
    r"(?<![A-Za-z0-9])((?:\d{1,4}[-_])?([A-Z]{1,4})[-_ ]?\d{1,5}[A-Z]?(?:/[A-Z])?)(?![A-Za-z0-9])"
)
_LETTERED: Final = re.compile(r"[A-Z][a-z]{2,}[ _]?[A-H]")  # `LiftA`, `Pump_B`
_CHANNEL: Final = re.compile(r"(?i:channel|kanal|canale?|voie|input|チャネル)[\s._#-]*\d+|CH ?\d+")
_AXIS: Final = re.compile(r"[AJ]\d|Z\d{1,2}")  # axes of a robot, zones of a heater


@cache
def vocabulary() -> dict[str, frozenset[str]]:
    """Words for machines, codes of equipment, parts and places (`words.yaml`), without case; codes as they are."""
    raw: dict[str, Any] = dict(
        own_yaml(files("aitia.tools.tags").joinpath("words.yaml").read_text(encoding="utf-8"))
    )
    return {
        k: frozenset(str(w) if k == "codes" else str(w).casefold() for w in words) for k, words in raw.items()
    }


@lru_cache(maxsize=65536)
def without_accents(text: str) -> str:
    """A text of the same length without accents, its case kept."""
    return "".join({"ł": "l", "ß": "s", "ø": "o"}.get(c, unicodedata.normalize("NFKD", c)[0]) for c in text)


@lru_cache(maxsize=65536)
def plain(text: str) -> str:
    """A text without case and accents."""
    swapped = unicodedata.normalize("NFKD", text.casefold().replace("ß", "ss").replace("ł", "l"))
    return "".join(c for c in swapped if not unicodedata.combining(c))


def is_machine(word: str) -> bool:
    """Whether a word names a kind of machine."""
    return plain(word) in vocabulary()["machines"]


def mention_in(text: str) -> str:
    """A code of equipment (`P-101A`) that a description or a file's name speaks of; "" for none."""
    for found in CODE.finditer(text):
        if (
            found[2] in vocabulary()["codes"]
            and not instrument_of(found[1])
            and re.search(r"\d{2}|-\d", found[1])
        ):
            return found[1]
    return ""


def unit_like(text: str) -> bool:
    """Whether a level of a path is a unit."""
    from aitia.tools.meaning.unit_table import unit_named

    unit = unit_named(text)
    return unit is not None and (len(text) >= 3 or text == unit.symbol)


def numbered(text: str) -> bool:
    """Whether a name holds letters and a number that is no quantity's own, as `Pump_3` or `P101` does."""
    return (
        bool(re.search(r"\d", text))
        and bool(re.search(r"[^\W\d_]", text))
        and (not quantity_of_word(base := re.sub(r"[\d_]+$", "", text)) or _is_code(base, text))
    ) or bool(_LETTERED.fullmatch(text))


def _is_code(base: str, text: str) -> bool:
    """Whether letters with at least two digits behind them are a code of equipment: `P101`."""
    return base in vocabulary()["codes"] and bool(re.search(r"\d{2}", text))


def is_channel(text: str) -> bool:
    """Whether a name is the number of a recorder's input, which is no machine: `CH1`, `Kanal 3`."""
    return _CHANNEL.fullmatch(text.strip()) is not None


def is_place(text: str) -> bool:
    """Whether a name is that of a place that holds machines."""
    return (
        re.sub(r"(?:[\s_\-]*\d+)*[A-Za-z]?$", "", plain(text)) in vocabulary()["places"]
        or plain(text) in vocabulary()["places"]
    )


def is_part(text: str) -> bool:
    """Whether a name is that of a part of a machine, or of where on it is measured."""
    return bool(_AXIS.fullmatch(text)) or re.sub(r"[\s_\-]*\d*$", "", plain(text)) in vocabulary()["parts"]


def instrument_of(text: str) -> tuple[str, str] | None:
    """Whole tag and loop of an instrument after ISA-5.1: `41-PT-101A` is of loop `41-101`; None for anything else."""
    found = ISA.match(text.strip())
    if not found or found[2] in vocabulary()["codes"]:
        return None
    return text, "-".join(filter(None, (found[1], found[3])))


@dataclass(frozen=True, kw_only=True)
class Parts:
    """`asset` and `point` as they are spelled; `whole` with what stands before the asset; `by` the rule."""

    asset: str
    point: str
    whole: str = ""
    by: str = ""
    loop: str = ""  # the number of an instrument's loop
