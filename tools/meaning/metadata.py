"""What a source says of a metric beside its numbers: kind, unit and a text (HELP, TYPE, UNIT of Prometheus; OpenTelemetry)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

Kind = Literal["", "counter", "gauge", "histogram", "summary", "stateset", "info"]
LONGEST: Final = (
    300  # characters of a text: whoever exports a metric writes it, and only the lexicon reads it
)
_PARTS: Final[tuple[tuple[str, tuple[Kind, ...]], ...]] = (
    ("_total", ("counter",)),
    ("_bucket", ("histogram",)),
    ("_sum", ("histogram", "summary")),
    ("_count", ("histogram", "summary")),
    ("_info", ("info",)),
)


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """`kind` and `unit` are "" where nobody states them; `unit` as it is written (UCUM, a word, CloudWatch's)."""

    kind: Kind = ""
    unit: str = ""
    help: str = ""
    quantity: str = ""  # of quantities.yaml, where a tag map tells it
    low: float | None = None  # the range of the tag map, in `unit`
    high: float | None = None
    zone: str = ""  # the machine's class by which vibration has zones (`vibration_zones`)
    stat: str = (
        ""  # the statistic of each period in which the name ends: `connections_max` is no setting then
    )


UNTOLD: Final = Metadata()


def metadata_of(metric: str, known: Mapping[str, Metadata]) -> Metadata:
    """What is known of a series by its name: its own entry, else that of the family of which it is a part.

    The parts of a histogram and of a summary are counters; `_count` counts observations and has none of their unit.
    """
    if found := known.get(metric):
        whole: Mapping[Kind, Kind] = {"summary": "gauge", "histogram": ""}  # its quantiles; its bare name
        return replace(found, kind=whole.get(found.kind, found.kind))
    for ending, kinds in _PARTS:
        family = known.get(metric.removesuffix(ending)) if metric.endswith(ending) else None
        if family is not None and family.kind in kinds:
            kind: Kind = "info" if family.kind == "info" else "counter"
            return replace(family, kind=kind, unit="" if ending == "_count" else family.unit)
    return UNTOLD
