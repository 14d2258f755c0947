"""Which kinds of faults a piece of work makes, by what was done: grease unbalances no rotor, a rinsed strainer wears no pump."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from aitia.core.words import Evidence

WORKS: Final = ("maintenance.work", "change.maintenance")
WORK_S: Final = (
    7_200.0  # for so long after work on a machine its signals may leave their partners because of it; by hand
)
NOT_AT_ONCE: Final = (
    -2.0
)  # log-odds of a kind that takes days, where it began within hours of a work; by hand
BY_WORK: Final = 0.8  # log-odds of a kind that such work leaves behind; by hand
_MAKES: Final[tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]] = tuple(
    (re.compile(rf"(?i){stems}"), tuple(kinds.split()))
    for stems, kinds in (
        (r"greas|lubric|schmier|engras", "machine.bearing"),
        (r"balanc|wucht|equilibr|impeller|laufrad|rodete", "machine.imbalance machine.looseness machine.blockage"),
        (r"\balign|realign|ausricht|ausgericht|alinea|coupling|kupplung|acople",
         "machine.misalignment machine.looseness machine.imbalance"),
        (r"tighten|nachgezogen|nachzieh|apret|\bbolts?\b|schraube|torque",
         "machine.looseness machine.misalignment machine.connection"),
        (r"strainer|filter|sieb|filtro|rins|flush|gesp(?:ü|ue)lt|backwash|r(?:ü|ue)cksp|clean|reinig|limpi",
         "machine.blockage machine.pump.air machine.pump.cavitation machine.pump.stopped machine.valve machine.leak machine.fan"),
        (r"\bvalves?\b|ventil|schieber|v(?:á|a)lvula|hydrant", "machine.valve machine.blockage machine.leak"),
        (r"\bseals?\b|gasket|dicht(?:ung|e)|flange|flansch|junta", "machine.leak machine.pump.air"),
        (r"calibrat|kalibrier|calibr|transmitter|messumformer|\bsensor|transducer|wandler|\bmeters?\b|z(?:ä|ae)hler|transductor|medidor",
         "sensor"),
        (r"inspect|sichtkontrolle|rundgang|visual|survey|checked|gepr(?:ü|ue)ft|compared|measured|logged", ""),
    )
)  # fmt: skip
"""What was done, by the stems of English, German and Spanish words, and the kinds of faults that it can leave behind. By hand."""
_MOVES: Final[tuple[tuple[re.Pattern[str], frozenset[str]], ...]] = tuple(
    (re.compile(rf"(?i){stems}"), frozenset(aspects.split()))
    for stems, aspects in (
        (r"greas|lubric|schmier|engras", "temperature vibration power current"),
        (r"balanc|wucht|\balign|ausricht|ausgericht|coupling|kupplung|tighten|nachgezogen|schraube",
         "vibration temperature power current"),
        (r"strainer|filter|sieb|rins|flush|backwash|clean|reinig|limpi",
         "flow pressure pressure_drop power current level temperature efficiency vibration"),
    )
)  # fmt: skip
"""Which quantities such work can move: grease moves no vane. By hand; of other work any."""
_CUSTOMER: Final = re.compile(r"(?i)customer|kunde|cliente|announce|angek(?:ü|ue)ndigt|lastprobe|load test")
"""An entry about a load that comes: it makes more flow, never less."""
_SLOW: Final = (
    "machine.pump.wear",
    "machine.compressor.wear",
    "machine.gearbox.wear",
    "machine.fouling",
)
"""Kinds that take days: they do not begin within hours of a work."""


def text_of(work: Evidence) -> str:
    """What a work's order says, in its own words."""
    quoted = re.search(r'"(.*)"', work.statement)
    return str(work.values.get("text") or (quoted[1] if quoted else work.statement))


def makes(text: str, fault: str) -> bool | None:
    """Whether work with these words can leave such a fault behind; None where the words do not say what was done."""
    known = [kinds for done, kinds in _MAKES if done.search(text)]
    if not known:
        return None
    return any(fault == kind or fault.startswith(f"{kind}.") for kinds in known for kind in kinds)


def is_announced(text: str) -> bool:
    """Whether an entry tells of a load in advance."""
    return bool(_CUSTOMER.search(text))


def could_move(text: str, aspect: str, direction: str) -> bool:
    """Whether work with these words, or a load that they tell of, can move a quantity ("" where it is not known) that way."""
    if _CUSTOMER.search(text) and direction == "down":
        return False
    known = [aspects for done, aspects in _MOVES if done.search(text)]
    return not aspect or not known or any(aspect in aspects for aspects in known)


def is_slow(fault: str) -> bool:
    """Whether it is a kind that takes days."""
    return fault in _SLOW


def work_before(
    evidence: Iterable[Evidence], family: frozenset[str], first: Evidence | None
) -> Evidence | None:
    """The last work on an asset that did something to it, after which its first departure began within two hours."""
    if first is None or first.onset is None:
        return None
    near = [
        e for e in evidence
        if e.kind in WORKS and e.component in family and e.onset and _did_something(text_of(e))
        and -first.onset_error_s <= (first.onset - e.onset).total_seconds() <= WORK_S + first.onset_error_s
    ]  # fmt: skip
    return max(near, key=lambda e: (e.onset, e.statement)) if near else None


def _did_something(text: str) -> bool:
    return any(kinds and done.search(text) for done, kinds in _MAKES)


def could_make(works: Sequence[Evidence], fault: str) -> list[Evidence]:
    """Those works that can leave such a fault behind, or of which the words do not say."""
    return [w for w in works if makes(text_of(w), fault) is not False]


def after_work(
    evidence: Iterable[Evidence], family: frozenset[str], fault: str, first: Evidence | None
) -> tuple[float, str, str] | None:
    """What a work shortly before the first departure of a machine adds to a kind of fault: log-odds, why, the fact; None where
    nothing. A kind that takes days does not begin with a work; one that such work leaves behind does.
    """
    work = work_before(evidence, family, first)
    if work is None:
        return None
    if is_slow(fault):
        return NOT_AT_ONCE, "it began with a work there, and such a fault takes days", work.id
    if makes(text_of(work), fault):
        return BY_WORK, "it began with a work that can leave it behind", work.id
    return None
