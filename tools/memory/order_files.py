"""Work orders of a maintenance system (CSV) for the prior of what comes next: corrective ones, and preventive ones as signs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Final

from aitia.core.errors import BadInput
from aitia.tools.memory.next_order import Order, Sign
from aitia.tools.sources.column_names import DONE, OF, TEXT, first
from aitia.tools.sources.event_files import named_rows
from aitia.tools.sources.text_form import encoding_of, few, form_of, text_of
from aitia.tools.sources.time_texts import moment, usual_texts

MOST_BYTES: Final = 256 << 20
MOST_ROWS: Final = 2_000_000
_CODE: Final = ("failure_code", "primary_code", "problem_code", "fault_code", "cause_code", "code", "event_type", "schadensbild",
                "ursachencode", "schadenscode", "failure_class", "failure_mode")  # fmt: skip
_TIME: Final = (
    "actual_finish",
    "event_time",
    "reported",
    "reported_at",
    "opened",
    "closed",
    "basic_start",
    "finished",
    *DONE,
)
_KIND: Final = ("preventive", "event_category", "order_type", "work_type", "worktype", "maintenance_type", "category",
                "auftragsart", "type")  # fmt: skip
_ASSET: Final = ("equipment_id", *OF, "equipment_name", "location")
_PREVENTIVE: Final = frozenset(
    {"true", "yes", "1", "pm", "preventive", "preventative", "planned", "scheduled", "inspection",
     "vorbeugend", "wartung", "inspektion", "pm02"}
)  # fmt: skip
_NEITHER: Final = frozenset(
    {"alert", "anomaly", "alarm"}
)  # of lists that hold all events: signs by their code


@dataclass(frozen=True, kw_only=True)
class Orders:
    """What a file holds. `texts` describes a code, where a column does; `left` entries were left out."""

    corrective: tuple[Order, ...]
    signs: tuple[Sign, ...]
    texts: Mapping[str, str]
    guessed: str
    left: int


def read_orders(path: Path, zone: tzinfo = UTC) -> Orders:
    """The orders of a CSV. Raises BadInput that names the columns where one is missing, OSError."""
    encoding = encoding_of(path)
    form = form_of(path, encoding=encoding)
    table = named_rows(text_of(path, encoding, MOST_BYTES), form, repr(str(path)), MOST_ROWS)
    names = [n for n in table.names if n]
    roles = {
        "time": first(names, _TIME), "asset": first(names, _ASSET), "code": first(names, _CODE) or first(names, TEXT),
        "kind": first(names, _KIND), "text": first(names, ("primary_code_description", *TEXT)),
    }  # fmt: skip
    if lacking := [role for role in ("time", "asset", "code") if not roles[role]]:
        raise BadInput(
            f"{str(path)!r} needs columns of times, machines and codes (or texts); it has {few(names) or 'none'}: no"
            f" {' and no '.join(lacking)}."
        )
    whole = dict.fromkeys(names, "")
    return _orders([whole | row for _, row in table.rows], roles, zone)


def _orders(rows: Sequence[Mapping[str, str]], roles: Mapping[str, str], zone: tzinfo) -> Orders:
    stamps = [row[roles["time"]] for row in rows]
    notation = usual_texts(stamps, zone=zone, near=datetime.now(UTC))
    orders, signs, texts, left = list[Order](), list[Sign](), dict[str, str](), 0
    for row, stamp in zip(rows, stamps, strict=True):
        at, asset, code = (
            moment(stamp, notation, zone),
            row[roles["asset"]].strip(),
            row[roles["code"]].strip()[:120],
        )
        if at is None or not asset or not code:
            left += 1
            continue
        kind = row.get(roles["kind"], "").strip().casefold()
        if kind in _PREVENTIVE or kind in _NEITHER:
            signs.append(Sign(at=at.timestamp(), asset=asset, name=f"{kind} {code}"))
            continue
        orders.append(Order(at=at.timestamp(), asset=asset, code=code))
        if (said := row.get(roles["text"], "").strip()) and said != code:
            texts.setdefault(code, said[:120])
    guessed = ", ".join(f"{role} from {column!r}" for role, column in roles.items() if column)
    return Orders(corrective=tuple(orders), signs=tuple(signs), texts=texts, guessed=guessed, left=left)
